"""How much processor time the main thread spends in each turn of its event loop."""

from __future__ import annotations

import time

from PySide6.QtCore import QAbstractEventDispatcher


class FrameClock:
    """Collects one figure for each turn, from waking up to waking up again.

    Waiting costs no processor time, so it does not matter where in the turn the loop sleeps, which
    differs between Qt's dispatchers.
    """

    def __init__(self) -> None:
        self.frames: list[float] = []
        self._before = time.thread_time()
        dispatcher = QAbstractEventDispatcher.instance()
        assert dispatcher is not None
        self._dispatcher = dispatcher
        dispatcher.awake.connect(self._on_awake)

    def restart(self) -> list[float]:
        """Begin a new list; the old one in seconds."""
        frames, self.frames = self.frames, []
        self._before = time.thread_time()
        return frames

    def close(self) -> None:
        """Stop looking."""
        self._dispatcher.awake.disconnect(self._on_awake)

    def percentile(self, share: float) -> float:
        """Seconds that `share` of the turns did not exceed."""
        return sorted(self.frames)[int(len(self.frames) * share)]

    def _on_awake(self) -> None:
        now = time.thread_time()
        self.frames.append(now - self._before)
        self._before = now
