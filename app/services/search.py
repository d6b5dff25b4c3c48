"""Search while somebody types: the newest wish wins, and nothing waits for the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.core.errors import AppError
from app.core.records import SearchResults
from app.services.tasks import Tasks

if TYPE_CHECKING:
    from app.store import Store

PAUSE_MS = 60
"""Between two keys of a quick typist are 100 ms and more; whoever pauses sees results at once."""


class SearchService(QObject):
    """Finds chats and messages by words.

    Signals:
        found: SearchResults for the newest text that was asked for, and for no other.
        error_raised: AppError.
    """

    found = Signal(object)
    error_raised = Signal(object)

    def __init__(self, tasks: Tasks, parent: QObject | None = None) -> None:
        """Make a service that has no store yet; wishes wait for one."""
        super().__init__(parent)
        self._tasks = tasks
        self._store: Store | None = None
        self._text = ""
        self._running = False
        self._due = False
        self._pause = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self._look)

    @Slot(object, str)
    def attach(self, store: Store, _mode: str = "") -> None:
        """Where is searched."""
        self._store = store
        self.prepare()
        if self._due:
            self._look()

    @Slot()
    def prepare(self) -> None:
        """Do what the next search would wait for: at the start, and when the bin has changed."""
        if self._store is not None:
            self._store.search.prepare()

    @Slot(str)
    def find(self, text: str) -> None:
        """Look for all words of a text soon; called at each key. Answered by `found`."""
        self._text = text
        self._due = bool(text.strip())
        if self._due:
            self._pause.start()
        else:
            self._pause.stop()
            self.found.emit(SearchResults(text, (), (), more=False))

    @Slot()
    def _look(self) -> None:
        if self._store is None or self._running or not self._due:
            return
        self._due, self._running = False, True
        self._tasks.then(self._store.search.find(self._text), self._on_found, self._on_failed)

    def _on_found(self, results: SearchResults) -> None:
        self._running = False
        if results.text == self._text:
            self.found.emit(results)
        self._look_again()

    def _on_failed(self, error: BaseException) -> None:
        self._running = False
        if not isinstance(error, AppError):
            raise error
        self.error_raised.emit(error)
        self._look_again()

    def _look_again(self) -> None:
        """What was typed while a search ran."""
        if not self._pause.isActive():
            self._look()
