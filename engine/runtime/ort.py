"""The one door to ONNX Runtime: telemetry off first, then the import.

Official builds carry a telemetry client. The environment variable must be set before the library
is loaded, and the events are switched off again afterwards; both, because either alone has been
the whole answer in some version.
"""

from __future__ import annotations

import functools
import os
from types import ModuleType

from engine.errors import EngineError, InsufficientMemory
from engine.runtime.machine import memory

_NO_MEMORY = (
    "bad_alloc",
    "failed to allocate memory",
    "allocation failed",
    "out of memory",
    "can't start new thread",  # no room for its stack
)


@functools.cache
def load_onnxruntime() -> ModuleType:
    """Import ONNX Runtime without its telemetry and without its chatter on stderr."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415 - the variable above must come first

    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(3)
    module: ModuleType = onnxruntime
    return module


@functools.cache
def ort_failures() -> tuple[type[Exception], ...]:
    """Every exception type that ONNX Runtime raises; none of them has a common base."""
    load_onnxruntime()
    from onnxruntime.capi import onnxruntime_pybind11_state as native  # noqa: PLC0415

    found = [value for value in vars(native).values() if isinstance(value, type)]
    own = [value for value in found if issubclass(value, Exception)]
    return (*own, RuntimeError, ValueError, MemoryError)


def memory_failure(exc: BaseException) -> EngineError | None:
    """InsufficientMemory if that is what a failure below us means, None for anything else."""
    text = str(exc).lower()
    if isinstance(exc, MemoryError) or any(part in text for part in _NO_MEMORY):
        return InsufficientMemory(needed_bytes=0, available_bytes=memory().available_bytes)
    return None
