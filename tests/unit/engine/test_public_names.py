from __future__ import annotations

import subprocess
import sys

import engine

PUBLIC = {
    "BuildConfig",
    "EngineError",
    "GenerationConfig",
    "GenerationEvent",
    "Interrupted",
    "Manifest",
    "Message",
    "Model",
    "ModelError",
    "Progress",
    "RequestError",
    "ResourceError",
    "WorkerError",
    "build_model",
    "doctor",
    "inspect_model",
    "load_model",
    "read_manifest",
}


def test_the_public_names_are_these() -> None:
    assert set(engine.__all__) == PUBLIC
    assert engine.__all__ == sorted(engine.__all__)
    assert dir(engine) == sorted(PUBLIC)


def test_every_public_name_can_be_imported() -> None:
    for name in PUBLIC:
        assert getattr(engine, name).__name__ == name


def test_unknown_names_are_attribute_errors() -> None:
    assert not hasattr(engine, "no_such_name")


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, engine, engine.protocol, engine.bundle\n"
        "heavy = {'numpy', 'onnxruntime', 'onnx', 'tokenizers', 'jinja2', 'gguf'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_telemetry_is_off_before_the_library_is_loaded() -> None:
    code = (
        "import os, builtins\n"
        "real, seen = builtins.__import__, []\n"
        "def spy(name, *rest):\n"
        "    if name == 'onnxruntime' and not seen:\n"
        "        seen.append(os.environ.get('ORT_DISABLE_TELEMETRY'))\n"
        "    return real(name, *rest)\n"
        "builtins.__import__ = spy\n"
        "import engine; engine.doctor()\n"
        "print(seen)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['1']"
