"""Replies: thinking folded away, endings in plain words, Copy."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from app.core.records import Message, MessageState, ReplyDetails, Span
from app.services.history import split_channels
from app.ui.conversation.question_widget import QuestionWidget
from app.ui.conversation.reply_widget import ReplyWidget
from app.ui.look.theme import Theme


def reply(
    text: str,
    state: MessageState = "complete",
    *,
    thought: int = 0,
    reason: str = "stop",
    code: str = "",
) -> Message:
    spans = (Span("thinking", 0, thought), Span("answer", thought, len(text))) if thought else ()
    details = ReplyDetails(spans=spans, finish_reason=reason, error_code=code)
    return Message(2, 1, 1, "assistant", text, state, datetime.now(UTC), details)


def button(widget: ReplyWidget, text: str) -> QAbstractButton:
    return next(b for b in widget.findChildren(QAbstractButton) if b.text() == text)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (reply("half", "interrupted"), "interrupted"),
        (reply("half", "stopped"), "You stopped"),
        (reply("", "failed", code="resource.context_too_long"), "longer than"),
        (reply("half", "interrupted", code="worker.crashed"), "started again"),
        (reply("long", reason="length"), "too long"),
        (reply(""), "nothing to say"),
        (reply("fine"), ""),
        (reply("grow", "generating", reason=""), ""),
    ],
)
def test_endings_in_plain_words(qtbot: QtBot, theme: Theme, message: Message, words: str) -> None:
    widget = ReplyWidget(theme, message)
    qtbot.addWidget(widget)
    widget.show()
    assert words in widget._ending_words.words()
    assert widget._ending.isVisible() == bool(words)


def test_thinking_is_folded_until_asked_for(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, reply("Hm, well.Paris.", thought=9))
    qtbot.addWidget(widget)
    widget.show()
    assert widget.answer.toPlainText() == "Paris."
    toggle = button(widget, "Show what it thought first")
    qtbot.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert widget._thinking is not None
    assert widget._thinking.isVisible()
    assert widget._thinking.toPlainText() == "Hm, well."
    qtbot.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert not widget._thinking.isVisible()


def test_the_answer_can_be_had_now_while_it_thinks(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, reply("", "generating", reason=""))
    qtbot.addWidget(widget)
    widget.show()
    now = widget._answer_now
    assert not now.isVisible()
    widget.update_text("Hm", (Span("thinking", 0, 2),))
    assert now.isVisible()
    assert now.accessibleName() == now.text() == "Answer now"
    now.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.waitSignal(widget.answer_wished):
        qtbot.keyClick(now, Qt.Key.Key_Space)
    assert not now.isEnabled()  # once is enough
    widget.update_text("Hm.", (Span("thinking", 0, 3),))
    assert not now.isEnabled()
    widget.update_text("Hm.Yes", (Span("thinking", 0, 3), Span("answer", 3, 6)))
    assert not now.isVisible()


@pytest.mark.parametrize("state", ["complete", "stopped", "interrupted", "failed"])
def test_what_has_ended_cannot_be_hurried(qtbot: QtBot, theme: Theme, state: MessageState) -> None:
    widget = ReplyWidget(theme, reply("Hm", "generating", thought=2, reason=""))
    qtbot.addWidget(widget)
    widget.show()
    widget.update_text("Hm", (Span("thinking", 0, 2),))
    assert widget._answer_now.isVisible()
    widget.finish(reply("Hm", state, thought=2))
    assert not widget._answer_now.isVisible()


def test_copy_takes_the_answer_only(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, reply("Hm.**Paris**", thought=3))
    qtbot.addWidget(widget)
    widget.show()
    qtbot.mouseClick(button(widget, "Copy"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "**Paris**"
    assert button(widget, "Copied").isVisible()


def test_only_the_last_reply_can_be_tried_again(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, reply("Paris"))
    qtbot.addWidget(widget)
    widget.show()
    again = button(widget, "Try again")
    assert not again.isVisible()
    widget.set_last(True)
    assert again.isVisible()


def test_text_that_no_span_covers_is_answer() -> None:
    assert split_channels("abc", ()) == ("", "abc")
    assert split_channels("abcd", (Span("thinking", 0, 1), Span("answer", 1, 2))) == ("a", "bcd")


def test_long_questions_are_folded(qtbot: QtBot, theme: Theme) -> None:
    text = "word " * 40_000
    widget = QuestionWidget(theme, Message(1, 1, None, "user", text, "complete", datetime.now(UTC)))
    qtbot.addWidget(widget)
    widget.resize(760, 300)
    widget.show()
    assert len(widget._view.toPlainText()) < 2_100
    unfold = next(b for b in widget.findChildren(QAbstractButton) if b.text() == "Show all of it")
    qtbot.mouseClick(unfold, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: widget.sizeHint().height() < 900)
