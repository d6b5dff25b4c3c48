"""Buttons that go on in the next line give back what they took."""

from __future__ import annotations

import gc

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.ui.look.flow_layout import FlowLayout
from tests.helpers.heap import heap_mb


def _come_and_go() -> None:
    window = QWidget()
    flow = FlowLayout(window, 5)
    for _ in range(5):
        flow.addWidget(QPushButton())
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_a_layout_that_goes_takes_its_items_with_it(qtbot: QtBot) -> None:
    _come_and_go()
    gc.collect()
    before = heap_mb()[0]
    for _ in range(3_000):
        _come_and_go()
    gc.collect()
    assert heap_mb()[0] - before < 0.5, "Qt's own items of 15,000 buttons took 1.4 MB"


def test_what_is_laid_out_can_go_alone(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    flow = FlowLayout(window, 5)
    buttons = [QPushButton(str(number)) for number in range(4)]
    for button in buttons:
        flow.addWidget(button)
    window.show()
    assert all(button.parent() is window for button in buttons)
    buttons[0].deleteLater()
    qtbot.waitUntil(lambda: flow.count() == 3)
    buttons[1].setParent(None)
    assert flow.count() == 2
    item = flow.takeAt(0)
    assert item is not None
    assert item.widget() is buttons[2]
    assert flow.count() == 1
