"""The packed weight cache: which graph of a bundle to open, and from which folder.

ONNX Runtime packs a model's weights anew at every start, into memory of its own: seconds, and 1.5
times the weights that the system can never take back. Here they are packed once on a machine, into
a file that every later start maps. Measured with a billion weights of 4 bits on two cores: a start
takes 0.8 s instead of 2 to 5 s, and 80 MB instead of 1,500 MB of memory that cannot be dropped.

A large model is packed instead of being opened, and then opened packed: packing needs a few hundred
MB for any model, where opening it unpacked may not fit at all. Nobody depends on the cache: where
the disk is full, read-only or damaged, a model is opened from its bundle.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.bundle import GRAPH_NAME, Manifest, read_manifest
from engine.errors import BadBundle
from engine.runtime.control import Control
from engine.runtime.graph_edits import parse_graph
from engine.runtime.machine import processor_features, processor_name
from engine.runtime.ort import load_onnxruntime, ort_failures
from engine.runtime.packed import store as packed_store
from engine.runtime.packed.graph import weight_sizes
from engine.runtime.packed.model import NotPackable, packed_model
from engine.runtime.packed.packer import Packer, Places
from engine.runtime.packed.plan import is_worth_packing
from engine.runtime.packed.store import PART, WEIGHTS, Folder
from engine.runtime.packed.writer import WeightsFile
from engine.types import LoadOptions, Progress

if TYPE_CHECKING:
    from onnx import ModelProto

log = logging.getLogger(__name__)

_FORMAT: Final = 1  # of what lies in a folder; raise it when packing changes
_KEY_DIGITS: Final = 32

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class GraphSource:
    """What to open.

    Attributes:
        model: Path of the graph, or the graph itself.
        folder: Where its weights lie.
        packed: The cache's folder when the weights are packed; to be kept as long as they are used.
    """

    model: str | bytes
    folder: Path
    packed: Folder | None = None


def graph_source(
    bundle: Path,
    load: LoadOptions,
    edited: bytes | None = None,
    control: Control = Control(),
    on_progress: OnProgress | None = None,
) -> GraphSource:
    """Find the packed form of a bundle's graph; pack it first where that is worth it.

    Args:
        bundle: The folder; its files have been checked.
        load: Device and precision.
        edited: The graph when it is not the bundle's own.
        control: Asked while packing.
        on_progress: Called with the stage "pack", in bytes.

    Raises BadBundle, Interrupted.
    """
    plain = GraphSource(edited or str(bundle / GRAPH_NAME), bundle)
    manifest = _manifest(bundle)
    if manifest is None or not is_worth_packing(manifest, load):
        return plain
    folder: Folder | None = None
    kept = False
    failures: tuple[type[Exception], ...] = (OSError, EOFError, NotPackable, *ort_failures())
    try:
        folder = Folder(_key(manifest, load))
        path = _Request(bundle, manifest, edited, control, on_progress).path(folder)
        if path is not None:
            kept = True
            return GraphSource(str(path), folder.path, folder)
    except failures as exc:
        control.check()
        log.warning("not packed reason=%s", type(exc).__name__)
    finally:
        if folder is not None and not kept:
            folder.close()
    return plain


def give_up(source: GraphSource) -> None:
    """Packed weights could not be used: delete them."""
    if source.packed is not None:
        source.packed.discard()
        source.packed.close()


@dataclass(frozen=True, slots=True)
class _Request:
    """One graph of one bundle that somebody wants packed."""

    bundle: Path
    manifest: Manifest
    edited: bytes | None
    control: Control
    on_progress: OnProgress | None

    @property
    def source(self) -> str:
        """Digest of the graph as it would be opened unpacked."""
        if self.edited is None:
            return self.manifest.files[GRAPH_NAME].sha256
        return hashlib.sha256(self.edited).hexdigest()

    def path(self, folder: Folder) -> Path | None:
        """The packed graph, made now if need be; None when it is not to be packed."""
        check = self.control.check
        found = folder.graph(self.source, check)
        if found is not None or folder.is_refused():
            return found
        with folder.building(self.control):
            found = folder.graph(self.source, check)  # somebody else may just have made it
            if found is None and not folder.is_refused():
                found = self._reuse(folder) or self._make(folder)
        return found

    def _graph(self) -> ModelProto:
        return parse_graph(self.edited or (self.bundle / GRAPH_NAME).read_bytes())

    def _reuse(self, folder: Folder) -> Path | None:
        """Another edit of a graph whose weights are packed already."""
        path = folder.any_graph(self.control.check)
        if path is None:
            return None
        stored = {t.name: t for t in parse_graph(path.read_bytes()).graph.initializer}
        try:
            made = packed_model(self._graph(), stored, WEIGHTS)
        except NotPackable:
            return None
        return folder.add_graph(self.source, made.SerializeToString())

    def _make(self, folder: Folder) -> Path | None:
        model = self._graph()
        sizes = weight_sizes(model)
        needed = sizes.mapped_bytes + sizes.packed_bytes + sizes.folded_bytes
        if not packed_store.make_room(needed, folder.path.name):
            log.warning("no room for packed weights needed_mb=%d", needed // 1_000_000)
            return None
        start = time.monotonic()
        reporter = _Reporter(needed, self.on_progress)
        part = folder.path / PART
        weights = WeightsFile(part, self.control.check, reporter.add)
        places = Places(self.bundle, folder.path, PART)
        packer = Packer(model, places, weights, self.control)
        try:
            packer.run()
            graph = packed_model(model, packer.stored, WEIGHTS).SerializeToString()
            path = folder.publish(weights.finish(), weights.spans, self.source, graph)
        except NotPackable:
            folder.refuse()
            raise
        finally:
            weights.close()
            folder.sweep()
        log.info("packed mb=%d seconds=%.1f", needed // 1_000_000, time.monotonic() - start)
        return path


class _Reporter:
    """Turns bytes written into progress with an estimate."""

    def __init__(self, total: int, on_progress: OnProgress | None) -> None:
        self._total, self._done, self._start = total, 0, time.monotonic()
        self._on_progress = on_progress

    def add(self, size_bytes: int) -> None:
        self._done = min(self._total, self._done + size_bytes)
        if self._on_progress is not None:
            rate = self._done / max(1e-6, time.monotonic() - self._start)
            left = (self._total - self._done) / rate if rate else None
            self._on_progress(Progress("pack", self._done, self._total, left))


def _manifest(bundle: Path) -> Manifest | None:
    """None for a graph that lies in no bundle, or in a broken one; opening it will tell."""
    try:
        return read_manifest(bundle)
    except BadBundle:
        return None


def _key(manifest: Manifest, load: LoadOptions) -> str:
    """Names a folder after all that decides how weights are packed."""
    facts = (_FORMAT, manifest.model_hash, load.exact, *_machine())
    if load.even_rows and not load.exact:  # some weights are packed a second way
        facts = (*facts, "even_rows")
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:_KEY_DIGITS]


@functools.cache
def _machine() -> tuple[str, ...]:
    """The library, the processor, and the variables that make the library pack otherwise."""
    ort = load_onnxruntime()
    variables = sorted(
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.startswith(("ORT_", "MLAS_")) and name != "ORT_DISABLE_TELEMETRY"
    )
    return (
        str(ort.__version__),
        sys.platform,
        processor_name(),
        *processor_features(),
        *variables,
    )
