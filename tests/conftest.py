"""Fixtures that every kind of test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.builder import build_model
from engine.types import BuildConfig
from tests.helpers.models import tiny_llama_checkpoint

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_STARTER = Path(__file__).parents[1] / "resources" / "starter" / "SmolLM2-135M-Instruct"


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with random weights and a working tokenizer; do not change it."""
    folder = tmp_path_factory.mktemp("tiny")
    return build_model(
        tiny_llama_checkpoint(folder / "source"), folder / "bundle", BuildConfig(bits=4)
    )


@pytest.fixture(scope="session")
def starter_bundle() -> Path:
    """The starter as `make starter` built it; must be there in CI, may be missing elsewhere."""
    if not (_STARTER / "manifest.json").is_file():
        if os.environ.get("CI"):
            pytest.fail("the starter bundle is missing: make starter")
        pytest.skip("the starter bundle is missing: make starter")
    return _STARTER
