"""Writing a question."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtWidgets import QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from app.ui.conversation.composer import Composer
from app.ui.look.theme import Theme


@pytest.fixture
def composer(qtbot: QtBot, theme: Theme) -> Composer:
    widget = Composer(theme)
    qtbot.addWidget(widget)
    widget.resize(760, 80)
    widget.show()
    return widget


def field(composer: Composer) -> QPlainTextEdit:
    found = composer.findChild(QPlainTextEdit)
    assert found is not None
    return found


def paste(composer: Composer, text: str) -> None:
    data = QMimeData()
    data.setText(text)
    field(composer).insertFromMimeData(data)


def test_enter_sends_and_shift_enter_begins_a_line(qtbot: QtBot, composer: Composer) -> None:
    sent: list[str] = []
    composer.sent.connect(sent.append)
    qtbot.keyClicks(field(composer), "Dear")
    qtbot.keyClick(field(composer), Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(field(composer), "Ann")
    qtbot.keyClick(field(composer), Qt.Key.Key_Return)
    assert sent == ["Dear\nAnn"]
    assert composer.text() == ""


def test_nothing_is_not_sent(qtbot: QtBot, composer: Composer) -> None:
    sent: list[str] = []
    composer.sent.connect(sent.append)
    qtbot.keyClicks(field(composer), "  ")
    qtbot.keyClick(field(composer), Qt.Key.Key_Return)
    assert sent == []


def test_grows_with_the_text_and_then_scrolls(composer: Composer) -> None:
    one = field(composer).height()
    composer.set_text("a\nb\nc")
    three = field(composer).height()
    composer.set_text("\n".join("abcdefghijklmnop"))
    assert one < three < field(composer).height() < 12 * one


def test_send_turns_into_stop(qtbot: QtBot, composer: Composer) -> None:
    button = composer.findChild(QPushButton)
    assert button is not None
    assert button.accessibleName() == "Send"
    composer.set_busy(True)
    assert button.accessibleName() == "Stop"
    stops: list[bool] = []
    composer.stop_wished.connect(lambda: stops.append(True))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert stops == [True]
    qtbot.keyClicks(field(composer), "typing goes on")
    qtbot.keyClick(field(composer), Qt.Key.Key_Return)
    assert composer.text() == "typing goes on"


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧‍👦🇫🇷",
        "שלום \u200fعليكم",
        "e\u0301 n\u0303",
        "one\0two",
        "tabs\tand\u00a0spaces",
        "a\n\n\nb\n",
        "x" * 20_000 + "\n" + "y" * 3_001,
    ],
)
def test_text_comes_back_as_it_was(composer: Composer, text: str) -> None:
    paste(composer, text)
    assert composer.text() == text
    composer.set_text("")
    composer.set_text(text)
    assert composer.text() == text


@pytest.mark.parametrize("line", [200_000, 80])
def test_200_000_pasted_characters_leave_typing_quick(
    qtbot: QtBot, composer: Composer, line: int
) -> None:
    text = "\n".join(["word " * (line // 5)] * (200_000 // line))
    paste(composer, text)
    assert len(composer.text()) >= 200_000
    costs = []
    for character in "and still quick":
        began = time.thread_time()
        qtbot.keyClick(field(composer), character)
        composer.text()
        costs.append(time.thread_time() - began)
    assert sorted(costs)[len(costs) // 2] < 0.016
    assert composer.text().endswith("and still quick")


def test_undo_takes_a_paste_back_in_one_step(qtbot: QtBot, composer: Composer) -> None:
    qtbot.keyClicks(field(composer), "before ")
    paste(composer, "x" * 10_000 + "\nmore")
    field(composer).undo()
    assert composer.text() == "before "


def test_a_quotation_goes_before_what_is_typed(qtbot: QtBot, composer: Composer) -> None:
    composer.set_text("Is that so?")
    composer.quote("> Paris is a city.")
    assert composer.text() == "> Paris is a city.\n\nIs that so?"
    qtbot.keyClicks(field(composer), " Really?")
    assert composer.text().endswith("Is that so? Really?")
    for _ in range(8):
        field(composer).undo()
    assert composer.text() in ("", "Is that so?")
