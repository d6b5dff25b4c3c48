"""Python's garbage is collected in the main thread, and nowhere else.

Whichever thread happens to need memory looks for garbage and destroys what it finds. Widgets and
documents among it would be destroyed outside the thread they live in, which ends the process.
"""

from __future__ import annotations

import gc
import time

from PySide6.QtCore import QObject, QTimer

from app.services import heap

_INTERVAL_MS = 250
_WHOLE_EVERY_S = 60.0


class GarbageCollector(QObject):
    """Takes collecting over from Python, at the same thresholds. Made in the main thread.

    Looking through everything takes some milliseconds and is done once in a minute at most. What
    was freed then goes back to the system.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._whole_at = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def close(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.enable()

    def look(self) -> None:
        """Collect what is due: Python goes on counting while it does not collect."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        now = time.monotonic()
        if counts[2] > thresholds[2] and now - self._whole_at >= _WHOLE_EVERY_S:
            self._whole_at = now
            gc.collect(2)
            heap.give_back()
        elif counts[1] > thresholds[1]:
            gc.collect(1)
        elif counts[0] > thresholds[0]:
            gc.collect(0)
