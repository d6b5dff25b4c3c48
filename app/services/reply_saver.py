"""Writes growing and finished replies to the store, again and again until they are there.

A disk that is full must not stop a reply: it stays in memory, the trouble is said once, and every
attempt after that is silent until one succeeds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.core.errors import AppError
from app.core.records import ChatView, Message
from app.services.tasks import Tasks

if TYPE_CHECKING:
    from app.store import Store

log = logging.getLogger(__name__)

CHECKPOINT_MS = 1_000
RETRY_MS = 2_000


class ReplySaver(QObject):
    """Checkpoints one growing reply each second and finishes replies.

    Signals:
        trouble_began: An `AppError`: replies cannot be written just now.
        finished_saved: A finished reply has reached the store.
    """

    trouble_began = Signal(object)
    finished_saved = Signal(object)

    def __init__(self, store: Store, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._tasks = tasks
        self._source: Callable[[], Message] | None = None
        self._written_length = 0
        self._in_flight: Future[Any] | None = None
        self._unsaved: dict[int, Message] = {}
        self._in_trouble = False
        self._checkpoints = QTimer(self, interval=CHECKPOINT_MS)
        self._checkpoints.timeout.connect(self._checkpoint)
        self._retries = QTimer(self, interval=RETRY_MS, singleShot=True)
        self._retries.timeout.connect(self._write_unsaved)

    def watch(self, source: Callable[[], Message]) -> None:
        """Checkpoint what `source` returns each second, until `finish`."""
        self._source = source
        self._written_length = 0
        self._checkpoints.start()

    def finish(self, message: Message) -> None:
        """Write a finished reply, now or as soon as it is possible."""
        self._source = None
        self._checkpoints.stop()
        self._unsaved[message.id] = message
        self._write_unsaved()

    def overlay(self, view: ChatView) -> ChatView:
        """Put what is still in memory over what the store knows."""
        if not self._unsaved:
            return view
        messages = tuple(self._unsaved.get(message.id, message) for message in view.messages)
        return ChatView(view.summary, messages, view.draft)

    def flush(self, wait_s: float) -> bool:
        """Last attempt before the program ends; blocks at most `wait_s`.

        Returns:
            Whether everything reached the store.
        """
        self._checkpoints.stop()
        self._retries.stop()
        futures = [self._submit_finish(message) for message in self._unsaved.values()]
        done, pending = wait(futures, timeout=wait_s)
        return not pending and all(_is_written(future) for future in done)

    @Slot()
    def _checkpoint(self) -> None:
        if self._source is None or (self._in_flight is not None and not self._in_flight.done()):
            return
        message = self._source()
        if len(message.details.token_ids) == self._written_length:
            return
        length = len(message.details.token_ids)

        def saved(_: object) -> None:
            self._written_length = length
            self._in_trouble = False

        future = self._store.messages.checkpoint(message.id, message.text, message.details)
        self._in_flight = self._tasks.then(future, saved, self._failed)

    @Slot()
    def _write_unsaved(self) -> None:
        for message in list(self._unsaved.values()):
            self._write(message)

    def _write(self, message: Message) -> None:
        def saved(_: object) -> None:
            self._in_trouble = False
            if self._unsaved.get(message.id) is message:
                del self._unsaved[message.id]
                self.finished_saved.emit(message)

        def failed(error: BaseException) -> None:
            if isinstance(error, LookupError):  # final already, by a write that came through late
                saved(None)
                return
            self._failed(error)
            self._retries.start()

        self._tasks.then(self._submit_finish(message), saved, failed)

    def _submit_finish(self, message: Message) -> Future[Any]:
        return self._store.messages.finish(message.id, message.text, message.details, message.state)

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, AppError):
            raise error
        log.warning("reply not written code=%s", error.code)
        if not self._in_trouble:
            self._in_trouble = True
            self.trouble_began.emit(error)


def _is_written(future: Future[Any]) -> bool:
    return future.exception() is None or isinstance(future.exception(), LookupError)
