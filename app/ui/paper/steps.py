"""Long work on the main thread, a little in each turn of its event loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, QTimer

from app.core.errors import AppError

T = TypeVar("T")
Work = Generator[float, None, T]
"""Yields the share that is done; its result is what it returns."""
Content = Callable[[], bytes]
"""Gives a file's content; slow for a long one and free of Qt, it belongs beside this thread."""

_BUDGET_S = 0.008  # of a 16 ms frame


class Steps(QObject, Generic[T]):
    """Runs one piece of work to its end, unless it is stopped, and goes then.

    Laying out text cannot be done beside the main thread: the fonts and the documents belong to it.
    """

    def __init__(
        self,
        work: Work[T],
        done: Callable[[T], None],
        failed: Callable[[AppError], None],
        progressed: Callable[[float], None] | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Begin with the next turn of the event loop.

        Args:
            work: What to do.
            done: Gets the result.
            failed: Gets the error that ended it.
            progressed: Gets the share that is done.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._work: Work[T] | None = work
        self._done = done
        self._failed = failed
        self._progressed = progressed
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._run)
        self._timer.start(0)

    @property
    def running(self) -> bool:
        """Whether there is still something to do."""
        return self._work is not None

    def stop(self) -> None:
        """Do no more; nothing is told to anybody. Also when it has ended long ago."""
        if self._work is not None:
            self._work.close()
            self._leave()

    def _leave(self) -> None:
        self._work = None
        self._timer.stop()
        self.deleteLater()  # or the parent would gather one for each page that was ever drawn

    def _run(self) -> None:
        work = self._work
        if work is None:
            return
        ends, share = time.perf_counter() + _BUDGET_S, 0.0
        try:
            while time.perf_counter() < ends:
                before, share = share, next(work)
                if share == before:
                    break  # it waits for something that is made beside this thread
        except StopIteration as end:
            self._leave()
            self._done(end.value)
            return
        except AppError as exc:
            self.stop()
            self._failed(exc)
            return
        except BaseException:
            self.stop()
            raise
        if self._progressed is not None:
            self._progressed(share)
