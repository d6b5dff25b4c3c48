"""A long conversation: widgets for what is seen, and nothing jumps."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QTextCursor, QWheelEvent
from PySide6.QtWidgets import QApplication, QTextBrowser, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.records import ChatSummary, ChatView, Message, ReplyDetails, Span
from app.services.chat_events import ReplyProgress, Waiting
from app.ui.conversation.arrangement import Arrangement
from app.ui.conversation.conversation import Conversation
from app.ui.conversation.question_widget import QuestionWidget
from app.ui.conversation.reply_widget import ReplyWidget
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SENTENCE = "The **lamp** in the alcove burns all evening, and one can *read* below it. "
PIECES = (
    SENTENCE * 4,
    "- one\n- two\n- three",
    "```python\nprint(1)\nprint(2)\n```",
    "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |",
    "> quoted\n> words",
    "## A heading",
    "路灯从星期一开始就不亮了，请帮我给市政厅写一封信。" * 4,
)


def message(number: int, role: str, text: str, *, thought: int = 0, state: str = "") -> Message:
    spans = (Span("thinking", 0, thought),) if thought else ()
    details = ReplyDetails(spans=(*spans, Span("answer", thought, len(text))))
    kept = details if role == "assistant" else ReplyDetails()
    return Message(number, 1, number - 1 or None, role, text, state or "complete", NOW, kept)  # type: ignore[arg-type]


def long_chat(count: int) -> list[Message]:
    chance = random.Random(3)
    messages = []
    for number in range(1, count + 1, 2):
        asked = "And what happened to the lamp then? " * chance.randint(1, 9)
        told = "\n\n".join(chance.choice(PIECES) for _ in range(chance.randint(1, 9)))
        messages.append(message(number, "user", asked.strip()))
        messages.append(message(number + 1, "assistant", told))
    return messages


def view_of(messages: list[Message]) -> ChatView:
    return ChatView(ChatSummary(1, "One", False, NOW, NOW), tuple(messages), "")


class Screen:
    """A conversation in a window of its own, with something to write in below it."""

    def __init__(self, theme: Theme, note_for: Callable[[str], str] = lambda _: "") -> None:
        self.window = QWidget()
        self.talk = Conversation(theme, note_for)
        self.below = Button(theme)
        self.below.set_label("Send")
        column = QVBoxLayout(self.window)
        column.addWidget(self.talk)
        column.addWidget(self.below)
        self.window.resize(900, 700)
        self.bar = self.talk.verticalScrollBar()
        self.window.show()

    def show(self, messages: list[Message]) -> None:
        self.talk.show_chat(view_of(messages))
        self.settle()

    def show_at_once(self, messages: list[Message]) -> None:
        """Show without waiting until all of it is rendered."""
        self.talk.show_chat(view_of(messages))

    def settle(self) -> None:
        """Until everything near the viewport is made and rendered."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            QCoreApplication.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            made = not self.talk._more.isActive() and not self.talk._arrangement.unfinished
            if made and all(reply.answer.is_rendered for reply in self.replies()):
                QCoreApplication.processEvents()
                return
        raise AssertionError("it never comes to rest")

    def replies(self) -> list[ReplyWidget]:
        return self.talk.findChildren(ReplyWidget)

    def messages(self) -> list[QuestionWidget | ReplyWidget]:
        """Widgets from top to bottom."""
        kinds = (QuestionWidget, ReplyWidget)
        found = [w for kind in kinds for w in self.talk.viewport().findChildren(kind)]
        return sorted(found, key=lambda w: w.y())

    def seen(self) -> dict[int, int]:
        """Tops of what can be seen, by message."""
        height = self.talk.viewport().height()
        return {
            w.message.id: w.y()
            for w in self.messages()
            if w.y() < height and w.y() + w.height() > 0
        }

    def wheel(self, notches: int) -> None:
        centre = QPointF(self.talk.viewport().rect().center())
        event = QWheelEvent(
            centre,
            self.talk.viewport().mapToGlobal(centre),
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.talk.viewport(), event)


@pytest.fixture
def screen(qtbot: QtBot, theme: Theme) -> Screen:
    made = Screen(theme)
    qtbot.addWidget(made.window)
    qtbot.waitExposed(made.window)
    return made


def test_ten_thousand_messages_open_at_the_end_with_a_handful_of_widgets(screen: Screen) -> None:
    messages = long_chat(10_000)
    started = time.thread_time()
    screen.talk.show_chat(view_of(messages))
    opened_ms = (time.thread_time() - started) * 1000
    screen.settle()
    assert opened_ms < 50
    assert 2 <= len(screen.messages()) < 30
    assert 10_000 in screen.seen()
    assert screen.bar.value() == screen.bar.maximum()
    last = screen.messages()[-1]
    assert last.geometry().bottom() < screen.talk.viewport().height()


def test_scrolling_moves_the_text_as_far_as_the_wheel_says(screen: Screen) -> None:
    screen.show(long_chat(2_000))
    step = 3 * screen.bar.singleStep()
    for _ in range(120):
        before = screen.seen()
        screen.wheel(1)
        screen.settle()
        after = screen.seen()
        both = set(before) & set(after)
        assert both
        assert {after[n] - before[n] for n in both} == {step}
    assert len(screen.messages()) < 40, "what was scrolled away is let go"


def test_pages_meet(qtbot: QtBot, screen: Screen) -> None:
    screen.show(long_chat(400))
    screen.messages()[-1].stops()[0].setFocus()
    for key, sign in ((Qt.Key.Key_PageUp, 1), (Qt.Key.Key_PageDown, -1)):
        for _ in range(6):
            before = screen.seen()
            focused = QApplication.focusWidget()
            assert focused is not None
            qtbot.keyClick(focused, key)
            moved = {screen.seen()[n] - y for n, y in before.items() if n in screen.seen()}
            assert moved == {sign * screen.bar.pageStep()}
            screen.settle()


def test_home_and_end_reach_the_ends(qtbot: QtBot, screen: Screen) -> None:
    screen.show(long_chat(1_000))
    reply = screen.messages()[-1].stops()[0]
    reply.setFocus()
    qtbot.keyClick(reply, Qt.Key.Key_Home)
    screen.settle()
    assert screen.bar.value() == 0
    assert screen.seen()[1] == screen.talk._arrangement.above
    qtbot.keyClick(reply, Qt.Key.Key_End)
    screen.settle()
    assert screen.bar.value() == screen.bar.maximum()
    assert 1_000 in screen.seen()


def test_any_place_of_the_scroll_bar_shows_text_without_gaps(screen: Screen) -> None:
    screen.show(long_chat(3_000))
    chance = random.Random(5)
    for _ in range(10):
        screen.bar.setValue(chance.randint(0, screen.bar.maximum()))
        screen.settle()
        shown = [w for w in screen.messages() if w.message.id in screen.seen()]
        assert shown[0].y() <= screen.talk._arrangement.above
        for one, other in pairwise(shown):
            assert other.y() == one.y() + one.height()
            assert other.message.id == one.message.id + 1
        for widget in shown:
            assert widget.height() == widget.height_for(widget.width()), "right at once"


def test_the_column_begins_at_the_top_and_ends_at_the_end(screen: Screen) -> None:
    screen.show([message(1, "user", "Hello"), message(2, "assistant", "Hello!")])
    assert screen.bar.maximum() == 0
    assert screen.seen()[1] == screen.talk._arrangement.above
    screen.talk.show_chat(None)
    screen.settle()
    assert screen.messages() == []
    assert screen.bar.maximum() == 0


def test_tab_goes_through_what_is_seen_in_reading_order(qtbot: QtBot, screen: Screen) -> None:
    screen.show(long_chat(200))
    for _ in range(8):
        screen.wheel(1)
    screen.settle()
    screen.talk._chain_now()
    screen.window.activateWindow()
    wanted = screen.messages()[1:5]
    wanted[0].stops()[0].setFocus(Qt.FocusReason.TabFocusReason)
    places = []
    for _ in range(12):
        focused = QApplication.focusWidget()
        assert focused is not None
        screen.settle()
        owner = next(w for w in screen.messages() if w.isAncestorOf(focused))
        top = focused.mapTo(owner, QPoint(0, 0))
        places.append((owner.message.id, top.y(), top.x()))
        in_view = focused.mapTo(screen.talk.viewport(), QPoint(0, 0)).y()
        assert in_view < screen.talk.viewport().height(), "what has the focus can be seen"
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    assert places == sorted(places)
    assert len({place[0] for place in places}) > 2


def test_tab_goes_on_in_what_is_seen_after_scrolling_away(qtbot: QtBot, screen: Screen) -> None:
    screen.show(long_chat(200))
    first = screen.messages()[-1].stops()[0]
    first.setFocus()
    screen.bar.setValue(screen.bar.maximum() // 2)
    screen.settle()
    assert QApplication.focusWidget() is first, "the focus waits where it was"
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    focused = QApplication.focusWidget()
    assert focused is not None
    owner = next(w for w in screen.messages() if w.isAncestorOf(focused))
    assert owner.message.id in screen.seen()


def test_a_screen_reader_finds_them_in_reading_order(screen: Screen) -> None:
    screen.show(long_chat(400))
    for value in (0.7, 0.1, 0.5):
        screen.bar.setValue(round(screen.bar.maximum() * value))
        screen.settle()
        for _ in range(30):
            screen.wheel(1)
        screen.settle()
        ground = QAccessible.queryAccessibleInterface(screen.talk.viewport())
        children = [ground.child(n).object() for n in range(ground.childCount())]
        ids = [child.message.id for child in children if hasattr(child, "message")]
        assert len(ids) > 3
        assert ids == sorted(ids)


def test_going_to_a_message_shows_it_for_a_moment(qtbot: QtBot, screen: Screen) -> None:
    screen.show(long_chat(5_000))
    for wanted in (1_234, 4_999, 1, 5_000):
        screen.talk.go_to(wanted)
        screen.settle()
        highlight = screen.talk._highlight
        widget = next(w for w in screen.messages() if w.message.id == wanted)
        assert wanted in screen.seen()
        assert widget.y() < screen.talk.viewport().height() - 40
        assert highlight.isVisible()
        assert highlight.geometry().contains(widget.geometry().center())
        focused = QApplication.focusWidget()
        assert focused is not None
        assert widget.isAncestorOf(focused), "a screen reader begins there"
    qtbot.waitUntil(lambda: not highlight.isVisible(), timeout=5_000)
    screen.talk.go_to(999_999)  # not in this branch: nothing happens


def test_what_was_unfolded_selected_or_begun_is_there_afterwards(screen: Screen) -> None:
    messages = long_chat(600)
    messages[299] = message(300, "assistant", "Hm, well." + SENTENCE * 9, thought=9)
    messages[303] = message(304, "assistant", SENTENCE * 9)
    screen.window.resize(900, 1_600)
    screen.show(messages)
    screen.talk.go_to(299)
    screen.settle()
    by_id = {w.message.id: w for w in screen.messages()}
    folded, selected, asked = by_id[300], by_id[304], by_id[301]
    assert isinstance(folded, ReplyWidget)
    assert isinstance(selected, ReplyWidget)
    assert isinstance(asked, QuestionWidget)
    assert folded.thinking is not None
    folded.thinking.toggle.setChecked(True)
    cursor = selected.answer.textCursor()
    cursor.setPosition(20, QTextCursor.MoveMode.KeepAnchor)
    selected.answer.setTextCursor(cursor)
    words = selected.answer.selected_text()
    asked.edit()
    screen.below.setFocus()
    screen.settle()
    before = screen.seen()
    screen.bar.setValue(0)
    screen.settle()
    screen.talk.go_to(299)
    screen.settle()
    by_id = {w.message.id: w for w in screen.messages()}
    again = by_id[300]
    assert isinstance(again, ReplyWidget)
    assert again is not folded, "made anew"
    assert again.thinking is not None
    assert again.thinking.toggle.isChecked()
    assert by_id[304] is selected
    assert selected.answer.selected_text() == words
    assert by_id[301] is asked
    assert asked.editing
    tops = screen.seen()
    assert tops[301] - tops[299] == before[301] - before[299]


def test_the_way_to_the_newest_covers_no_question_that_is_changed(screen: Screen) -> None:
    screen.show(long_chat(100))
    screen.talk.go_to_start()
    screen.settle()
    assert screen.talk._to_end.isVisible()
    first = screen.messages()[0]
    assert isinstance(first, QuestionWidget)
    first.edit()
    screen.settle()
    assert not screen.talk._to_end.isVisible()
    screen.bar.setValue(screen.bar.maximum() // 2)
    screen.settle()
    assert screen.talk._to_end.isVisible(), "the question is out of sight"


def test_the_end_is_followed_until_one_scrolls_up(screen: Screen) -> None:
    messages = [*long_chat(100), message(101, "user", "Go on"), message(102, "assistant", "")]
    messages[-1] = replace(messages[-1], state="generating")
    screen.show(messages)
    text = ""
    for _ in range(40):
        text += SENTENCE * 3 + "\n\n"
        spans = (Span("answer", 0, len(text)),)
        screen.talk.update_reply(ReplyProgress(102, text, spans, "generating"))
        screen.settle()
        assert screen.bar.value() == screen.bar.maximum()
    screen.wheel(1)
    screen.settle()
    before = screen.seen()
    text += SENTENCE * 40
    screen.talk.update_reply(
        ReplyProgress(102, text, (Span("answer", 0, len(text)),), "generating")
    )
    screen.settle()
    assert screen.seen() == before
    assert screen.talk._to_end.isVisible()
    screen.talk._to_end.click()
    screen.settle()
    assert screen.bar.value() == screen.bar.maximum()
    assert not screen.talk._to_end.isVisible()


def test_a_reply_that_grew_out_of_sight_is_complete_when_one_comes_back(screen: Screen) -> None:
    messages = [*long_chat(300), message(301, "user", "Go on"), message(302, "assistant", "")]
    messages[-1] = replace(messages[-1], state="generating")
    screen.show(messages)
    screen.bar.setValue(0)
    screen.settle()
    assert 302 not in {w.message.id for w in screen.messages()}
    text = SENTENCE * 30
    screen.talk.update_reply(
        ReplyProgress(302, text, (Span("answer", 0, len(text)),), "generating")
    )
    screen.settle()
    assert screen.seen()[1] == screen.talk._arrangement.above
    screen.talk.finish_reply(message(302, "assistant", text + "End."))
    screen.talk.go_to_end()
    screen.settle()
    reply = screen.replies()[-1]
    assert reply.answer.markdown() == text + "End."
    assert not reply.growing


def test_other_versions_leave_the_place_alone(screen: Screen) -> None:
    messages = long_chat(300)
    messages[149] = replace(messages[149], versions=(150, 900))
    screen.show(messages)
    screen.talk.go_to(149)
    screen.settle()
    before = screen.seen()
    kept = {w.message.id: w for w in screen.messages()}
    other = replace(message(900, "assistant", "Another one."), parent_id=149, versions=(150, 900))
    screen.talk.show_chat(view_of([*messages[:149], other]))
    screen.settle()
    assert screen.bar.value() == screen.bar.maximum()
    back = [*messages[:149], messages[149], *messages[150:]]
    screen.talk.show_chat(view_of(back))
    screen.settle()
    assert {w.message.id: w for w in screen.messages()}[149] is kept[149]
    assert 150 in screen.seen()
    assert before[150] - before[149] == screen.seen()[150] - screen.seen()[149]


@pytest.mark.parametrize("change", ["size", "dark", "width"])
def test_the_same_message_stays_at_the_top(screen: Screen, theme: Theme, change: str) -> None:
    screen.show(long_chat(1_000))
    screen.talk.go_to(501)
    screen.settle()
    before = screen.seen()[501]
    if change == "size":
        theme.set_text_size(24)
    elif change == "dark":
        theme.set_appearance("dark")
    else:
        screen.window.resize(600, 700)
    screen.settle()
    assert screen.seen()[501] == before
    shown = [w for w in screen.messages() if w.message.id in screen.seen()]
    for one, other in pairwise(shown):
        assert other.y() == one.y() + one.height()
    assert screen.talk._to_end.width() == screen.talk._to_end.sizeHint().width()


def test_the_waiting_line_stands_below_the_last_message(screen: Screen) -> None:
    messages = [*long_chat(60), message(61, "user", "Go on"), message(62, "assistant", "")]
    messages[-1] = replace(messages[-1], state="generating")
    screen.show(messages)
    screen.talk.show_waiting(Waiting("reading", 20.0))
    screen.settle()
    line = screen.talk._waiting
    assert line.isVisible()
    assert line.y() >= screen.messages()[-1].geometry().bottom()
    assert line.geometry().bottom() <= screen.talk.viewport().height()
    screen.talk.show_waiting(Waiting("idle"))
    assert not line.isVisible()


def test_a_note_is_said_once(qtbot: QtBot, theme: Theme) -> None:
    screen = Screen(theme, lambda text: "Careful." if "lampe" in text else "")
    qtbot.addWidget(screen.window)
    asked = [message(1, "user", "Hi"), message(2, "assistant", "Hi")]
    asked += [message(3, "user", "Une lampe"), message(4, "assistant", "Oui")]
    asked += [message(5, "user", "Deux lampes"), message(6, "assistant", "Oui")]
    screen.show(asked)
    noted = [
        w.message.id for w in screen.messages() if isinstance(w, QuestionWidget) and w.has_note
    ]
    assert noted == [3]


def test_it_rests_when_nothing_happens(
    qtbot: QtBot, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen.show(long_chat(100))
    qtbot.wait(300)
    arranged: list[object] = []
    arrange = Arrangement.arrange
    monkeypatch.setattr(Arrangement, "arrange", lambda self: (arranged.append(1), arrange(self)))
    qtbot.wait(300)
    assert len(arranged) < 3


def test_nothing_is_left_of_what_was_scrolled_through(screen: Screen) -> None:
    screen.show(long_chat(1_000))
    for part in range(10):
        screen.bar.setValue(screen.bar.maximum() * part // 10)
        screen.settle()
    assert len(screen.window.findChildren(QTextBrowser)) < 40
