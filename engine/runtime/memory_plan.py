"""How much memory a bundle needs, before it is loaded.

Weights are mapped from their file, which the system may drop and read again; what the library
packs anew for the processor is anonymous and cannot be given back. Only what clearly does not fit
is refused: a guard that says no to a model that would have run is worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from engine.bundle import WEIGHTS_NAME, Manifest
from engine.errors import InsufficientMemory
from engine.runtime.machine import Memory, memory
from engine.runtime.states import constant_bytes, growing_bytes, round_up
from engine.types import StateSpec

# ONNX Runtime repacks quantized weights at load: anonymous memory of about 1.2 times the weights
# (measured with 1.31.1, see shared facts), on top of the library and Python themselves.
_PACKED_RATIO = 1.2
_PROCESS_BYTES = 120 * 1024 * 1024
_PREFILL_CHUNK = 512
_FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """Bytes a bundle needs, and whether this computer has them.

    Attributes:
        weights_bytes: Size of the weights on disk.
        packed_bytes: Anonymous memory the library makes of them.
        cache_bytes: All states at `context_length` tokens.
        cache_bytes_per_token: What one token more adds to the growing states.
        cache_bytes_per_1000_tokens: A thousand times that.
        buffers_bytes: Activations of a prefill chunk, logits, the process itself.
        needed_bytes: Anonymous bytes in all.
        available_bytes: What this process may still take.
        context_length: Tokens the plan is for.
        fits: Whether needed <= available.
    """

    weights_bytes: int
    packed_bytes: int
    cache_bytes: int
    cache_bytes_per_token: int
    cache_bytes_per_1000_tokens: int
    buffers_bytes: int
    needed_bytes: int
    available_bytes: int
    context_length: int
    fits: bool

    def as_dict(self) -> dict[str, int | bool]:
        """Plain values for JSON."""
        return asdict(self)


def plan_memory(
    manifest: Manifest, context_length: int = 0, available: Memory | None = None
) -> MemoryPlan:
    """Plan for a conversation of `context_length` tokens; 0 is the model's longest."""
    entry = manifest.files.get(WEIGHTS_NAME)
    return plan_sizes(
        manifest.sizes,
        manifest.states,
        weights_bytes=entry.size_bytes if entry else 0,
        context_length=min(context_length or manifest.context_length, manifest.context_length),
        available=available,
    )


def plan_sizes(
    sizes: Mapping[str, int],
    states: tuple[StateSpec, ...],
    *,
    weights_bytes: int,
    context_length: int,
    available: Memory | None = None,
) -> MemoryPlan:
    """The same for a model that is not built yet."""
    packed = int(weights_bytes * _PACKED_RATIO)
    cache = growing_bytes(states, round_up(context_length)) + constant_bytes(states)
    buffers = _buffers_bytes(sizes)
    needed = packed + cache + buffers
    free = (available or memory()).available_bytes
    return MemoryPlan(
        weights_bytes=weights_bytes,
        packed_bytes=packed,
        cache_bytes=cache,
        cache_bytes_per_token=growing_bytes(states, 1) - growing_bytes(states, 0),
        cache_bytes_per_1000_tokens=growing_bytes(states, 1000),
        buffers_bytes=buffers,
        needed_bytes=needed,
        available_bytes=free,
        context_length=context_length,
        fits=needed <= free,
    )


def assert_fits(manifest: Manifest) -> None:
    """Refuse a bundle whose weights and shortest conversation do not fit.

    Raises InsufficientMemory.
    """
    plan = plan_memory(manifest, context_length=1)
    if not plan.fits:
        raise InsufficientMemory(
            needed_bytes=plan.needed_bytes, available_bytes=plan.available_bytes
        )


def _buffers_bytes(sizes: Mapping[str, int]) -> int:
    """Widest activations of one prefill chunk, a few of them alive at a time, and the logits."""
    width = max(sizes.get("ffn", 0), sizes.get("hidden", 0))
    activations = 6 * _PREFILL_CHUNK * width * _FLOAT_BYTES
    return _PROCESS_BYTES + activations + 2 * sizes.get("vocab", 0) * _FLOAT_BYTES
