"""Replies: thinking folded away, endings in plain words, Copy."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QMenu
from pytestqt.qtbot import QtBot

from app.core.records import Message, MessageState, ReplyDetails, Span
from app.services.history import split_channels
from app.ui.conversation.manner import Manner
from app.ui.conversation.pager import VersionPager
from app.ui.conversation.question_widget import QuestionWidget
from app.ui.conversation.quoting import quotation
from app.ui.conversation.reply_widget import ReplyWidget
from app.ui.look.theme import Theme
from app.ui.markdown.view import MarkdownView


def reply(
    text: str,
    state: MessageState = "complete",
    *,
    thought: int = 0,
    reason: str = "stop",
    code: str = "",
    took_ms: int = 0,
    versions: tuple[int, ...] = (),
) -> Message:
    spans = (Span("thinking", 0, thought), Span("answer", thought, len(text))) if thought else ()
    details = ReplyDetails(spans=spans, finish_reason=reason, error_code=code, thinking_ms=took_ms)
    return Message(2, 1, 1, "assistant", text, state, datetime.now(UTC), details, versions)


def button(widget: ReplyWidget, text: str) -> QAbstractButton:
    return next(b for b in widget.findChildren(QAbstractButton) if b.text() == text)


def beginning(widget: ReplyWidget, text: str) -> QAbstractButton:
    """A button whose words have a plural, which only the translations know."""
    return next(b for b in widget.findChildren(QAbstractButton) if b.text().startswith(text))


def shown_buttons(widget: ReplyWidget) -> list[str]:
    stops = [w for w in widget.action_row.stops() if isinstance(w, QAbstractButton)]
    return [b.text() for b in stops if b.isVisible() and b.text()]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (reply("half", "interrupted"), "interrupted"),
        (reply("half", "stopped"), "You stopped"),
        (reply("", "failed", code="resource.context_too_long"), "longer than"),
        (reply("half", "interrupted", code="worker.crashed"), "started again"),
        (reply("long", reason="length"), "too long"),
        (reply("round and round", reason="repetition"), "repeating itself"),
        (reply(""), "nothing to say"),
        (reply("fine"), ""),
        (reply("grow", "generating", reason=""), ""),
    ],
)
def test_endings_in_plain_words(qtbot: QtBot, theme: Theme, message: Message, words: str) -> None:
    widget = ReplyWidget(theme, message)
    qtbot.addWidget(widget)
    widget.show()
    line = widget._ending
    assert (line is not None and line.isVisible()) == bool(words)
    assert words in (line.words() if line is not None else "")


def test_thinking_is_folded_until_asked_for(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, reply("Hm, well.Paris.", thought=9, took_ms=4_200))
    qtbot.addWidget(widget)
    widget.show()
    assert widget.answer.toPlainText() == "Paris."
    toggle = beginning(widget, "Thought for 4 second")
    qtbot.mouseClick(toggle, Qt.MouseButton.LeftButton)
    assert widget.thinking is not None
    assert widget.thinking.view is not None
    assert widget.thinking.view.isVisible()
    assert widget.thinking.view.toPlainText() == "Hm, well."
    qtbot.keyClick(toggle, Qt.Key.Key_Space)
    assert not widget.thinking.view.isVisible()


@pytest.mark.parametrize(
    ("took_ms", "words"),
    [
        (0, "What it thought first"),
        (300, "Thought for 1 second"),
        (61_000, "Thought for 61 second"),
        (200_000, "Thought for 3 minute"),
    ],
)
def test_how_long_it_thought(qtbot: QtBot, theme: Theme, took_ms: int, words: str) -> None:
    widget = ReplyWidget(theme, reply("Hm.Yes", thought=3, took_ms=took_ms))
    qtbot.addWidget(widget)
    assert beginning(widget, words)


def test_the_answer_can_be_had_now_while_it_thinks(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, reply("", "generating", reason=""))
    qtbot.addWidget(widget)
    widget.show()
    assert widget.thinking is None
    widget.update_text("Hm", (Span("thinking", 0, 2),))
    assert button(widget, "Thinking…").isVisible()
    now = button(widget, "Answer now")
    assert now.isVisible()
    assert now.accessibleName() == "Answer now"
    now.setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.waitSignal(widget.answer_wished):
        qtbot.keyClick(now, Qt.Key.Key_Space)
    assert not now.isEnabled()  # once is enough
    widget.update_text("Hm.", (Span("thinking", 0, 3),))
    assert not now.isEnabled()
    widget.update_text("Hm.Yes", (Span("thinking", 0, 3), Span("answer", 3, 6)))
    assert not now.isVisible()
    assert beginning(widget, "Thought for 1 second").isVisible()


@pytest.mark.parametrize("state", ["complete", "stopped", "interrupted", "failed"])
def test_what_has_ended_cannot_be_hurried(qtbot: QtBot, theme: Theme, state: MessageState) -> None:
    widget = ReplyWidget(theme, reply("Hm", "generating", thought=2, reason=""))
    qtbot.addWidget(widget)
    widget.show()
    widget.update_text("Hm", (Span("thinking", 0, 2),))
    now = button(widget, "Answer now")
    assert now.isVisible()
    widget.finish(reply("Hm", state, thought=2))
    assert not now.isVisible()


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
    assert "Try again" not in shown_buttons(widget)
    widget.set_last(True)
    assert "Try again" in shown_buttons(widget)
    widget.set_last(False)
    assert "Try again" not in shown_buttons(widget)


def test_buttons_say_what_is_wished(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, reply("**Paris**"))
    qtbot.addWidget(widget)
    widget.set_last(True)
    widget.resize(900, 200)
    widget.show()
    wishes: list[tuple[str, int]] = []
    widget.action_wished.connect(lambda name, number: wishes.append((name, number)))
    row = ["Copy", "Read aloud", "Save as Word", "Print", "Try again"]
    assert shown_buttons(widget) == [*row, "More"]
    for words in row:
        qtbot.mouseClick(button(widget, words), Qt.MouseButton.LeftButton)
    assert wishes == [("copy", 2), ("read", 2), ("word", 2), ("print", 2), ("again", 2)]
    menu = button(widget, "More").menu()  # type: ignore[attr-defined]
    menu.aboutToShow.emit()
    quotes: list[str] = []
    widget.quote_wished.connect(quotes.append)
    for action in menu.actions():
        action.trigger()
    assert [name for name, _ in wishes[5:]] == ["pdf", "quote"]
    assert quotes == ["> **Paris**"]


def test_the_simple_view_shows_fewer_buttons(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, reply("Paris"), manner=Manner(simple=True))
    qtbot.addWidget(widget)
    widget.set_last(True)
    widget.show()
    assert shown_buttons(widget) == ["Copy", "Try again"]
    widget.resize(900, 200)
    widget.set_manner(Manner())
    assert len(shown_buttons(widget)) == 6
    widget.set_manner(Manner(simple=True))
    assert shown_buttons(widget) == ["Copy", "Try again"]


def test_what_has_no_room_in_the_line_is_in_the_menu(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, reply("Paris"))
    qtbot.addWidget(widget)
    widget.set_last(True)
    widget.resize(520, 200)
    widget.show()
    row = shown_buttons(widget)
    assert "Save as Word" not in row
    assert row[-1] == "More"
    more = button(widget, "More")
    assert more.y() == button(widget, "Copy").y()
    menu = more.menu()  # type: ignore[attr-defined]
    menu.aboutToShow.emit()
    offered = [action.text() for action in menu.actions()]
    assert {*row[:-1], *offered} >= {"Copy", "Read aloud", "Save as Word", "Print", "Try again"}
    widget.resize(900, 200)
    assert len(shown_buttons(widget)) == 6
    menu.aboutToShow.emit()
    assert len(menu.actions()) == 2


def test_reading_aloud_can_be_ended(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, reply("Paris"))
    qtbot.addWidget(widget)
    widget.set_reading(True)
    assert button(widget, "Stop reading")
    widget.set_reading(False)
    assert button(widget, "Read aloud")


def test_everything_is_a_right_click_away(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, reply("Paris"), manner=Manner(simple=True))
    qtbot.addWidget(widget)
    widget.show()
    view = widget.answer
    place = view.viewport().rect().center()
    event = QContextMenuEvent(
        QContextMenuEvent.Reason.Mouse, place, view.viewport().mapToGlobal(place)
    )
    QApplication.sendEvent(view.viewport(), event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    words = [action.text() for action in menu.actions() if action.text()]
    menu.close()
    assert words == [
        "Copy what is selected",
        "Select all",
        "Copy the whole answer",
        "Quote in your question",
        "Read aloud",
        "Print",
        "Save as Word",
        "Save as PDF",
    ]


def test_what_is_selected_is_quoted(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, reply("One.\n\nTwo and three.\n\nFour."))
    qtbot.addWidget(widget)
    widget.answer.moveCursor(QTextCursor.MoveOperation.Start)
    assert widget.answer.find("Two")
    with qtbot.waitSignal(widget.quote_wished) as wish:
        widget.act("quote")
    assert wish.args == ["> Two"]
    assert quotation("a\n\nb") == "> a\n>\n> b"
    assert len(quotation("x" * 100_000)) < 5_000


def test_versions_can_be_paged_through(qtbot: QtBot, theme: Theme) -> None:
    alone = ReplyWidget(theme, reply("Paris"))
    qtbot.addWidget(alone)
    assert alone.findChild(VersionPager) is None
    widget = ReplyWidget(theme, reply("Paris", versions=(1, 2, 7)))
    qtbot.addWidget(widget)
    widget.show()
    pager = widget.findChild(VersionPager)
    assert pager is not None
    assert pager._words.words() == "2 of 3"
    wishes: list[int] = []
    widget.version_wished.connect(wishes.append)
    before, after = (b for b in pager.stops() if isinstance(b, QAbstractButton))
    assert (before.accessibleName(), after.accessibleName()) == ("Earlier version", "Later version")
    qtbot.mouseClick(before, Qt.MouseButton.LeftButton)
    qtbot.keyClick(after, Qt.Key.Key_Space)
    assert wishes == [1, 7]
    pager.show_versions((1, 2, 7), 7)
    assert not after.isEnabled()


def unsure(text: str, *words: str) -> Message:
    """A reply whose tokens are its words; the model was unsure of some."""
    found = list(re.finditer(r"\S+\s*", text))
    details = ReplyDetails(
        token_ids=tuple(range(len(found))),
        logprobs=tuple(-3.0 if m[0].strip(" .,*") in words else -0.01 for m in found),
        token_ends=tuple(m.end() for m in found),
        spans=(Span("answer", 0, len(text)),),
        finish_reason="stop",
    )
    return Message(2, 1, 1, "assistant", text, "complete", datetime.now(UTC), details)


ONE_DOUBT = "The town of **Lyon** got its first tram in 1893 and has many bridges."


def test_words_of_doubt_are_underlined_and_said(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, unsure(ONE_DOUBT, "1893"), "When did it get a tram?")
    qtbot.addWidget(widget)
    widget.resize(700, 300)
    widget.show()
    qtbot.waitUntil(lambda: widget.answer.doubted_words() == ["1893"])
    assert widget.checks is not None
    sentence = "The assistant was not sure about what is underlined. Please check it."
    assert widget.checks.said() == [sentence]
    names = [w.accessibleName() for w in widget.checks.findChildren(QLabel)]
    assert any(name.startswith(sentence) and name.endswith("1893") for name in names)
    cursor = QTextCursor(widget.answer.document())
    cursor.setPosition(widget.answer.toPlainText().index("1893") + 2)
    assert "not sure" in cursor.charFormat().toolTip()
    doubt = theme.color("doubt").name()
    with_dots = widget.answer.grab().toImage()
    colours = {
        with_dots.pixelColor(x, y).name()
        for x in range(with_dots.width())
        for y in range(with_dots.height())
    }
    assert doubt in colours


def test_words_of_doubt_can_be_switched_off(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, unsure(ONE_DOUBT, "1893"), "", Manner(mark_doubt=False))
    qtbot.addWidget(widget)
    assert widget.answer.doubted_words() == []
    assert widget.checks is None
    widget.set_manner(Manner(mark_doubt=True))
    qtbot.waitUntil(lambda: widget.answer.doubted_words() == ["1893"])
    widget.set_manner(Manner(mark_doubt=False))
    assert widget.answer.doubted_words() == []
    assert widget.checks is not None
    assert widget.checks.said() == []


def test_many_doubts_warn_of_the_whole_reply(qtbot: QtBot, theme: Theme) -> None:
    text = "It opened in 1893, was closed in 1911 and opened again in 1952, says Pierre Martin."
    widget = ReplyWidget(theme, unsure(text, "1893", "1911", "1952"))
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: widget.checks is not None)
    assert widget.checks is not None
    assert widget.checks.said()[0].startswith("This may be wrong; check what matters.")


def test_a_growing_reply_is_not_judged(qtbot: QtBot, theme: Theme) -> None:
    widget = ReplyWidget(theme, reply("", "generating", reason=""))
    qtbot.addWidget(widget)
    message = unsure(ONE_DOUBT, "1893")
    widget.update_text(message.text, message.details.spans)
    assert widget.answer.doubted_words() == []
    widget.finish(message)
    qtbot.waitUntil(lambda: widget.answer.doubted_words() == ["1893"])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("How many tablets of ibuprofen may I take for my headache?", "doctor"),
        ("Can my landlord terminate the lease of my flat without notice?", "lawyer"),
        ("Should I invest my savings in shares or in bonds?", "bank"),
        ("What is the capital of France?", ""),
    ],
)
def test_what_matters_gets_a_caution(qtbot: QtBot, theme: Theme, asked: str, words: str) -> None:
    widget = ReplyWidget(theme, reply("That depends."), asked)
    qtbot.addWidget(widget)
    said = widget.checks.said() if widget.checks is not None else []
    assert [words in sentence for sentence in said] == ([True] if words else [])


@pytest.mark.parametrize("width", [300, 760])
def test_height_is_known_before_it_is_shown(qtbot: QtBot, theme: Theme, width: int) -> None:
    text = "The lamp in the alcove burns all evening. " * 12
    versions = (1, 2)
    asked = Message(1, 1, None, "user", text, "complete", datetime.now(UTC), versions=versions)
    for widget in (
        ReplyWidget(theme, reply(text + "\n\n> Dear Ann\n\n- one\n- two", versions=versions)),
        QuestionWidget(theme, asked),
    ):
        qtbot.addWidget(widget)
        view = widget.findChild(MarkdownView)
        qtbot.waitUntil(lambda view=view: view is None or view.is_rendered)
        height = widget.height_for(width)
        widget.resize(width, height)
        widget.show()
        qtbot.wait(20)
        assert abs(widget.sizeHint().height() - height) <= 2 or (
            widget.layout().heightForWidth(width) == height
        )
        for child in widget.findChildren(QAbstractButton):
            assert widget.rect().contains(child.mapTo(widget, child.rect().bottomRight()))


def test_text_that_no_span_covers_is_answer() -> None:
    assert split_channels("abc", ()) == ("", "abc")
    assert split_channels("abcd", (Span("thinking", 0, 1), Span("answer", 1, 2))) == ("a", "bcd")
