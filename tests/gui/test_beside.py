"""Work beside the main thread: results come back there, and so does Python's garbage."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.ui.markdown.beside import Beside


@pytest.fixture(autouse=True)
def collections_are_on() -> Iterator[None]:
    """As where nobody else sees to it that the main thread alone collects."""
    gc.enable()
    yield
    gc.disable()


def test_results_come_to_the_main_thread_in_order(qtbot: QtBot) -> None:
    owner = QObject()
    beside = Beside(owner, "test")
    told: list[tuple[int, bool, bool]] = []
    main = threading.main_thread()
    for number in range(5):
        beside.do(
            lambda number=number: (number, threading.current_thread() is main),
            lambda result: told.append((*result, threading.current_thread() is main)),
        )
    qtbot.waitUntil(lambda: len(told) == 5)
    assert told == [(number, False, True) for number in range(5)]


def test_no_garbage_is_collected_in_the_other_thread(qtbot: QtBot) -> None:
    owner = QObject()
    beside = Beside(owner, "test")
    places: list[bool] = []

    def watch(phase: str, _info: object) -> None:
        if phase == "start":
            places.append(threading.current_thread() is threading.main_thread())

    def much() -> None:
        for _ in range(200_000):
            kept: list[object] = []
            kept.append(kept)

    done: list[None] = []
    assert gc.isenabled()
    gc.callbacks.append(watch)
    try:
        beside.do(much, done.append)
        assert not gc.isenabled()
        qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    finally:
        gc.callbacks.remove(watch)
    assert gc.isenabled()
    assert all(places)


def test_an_error_is_not_lost(qtbot: QtBot) -> None:
    owner = QObject()
    beside = Beside(owner, "test")

    def fails() -> None:
        raise ValueError("no")

    with qtbot.captureExceptions() as caught:
        beside.do(fails, lambda _: pytest.fail("there is no result"))
        qtbot.waitUntil(lambda: bool(caught))
    assert isinstance(caught[0][1], ValueError)
    assert gc.isenabled()
