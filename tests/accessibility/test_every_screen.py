"""Every control of every screen is named, reached, used and told apart by who does not see it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.helpers.screen_stops import screens
from tests.helpers.screen_tour import Tour, tour
from tests.helpers.spoken_controls import faults
from tests.helpers.words import words

_TYPED_IN = ("editing", "rename", "new-folder")
"""A name that is being typed is taken when the keyboard goes elsewhere, and the field goes."""


@pytest.fixture(scope="module")
def visited(qapp: QApplication) -> Iterator[Tour]:
    for one in tour(qapp):
        yield one
        for translator in one.program.i18n._translators:  # the tests that follow speak English
            QCoreApplication.removeTranslator(translator)


@pytest.mark.parametrize(("view", "language"), [("simple", "fr"), ("full", "zh_Hans")])
def test_every_control_is_there_for_everybody(visited: Tour, view: str, language: str) -> None:
    visited.window.resize(1280, 860)
    visited.dress(language, "light", 18)
    found = {
        screen: told
        for screen, window in screens(visited, view)
        if (told := faults(window, words(language), tab=screen not in _TYPED_IN))
    }
    assert not found, found


def test_faults_are_found(qtbot: QtBot) -> None:
    """The check itself."""
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    low, high = QPushButton("Settings", window), QPushButton("Salut", window)
    column.addWidget(high)
    column.addWidget(low)
    twice, nameless, apart = QPushButton("Salut"), QLineEdit(), QPushButton("Seul")
    twice.setText("Salut")
    for widget in (twice, nameless, apart):
        column.addWidget(widget)
    QWidget.setTabOrder(low, high)
    high.stackUnder(low)
    low.raise_()
    apart.setFocusPolicy(apart.focusPolicy().NoFocus)
    window.show()
    qtbot.waitExposed(window)
    told = "\n".join(faults(window, words("fr")))
    for kind in (
        "has no name (''): QLineEdit",
        "is named in English: QPushButton 'Settings'",
        "takes no keyboard: QPushButton 'Seul'",
        "Tab goes back from QPushButton 'Settings' to QPushButton 'Salut'",
        "Tab never comes by QPushButton 'Seul'",
    ):
        assert kind in told, told
    menu = QMenu(window)
    menu.addAction("Settings")
    menu.addAction("Settings")
    told = "\n".join(faults(menu, words("fr")))
    for kind in ("a menu has no name", "is named in English: 'Settings'", "items say the same"):
        assert kind in told, told
