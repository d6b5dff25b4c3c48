"""Opens a bundle on a device other than the CPU, as a placement says, and proves that it is so.

ONNX Runtime goes on without a device that fails to start, and runs what a provider refuses on the
CPU. Here both are errors: every node must be where the plan has it. Only arithmetic with indices
and shapes may be anywhere.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.bundle import GRAPH_NAME, Manifest
from engine.errors import DeviceUnavailable
from engine.runtime.control import Control
from engine.runtime.devices.graph import GraphParts, graph_parts, without_fused_products
from engine.runtime.devices.placement import Placement, plan_placement
from engine.runtime.devices.providers import CPU_PROVIDER, Provider, choose
from engine.runtime.graph_edits import edited_graph, read_graph
from engine.runtime.int8_cache import Scales
from engine.runtime.machine import physical_cores
from engine.runtime.ort import load_onnxruntime, ort_failures
from engine.runtime.session import OpenSession, create_session, session_options
from engine.runtime.state_buffers import StateMemory
from engine.runtime.state_sizes import constant_bytes, growing_bytes, round_up
from engine.types import LoadOptions, StateSpec

if TYPE_CHECKING:
    from onnx import ModelProto

log = logging.getLogger(__name__)

_PLANNED_TOKENS = 4096
"""Conversation that memory is planned for where nobody says: longer ones may force a new plan."""

_LAYER_OF_STATE = re.compile(r"\.(\d+)\.")
_MAIN_MEMORY = frozenset({"Cpu", "CudaPinned"})
_FIXED_BYTES = 64 * 1024 * 1024  # compiled kernels, staging
_PREFILL_CHUNK = 512
_LIVE_ACTIVATIONS = 8
_FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class DeviceUse:
    """How a device is to be used.

    Attributes:
        provider: What drives it.
        budget_bytes: Memory that may be taken.
        dropped: Operators that did not earn their place on it.
        most_layers: At most so many layers go there, None for no limit.
        own_memory: Whether what goes there takes no main memory.
        checked: Operators that something is known about, None for all; others stay on the CPU.
    """

    provider: Provider
    budget_bytes: int
    dropped: frozenset[str] = frozenset()
    most_layers: int | None = None
    own_memory: bool = True
    checked: frozenset[str] | None = None


def plan_for(bundle: Path, manifest: Manifest, load: LoadOptions, use: DeviceUse) -> Placement:
    """What `open_on_device` would put where. Raises BadBundle."""
    model = read_graph(bundle / GRAPH_NAME)
    without_fused_products(model)
    return _plan(manifest, graph_parts(model), use, load.context_length)


def open_on_device(
    bundle: Path,
    manifest: Manifest,
    load: LoadOptions,
    use: DeviceUse,
    control: Control = Control(),
    scales: Scales | None = None,
) -> tuple[OpenSession, Placement]:
    """Open `bundle`/model.onnx on a device.

    Args:
        bundle: The folder; its files have been checked.
        manifest: Its manifest, with the states as the session is to keep them.
        load: Threads, precision, context length to plan for.
        use: The device.
        control: Asked while the library loads.
        scales: States that are kept in 8 bits, none by default.

    Raises:
        BadBundle: The graph or its weights are damaged.
        InsufficientMemory: The weights do not fit.
        DeviceUnavailable: The device did not start, has no room for a single layer, or did not
            take what the plan gave it.
        Interrupted: `control` said so.
    """
    import onnx  # noqa: PLC0415 - only devices pay for it

    model = onnx.ModelProto.FromString(
        edited_graph(bundle / GRAPH_NAME, exact=load.exact, scales=scales)
    )
    without_fused_products(model)
    parts = graph_parts(model)
    placement = _plan(manifest, parts, use, load.context_length)
    device = use.provider.device
    if not placement.uses_device:
        raise DeviceUnavailable(device=device, reason="memory", budget_bytes=use.budget_bytes)
    threads = load.threads or physical_cores()
    names = placement.cpu_names(parts)
    _keep_float_activations(model, names)
    session = _open(bundle, model, use.provider, names, threads, control)
    counts = _assert_placement(session, use.provider, names, parts.counting)
    memory = _state_memory(session, use.provider, manifest.states)
    inputs = frozenset(value.name for value in session.get_inputs())
    log.info(
        "session open provider=%s threads=%d layers=%d of %d experts_on_cpu=%d",
        use.provider.name,
        threads,
        placement.device_layers,
        len(placement.layers),
        placement.layers.count("experts_on_cpu"),
    )
    return OpenSession(session, inputs, counts, threads, device, memory), placement


def _plan(manifest: Manifest, parts: GraphParts, use: DeviceUse, context_length: int) -> Placement:
    """Fill the device's budget."""
    tokens = context_length or min(manifest.context_length, _PLANNED_TOKENS)
    cache = [0] * len(parts.layers)
    for spec in manifest.states:
        found = _LAYER_OF_STATE.search(spec.input_name)
        if found and int(found[1]) < len(cache):
            cache[int(found[1])] += _state_bytes(spec, tokens)
    sizes = manifest.sizes
    width = max(sizes.get("ffn", 0), sizes.get("hidden", 0))
    activations = _LIVE_ACTIVATIONS * _PREFILL_CHUNK * width * _FLOAT_BYTES
    return plan_placement(
        parts,
        layer_cache_bytes=cache,
        buffers_bytes=_FIXED_BYTES + activations + 2 * sizes.get("vocab", 0) * _FLOAT_BYTES,
        budget_bytes=use.budget_bytes,
        dropped=use.dropped | (parts.operators.keys() - (use.checked or parts.operators.keys())),
        most_layers=use.most_layers,
    )


def _state_bytes(spec: StateSpec, tokens: int) -> int:
    return growing_bytes((spec,), round_up(tokens)) + constant_bytes((spec,))


def _keep_float_activations(model: ModelProto, cpu_names: tuple[str, ...]) -> None:
    """No int8 activations on the device: its products wait for weights, not for arithmetic."""
    for node in model.graph.node:
        if not any(name in node.name for name in cpu_names):
            for attribute in node.attribute:
                if attribute.name == "accuracy_level":
                    attribute.i = 0


def _open(
    bundle: Path,
    model: ModelProto,
    provider: Provider,
    cpu_names: tuple[str, ...],
    threads: int,
    control: Control,
) -> Any:  # noqa: ANN401
    ort = load_onnxruntime()
    options = session_options(ort, bundle, threads)
    if cpu_names:
        _assign_to_cpu(options, provider, cpu_names)
    try:
        providers = choose(options, provider)
    except LookupError as exc:
        raise DeviceUnavailable(device=provider.device, reason="absent") from exc
    graph = bytes(model.SerializeToString())
    failed = DeviceUnavailable(device=provider.device, reason="not_opened")
    return create_session(graph, options, providers, control, failed)


def _assign_to_cpu(options: Any, provider: Provider, names: tuple[str, ...]) -> None:  # noqa: ANN401
    try:
        options.add_session_config_entry(
            "session.name_based_layer_assignment", f"cpu({','.join(names)})"
        )
    except ort_failures() as exc:  # too many names
        raise DeviceUnavailable(device=provider.device, reason="placement") from exc


def _assert_placement(
    session: Any,  # noqa: ANN401
    provider: Provider,
    cpu_names: tuple[str, ...],
    counting: frozenset[str],
) -> dict[str, int]:
    """Count the nodes by provider. Raises DeviceUnavailable where one is not as planned."""
    placement: Counter[str] = Counter()
    elsewhere = 0
    for part in session.get_provider_graph_assignment_info():
        for node in part.get_nodes():
            placement[part.ep_name] += 1
            planned = CPU_PROVIDER if any(name in node.name for name in cpu_names) else ""
            if node.name not in counting and part.ep_name != (planned or provider.name):
                elsewhere += 1
                log.info("node elsewhere operator=%s provider=%s", node.op_type, part.ep_name)
    if elsewhere or not placement[provider.name]:
        raise DeviceUnavailable(
            device=provider.device, reason="placement", nodes_elsewhere=elsewhere
        )
    return dict(placement)


def _state_memory(
    session: Any,  # noqa: ANN401
    provider: Provider,
    states: tuple[StateSpec, ...],
) -> StateMemory:
    """The states whose nodes run on the device live there."""
    wanted = {spec.input_name for spec in states}
    places = zip(session.get_inputs(), session.get_input_memory_infos(), strict=True)
    names = {value.name for value, info in places if info.name not in _MAIN_MEMORY}
    return StateMemory(session, provider.memory, frozenset(names & wanted))
