"""How long is waited for each of many things, with one timer for all of them."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal


class Patience(QObject):
    """Tells what took longer than it should have.

    Signals:
        lost: The name, and how many milliseconds it was given.
    """

    lost = Signal(str, int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ends: dict[str, tuple[float, int]] = {}
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._look)

    def wait(self, name: str, ms: int) -> None:
        """Wait no longer than this; an earlier end that was set before stays."""
        end = (time.monotonic() + ms / 1000, ms)
        self._ends[name] = min(end, self._ends.get(name, end))
        self._wind()

    def came(self, name: str) -> None:
        """It needs no waiting for any longer. Unknown names are ignored."""
        if self._ends.pop(name, None) is not None and not self._ends:
            self._timer.stop()

    def clear(self) -> None:
        """Wait for nothing."""
        self._ends.clear()
        self._timer.stop()

    def _look(self) -> None:
        now = time.monotonic()
        for name, (end, ms) in list(self._ends.items()):
            if end <= now and self._ends.pop(name, None) is not None:
                self.lost.emit(name, ms)
        self._wind()

    def _wind(self) -> None:
        """Up to the soonest end."""
        if self._ends:
            left_s = min(self._ends.values())[0] - time.monotonic()
            self._timer.start(max(0, round(left_s * 1000)) + 1)
