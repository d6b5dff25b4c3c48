"""What the menu of a conversation does beyond the list: print and save from the row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from app.core.records import ChatSummary, ReplyDetails, Span
from app.ui.chats.export_dialog import ExportDialog
from app.ui.paper.bar import PaperBar
from tests.gui.conftest import OpenRoom, Room
from tests.gui.test_chat_list import words


@pytest.fixture
def room(qtbot: QtBot, open_room: OpenRoom) -> Room:
    """Two conversations, of which "Bread" has an answer."""
    room = open_room()
    bread = room.store.chats.create("Bread: how?").result()
    room.store.chats.create("Trains").result()
    _, reply = room.store.messages.ask(bread.id, None, "How is bread made?").result()
    details = ReplyDetails(spans=(Span("answer", 0, 11),))
    room.store.messages.finish(reply.id, "With flour.", details, "complete").result()
    room.program.chats.reload()
    qtbot.waitUntil(lambda: "Trains" in words(room.window.sidebar.chats))
    return room


def wish(room: Room, label: str) -> None:
    chats = room.window.sidebar.chats
    entry = next(e for e in chats.entries if isinstance(e, ChatSummary) and e.id == 1)
    menu = chats.menu_for(entry)
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text() == label).trigger()
    menu.deleteLater()


def test_printing_opens_the_conversation_first(qtbot: QtBot, room: Room) -> None:
    assert room.program.chats.chat_id is None
    wish(room, "Print…")
    qtbot.waitUntil(lambda: room.window.paper._preview is not None)
    qtbot.waitUntil(lambda: room.window.shell.showing(room.window.paper._preview))
    assert room.program.chats.chat_id == 1
    qtbot.keyClick(room.window, Qt.Key.Key_Escape)
    # Not at the offer of an assistant, although there is none: what was read is read on.
    assert room.window.shell.showing(room.window.talk)


def test_saving_as_word_asks_for_a_name(qtbot: QtBot, room: Room) -> None:
    wish(room, "Save as Word…")
    qtbot.waitUntil(lambda: room.window.findChild(QFileDialog) is not None)
    dialog = room.window.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    assert dialog.selectedFiles()[0].endswith("Bread how.docx")
    dialog.close()


def test_one_conversation_as_a_file(qtbot: QtBot, room: Room, tmp_path: Path) -> None:
    wish(room, "Save as a file…")
    dialog = room.window.findChild(ExportDialog)
    assert dialog is not None
    assert dialog.selectedFiles()[0].endswith("Bread how.md")
    path = tmp_path / "bread.json"
    dialog.fileSelected.emit(str(path))
    dialog.close()
    bar = room.window.findChild(PaperBar)
    assert bar is not None
    qtbot.waitUntil(lambda: "bread.json" in bar.words.words())
    assert bar._open.isVisible()
    text = path.read_text("utf-8")
    json.loads(text)
    assert "With flour." in text
    assert "Trains" not in text
