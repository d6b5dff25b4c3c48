"""Opens a bundle's graph on ONNX Runtime and proves where its nodes run.

ONNX Runtime falls back to the CPU silently when a device fails, so the placement of every node is
recorded and compared with what was asked for.

Spinning. Between two operators a thread of the library's pool either sleeps, and is woken late, or
spins, and takes the processor from somebody else. Measured on two cores (ONNX Runtime 1.31.1, the
starter model, decode in tokens a second, medians of two to three seconds, settings alternated;
"window": another process that draws a frame of 3 ms sixty times a second, and the 95th percentile
of the time such a frame took; "crowded": two to three other processes computing all the time):

    intra-op threads              alone   beside a window        crowded
    spin as long as they like     97      76, frame 7.7 ms       24-31
    spin for 20 microseconds      96      82, frame 8.1 ms       31-49
    never spin                    68      68, frame 5.9 ms       38-56

The gaps inside a decode step are shorter than 20 microseconds, so spinning for just that long
keeps the speed of endless spinning and gives the cores back when the model waits for longer. All
three leave a window its 16 ms.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.bundle import GRAPH_NAME, read_manifest
from engine.errors import BadBundle, DeviceUnavailable, EngineError
from engine.runtime.control import Control
from engine.runtime.devices.providers import CPU_PROVIDER, Providers
from engine.runtime.even_rows import SPARE_TOKENS, rounds_evenly
from engine.runtime.graph_edits import edited_graph, parse_graph
from engine.runtime.huge_pages import use_huge_pages_for, use_huge_pages_soon
from engine.runtime.int8_cache import Scales
from engine.runtime.machine import (
    give_back_at_once,
    give_back_freed,
    physical_cores,
    process_memory,
)
from engine.runtime.ort import load_onnxruntime, memory_failure, ort_failures, scores_written_down
from engine.runtime.packed.cache import GraphSource, OnProgress, give_up, graph_source
from engine.runtime.packed.store import WEIGHTS, Folder
from engine.runtime.state_buffers import HOST, StateMemory
from engine.types import Device, LoadOptions

log = logging.getLogger(__name__)

_SPIN_US = 20  # see above
# Of the packed weights. Loading leaves 2 % behind; stand-ins of 4 bits would take 38 %.
_GROWN_SHARE, _GROWN_BYTES = 0.2, 32_000_000


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that runs where it was told to.

    Attributes:
        ort: The `onnxruntime.InferenceSession`.
        inputs: Names of the graph's inputs.
        placement: Number of nodes by execution provider.
        threads: Threads that share each operator's work.
        device: Where most of it runs.
        memory: Which states live on the device.
        packed: Folder of the packed weights in use, which nobody evicts meanwhile.
        spare_tokens: Room that runs need in the states behind their last token.
        keeps_ties: Whether several tokens read at once choose as each alone would, but for ties
            that no rounding of activations has made large.
    """

    ort: Any
    inputs: frozenset[str]
    placement: dict[str, int]
    threads: int
    device: Device = "cpu"
    memory: StateMemory = HOST
    packed: Folder | None = None
    spare_tokens: int = 0
    keeps_ties: bool = False


def open_session(
    bundle: Path,
    load: LoadOptions = LoadOptions(),
    control: Control = Control(),
    scales: Scales | None = None,
    on_progress: OnProgress | None = None,
) -> OpenSession:
    """Open `bundle`/model.onnx on the CPU; `device_session` opens it elsewhere.

    Args:
        bundle: The folder; its files have been checked.
        load: Threads, precision; any other device is absent here.
        control: Asked while the library loads.
        scales: States that are kept in 8 bits, none by default.
        on_progress: Called with the stage "pack" while weights are packed, once on a machine.

    Raises:
        BadBundle: The graph or its weights are damaged.
        InsufficientMemory: The weights do not fit.
        DeviceUnavailable: Another device was asked for, or the CPU did not take every node.
        Interrupted: `control` said so.
    """
    if load.device not in ("auto", "cpu"):
        raise DeviceUnavailable(device=load.device, reason="absent")
    threads = load.threads or physical_cores()
    edited = None
    even_rows = load.even_rows and not load.exact
    if load.exact or scales or even_rows:
        path = bundle / GRAPH_NAME
        edited = edited_graph(path, exact=load.exact, scales=scales, even_rows=even_rows)
    source = graph_source(bundle, load, edited, control, on_progress)
    rounded = _is_rounded(bundle) and not load.exact
    with scores_written_down(rounded):
        try:
            session = _create(source, threads, control)
        except EngineError:
            if source.packed is None:
                raise
            give_up(source)
            source = GraphSource(edited or str(bundle / GRAPH_NAME), bundle)
            session = _create(source, threads, control)
    placement = _assert_placement(session)
    if source.packed is not None:
        use_huge_pages_for(source.folder / WEIGHTS)
    else:
        use_huge_pages_soon()
    names = frozenset(value.name for value in session.get_inputs())
    log.info(
        "session open provider=%s threads=%d exact=%s packed=%s",
        CPU_PROVIDER,
        threads,
        load.exact,
        source.packed is not None,
    )
    return OpenSession(
        session,
        names,
        placement,
        threads,
        packed=source.packed,
        spare_tokens=SPARE_TOKENS if even_rows else 0,
        keeps_ties=not rounded or _is_even(edited if even_rows else None),
    )


def _is_rounded(bundle: Path) -> bool:
    """Whether weights are integers, whose rounding hides that of any way to attend."""
    return int(read_manifest(bundle).quantization.get("bits", 32)) < 16


def _is_even(edited: bytes | None) -> bool:
    return edited is not None and rounds_evenly(parse_graph(edited).graph)


def _create(source: GraphSource, threads: int, control: Control) -> Any:  # noqa: ANN401
    """Open a graph. Raises BadBundle, InsufficientMemory, Interrupted."""
    ort = load_onnxruntime()
    options = session_options(ort, source.folder, threads)
    if source.packed is not None:
        options.add_session_config_entry("session.prepack.enable_parallel", "1")
        give_back_at_once()
        give_back_freed()  # what lies freed in the heap would hide what is taken from it
    before_bytes = process_memory().anonymous_bytes
    session = create_session(source.model, options, [CPU_PROVIDER], control, _damaged())
    if source.packed is not None:
        give_back_freed()
        _assert_taken(source, process_memory().anonymous_bytes - before_bytes)
    return session


def create_session(
    model: str | bytes,
    options: Any,  # noqa: ANN401
    providers: Providers | None,
    control: Control,
    failed: EngineError,
) -> Any:  # noqa: ANN401
    """Let the library open a graph, without its silent second attempt on the CPU.

    Args:
        model: Path of the graph, or the graph.
        options: Of the library.
        providers: In the order in which they may take nodes.
        control: Asked before and after; ends the library's work when it says so.
        failed: What a failure means that is not one of memory.

    Raises:
        InsufficientMemory: The weights do not fit.
        Interrupted: `control` said so.
    """
    control.check()
    with control.calling(lambda: options.set_load_cancellation_flag(True)):
        try:
            session = load_onnxruntime().InferenceSession(
                model, options, providers=providers, enable_fallback=0
            )
        except ort_failures() as exc:
            control.check()
            raise (memory_failure(exc) or failed) from exc
    control.check()
    return session


def _assert_taken(source: GraphSource, grown_bytes: int) -> None:
    """The library must have taken the packed weights from their file.

    Where it did not, it filed a stand-in under another key than it did when the weights were
    packed, and made its own packed form of the stand-in: memory that is full of the wrong numbers.
    """
    packed_bytes = source.packed.content_bytes() if source.packed is not None else 0
    if grown_bytes > max(_GROWN_BYTES, packed_bytes * _GROWN_SHARE):
        log.warning("packed weights not taken grown_mb=%d", grown_bytes // 1_000_000)
        raise _damaged()


def session_options(ort: Any, bundle: Path, threads: int) -> Any:  # noqa: ANN401
    """What sessions on every device have in common."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    entries = {
        "session.record_ep_graph_assignment_info": "1",
        "session.model_external_initializers_file_folder_path": str(bundle),
        "session.intra_op.allow_spinning": "1",
        "session.intra_op.spin_duration_us": str(_SPIN_US),
    }
    for name, value in entries.items():
        options.add_session_config_entry(name, value)
    return options


def _assert_placement(session: Any) -> dict[str, int]:  # noqa: ANN401
    """Count the nodes by provider. Raises DeviceUnavailable when any is not on the CPU."""
    placement: Counter[str] = Counter()
    for part in session.get_provider_graph_assignment_info():
        placement[part.ep_name] += len(part.get_nodes())
    elsewhere = sum(count for name, count in placement.items() if name != CPU_PROVIDER)
    if elsewhere or not placement:
        raise DeviceUnavailable(device="cpu", reason="placement", nodes_elsewhere=elsewhere)
    return dict(placement)


def _damaged() -> EngineError:
    return BadBundle(reason="damaged", file=GRAPH_NAME)
