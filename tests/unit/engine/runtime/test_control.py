"""Stopping calls that block."""

from __future__ import annotations

import threading
import time

import pytest

from engine.runtime.control import Control


def test_a_wish_ends_a_call_that_blocks() -> None:
    cancel, stopped = threading.Event(), threading.Event()
    threading.Timer(0.05, cancel.set).start()
    with Control(cancel).calling(stopped.set):
        assert stopped.wait(10)


def test_a_deadline_does_too() -> None:
    stopped = threading.Event()
    with Control(deadline=time.monotonic() + 0.05).calling(stopped.set):
        assert stopped.wait(10)


@pytest.mark.parametrize("control", [Control(), Control(threading.Event())])
def test_nobody_is_stopped_without_a_wish(control: Control) -> None:
    before, stopped = threading.active_count(), threading.Event()
    with control.calling(stopped.set):
        assert not stopped.wait(0.06)
    assert threading.active_count() == before
