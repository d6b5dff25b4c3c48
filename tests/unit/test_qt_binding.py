"""The binding to Qt must not give up references that are not its own.

PySide6 6.12.0 on CPython 3.11 releases True once too often with each emitted signal: the
program dies as soon as the count is used up. Whoever raises the pin is told here.
"""

from __future__ import annotations

import sys

import pytest
from PySide6.QtCore import QObject, Signal

EMISSIONS = 300


class Sender(QObject):
    spoke = Signal(object)


@pytest.mark.parametrize("constant", [None, True, False])
def test_signals_leave_reference_counts_alone(constant: bool | None) -> None:
    sender = Sender()
    sender.spoke.connect(lambda _: None)
    before = sys.getrefcount(constant)
    for _ in range(EMISSIONS):
        sender.spoke.emit(0)
    assert abs(sys.getrefcount(constant) - before) < EMISSIONS // 2
