"""The list of conversations."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.core.records import ChatSummary
from app.ui.chats.chat_list import ChatList
from app.ui.chats.chat_list_model import ChatListModel, ChatRole
from app.ui.look.theme import Theme

NOW = datetime(2026, 3, 12, 15, 0).astimezone()


def chat(number: int, title: str, *, days: float = 0, pinned: bool = False) -> ChatSummary:
    when = NOW - timedelta(days=days)
    return ChatSummary(number, title, pinned, when, when)


@pytest.fixture
def chat_list(qtbot: QtBot, theme: Theme) -> ChatList:
    widget = ChatList(theme)
    qtbot.addWidget(widget)
    widget.resize(260, 400)
    widget.show()
    today = datetime.now().astimezone()
    widget.set_chats(
        tuple(ChatSummary(n, t, False, today, today) for n, t in ((1, "Bread"), (2, "Trains")))
    )
    return widget


def test_grouped_by_age() -> None:
    model = ChatListModel()
    model.set_words({"pinned": "P", "today": "T", "week": "W", "earlier": "E", "untitled": "New"})
    model.set_chats(
        (
            chat(1, "papers", days=50, pinned=True),
            chat(2, "", days=0.1),
            chat(3, "kitten", days=2),
            chat(4, "train", days=30),
        ),
        NOW,
    )
    rows = [str(model.index(row).data()) for row in range(model.rowCount())]
    assert rows == ["P", "papers", "T", "New", "W", "kitten", "E", "train"]
    assert model.flags(model.index(0)) == Qt.ItemFlag.NoItemFlags
    assert model.index(0).data(ChatRole.CHAT_ID) is None
    assert model.index(1).data(ChatRole.CHAT_ID) == 1
    assert model.index(1).data(Qt.ItemDataRole.AccessibleTextRole) == "papers"


def test_a_new_title_does_not_move_the_rows() -> None:
    model = ChatListModel()
    assert model.set_chats((chat(1, "a"),), NOW)
    assert not model.set_chats((chat(1, "b"),), NOW)
    assert model.index_of(1).data() == "b"
    assert not model.index_of(7).isValid()


def test_keys_open_rename_and_delete(qtbot: QtBot, chat_list: ChatList) -> None:
    chosen: list[int] = []
    deleted: list[int] = []
    renamed: list[tuple[int, str]] = []
    chat_list.chat_chosen.connect(chosen.append)
    chat_list.delete_wished.connect(deleted.append)
    chat_list.rename_wished.connect(lambda number, title: renamed.append((number, title)))
    chat_list.set_open_chat(2)
    qtbot.keyClick(chat_list, Qt.Key.Key_Up)
    qtbot.keyClick(chat_list, Qt.Key.Key_Return)
    assert chosen == [1]
    qtbot.keyClick(chat_list, Qt.Key.Key_Delete)
    assert deleted == [1]
    qtbot.keyClick(chat_list, Qt.Key.Key_F2)
    field = chat_list.findChild(QLineEdit)
    assert field is not None
    assert field.text() == "Bread"
    field.selectAll()
    qtbot.keyClicks(field, "Sourdough  bread")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: renamed == [(1, "Sourdough bread")])


def test_the_list_waits_while_a_title_is_typed(qtbot: QtBot, chat_list: ChatList) -> None:
    chat_list.begin_rename(1)
    now = datetime.now().astimezone()
    chat_list.set_chats((ChatSummary(9, "Other", False, now, now),))
    assert chat_list.model().rowCount() == 3
    field = chat_list.findChild(QLineEdit)
    assert field is not None
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: chat_list.model().rowCount() == 2)


def test_menu_offers_rename_and_delete(chat_list: ChatList) -> None:
    menu = chat_list.menu_for(1)
    assert [action.text() for action in menu.actions()] == ["Rename", "Delete"]
    deleted: list[int] = []
    chat_list.delete_wished.connect(deleted.append)
    menu.actions()[1].trigger()
    assert deleted == [1]
    menu.deleteLater()


def test_rows_are_large_enough_to_hit(chat_list: ChatList) -> None:
    index: QModelIndex = chat_list.model().index(1, 0)
    assert chat_list.visualRect(index).height() >= 44
