"""From a checkpoint to a bundle: check, plan, stream, name, move into place.

    open source -> config -> graph and weight plan -> <destination>.part-… -> rename

Everything that can be refused is refused before the first byte is written, and whatever happens
afterwards leaves either a whole bundle or nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Final

from engine.builder.blocks.decoder import Decoder, build_decoder
from engine.builder.blocks.storage import Precision
from engine.builder.checkpoint import Checkpoint, Tensor, TextParts
from engine.builder.decide import decide_forms
from engine.builder.families import open_family
from engine.builder.graph import Graph
from engine.builder.output import Planned, check_destination, write_bundle
from engine.builder.quantize_plan import LayerFacts, describe
from engine.builder.readers import open_checkpoint
from engine.builder.weights import OnProgress, WeightPlan
from engine.errors import BadCheckpoint, InvalidRequest, UnsupportedFamily
from engine.types import BuildConfig, Progress

log = logging.getLogger(__name__)

OnLayers = Callable[[Sequence[LayerFacts]], None]

_BLOCK_SIZES: Final = (16, 32, 64, 128, 256)
# Stored by some converters, computed by us.
_UNUSED_TENSORS: Final = ("rotary_emb.inv_freq", "self_attn.masked_bias", "self_attn.bias")


def build_model(
    source: Path | str,
    destination: Path | str,
    config: BuildConfig | None = None,
    *,
    on_progress: OnProgress | None = None,
    cancel: Event | None = None,
    on_layers: OnLayers | None = None,
) -> Path:
    """Build a bundle from a Hugging Face folder or a GGUF file.

    Args:
        source: Folder or file.
        destination: Folder to make; an older bundle there is replaced once the new one is whole.
        config: Precision; None keeps that of the source.
        on_progress: Called at most ten times a second, stages "read", "write" and "verify".
        cancel: Set it to stop.
        on_layers: Told at the end how large each weight became, and its estimated error.

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
    check_destination(destination)
    report = on_progress or _ignore
    report(Progress("read", 0, 1))
    checkpoint = _Watched(open_checkpoint(source))
    decoder = open_family(checkpoint.config)
    precision = decide_forms(decoder, checkpoint, config, destination, on_progress, cancel)
    planned = _plan(checkpoint, decoder, precision)
    report(Progress("read", 1, 1))
    write_bundle(checkpoint, planned, destination, on_progress, cancel)
    if on_layers is not None:
        on_layers(describe(precision.asked or ()))
    log.info(
        "built family=%s bytes=%d", checkpoint.config["model_type"], planned.weights.size_bytes
    )
    report(Progress("verify", 1, 1))
    return destination


def _ignore(_progress: Progress) -> None:
    """Nobody wants to know."""


def _plan(checkpoint: _Watched, decoder: Decoder, precision: Precision) -> Planned:
    weights = WeightPlan()
    g = Graph(weights)
    build_decoder(decoder, g, checkpoint, precision)
    for name in sorted(checkpoint.unread()):
        if not name.endswith(_UNUSED_TENSORS):
            option = f"tensor {name}"[:120]
            raise UnsupportedFamily(family=str(checkpoint.config["model_type"]), option=option)
    text = checkpoint.text()
    if text.vocab_size > decoder.config.vocab:
        raise BadCheckpoint(reason="tokenizer_too_large")
    sizes = decoder.config.sizes()
    return Planned(g, weights, text, sizes, decoder.config.context_length, precision.block_size)


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

    def source(self, check: Callable[[], None]) -> Mapping[str, str]:
        return self._checkpoint.source(check)

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
