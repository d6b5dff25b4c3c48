"""Titles, folders and assistants with names that nobody gives in good faith, in the real window."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.keeping import WholeChat, WholeMessage
from app.core.records import Assistant, ChatSummary, ReplyDetails, Span
from app.ui.chats.export_dialog import ExportDialog
from app.ui.frame.bars import UndoBar
from app.ui.look.widgets import Label
from app.ui.pages.base import ScrollPage
from app.ui.pages.bin_card import BinCard
from app.ui.paper.page_view import PageView
from tests.gui.conftest import OpenRoom, Room
from tests.helpers.turns import Turns

TURN_S = 0.3
NAMES = {
    "html": "<h1>Hi</h1><img src=x onerror=alert(1)><script>alert(1)</script>&amp;&lt;",
    "directions": "\u202egnp.exe\u2066\u2067\u202a turned",
    "lines": "one\ntwo\r\nthree\u2028four\u2029five\x0bsix\x85seven",
    "nul": "be\x00fore\x07\x1b[31mred",
    "a megabyte": "word " * 200_000,
    "a word of a megabyte": "x" * 1_000_000,
    "nothing to see": "\u200b\u200d\u2060\ufeff\u00ad\u200c" * 20,
    "accents": "e" + "\u0301" * 200,
    "stacks": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢" * 6,
    "right to left": "رسالة إلى البلدية (2026) עברית",
    "emoji": "👨‍👩‍👧‍👦🏳️‍🌈👍🏽🇫🇷" * 8,
    "a path": "../../../etc/passwd",
    "a drive": "C:\\Windows\\System32\\con.txt",
    "reserved": "CON",
    "reserved with an ending": "aux.tar.gz",
    "marks of a shortcut": "&File &&& &Quit\t%s {name} %n",
    "dots": "...",
    "spaces": "   ",
    "not characters": "\ufffe\uffff\ufdd0\ue000\U000f0000 end",
}
_FORBIDDEN_IN_FILES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_JOINERS = "\u200c\u200d"


def harmful(text: str) -> list[str]:
    """Characters that turn, hide or break what is around them."""
    return [
        f"U+{ord(c):04X}"
        for c in text
        if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c not in _JOINERS + "\n\t"
    ]


def said(root: QWidget) -> dict[str, str]:
    """Everything that the window's controls say, by who says it."""
    texts: dict[str, str] = {}
    for thing in root.findChildren(QObject):
        kind = type(thing).__name__
        if isinstance(thing, QWidget):
            texts[f"{kind} name {id(thing)}"] = thing.accessibleName()
            if not isinstance(thing, PageView):  # that one describes what stands on a page
                texts[f"{kind} description {id(thing)}"] = thing.accessibleDescription()
            texts[f"{kind} tip {id(thing)}"] = thing.toolTip()
        if isinstance(thing, QAbstractButton | QLabel | QAction):
            words = thing.words() if isinstance(thing, Label) else thing.text()
            texts[f"{kind} text {id(thing)}"] = words
    return texts


def check(room: Room) -> None:
    for who, text in said(room.window).items():
        assert not harmful(text), who
        assert len(text) < 2_000, who
    page = room.window.pages.currentWidget()
    if isinstance(page, ScrollPage):
        assert page.column.width() <= page.viewport().width(), "nothing is pushed out of sight"


def chat(number: int, title: str) -> WholeChat:
    at = datetime(2026, 11, 1, 12, number, tzinfo=UTC)
    answer = ReplyDetails(spans=(Span("answer", 0, 9),))
    messages = (
        WholeMessage(None, "user", f"Question {number}", "complete", at, ReplyDetails()),
        WholeMessage(0, "assistant", "An answer", "complete", at, answer),
    )
    return WholeChat(title, False, at, at, title, messages, 1)


@pytest.fixture
def room(qtbot: QtBot, open_room: OpenRoom, request: pytest.FixtureRequest) -> Room:
    """All the names at once: of chats, of the folders they lie in, of assistants."""
    room = open_room(**getattr(request, "param", {}))
    for number, name in enumerate(NAMES.values()):
        room.store.transfer.add(chat(number, name)).result()
        room.store.assistants.add(Assistant(0, "", name, b"", name[:5_000], name, "")).result()
    room.program.assistants.attach(room.store)
    qtbot.waitUntil(lambda: len(room.program.assistants.all) == 4 + len(NAMES))
    return room


def chats_of(room: Room) -> list[ChatSummary]:
    return [e for e in room.window.sidebar.chats.entries if isinstance(e, ChatSummary)]


def listed(room: Room, turns: Turns) -> list[ChatSummary]:
    turns.do("list", room.program.chats.reload)
    turns.until("list", lambda: len(chats_of(room)) == len(NAMES))
    return chats_of(room)


def in_the_list(room: Room, turns: Turns, entry: ChatSummary) -> None:
    chats = room.window.sidebar.chats
    turns.do("walk", lambda: chats.focus_entry(entry.id))
    turns.do("paint", chats.grab)
    menu = turns.do("menu", lambda: chats.menu_for(entry))
    assert menu is not None
    check(room)
    menu.deleteLater()
    turns.do("rename", lambda: chats.begin_rename(entry.id))
    field = next(f for f in chats.findChildren(QLineEdit) if f.isVisible())
    assert not harmful(field.text())
    check(room)
    turns.do("take", field.returnPressed.emit)
    turns.do("open", lambda: room.program.chats.open_chat(entry.id))
    turns.until("open", lambda: room.program.chats.chat_id == entry.id)
    assert not harmful(room.window.windowTitle())
    check(room)


def test_in_the_list(room: Room) -> None:
    turns = Turns()
    for entry in listed(room, turns):
        in_the_list(room, turns, entry)
    assert turns.worst_s < TURN_S, turns.at


def test_found_deleted_and_listed_in_the_bin(room: Room) -> None:
    turns = Turns()
    chats = listed(room, turns)
    shell, finder = room.window.shell, room.window.sidebar.finder
    for words in ("word", "x" * 50, "question", "e"):
        turns.do("search", lambda: finder.search.field.setText(words))  # noqa: B023
        turns.until("search", lambda: bool(finder.results.entries))
        turns.do("paint", finder.grab)
        check(room)
        turns.do("clear", finder.search.clear)
    for entry in chats:
        for bar in shell.findChildren(UndoBar):
            bar.hide()
        turns.do("delete", lambda: room.program.chats.delete_chat(entry.id))  # noqa: B023
        turns.until("delete", lambda: any(b.isVisible() for b in shell.findChildren(UndoBar)))
        check(room)
    turns.do("bin", room.window.bin.show_bin)
    turns.until("bin", lambda: len(shell.bin_page.findChildren(BinCard)) > 5)
    turns.do("paint", room.window.grab)
    check(room)
    assert turns.worst_s < TURN_S, turns.at


@pytest.mark.parametrize("room", [{"view": "simple"}], indirect=True)
def test_earlier_conversations_of_the_simple_view(room: Room) -> None:
    turns = Turns()
    turns.do("list", room.program.chats.reload)
    earlier = room.window.shell.earlier
    turns.do("earlier", room.window.shell.simple_header.earlier_wished.emit)
    turns.until("earlier", lambda: len(earlier._entries) == len(NAMES))
    turns.do("more", earlier._more.click)
    turns.do("paint", room.window.grab)
    check(room)
    assert turns.worst_s < TURN_S, turns.at


def test_assistants(room: Room) -> None:
    turns = Turns()
    wiring, header = room.window.assistants, room.window.header.assistant
    turns.do("page", wiring.show_page)
    turns.do("paint", room.window.grab)
    check(room)
    turns.do("menu", header._fill)
    for assistant in room.program.assistants.all[4:]:
        turns.do("begin", lambda: wiring.page.begin_wished.emit(assistant.id))  # noqa: B023
        turns.do("paint", header.grab)
        turns.do("change", lambda: wiring.page.change_wished.emit(assistant.id))  # noqa: B023
        check(room)
    turns.do("page", wiring.show_page)
    turns.do("delete", lambda: wiring.page.delete_wished.emit(assistant.id))
    turns.until("delete", wiring.page.undo_card.isVisible)
    check(room)
    assert turns.worst_s < TURN_S, turns.at


def test_on_paper(room: Room) -> None:
    turns = Turns()
    for entry in listed(room, turns):
        room.window.shell.show_page(room.window.shell.talk)
        turns.do("open", lambda: room.program.chats.open_chat(entry.id))  # noqa: B023
        turns.until("open", lambda: room.program.chats.chat_id == entry.id)  # noqa: B023
        turns.do("print", room.window.paper.print_chat)
        preview = room.window.paper._preview
        assert preview is not None
        turns.until("print", preview.pdf_button.isEnabled)
        turns.do("paint", preview.grab)
        check(room)
        desk = room.window.paper._desk
        assert desk is not None
        assert desk._pages is not None
        assert desk._pages.count == 1
    assert turns.worst_s < TURN_S, turns.at


def test_names_of_files_are_taken_by_every_system(room: Room) -> None:
    for entry in listed(room, Turns()):
        dialog = ExportDialog(entry.title, room.window)
        [name] = dialog.selectedFiles()
        name = name.rsplit("/", 1)[-1]
        assert not _FORBIDDEN_IN_FILES.search(name), name
        assert not harmful(name), name
        assert not _RESERVED.fullmatch(name), name
        assert not name.startswith((".", " ")), name
        assert len(name.encode()) < 200
        dialog.close()
