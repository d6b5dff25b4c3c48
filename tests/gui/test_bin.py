"""The bin: restoring, and destroying only after a question."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.records import ChatSummary
from app.ui.look.theme import Theme
from app.ui.pages.bin import BinPage
from app.ui.pages.bin_card import BinCard
from tests.gui.conftest import OpenRoom
from tests.gui.test_chat_list import words


def deleted(number: int, title: str, days_ago: float) -> ChatSummary:
    now = datetime.now().astimezone()
    gone = now - timedelta(days=days_ago)
    return ChatSummary(number, title, False, gone, gone, deleted_at=gone)


@pytest.fixture
def page(qtbot: QtBot, theme: Theme) -> BinPage:
    widget = BinPage(theme, 30)
    qtbot.addWidget(widget)
    widget.resize(800, 600)
    widget.show()
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    return widget


def cards(page: BinPage) -> list[BinCard]:
    return [card for card in page.findChildren(BinCard) if card.isVisible()]


def test_says_how_long_each_stays(page: BinPage) -> None:
    page.set_chats((deleted(1, "Bread", 0), deleted(2, "", 12), deleted(3, "Old", 29.99)))
    said = [card._when.words() for card in cards(page)]
    assert said[0].startswith("Deleted: Today")
    assert "30" in said[0]
    assert "18" in said[1]
    assert "1 " in said[2]
    assert cards(page)[1]._title.words() == "Conversation without a name"


def test_destroys_only_after_a_question(qtbot: QtBot, page: BinPage) -> None:
    page.set_chats((deleted(1, "Bread", 0), deleted(2, "Trains", 1)))
    gone: list[int] = []
    back: list[int] = []
    page.destroy_wished.connect(gone.append)
    page.restore_wished.connect(back.append)
    card = cards(page)[0]
    qtbot.mouseClick(card.remove, Qt.MouseButton.LeftButton)
    assert gone == []
    assert card.keep.hasFocus(), "Enter by mistake destroys nothing"
    qtbot.mouseClick(card.keep, Qt.MouseButton.LeftButton)
    assert card.remove.isVisible()
    assert not card.sure.isVisible()
    qtbot.mouseClick(card.remove, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(card.sure, Qt.MouseButton.LeftButton)
    assert gone == [1]
    page.set_chats((deleted(2, "Trains", 1),))
    assert card.restore.hasFocus(), "what stands in its place now"
    assert card.restore.accessibleName() == "Restore: Trains"
    assert not card.sure.isVisible(), "the question was about another one"
    qtbot.keyClick(card.restore, Qt.Key.Key_Space)
    assert back == [2]


def test_empties_only_after_a_question(qtbot: QtBot, page: BinPage) -> None:
    assert not page.empty.isVisible()
    page.set_chats((deleted(1, "Bread", 0), deleted(2, "Trains", 1)))
    emptied: list[bool] = []
    page.empty_wished.connect(lambda: emptied.append(True))
    qtbot.mouseClick(page.empty, Qt.MouseButton.LeftButton)
    assert "2" in page._promise.words()
    assert page.keep.hasFocus()
    qtbot.mouseClick(page.keep, Qt.MouseButton.LeftButton)
    assert emptied == []
    qtbot.mouseClick(page.empty, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.sure, Qt.MouseButton.LeftButton)
    assert emptied == [True]


def test_a_full_bin_shows_twenty_at_a_time(qtbot: QtBot, page: BinPage) -> None:
    page.set_chats(tuple(deleted(n, f"{n}", 0) for n in range(1, 46)))
    assert len(cards(page)) == 20
    qtbot.mouseClick(page._more, Qt.MouseButton.LeftButton)
    assert len(cards(page)) == 40
    assert QApplication.focusWidget() is page._cards[20].restore
    page.begin()
    assert len(page._cards) == 20, "the others are not kept for another day"
    qtbot.waitUntil(lambda: len(page.findChildren(BinCard)) == 20)


def test_the_settings_lead_to_the_bin_in_both_views(qtbot: QtBot, open_room: OpenRoom) -> None:
    for view in ("simple", "full"):
        window = open_room(view=view).window
        window.show_settings()
        window.settings_page.keeping.bin.click()
        assert window.shell.bin_page.isVisible()


def test_undo_is_offered_on_every_page(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    window = room.window
    room.store.chats.create("Bread").result()
    room.program.chats.reload()
    chats = window.sidebar.chats
    qtbot.waitUntil(lambda: chats.has(1))
    window.show_settings()
    chats.delete_wished.emit(1)
    qtbot.waitUntil(window.bin.undo.isVisible)
    assert "Bread" in window.bin.undo.words.words()
    qtbot.mouseClick(window.bin.undo._undo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: chats.has(1))
    qtbot.waitUntil(window.talk.isVisible)
    assert not window.talk.undo.isVisible()
    assert not window.bin.undo.isVisible()


@pytest.mark.parametrize("page", ["talk", "settings"])
def test_a_deleted_folder_is_had_back(qtbot: QtBot, open_room: OpenRoom, page: str) -> None:
    room = open_room()
    window, chats = room.window, room.window.sidebar.chats
    made = room.store.chats.create("Bread").result()
    folder = room.store.folders.add("Recipes").result()[0]
    room.store.chats.move(made.id, folder.id).result()
    room.program.chats.reload()
    qtbot.waitUntil(lambda: words(chats)[:1] == ["Recipes"])
    undo = window.talk.undo
    if page == "settings":
        window.show_settings()
        undo = window.bin.undo
    chats.folder_delete_wished.emit(folder.id)
    qtbot.waitUntil(undo.isVisible)
    told = "The folder “Recipes” was deleted. Its conversations are kept."
    assert undo.words.words() == told
    qtbot.waitUntil(lambda: words(chats) == ["Today", "Bread"])
    qtbot.mouseClick(undo._undo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: words(chats) == ["Recipes", "Bread"])
    assert room.store.chats.list().result()[0].folder_id is not None
    assert not undo.isVisible()


def test_deleted_restored_and_destroyed_in_the_window(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    window = room.window
    for title in ("Bread", "Trains", "Taxes"):
        room.store.chats.create(title).result()
    room.program.chats.reload()
    chats = window.sidebar.chats
    qtbot.waitUntil(lambda: "Bread" in words(chats))
    for number in (1, 2):
        chats.delete_wished.emit(number)
    qtbot.waitUntil(lambda: words(chats)[1:] == ["Taxes"])
    qtbot.mouseClick(window.sidebar._bin, Qt.MouseButton.LeftButton)
    page = window.shell.bin_page
    assert page.isVisible()
    qtbot.waitUntil(lambda: len(cards(page)) == 2)
    bread = next(card for card in cards(page) if card._title.words() == "Bread")
    qtbot.mouseClick(bread.remove, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(bread.sure, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(cards(page)) == 1)
    assert len(room.store.chats.deleted().result()) == 1
    qtbot.mouseClick(cards(page)[0].restore, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Trains" in words(chats))
    qtbot.waitUntil(lambda: room.program.chats.chat_id == 2)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not page.isVisible()
