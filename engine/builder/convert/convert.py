"""From a checkpoint of an unknown family to a bundle."""

from __future__ import annotations

import logging
from pathlib import Path
from threading import Event

from engine.builder.blocks.storage import Precision
from engine.builder.checkpoint import Checkpoint
from engine.builder.convert.decoder import adapt_decoder
from engine.builder.convert.encoder import MODULES, adapt_encoder
from engine.builder.convert.environment import export_onnx
from engine.builder.convert.exported import ExportedGraph
from engine.builder.output import Planned, check_destination, scratch_folder, write_bundle
from engine.builder.readers import open_checkpoint
from engine.builder.weights import OnProgress, WeightPlan
from engine.bundle import ModelKind
from engine.errors import BadCheckpoint, InvalidRequest
from engine.types import BuildConfig, Progress

log = logging.getLogger(__name__)

_FLOAT_BYTES = 4


def convert_model(
    source: Path | str,
    destination: Path | str,
    config: BuildConfig | None = None,
    *,
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
) -> Path:
    """Build a bundle from a Hugging Face folder through Optimum.

    A folder with `modules.json` becomes a sentence encoder, any other a decoder. The exporter holds
    the model in float32 in memory and writes it once beside the destination.

    Args:
        source: The folder.
        destination: Folder to make; an older bundle there is replaced once the new one is whole.
        config: Precision; None is float32, in which models are exported.
        on_progress: Called with the stages "read", "write" and "verify".
        cancel: Set it to stop.

    Returns:
        The destination.

    Raises:
        NotFound: No such folder.
        BadCheckpoint: The source is damaged or hostile.
        UnsupportedFamily: Optimum does not know the model either, or its graph is not understood.
        InvalidRequest: The convert environment is missing, the source is no folder, or the
            destination holds something that is not a bundle.
        DiskFull: No room; nothing is left behind.
        BuildCancelled: `cancel` was set; nothing is left behind.
    """
    source, destination = Path(source), Path(destination)
    config = config or BuildConfig()
    if source.is_file():
        raise InvalidRequest(field="source", reason="not_a_folder")
    check_destination(destination)
    _report(on_progress, "read", 0)
    checkpoint = open_checkpoint(source)
    kind: ModelKind = "encoder" if (source / MODULES).is_file() else "decoder"
    needed_bytes = _FLOAT_BYTES * 2 * checkpoint.size_bytes
    with scratch_folder(destination, needed_bytes) as scratch:
        folder = export_onnx(source, scratch, kind, cancel)
        planned = _plan(folder, source, checkpoint, kind, config)
        _report(on_progress, "read", 1)
        write_bundle(checkpoint, planned, destination, on_progress, cancel)
    log.info("converted kind=%s bytes=%d", kind, planned.weights.size_bytes)
    _report(on_progress, "verify", 1)
    return destination


def _plan(
    folder: Path, source: Path, checkpoint: Checkpoint, kind: ModelKind, config: BuildConfig
) -> Planned:
    weights = WeightPlan()
    exported = ExportedGraph(folder, weights)
    precision = Precision(config.bits, config.block_size, config.search)
    if kind == "encoder":
        sizes, context = adapt_encoder(exported, source, checkpoint.config, precision)
    else:
        sizes, context = adapt_decoder(exported, checkpoint.config, precision)
    text = checkpoint.text()
    if text.vocab_size > sizes["vocab"]:
        raise BadCheckpoint(reason="tokenizer_too_large")
    return Planned(exported.g, weights, text, sizes, context, config.block_size, kind)


def _report(on_progress: OnProgress | None, stage: str, done: int) -> None:
    if on_progress is not None:
        on_progress(Progress(stage, done, 1))
