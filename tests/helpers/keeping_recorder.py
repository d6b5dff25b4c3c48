"""A keeping service whose signals are written down."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from app.core.errors import AppError
from app.core.keeping import ExportWords
from app.services.keeping import KeepingService
from app.services.tasks import Tasks
from app.services.vault import UnlockService

WAIT_MS = 20_000


class KeepingRecorder:
    """What a page would have seen."""

    def __init__(self, qtbot: QtBot, tasks: Tasks, unlock: UnlockService) -> None:
        self._qtbot = qtbot
        words = ExportWords(
            "You",
            "Assistant",
            "No name",
            {"letter": "Write a letter"},
            {"medicine": "Ask a doctor."},
        )
        self.service = KeepingService(tasks, lambda: words, unlock)
        self.shares: list[float] = []
        self.done: list[object] = []
        self.failed: list[AppError] = []
        self.cancelled = 0
        self.service.progressed.connect(lambda _, share: self.shares.append(share))
        self.service.done.connect(lambda _, result: self.done.append(result))
        self.service.failed.connect(lambda _, error: self.failed.append(error))
        self.service.cancelled.connect(self._on_cancelled)

    def end(self) -> object:
        """Wait until what was begun has ended; the result, or the error."""
        count = len(self.done) + len(self.failed) + self.cancelled
        self._qtbot.waitUntil(
            lambda: len(self.done) + len(self.failed) + self.cancelled > count, timeout=WAIT_MS
        )
        return self.done[-1] if self.done else self.failed[-1] if self.failed else None

    def bring(self, path: Path, secret: str = "") -> object:
        """Import, and wait for the end."""
        self.done.clear()
        self.failed.clear()
        self.service.import_files((path,), secret)
        return self.end()

    def _on_cancelled(self, _work: str) -> None:
        self.cancelled += 1
