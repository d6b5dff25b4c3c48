"""A keeping service with a real store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.services.tasks import Tasks
from app.store import Store
from tests.helpers.keeping_recorder import KeepingRecorder


@pytest.fixture
def keeping(qtbot: QtBot, tasks: Tasks, store: Store) -> Iterator[KeepingRecorder]:
    made = KeepingRecorder(qtbot, tasks)
    made.service.attach(store)
    yield made
    made.service.shutdown()
