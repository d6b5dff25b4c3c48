"""What can run a model on this computer: the report behind `doctor`."""

from __future__ import annotations

import platform
import sys
from typing import Any

from engine.runtime import machine
from engine.runtime.ort import load_onnxruntime

# ONNX Runtime's x86-64 kernels for quantized weights fall back to slow ones below AVX2.
_NEEDED_X86 = "avx2"


def doctor() -> dict[str, Any]:
    """Processor, memory, devices and providers, as plain values for JSON."""
    ort = load_onnxruntime()
    memory = machine.memory()
    features = machine.processor_features()
    return {
        "system": {
            "name": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "onnxruntime": ort.__version__,
        },
        "processor": {
            "name": machine.processor_name(),
            "features": list(features),
            "physical_cores": machine.physical_cores(),
            "logical_processors": len(machine.usable_processors()),
            "fast_kernels": _has_fast_kernels(features),
        },
        "memory": {
            "total_bytes": memory.total_bytes,
            "available_bytes": memory.available_bytes,
        },
        "providers": list(ort.get_available_providers()),
        "devices": _devices(ort),
        "telemetry": "off",
    }


def _has_fast_kernels(features: tuple[str, ...]) -> bool | None:
    """Whether the vector extensions that the fast kernels need are there; None where unknown."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return None
    if not features and sys.platform == "darwin":
        return None
    return _NEEDED_X86 in features


def _devices(ort: Any) -> list[dict[str, str]]:  # noqa: ANN401
    return [
        {"provider": device.ep_name, "vendor": device.ep_vendor, "type": device.device.type.name}
        for device in ort.get_ep_devices()
    ]
