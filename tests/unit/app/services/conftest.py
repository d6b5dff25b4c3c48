"""Services with a real store, a real worker and a tiny model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from app.core.paths import Paths, resolve_paths
from app.services.engine_host import EngineHost
from app.services.tasks import Tasks
from app.store import Store
from tests.helpers.chat_recorder import ChatRecorder
from tests.helpers.tiny_bundle import rambling_bundle


@pytest.fixture(scope="session")
def bundle() -> Path:
    return rambling_bundle()


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    found = resolve_paths(tmp_path / "data")
    found.create()
    return found


@pytest.fixture
def tasks(qtbot: QtBot) -> Iterator[Tasks]:
    made = Tasks()
    yield made
    made.close()


@pytest.fixture
def host(qtbot: QtBot) -> Iterator[EngineHost]:
    made = EngineHost(threads=1)
    yield made
    made.shutdown()


@pytest.fixture(scope="session")
def shared_host(qapp: QCoreApplication, bundle: Path) -> Iterator[EngineHost]:
    """One worker for all tests that leave it alive; starting one takes a second."""
    made = EngineHost(threads=1)
    made.load(bundle)
    yield made
    made.shutdown()


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store.open_temporary()
    yield opened
    opened.close()


@pytest.fixture
def record(qtbot: QtBot, tasks: Tasks) -> Iterator[Callable[[EngineHost], ChatRecorder]]:
    """Makes chat services without a store, and takes them away at the end."""
    made: list[ChatRecorder] = []

    def make(host: EngineHost) -> ChatRecorder:
        made.append(ChatRecorder(qtbot, host, tasks))
        return made[-1]

    yield make
    for recorder in made:
        recorder.close()


@pytest.fixture
def chat(
    record: Callable[[EngineHost], ChatRecorder], shared_host: EngineHost, store: Store
) -> ChatRecorder:
    """A chat service on a temporary store that nothing was asked yet."""
    recorder = record(shared_host)
    recorder.service.attach(store, "temporary")
    recorder.service.start()
    return recorder
