"""Saves what is being typed, half a second after the last key."""

from __future__ import annotations

import logging
from concurrent.futures import wait
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from app.core.errors import AppError
from app.services.tasks import Tasks

if TYPE_CHECKING:
    from app.store import Store

log = logging.getLogger(__name__)

DRAFT_MS = 500


class DraftKeeper(QObject):
    """Remembers the newest unsaved draft of one chat at a time.

    A draft that cannot be saved is no reason to interrupt somebody who types: it is tried again
    with the next key, and the text is on the screen.
    """

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.store: Store | None = None
        self._tasks = tasks
        self._pending: tuple[int | None, str] | None = None
        self._timer = QTimer(self, interval=DRAFT_MS, singleShot=True)
        self._timer.timeout.connect(self.flush)

    def keep(self, chat_id: int | None, text: str) -> None:
        """Save this soon; chat_id None is the conversation that does not exist yet."""
        if self._pending is not None and self._pending[0] != chat_id:
            self.flush()
        self._pending = (chat_id, text)
        self._timer.start()

    def drop(self) -> None:
        """Forget what is pending: the text was sent."""
        self._timer.stop()
        self._pending = None

    def flush(self, wait_s: float = 0.0) -> None:
        """Save what is pending now, waiting for it at most `wait_s`."""
        self._timer.stop()
        if self._pending is None or self.store is None:
            return
        (chat_id, text), self._pending = self._pending, None
        future = self.store.chats.save_draft(chat_id, text)
        if wait_s:
            wait([future], timeout=wait_s)
        else:
            self._tasks.then(future, None, self._failed)

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, AppError):
            raise error
        log.warning("draft not saved code=%s", error.code)
