"""Fixtures that every kind of test may use."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.builder import build_model
from engine.types import BuildConfig
from tests.helpers.models import tiny_llama_checkpoint

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_collectors: list[Any] = []
_STARTER = Path(__file__).parents[1] / "resources" / "starter" / "SmolLM2-135M-Instruct"


@pytest.fixture(autouse=True)
def garbage_is_collected_here(request: pytest.FixtureRequest) -> Iterator[None]:
    """From the first test with Qt on the main thread alone looks for garbage, as in the program.

    A thread that did would end connections of what it finds: it then waits for Python's lock with
    one of Qt's in hand, and the main thread for Qt's with Python's.
    """
    if "qapp" in request.fixturenames and not _collectors:
        from app.services.garbage import GarbageCollector  # noqa: PLC0415  the engine's tests need no Qt

        request.getfixturevalue("qapp")
        _collectors.append(GarbageCollector())
    if _collectors:
        gc.disable()  # a test may have closed a collector of its own
    yield
    for collector in _collectors:
        collector.look()


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
