"""A keeping service with a real store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.core.paths import Paths
from app.services.tasks import Tasks
from app.services.vault import UnlockService
from app.store import Store
from tests.helpers.keeping_recorder import KeepingRecorder


@pytest.fixture
def unlock(paths: Paths, tasks: Tasks) -> Iterator[UnlockService]:
    """Has opened nothing yet."""
    made = UnlockService(paths, tasks, use_keyring=False)
    yield made
    made.close()


@pytest.fixture
def keeping(
    qtbot: QtBot, tasks: Tasks, store: Store, unlock: UnlockService
) -> Iterator[KeepingRecorder]:
    made = KeepingRecorder(qtbot, tasks, unlock)
    made.service.attach(store)
    yield made
    made.service.shutdown()
