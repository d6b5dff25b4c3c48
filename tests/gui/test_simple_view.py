"""The Simple view: four large buttons, and the ways to everything else."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.options import TEXT_SIZE_PT
from app.ui.look.card_button import CardButton
from tests.gui.conftest import OpenRoom, Room
from tests.gui.test_settings import click
from tests.helpers.tiny_bundle import rambling_bundle

SLOW = 30_000
WAYS = ("Earlier conversations", "Settings", "Full view")


def simple(open_room: OpenRoom, **options: str) -> Room:
    return open_room(view="simple", **options)


def visible_buttons(room: Room) -> list[QAbstractButton]:
    return [b for b in room.window.findChildren(QAbstractButton) if b.isVisible()]


def rows(room: Room) -> list[CardButton]:
    return [b for b in room.window.shell.earlier.findChildren(CardButton) if b.isVisible()]


def names(room: Room) -> list[str]:
    return [row.accessibleName() for row in rows(room)]


def test_four_buttons_stand_below_and_one_is_filled(open_room: OpenRoom) -> None:
    actions = simple(open_room).window.shell.simple_actions
    shown = [b for b in actions.findChildren(QAbstractButton) if b.isVisible()]
    assert [b.text() for b in shown] == ["New conversation", "Stop", "Read aloud", "Print"]
    assert [b.property("kind") for b in shown] == ["primary", "outlined", "outlined", "outlined"]
    assert len({b.height() for b in shown}) == 1
    assert len({b.y() for b in shown}) == 1
    assert [b.isEnabled() for b in shown] == [True, False, False, False], "nothing runs, no answer"


def test_stop_can_be_pressed_only_while_something_runs(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room(bundle=rambling_bundle(), view="simple")
    stop = room.window.shell.simple_actions.stop_button
    room.window.talk.composer.set_text("Hello there")
    room.window.talk.composer.send()
    qtbot.waitUntil(stop.isEnabled, timeout=SLOW)
    qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not room.program.chats.busy, timeout=SLOW)
    assert not stop.isEnabled()


def test_a_disabled_stop_does_not_keep_the_keyboard(open_room: OpenRoom) -> None:
    actions = simple(open_room).window.shell.simple_actions
    actions.set_busy(True)
    actions.stop_button.setFocus()
    actions.set_busy(False)
    assert actions.new_button.hasFocus() or actions.window().focusWidget() is actions.new_button


def test_an_earlier_conversation_is_found_by_its_title_and_by_its_words(
    qtbot: QtBot, open_room: OpenRoom
) -> None:
    room = simple(open_room)
    lamp = room.store.chats.create("A letter to the town hall").result()
    room.store.messages.ask(lamp.id, None, "The street lamp is dark").result()
    trains = room.store.chats.create("Trains to Lyon").result()
    room.program.chats.rename_chat(trains.id, "Trains")
    click(qtbot, room.window.shell.simple_header, "Earlier conversations")
    page = room.window.shell.earlier
    assert room.window.focusWidget() is page.search.field
    qtbot.waitUntil(lambda: len(rows(room)) == 2)
    qtbot.keyClicks(page.search.field, "train")
    qtbot.waitUntil(lambda: len(rows(room)) == 1)
    assert names(room)[0].startswith("Trains")
    page.search.field.setText("lamp")
    qtbot.waitUntil(lambda: len(rows(room)) == 1 and "street" in names(room)[0])
    qtbot.mouseClick(rows(room)[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.program.chats.chat_id == lamp.id)
    qtbot.waitUntil(room.window.talk.isVisible)


def test_what_is_nowhere_is_said(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = simple(open_room)
    room.window.chats.show_earlier()
    page = room.window.shell.earlier
    assert page._nothing.words() == "There are no earlier conversations yet."
    qtbot.keyClicks(page.search.field, "zeppelin")
    qtbot.waitUntil(lambda: "none of your conversations" in page._nothing.words())
    qtbot.keyClick(page.search.field, Qt.Key.Key_Escape)
    assert page.search.text() == ""
    assert page.isVisible(), "Escape emptied the field first"


def test_many_conversations_come_a_dozen_at_a_time(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = simple(open_room)
    for number in range(30):
        room.store.chats.create(f"Number {number}").result()
    room.program.chats.rename_chat(1, "Number one")
    room.window.chats.show_earlier()
    qtbot.waitUntil(lambda: len(rows(room)) == 12)
    click(qtbot, room.window.shell.earlier, "Show more")
    assert len(rows(room)) == 24
    assert room.window.focusWidget() is rows(room)[12], "the keyboard goes on where it was"
    room.window.chats.show_earlier()
    qtbot.waitUntil(lambda: len(room.window.shell.earlier._rows) == 12)


@pytest.mark.parametrize("language", ["en", "fr", "zh_Hans"])
def test_every_way_can_be_seen_whole(qtbot: QtBot, open_room: OpenRoom, language: str) -> None:
    room = simple(open_room, language=language)
    window = room.window
    for points, width in ((16, 480), (18, 1280), (28, 800), (28, 1000)):
        window.theme.set_text_size(points)
        window.resize(width, 700)
        qtbot.wait(30)
        for button in visible_buttons(room):
            left = button.mapTo(window, button.rect().topLeft()).x()
            assert left >= 0, button.text()
            assert left + button.width() <= window.width(), button.text()
            assert button.width() + 1 >= button.minimumSizeHint().width(), button.text()
            assert button.height() >= 44, button.text()


def test_in_a_narrow_window_the_ways_are_in_a_menu(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = simple(open_room, text_size_pt="28")
    room.window.resize(800, 700)
    qtbot.wait(30)
    header = room.window.shell.simple_header
    more = [b for b in header.findChildren(QAbstractButton) if b.isVisible()]
    assert [b.accessibleName() for b in more] == ["More"]
    menu = header.findChild(QMenu)
    assert menu is not None
    assert tuple(action.text() for action in menu.actions()) == WAYS
    menu.actions()[1].trigger()
    assert room.window.settings_page.isVisible()


def test_help_lists_the_keys_that_there_are(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = simple(open_room)
    window = room.window
    qtbot.keyClick(window, Qt.Key.Key_F1)
    page = window.shell.help_page
    assert page.isVisible()
    spelled = [keys.words() for _, keys in page._keys]
    assert spelled[0] in ("Enter", "⌤")
    assert "F1" in spelled
    assert len(set(spelled)) == len(spelled)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not page.isVisible()
    window.show_settings()
    click(qtbot, window.settings_page, "Help")
    assert page.isVisible()


def test_find_opens_the_earlier_conversations(qtbot: QtBot, open_room: OpenRoom) -> None:
    window = simple(open_room).window
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.shell.earlier.isVisible()
    assert QApplication.focusWidget() in (None, window.shell.earlier.search.field)


def test_no_technical_word_stands_in_simple(open_room: OpenRoom) -> None:
    room = simple(open_room)
    window = room.window
    window.show_settings()
    words = " ".join(
        str(w.property("text") or "") for w in window.findChildren(QAbstractButton) if w.isVisible()
    ).lower()
    for term in ("token", "model", "cache", "gpu", "thread", "context", "prompt"):
        assert term not in words


def test_replies_have_few_buttons_in_simple_and_all_in_full(
    qtbot: QtBot, open_room: OpenRoom
) -> None:
    room = open_room(bundle=rambling_bundle(), view="simple")
    room.window.talk.composer.set_text("Hello there")
    room.window.talk.composer.send()
    qtbot.waitUntil(lambda: room.program.chats.busy, timeout=SLOW)
    qtbot.waitUntil(lambda: not room.program.chats.busy, timeout=SLOW)

    def words() -> set[str]:
        conversation = room.window.talk.conversation
        return {b.text() for b in conversation.findChildren(QAbstractButton) if b.isVisible()}

    qtbot.waitUntil(lambda: "Try again" in words(), timeout=SLOW)
    assert "More" not in words()
    click(qtbot, room.window.shell.simple_header, "Full view")
    qtbot.waitUntil(lambda: {"Print", "More"} <= words())


def test_the_field_asks_in_words_that_fit(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = simple(open_room)
    field = room.window.talk.composer.findChild(QPlainTextEdit)
    assert field is not None
    assert field.placeholderText() == "Write your question here…"
    room.window.theme.set_text_size(28)
    room.window.resize(560, 700)
    qtbot.wait(30)
    assert field.placeholderText() == "Your question…"


def test_the_sidebar_leads_back_to_simple(qtbot: QtBot, open_room: OpenRoom) -> None:
    window = open_room().window
    click(qtbot, window.sidebar, "Simple view")
    assert window.shell.view == "simple"
    assert not window.sidebar.isVisible()


def test_the_window_cannot_become_too_small_for_its_text(open_room: OpenRoom) -> None:
    window = simple(open_room, text_size_pt="16").window
    assert (window.minimumWidth(), window.minimumHeight()) == (480, 420)
    window.preferences.choose(TEXT_SIZE_PT, 28)
    assert (window.minimumWidth(), window.minimumHeight()) == (800, 600)


def test_tab_goes_from_top_to_bottom(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = simple(open_room)
    window = room.window
    window.activateWindow()
    window.shell.simple_actions.set_answer(there=True)
    window.shell.simple_actions.set_busy(True)
    window.shell.simple_header._earlier.setFocus()
    seen: list[QWidget] = []
    for _ in range(16):
        focused = window.focusWidget()
        if focused is None or focused in seen:
            break
        seen.append(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    names = [widget.accessibleName() for widget in seen]
    wanted = [*WAYS, "Your question", "Send", "New conversation", "Stop", "Read aloud", "Print"]
    assert [name for name in names if name in wanted] == wanted
    assert all(names)


def test_large_buttons_have_smaller_words_than_the_text(open_room: OpenRoom) -> None:
    window = simple(open_room).window
    button = window.shell.simple_actions.stop_button
    assert button.font().pointSizeF() < window.theme.text_size_pt
    window.theme.set_text_size(24)
    assert button.font().pointSizeF() == pytest.approx(24 * 0.85)


def test_an_earlier_conversation_is_deleted_and_comes_back(
    qtbot: QtBot, open_room: OpenRoom
) -> None:
    room = simple(open_room)
    for title in ("Bread", "Trains"):
        chat = room.store.chats.create(title).result()
    room.program.chats.rename_chat(chat.id, "Fast trains")
    room.window.chats.show_earlier()
    page = room.window.shell.earlier
    qtbot.waitUntil(lambda: len(rows(room)) == 2)
    click(qtbot, page, "Delete: Fast trains")
    qtbot.waitUntil(lambda: len(rows(room)) == 1)
    qtbot.waitUntil(page.undo.isVisible)
    assert room.window.focusWidget() is page.search.field
    click(qtbot, page.undo, "Undo")
    qtbot.waitUntil(lambda: room.program.chats.chat_id == chat.id)
    qtbot.waitUntil(room.window.talk.isVisible)
    assert not room.window.talk.undo.isVisible()
    room.window.chats.show_earlier()
    qtbot.waitUntil(lambda: len(rows(room)) == 2)
