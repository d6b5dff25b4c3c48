"""Runs the exporter in the convert environment, with nothing in reach but config and weights.

The environment is a virtual one of its own (`make convert`), because Optimum pins older libraries
than ours. The exporter sees a folder made for it: the config without any mention of code, and links
to the weight files that our own reader has checked before.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import IO, Any, Final

from engine.builder.weights import BuildCancelled
from engine.bundle import ModelKind
from engine.errors import BadCheckpoint, InvalidRequest, UnsupportedFamily

PYTHON_VARIABLE: Final = "ALCOVE_CONVERT_PYTHON"
_EXPORTER: Final = Path(__file__).with_name("exporter.py")
_CHECKOUT: Final = Path(__file__).resolve().parents[3]
_POLL_S: Final = 0.1
_CODE_KEYS: Final = ("auto_map", "custom_pipelines")
_KEPT_VARIABLES: Final = ("PATH", "TMPDIR", "SYSTEMROOT", "TEMP", "LD_LIBRARY_PATH", "HOME")


def convert_python() -> Path | None:
    """The convert environment's interpreter, None where there is none."""
    given = os.environ.get(PYTHON_VARIABLE)
    folder = _CHECKOUT / ".build" / "convert"
    inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    python = Path(given) if given else folder / inside
    return python if python.is_file() else None


def export_onnx(source: Path, scratch: Path, kind: ModelKind, cancel: Event | None) -> Path:
    """Export a Hugging Face folder.

    Args:
        source: Folder whose files have been checked.
        scratch: Empty folder for everything that is written.
        kind: What to export it as.
        cancel: Set it to stop.

    Returns:
        Folder with `model.onnx` and `exported.weights`.

    Raises:
        InvalidRequest: The convert environment is not installed.
        UnsupportedFamily: Optimum does not know the architecture, or failed.
        BadCheckpoint: Tensors are missing or were not asked for.
        OSError: The disk is full.
        BuildCancelled: `cancel` was set.
    """
    python = convert_python()
    if python is None:
        raise InvalidRequest(field="convert", reason="not_installed")
    config = _isolate(source, scratch / "source")
    out = scratch / "exported"
    out.mkdir()
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    environment["HF_HOME"] = str(scratch / "home")
    command = [str(python), "-I", str(_EXPORTER), str(scratch / "source"), str(out), kind]
    with (scratch / "stdout").open("w+b") as stdout, (scratch / "stderr").open("wb") as stderr:
        code = _run(command, environment, stdout, stderr, cancel)
        stdout.seek(0)
        answer = _last_line(stdout.read())
    if code or answer.get("error"):
        raise _refusal(str(config.get("model_type", "")), answer)
    return out


def _isolate(source: Path, folder: Path) -> Mapping[str, Any]:
    """A folder with config and weights alone; returns the config."""
    folder.mkdir()
    config: dict[str, Any] = json.loads((source / "config.json").read_text("utf-8"))
    for key in _CODE_KEYS:
        config.pop(key, None)
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    for path in (*source.glob("*.safetensors"), *source.glob("*.safetensors.index.json")):
        target = folder / path.name
        try:
            target.symlink_to(path.resolve())
        except OSError:  # Windows asks for a privilege
            shutil.copyfile(path, target)
    return config


def _run(
    command: list[str],
    environment: Mapping[str, str],
    stdout: IO[bytes],
    stderr: IO[bytes],
    cancel: Event | None,
) -> int:
    """Wait for the program, or kill it when asked to."""
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr
    ) as process:
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return process.wait(_POLL_S)
                if cancel is not None and cancel.is_set():
                    raise BuildCancelled
        finally:
            process.kill()  # nothing happens to one that has ended


def _last_line(output: bytes) -> Mapping[str, Any]:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    try:
        answer = json.loads(lines[-1])
    except (IndexError, ValueError):
        answer = {"error": "failed", "detail": "the exporter ended without a word"}
    return answer if isinstance(answer, dict) else {}


def _refusal(family: str, answer: Mapping[str, Any]) -> Exception:
    detail = str(answer.get("detail", ""))[:200]
    if answer.get("error") == "missing_tensor":
        return BadCheckpoint(reason="missing_tensor", tensor=detail)
    if answer.get("error") == "unread_tensor":
        return UnsupportedFamily(family=family, option=f"tensor {detail}")
    if answer.get("error") == "disk_full":
        return OSError(errno.ENOSPC, detail)  # named where the folder is written
    if answer.get("error") == "unknown_architecture":
        return UnsupportedFamily(family=family, option="model_type", converter="optimum")
    return UnsupportedFamily(family=family, option="export", converter=f"optimum: {detail}")
