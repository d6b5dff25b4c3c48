"""Changing a question, paging through versions and quoting, with the real services."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QMenu
from pytestqt.qtbot import QtBot

from app.ui.conversation.pager import VersionPager
from app.ui.conversation.question_widget import QuestionWidget
from app.ui.conversation.reply_widget import ReplyWidget
from tests.gui.conftest import OpenRoom, Room
from tests.gui.test_window import SLOW, answered, ask
from tests.helpers.tiny_bundle import rambling_bundle


def question(room: Room) -> QuestionWidget:
    return next(w for w in room.window.findChildren(QuestionWidget) if not w.isHidden())


def asked(room: Room) -> list[str]:
    widgets = room.window.findChildren(QuestionWidget)
    return [w.message.text for w in widgets if not w.isHidden()]


def shown(room: Room) -> list[ReplyWidget]:
    return [w for w in room.window.findChildren(ReplyWidget) if not w.isHidden()]


def reply(room: Room) -> ReplyWidget:
    return shown(room)[0]


def press(qtbot: QtBot, widget: QuestionWidget, name: str) -> None:
    button = next(b for b in widget.findChildren(QAbstractButton) if b.accessibleName() == name)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_changed_question_stands_beside_the_old_one(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room(bundle=rambling_bundle(), keep=True)
    ask(qtbot, room, "Hello there")
    answered(qtbot, room)
    first = reply(room).answer.markdown()
    press(qtbot, question(room), "Change this question")
    editor = question(room)._editor
    assert editor is not None
    qtbot.keyClicks(editor._field, " again")
    press(qtbot, question(room), "Ask this instead")
    qtbot.waitUntil(lambda: asked(room) == ["Hello there again"], timeout=SLOW)
    answered(qtbot, room)
    assert not question(room).editing
    pager = question(room).findChild(VersionPager)
    assert pager is not None
    assert pager._words.words() == "2 of 2"
    press(qtbot, question(room), "Earlier version")
    qtbot.waitUntil(lambda: asked(room) == ["Hello there"], timeout=SLOW)
    assert reply(room).answer.markdown() == first


def test_a_second_answer_stands_beside_the_first(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room(bundle=rambling_bundle(), keep=True)
    ask(qtbot, room, "Hello there")
    answered(qtbot, room)
    first = reply(room).message.id
    reply(room).act("again")
    qtbot.waitUntil(lambda: room.program.chats.busy, timeout=SLOW)
    answered(qtbot, room)
    qtbot.waitUntil(lambda: reply(room).message.versions == (first, reply(room).message.id))
    pager = reply(room).findChild(VersionPager)
    assert pager is not None
    qtbot.mouseClick(pager.stops()[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: first in [w.message.id for w in shown(room)], timeout=SLOW)


def test_a_quotation_goes_into_the_next_question(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room(bundle=rambling_bundle(), keep=True)
    ask(qtbot, room, "Hello there")
    answered(qtbot, room)
    menu = QMenu(room.window)
    question(room)._view.menu_wished.emit(menu)
    next(a for a in menu.actions() if a.text() == "Quote in your question").trigger()
    assert room.window.talk.composer.text() == "> Hello there\n\n"
