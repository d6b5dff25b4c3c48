"""Every screen can be read and pressed; the whole matrix is `make check-screens`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Label
from tests.helpers.legibility import look_at
from tests.helpers.screen_stops import screens
from tests.helpers.screen_tour import Tour, tour
from tests.helpers.seen_focus import focus_faults


@pytest.fixture(scope="module")
def looked_at(qapp: QApplication) -> Iterator[Tour]:
    yield from tour(qapp)


@pytest.mark.parametrize(
    ("view", "language", "scheme", "size_pt", "size"),
    [
        ("full", "fr", "light", 28, (1280, 860)),
        ("simple", "zh_Hans", "contrast", 16, (480, 600)),
    ],
)
def test_screens_can_be_read_and_pressed(
    looked_at: Tour, view: str, language: str, scheme: str, size_pt: int, size: tuple[int, int]
) -> None:
    looked_at.dress(language, scheme, size_pt)
    looked_at.window.resize(*size)
    found = {
        screen: told
        for screen, window in screens(looked_at, view)
        if (told := look_at(window, scheme).faults)
    }
    assert not found, found


def test_the_focus_is_seen(looked_at: Tour) -> None:
    looked_at.window.resize(1280, 860)
    looked_at.dress("en", "light", 18)
    for screen, window in screens(looked_at, "simple"):
        if screen == "conversation":
            assert not focus_faults(window, "light")
            return


def test_faults_are_found(qtbot: QtBot, theme: Theme) -> None:
    """The check itself: grey on grey, words cut off, a small button, one over the other."""
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(400, 300)
    window.setStyleSheet("background: #ffffff")
    pale = QLabel("pale words", window)
    pale.setStyleSheet("color: #bbbbbb")
    pale.setGeometry(10, 10, 200, 30)
    cut = QLabel("these words are far too long for so little room", window)
    cut.setGeometry(10, 50, 60, 30)
    small = Button(theme, "outlined", parent=window)
    small.set_label("x")
    small.setStyleSheet("min-height: 20px; min-width: 20px; padding: 0")
    small.setGeometry(10, 100, 30, 30)
    over = Label(theme, "body", parent=window)
    over.setText("over")
    over.setGeometry(20, 100, 60, 30)
    outside = Label(theme, "body", parent=window)
    outside.setText("outside")
    outside.setGeometry(380, 200, 100, 30)
    window.show()
    told = "\n".join(look_at(window, "light").faults)
    for kind in ("contrast 1.9", "cut off", "smaller than 44", "overlap", "outside of QWidget"):
        assert kind in told, told


if sys.platform != "linux":  # fonts and styles are those of the system elsewhere
    pytestmark = pytest.mark.skip("the layout is checked with the fonts of Linux")
