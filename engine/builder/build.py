"""From a checkpoint to a bundle: check, plan, stream, name, move into place.

    open source -> config -> graph and weight plan -> <destination>.part-… -> rename

Everything that can be refused is refused before the first byte is written, and whatever happens
afterwards leaves either a whole bundle or nothing.
"""

from __future__ import annotations

import errno
import glob
import logging
import os
import secrets
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, Final

from engine.builder.blocks.decoder import build_decoder
from engine.builder.blocks.storage import Precision
from engine.builder.checkpoint import Checkpoint, Tensor, TextParts
from engine.builder.config import ModelConfig
from engine.builder.families import open_family
from engine.builder.graph import Graph
from engine.builder.readers import open_checkpoint
from engine.builder.weights import OnProgress, WeightPlan
from engine.bundle import (
    FORMAT_VERSION,
    GRAPH_NAME,
    MANIFEST_NAME,
    TOKENIZER_NAME,
    WEIGHTS_NAME,
    Manifest,
    hash_file,
    write_manifest,
)
from engine.errors import BadCheckpoint, DiskFull, InvalidRequest, UnsupportedFamily
from engine.types import BuildConfig, Progress

log = logging.getLogger(__name__)

_BLOCK_SIZES: Final = (16, 32, 64, 128, 256)
_SPARE_BYTES: Final = 16 << 20
"""Room for the graph, the tokenizer and the manifest beside the weights."""

_STALE_S: Final = 3600

# Stored by some converters, computed by us.
_UNUSED_TENSORS: Final = ("rotary_emb.inv_freq", "self_attn.masked_bias", "self_attn.bias")


def build_model(
    source: Path | str,
    destination: Path | str,
    config: BuildConfig | None = None,
    *,
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
) -> Path:
    """Build a bundle from a Hugging Face folder or a GGUF file.

    Args:
        source: Folder or file.
        destination: Folder to make; an older bundle there is replaced once the new one is whole.
        config: Precision; None keeps that of the source.
        on_progress: Called at most ten times a second, stages "read", "write" and "verify".
        cancel: Set it to stop.

    Returns:
        The destination.

    Raises:
        NotFound: No such source.
        BadCheckpoint: The source is damaged or hostile.
        UnsupportedFamily: A model or an option the builder does not know.
        InvalidRequest: The destination holds something that is not a bundle, or cannot be written.
        DiskFull: No room; nothing is left behind.
        BuildCancelled: `cancel` was set; nothing is left behind.
    """
    source, destination = Path(source), Path(destination)
    config = config or BuildConfig()
    if config.block_size not in _BLOCK_SIZES:
        raise InvalidRequest(field="block_size", reason="not_a_power_of_two")
    _check_destination(destination)
    report = on_progress or _ignore
    report(Progress("read", 0, 1))
    checkpoint = _Watched(open_checkpoint(source))
    planned = _plan(checkpoint, config)
    report(Progress("read", 1, 1))
    needed_bytes = planned.weights.size_bytes + _SPARE_BYTES
    temporary = _make_temporary(destination, needed_bytes)
    try:
        with _storage_errors(needed_bytes):
            planned.weights.write(temporary / WEIGHTS_NAME, on_progress, cancel)
            (temporary / GRAPH_NAME).write_bytes(planned.g.model().SerializeToString())
            (temporary / TOKENIZER_NAME).write_text(planned.text.tokenizer_json, "utf-8")
            for path in checkpoint.licence_files():
                shutil.copyfile(path, temporary / path.name)
            report(Progress("verify", 0, 1))
            write_manifest(temporary, _manifest(checkpoint, planned, config, temporary))
            _move_into_place(temporary, destination)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    log.info("built layers=%d bytes=%d", planned.model.layers, planned.weights.size_bytes)
    report(Progress("verify", 1, 1))
    return destination


def _ignore(_progress: Progress) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """Everything that is known before the first byte is written."""

    g: Graph
    weights: WeightPlan
    model: ModelConfig
    text: TextParts


@contextmanager
def _storage_errors(needed_bytes: int) -> Iterator[None]:
    """Name what a disk can do to us; errors of our own pass through."""
    try:
        yield
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(needed_bytes=needed_bytes) from exc
        raise InvalidRequest(field="destination", reason="not_writable") from exc


def _plan(checkpoint: _Watched, config: BuildConfig) -> _Planned:
    decoder = open_family(checkpoint.config)
    weights = WeightPlan()
    g = Graph(weights)
    build_decoder(decoder, g, checkpoint, Precision(config.bits, config.block_size))
    for name in sorted(checkpoint.unread()):
        if not name.endswith(_UNUSED_TENSORS):
            option = f"tensor {name}"[:120]
            raise UnsupportedFamily(family=str(checkpoint.config["model_type"]), option=option)
    text = checkpoint.text()
    if text.vocab_size > decoder.config.vocab:
        raise BadCheckpoint(reason="tokenizer_too_large")
    return _Planned(g, weights, decoder.config, text)


class _Watched:
    """A checkpoint that remembers which tensors were asked for."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._read: set[str] = set()
        self.name = checkpoint.name
        self.config = checkpoint.config
        self.licence = checkpoint.licence
        self.languages = checkpoint.languages
        self.source_type = checkpoint.source_type
        self.size_bytes = checkpoint.size_bytes

    @property
    def source(self) -> Any:  # noqa: ANN401
        return self._checkpoint.source

    def names(self) -> Collection[str]:
        return self._checkpoint.names()

    def tensor(self, name: str) -> Tensor:
        self._read.add(name)
        return self._checkpoint.tensor(name)

    def text(self) -> TextParts:
        return self._checkpoint.text()

    def licence_files(self) -> tuple[Path, ...]:
        return self._checkpoint.licence_files()

    def unread(self) -> set[str]:
        return set(self._checkpoint.names()) - self._read


def _manifest(
    checkpoint: Checkpoint, planned: _Planned, config: BuildConfig, folder: Path
) -> Manifest:
    g, model, text = planned.g, planned.model, planned.text
    return Manifest(
        format_version=FORMAT_VERSION,
        family=str(checkpoint.config["model_type"]),
        name=checkpoint.name,
        sizes={"parameters": g.parameters, **model.sizes()},
        context_length=model.context_length,
        chat_template=text.chat_template,
        special_tokens=text.special_tokens,
        stop_ids=text.stop_ids,
        add_bos=text.add_bos,
        states=g.states,
        quantization=_quantization(checkpoint, g, config),
        licence=checkpoint.licence,
        languages=checkpoint.languages,
        source=_source(checkpoint),
        files={path.name: hash_file(path) for path in sorted(folder.iterdir())},
    )


def _quantization(checkpoint: Checkpoint, g: Graph, config: BuildConfig) -> dict[str, int | str]:
    bits, embedding_bits = g.bits
    return {
        "bits": bits,
        "block_size": config.block_size,
        "embedding_bits": embedding_bits,
        "source_type": checkpoint.source_type,
    }


def _source(checkpoint: Checkpoint) -> dict[str, str]:
    try:
        return dict(checkpoint.source)
    except OSError as exc:
        raise BadCheckpoint(reason="unreadable") from exc


def _check_destination(destination: Path) -> None:
    if destination.is_symlink() or (destination.exists() and not destination.is_dir()):
        raise InvalidRequest(field="destination", reason="not_a_folder")
    if not destination.is_dir() or (destination / MANIFEST_NAME).is_file():
        return
    if any(destination.iterdir()):
        raise InvalidRequest(field="destination", reason="not_a_bundle")


def _make_temporary(destination: Path, needed_bytes: int) -> Path:
    """An empty folder beside the destination, on a disk that has room."""
    parent = destination.absolute().parent
    temporary = parent / f".{destination.name}.part-{secrets.token_hex(4)}"
    with _storage_errors(needed_bytes):
        parent.mkdir(parents=True, exist_ok=True)
        _sweep(parent, destination.name)
        if shutil.disk_usage(parent).free < needed_bytes:
            raise DiskFull(needed_bytes=needed_bytes)
        temporary.mkdir()
    return temporary


def _sweep(parent: Path, name: str) -> None:
    """Remove what a build that was killed left behind: folders nobody wrote to for an hour."""
    for folder in parent.glob(f".{glob.escape(name)}.part-*"):
        newest = max((path.stat().st_mtime for path in (folder, *folder.iterdir())), default=0)
        if time.time() - newest > _STALE_S:
            shutil.rmtree(folder, ignore_errors=True)


def _move_into_place(temporary: Path, destination: Path) -> None:
    """Rename; an older bundle steps aside first and comes back if the rename fails."""
    if not destination.exists():
        temporary.replace(destination)
        return
    older = temporary.with_name(temporary.name + "-old")
    destination.replace(older)
    try:
        temporary.replace(destination)
    except OSError:
        older.replace(destination)
        raise
    shutil.rmtree(older, ignore_errors=True)
    _sync_folder(destination.absolute().parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
