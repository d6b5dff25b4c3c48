"""Readers: one for each form in which checkpoints are published."""

from __future__ import annotations

from pathlib import Path

from engine.builder.checkpoint import Checkpoint
from engine.builder.readers.gguf import GGUFCheckpoint
from engine.builder.readers.safetensors import PICKLED, FolderCheckpoint
from engine.errors import BadCheckpoint, NotFound, UnsafeFormat


def open_checkpoint(source: Path) -> Checkpoint:
    """Open a GGUF file or a Hugging Face folder.

    Raises:
        NotFound: Nothing is there.
        BadCheckpoint: It is damaged, hostile or no checkpoint.
        UnsafeFormat: It is pickled.
        UnsupportedFamily: A kind of model or of quantization that is not read.
    """
    if source.is_dir():
        return FolderCheckpoint(source)
    if not source.exists():
        raise NotFound(path=str(source))
    if not source.is_file():
        raise BadCheckpoint(reason="not_a_file")
    if source.suffix.lower() in PICKLED:
        raise UnsafeFormat(suffix=source.suffix.lower())
    return GGUFCheckpoint(source)
