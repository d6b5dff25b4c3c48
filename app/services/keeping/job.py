"""A piece of work in its own thread that says how far it is and can be told to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_EVERY_S = 0.1


class Cancelled(Exception):
    """The work was told to stop; no error, somebody wanted it."""


class Job:
    """What the work uses to report and to ask whether to go on."""

    def __init__(self, report: Callable[[float], None]) -> None:
        """Make a job.

        Args:
            report: Gets the share that is done, 0 to 1, ten times a second at most; any thread.
        """
        self._report = report
        self._stop = threading.Event()
        self._said_at = 0.0

    def cancel(self) -> None:
        """Tell the work to stop at its next step; callable from any thread."""
        self._stop.set()

    def step(self, share: float) -> None:
        """Say how far it is.

        Raises:
            Cancelled: It was told to stop.
        """
        if self._stop.is_set():
            raise Cancelled
        now = time.monotonic()
        if now - self._said_at >= _EVERY_S:
            self._said_at = now
            self._report(min(max(share, 0.0), 1.0))


class PartOfJob(Job):
    """One of several pieces of work that together are a job."""

    def __init__(self, whole: Job, number: int, count: int) -> None:
        super().__init__(lambda _share: None)
        self._whole = whole
        self._number = number
        self._count = count

    def step(self, share: float) -> None:
        """Say how far the whole is. Raises Cancelled."""
        self._whole.step((self._number + share) / self._count)
