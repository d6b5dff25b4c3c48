"""Slow work beside the main thread, one piece after the other."""

from __future__ import annotations

import gc
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from PySide6.QtCore import QObject

from app.services.tasks import Tasks

T = TypeVar("T")
_IDLE_S = 5.0


class _Collections:
    """Keeps Python from looking for garbage while a thread works.

    Whichever thread happens to need memory looks for garbage, and destroys what it finds. With
    widgets and documents among it, that must be the main thread, in which this is called.
    """

    def __init__(self) -> None:
        self._paused = 0
        self._wanted = False

    def pause(self) -> None:
        """Work begins."""
        if not self._paused:
            self._wanted = gc.isenabled()
            gc.disable()
        self._paused += 1

    def resume(self) -> None:
        """Work has ended."""
        self._paused -= 1
        if not self._paused and self._wanted:
            gc.enable()


_collections = _Collections()


class Beside:
    """A thread that comes when there is work and goes when there is none for a while.

    It is a daemon: a window that closes waits for no drawing.
    """

    def __init__(self, owner: QObject, name: str) -> None:
        """Make no thread yet.

        Args:
            owner: Results come into its thread, as long as it lives.
            name: The thread's name, for reports.
        """
        self._tasks = Tasks(owner)
        self._name = name
        self._lock = threading.Lock()
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._runs = False

    def do(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Do `work` in the thread, then `done` with its result in the owner's."""
        future: Future[T] = Future()
        _collections.pause()

        def settled(result: T) -> None:
            _collections.resume()
            done(result)

        def failed(error: BaseException) -> None:
            _collections.resume()
            raise error

        self._tasks.then(future, settled, failed)

        def body() -> None:
            try:
                future.set_result(work())
            except Exception as exc:  # noqa: BLE001  the top of a thread; raised again in `failed`
                future.set_exception(exc)

        with self._lock:
            self._work.put(body)
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                body = self._work.get(timeout=_IDLE_S)
            except queue.Empty:
                with self._lock:
                    if self._work.empty():
                        self._runs = False
                        return
                continue
            body()
