"""Brings results of other threads back to the main thread, the only one that touches widgets."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import cache
from typing import TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

T = TypeVar("T")


class _Bridge(QObject):
    """Takes calls over to the main thread.

    One for all, which stays until the end: a thread that used a signal of something the main thread
    destroys in that moment would end the process.
    """

    posted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def _run(self, call: Callable[[], None]) -> None:
        call()


@cache
def _bridge() -> _Bridge:
    return _Bridge()


class Tasks(QObject):
    """Runs callbacks in the thread it was made in, the main one.

    Nothing runs after `close`, nor when the parent has gone: a result that comes late belongs to
    nobody.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._closed = threading.Event()
        self._bridge = _bridge()

    def then(
        self,
        future: Future[T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> Future[T]:
        """Call `done` with the result or `failed` with the error, in the main thread.

        An error nobody asked for is raised in the main thread, where the top-level handler sees
        it: no error is ever lost.

        Returns:
            The future itself.
        """

        def settle() -> None:
            try:
                result = future.result()
            except CancelledError:
                return
            except Exception as exc:
                if failed is None:
                    raise
                failed(exc)
                return
            if done is not None:
                done(result)

        future.add_done_callback(lambda _: self.post(settle))
        return future

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` in the main thread soon; callable from any thread."""
        if not self._closed.is_set():
            self._bridge.posted.emit(lambda: self._run(call))

    def run(self, work: Callable[[], T], name: str) -> Future[T]:
        """Do slow work in a thread of its own, which does not keep the program alive.

        Args:
            work: What to do; it may raise.
            name: The thread's name, for reports.
        """
        future: Future[T] = Future()

        def body() -> None:
            try:
                future.set_result(work())
            except BaseException as exc:  # noqa: BLE001  the top of a thread
                future.set_exception(exc)

        threading.Thread(target=body, name=name, daemon=True).start()
        return future

    def close(self) -> None:
        """Drop everything that is still to come."""
        self._closed.set()

    def _run(self, call: Callable[[], None]) -> None:
        if not self._closed.is_set() and shiboken6.isValid(self):
            call()
