"""Turns of the event loop, watched for how long the window would not answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QCoreApplication

T = TypeVar("T")


class Turns:
    """Runs the event loop turn by turn.

    Attributes:
        worst_s: Most processor time that the main thread took at once.
        at: What was being done then.
    """

    def __init__(self) -> None:
        self.worst_s = 0.0
        self.at = ""

    def do(self, what: str, work: Callable[[], T]) -> T:
        """Do something as a click would, then let what follows from it happen."""
        started = time.thread_time()
        result = work()
        self._count(what, started)
        self.go_on(what)
        return result

    def until(self, what: str, done: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Wait for something, which must not hold the window up."""
        end = time.monotonic() + timeout_s
        while not done():
            assert time.monotonic() < end, what
            self._turn(what)
            time.sleep(0.0005)

    def go_on(self, what: str, turns: int = 5) -> None:
        """A few turns more."""
        for _ in range(turns):
            self._turn(what)

    def _turn(self, what: str) -> None:
        started = time.thread_time()
        QCoreApplication.processEvents()
        self._count(what, started)

    def _count(self, what: str, started: float) -> None:
        took = time.thread_time() - started
        if took > self.worst_s:
            self.worst_s, self.at = took, what
