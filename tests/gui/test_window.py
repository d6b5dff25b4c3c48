"""The window with real services: store, worker process and a tiny model."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import Corrupt
from app.ui.conversation.question_widget import QuestionWidget
from app.ui.conversation.reply_widget import ReplyWidget
from tests.gui.conftest import PASSPHRASE, OpenRoom, Room
from tests.gui.test_chat_list import words
from tests.helpers.reasoning import reasoning_bundle
from tests.helpers.tiny_bundle import rambling_bundle

SLOW = 30_000


def ask(qtbot: QtBot, room: Room, text: str) -> None:
    composer = room.window.talk.composer
    composer.set_text(text)
    composer.send()
    qtbot.waitUntil(lambda: room.program.chats.busy, timeout=SLOW)


def answered(qtbot: QtBot, room: Room) -> ReplyWidget:
    qtbot.waitUntil(lambda: not room.program.chats.busy, timeout=SLOW)
    qtbot.waitUntil(lambda: not replies(room)[-1].growing, timeout=SLOW)
    return replies(room)[-1]


def test_answer_now_is_heard_by_the_worker(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room(bundle=reasoning_bundle("R1, tag opened"))
    host = room.program.host
    qtbot.waitUntil(lambda: host.state == "ready", timeout=SLOW)

    def freeze(_event: object) -> None:  # a tiny model thinks a thousand tokens in no time
        os.kill(host.worker_pid, signal.SIGSTOP)
        host.tokens_arrived.disconnect(freeze)

    host.tokens_arrived.connect(freeze)
    ask(qtbot, room, "Hello there")
    qtbot.waitUntil(
        lambda: bool(replies(room)) and replies(room)[0].thinking is not None, timeout=SLOW
    )
    assert "Thinking" in room.window.talk.conversation._waiting.words.text()
    fold = replies(room)[0].thinking
    assert fold is not None
    qtbot.mouseClick(fold.answer_now, Qt.MouseButton.LeftButton)
    os.kill(host.worker_pid, signal.SIGCONT)
    reply = answered(qtbot, room)
    assert reply.answer.markdown()
    assert len(reply._thought) < len(reply.answer.markdown())


def replies(room: Room) -> list[ReplyWidget]:
    return room.window.findChildren(ReplyWidget)


def titles(room: Room) -> list[str]:
    return words(room.window.sidebar.chats)


def test_a_question_is_answered_stored_and_listed(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room(bundle=rambling_bundle(), keep=True)
    window = room.window
    assert window.talk.empty.isVisible()
    ask(qtbot, room, "Hello there")
    qtbot.waitUntil(
        lambda: bool(replies(room)) and bool(replies(room)[0].answer.markdown()), timeout=SLOW
    )
    assert window.talk.conversation.isVisible()
    room.program.chats.stop()
    reply = answered(qtbot, room)
    assert reply.answer.markdown()
    qtbot.waitUntil(lambda: titles(room) == ["Today", "Hello there"])
    questions = window.findChildren(QuestionWidget)
    assert [q.message.text for q in questions] == ["Hello there"]
    again = next(b for b in reply.findChildren(QAbstractButton) if b.text() == "Try again")
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.program.chats.busy, timeout=SLOW)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    answered(qtbot, room)


def test_delete_and_undo(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    kept = room.store.chats.create("Bread").result()
    gone = room.store.chats.create("Trains").result()
    room.program.chats.rename_chat(kept.id, "Good bread")
    qtbot.waitUntil(lambda: "Good bread" in titles(room) and "Trains" in titles(room))
    room.window.sidebar.chats.delete_wished.emit(gone.id)
    undo = room.window.talk.undo
    qtbot.waitUntil(undo.isVisible)
    assert "Trains" in undo.words.words()
    qtbot.waitUntil(lambda: "Trains" not in titles(room))
    button = next(b for b in undo.findChildren(QAbstractButton) if b.text() == "Undo")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Trains" in titles(room))
    assert not undo.isVisible()


def test_a_draft_survives(qtbot: QtBot, open_room: OpenRoom, tmp_path: Path) -> None:
    first = open_room(keep=True)
    first.window.talk.composer.setFocus()
    editor = first.window.talk.composer.findChild(QPlainTextEdit)
    assert editor is not None
    qtbot.keyClicks(editor, "half a question")
    open_room.close(first)  # type: ignore[attr-defined]
    second = open_room(keep=True)
    qtbot.waitUntil(lambda: second.window.talk.composer.text() == "half a question", timeout=SLOW)


def test_drafts_stay_with_their_conversations(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    one = room.store.chats.create("One").result()
    composer = room.window.talk.composer
    room.program.chats.open_chat(one.id)
    qtbot.waitUntil(lambda: room.program.chats.chat_id == one.id)
    editor = composer.findChild(QPlainTextEdit)
    assert editor is not None
    qtbot.keyClicks(editor, "for one")
    room.program.chats.new_chat()
    qtbot.waitUntil(lambda: composer.text() == "")
    room.program.chats.open_chat(one.id)
    qtbot.waitUntil(lambda: composer.text() == "for one")


def test_errors_are_one_sentence_that_can_be_closed(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    bar = room.window.error_bar
    room.program.chats.error_raised.emit(Corrupt())
    assert bar.isVisible()
    assert "damaged" in bar.words.words()
    close = next(b for b in bar.findChildren(QAbstractButton) if "Close" in b.accessibleName())
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert not bar.isVisible()


def test_temporary_conversations_say_so(open_room: OpenRoom) -> None:
    assert open_room().window.shell.temporary_bar.isVisible()


def test_kept_conversations_do_not(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room(keep=True)
    qtbot.waitUntil(lambda: not room.window.shell.temporary_bar.isVisible())


def test_language_changes_at_once(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room(language="en")
    window = room.window
    window.show_settings()
    room.program.i18n._install("fr")  # the command line decides in this test, not the person
    qtbot.waitUntil(lambda: window.header._stays.words() == "Tout reste sur cet ordinateur")
    assert window.talk.empty._greeting.words() == "En quoi puis-je vous aider\u00a0?"
    room.program.i18n._install("zh_Hans")
    qtbot.waitUntil(lambda: window.header._stays.words() == "内容只保存在这台电脑上")
    assert window.settings_page._heading.words() == "设置"
    room.program.i18n._install("en")


def test_passphrase_page_creates_and_unlocks(qtbot: QtBot, open_room: OpenRoom) -> None:
    first = open_room(page=True)
    page = first.window.passphrase
    qtbot.waitUntil(page.isVisible, timeout=SLOW)
    assert page.mode == "create"
    one, two = page.findChildren(QLineEdit)
    qtbot.keyClicks(one, PASSPHRASE)
    qtbot.keyClicks(two, "something else")
    qtbot.keyClick(two, Qt.Key.Key_Return)
    assert page._trouble.isVisible()
    two.setText(PASSPHRASE)
    qtbot.keyClick(two, Qt.Key.Key_Return)
    qtbot.waitUntil(first.window.shell.recovery.isVisible, timeout=SLOW)
    code = first.window.shell.recovery._code_text
    assert code.count("-") >= 3
    open_room.close(first)  # type: ignore[attr-defined]

    second = open_room(page=True)
    page = second.window.passphrase
    qtbot.waitUntil(page.isVisible, timeout=SLOW)
    assert page.mode == "unlock"
    page.passphrase_given.emit("wrong one")
    qtbot.waitUntil(page._trouble.isVisible, timeout=SLOW)
    page.ask("recovery")
    page.recovery_given.emit(code.lower())
    qtbot.waitUntil(lambda: page.mode == "create", timeout=SLOW)
    page.declined.emit()
    qtbot.waitUntil(lambda: bool(second.stores), timeout=SLOW)
    second.window.settings_page.recovery.button.click()
    qtbot.waitUntil(lambda: second.window.shell.recovery._code_text == code, timeout=SLOW)
    assert code in second.window.shell.recovery.paper().toPlainText()


def test_without_an_assistant_the_window_offers_one(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    window = room.window
    window.shell.back()
    assert window.shell.missing.isVisible()
    labels = [b.text() for b in window.shell.missing.findChildren(QAbstractButton) if b.isVisible()]
    assert labels == ["Download (93 MB)"]
    room.program.models.progressed.emit("download", 10, 100, 30.0)
    assert not window.shell.missing._bar.isVisible(), "nothing happens before the click"
    assert window.shell.missing._download.accessibleName() == "Download (93 MB)"


@pytest.mark.parametrize("points", [16, 28])
@pytest.mark.parametrize("language", ["en", "fr", "zh_Hans"])
def test_nothing_is_cut_in_a_small_window(
    qtbot: QtBot, open_room: OpenRoom, points: int, language: str
) -> None:
    room = open_room(text_size_pt=str(points), language=language)
    window = room.window
    window.resize(800, 600)
    qtbot.wait(50)
    for page in (window.talk, window.settings_page, window.shell.recovery, window.shell.missing):
        window.pages.setCurrentWidget(page)
        qtbot.wait(20)
        for button in page.findChildren(QAbstractButton):
            if button.isVisible():
                assert button.width() + 1 >= button.minimumSizeHint().width(), button.text()
                left = button.mapTo(window, button.rect().topLeft()).x()
                assert left >= 0
                assert left + button.width() <= 800, button.text()


def test_tab_reaches_everything_in_reading_order(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    window = room.window
    window.activateWindow()
    window.sidebar._new.setFocus()
    seen: list[QWidget] = []
    for _ in range(12):
        focused = window.focusWidget()
        assert focused is not None
        if focused in seen:
            break
        seen.append(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    names = [widget.accessibleName() for widget in seen]
    assert names[:4] == ["New conversation", "Search your conversations", "Bin", "Settings"]
    assert "Your question" in names
    assert names.index("Your question") < names.index("Send")
    assert all(names), names


def test_every_button_has_a_name_and_is_large_enough(open_room: OpenRoom) -> None:
    window = open_room().window
    for button in window.findChildren(QAbstractButton):
        assert button.accessibleName(), button
        if button.isVisible():
            assert button.height() >= 44, button.accessibleName()


def test_shortcuts(qtbot: QtBot, open_room: OpenRoom) -> None:
    window = open_room().window
    qtbot.keyClick(window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    assert window.settings_page.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert not window.settings_page.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert window.theme.text_size_pt == 17


@pytest.mark.parametrize("wish", ["Try again", "example"])
def test_what_is_wished_while_another_conversation_is_answered_comes_next(
    qtbot: QtBot, open_room: OpenRoom, wish: str
) -> None:
    room = open_room(bundle=rambling_bundle(), keep=True)
    talk, chats = room.window.talk, room.program.chats
    ask(qtbot, room, "Hello there")
    answered(qtbot, room)
    first = chats.chat_id
    room.window.chats.new_chat()
    os.kill(room.program.host.worker_pid, signal.SIGSTOP)
    try:
        ask(qtbot, room, "Another one")
        qtbot.waitUntil(lambda: chats.chat_id not in (None, first), timeout=SLOW)
        other = chats.chat_id
        if wish == "example":
            room.window.chats.new_chat()
            talk.empty.example_chosen.emit("How are you?")
        else:
            room.window.chats.open_chat(first)
            qtbot.waitUntil(lambda: chats.chat_id == first, timeout=SLOW)
            replies(room)[-1].action_row.wished.emit("again")
        assert "comes next" in talk.turn.words()
        assert talk.turn.isVisible()
    finally:
        os.kill(room.program.host.worker_pid, signal.SIGCONT)
    with qtbot.waitSignal(chats.reply_finished, timeout=SLOW) as finished:
        pass
    assert finished.args[0].chat_id != other
    assert not talk.turn.isVisible()
    answered(qtbot, room)
