"""How the exporter is run, with programs of our own in its place."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from engine.builder import BuildCancelled
from engine.builder.convert import convert_model, convert_python
from engine.builder.convert.environment import PYTHON_VARIABLE, export_onnx
from engine.errors import DiskFull, EngineError, InvalidRequest
from tests.helpers.models import tiny_llama_checkpoint


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def _program(path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell script that stands where the environment's interpreter would be."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv(PYTHON_VARIABLE, str(path))


def test_without_the_environment_nothing_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PYTHON_VARIABLE, str(tmp_path / "none"))
    assert convert_python() is None
    source = tiny_llama_checkpoint(tmp_path / "source")
    with pytest.raises(InvalidRequest, match="not_installed"):
        convert_model(source, tmp_path / "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]


def test_the_exporter_sees_config_and_weights_alone(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tiny_llama_checkpoint(tmp_path / "source")
    config = json.loads((source / "config.json").read_text())
    config["auto_map"] = {"AutoModelForCausalLM": "modeling_evil.Model"}
    (source / "config.json").write_text(json.dumps(config))
    (source / "modeling_evil.py").write_text("raise SystemExit")
    (source / "pytorch_model.bin").write_bytes(b"pickle")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("SECRET", "word")
    _program(tmp_path / "program", 'ls "$3" > "$4/seen"; env > "$4/env"; echo {}', monkeypatch)
    out = export_onnx(source, scratch, "decoder", None)
    assert (out / "seen").read_text().split() == ["config.json", "model.safetensors"]
    assert "auto_map" not in json.loads((scratch / "source" / "config.json").read_text())
    names = {line.partition("=")[0] for line in (out / "env").read_text().splitlines()}
    assert not names & {"PYTHONPATH", "SECRET", "HF_TOKEN"}


@pytest.mark.parametrize(
    ("answer", "code", "named"),
    [
        ('{"error": "missing_tensor", "detail": "h.0.w"}', "model.bad_checkpoint", "h.0.w"),
        ('{"error": "unread_tensor", "detail": "h.9.w"}', "model.unsupported_family", "h.9.w"),
        ('{"error": "unknown_architecture"}', "model.unsupported_family", "optimum"),
        ('{"error": "failed", "detail": "Boom"}', "model.unsupported_family", "Boom"),
        ("not json", "model.unsupported_family", "without a word"),
    ],
)
def test_refusals_become_errors_of_ours(
    tmp_path: Path,
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: str,
    named: str,
) -> None:
    source = tiny_llama_checkpoint(tmp_path / "source")
    _program(tmp_path / "program", f"echo warning; echo '{answer}'; exit 1", monkeypatch)
    with pytest.raises(EngineError, match=named) as error:
        export_onnx(source, scratch, "decoder", None)
    assert error.value.code == code


def test_a_full_disk_is_called_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tiny_llama_checkpoint(tmp_path / "source")
    _program(tmp_path / "program", 'echo \'{"error": "disk_full"}\'; exit 1', monkeypatch)
    with pytest.raises(DiskFull):
        convert_model(source, tmp_path / "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["program", "source"]


def test_cancel_ends_the_program(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tiny_llama_checkpoint(tmp_path / "source")
    _program(tmp_path / "program", "exec sleep 60", monkeypatch)
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(BuildCancelled):
        export_onnx(source, scratch, "decoder", cancel)
