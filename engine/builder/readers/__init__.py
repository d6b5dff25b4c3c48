"""Readers: one for each form in which checkpoints are published."""

from __future__ import annotations

from pathlib import Path

from engine.builder.checkpoint import Checkpoint
from engine.builder.readers.gguf import GGUFCheckpoint
from engine.builder.readers.safetensors import FolderCheckpoint
from engine.errors import BadCheckpoint, NotFound


def open_checkpoint(source: Path) -> Checkpoint:
    """Open a GGUF file or a Hugging Face folder. Raises NotFound, BadCheckpoint."""
    if source.is_dir():
        return FolderCheckpoint(source)
    if not source.exists():
        raise NotFound(path=str(source))
    if not source.is_file():
        raise BadCheckpoint(reason="not_a_file")
    return GGUFCheckpoint(source)
