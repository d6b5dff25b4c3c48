"""Garbage is collected in the main thread only."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from app.services import garbage
from app.services.garbage import GarbageCollector


class Loop:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector(qapp: QCoreApplication) -> Iterator[GarbageCollector]:
    made = GarbageCollector()
    yield made
    made.close()
    assert gc.isenabled()


def _loops(count: int) -> weakref.ref[Loop]:
    last = Loop()
    for _ in range(count):
        last = Loop()
    return weakref.ref(last)


def test_another_thread_collects_nothing(qtbot: QtBot, collector: GarbageCollector) -> None:
    places: set[bool] = set()

    def watch(phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            places.add(threading.current_thread() is threading.main_thread())

    gc.callbacks.append(watch)
    try:
        thread = threading.Thread(target=_loops, args=(20_000,))
        thread.start()
        thread.join()
        assert places == set()
        qtbot.waitUntil(lambda: bool(places))
    finally:
        gc.callbacks.remove(watch)
    assert places == {True}


def test_garbage_goes_nevertheless(qtbot: QtBot, collector: GarbageCollector) -> None:
    gone = _loops(2_000)
    qtbot.waitUntil(lambda: gone() is None)


def test_everything_is_looked_through_now_and_then(
    collector: GarbageCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(garbage, "_WHOLE_EVERY_S", 0.0)
    monkeypatch.setattr(gc, "collect", asked.append)
    for counts in ((0, 0, 99), (0, 99, 0), (99_999, 0, 0), (0, 0, 0)):
        monkeypatch.setattr(gc, "get_count", lambda counts=counts: counts)
        collector.look()
    assert asked == [2, 1, 0]


@pytest.mark.skipif(sys.platform != "linux", reason="the other systems' libraries give back")
def test_what_was_freed_goes_back_to_the_system(
    collector: GarbageCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.free.argtypes = (ctypes.c_void_p,)
    blocks = [library.malloc(2_000) for _ in range(30_000)]
    last = library.malloc(2_000)  # above the others, so that the heap cannot simply end earlier
    for block in blocks:
        library.free(block)
    before = _resident_mb()
    monkeypatch.setattr(garbage, "_WHOLE_EVERY_S", 0.0)
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, 99))
    collector.look()
    library.free(last)
    assert _resident_mb() < before - 40


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
