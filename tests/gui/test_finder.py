"""Search while typing: what is found, how it is shown, and where it leads."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.core.records import ChatSummary, ReplyDetails, SearchHit, SearchResults, Span
from app.ui.chats.chat_row import ChatRow
from app.ui.chats.finder import Finder
from app.ui.chats.hit_row import LINES, HitRow, laid_out
from app.ui.chats.name_row import NameRow
from app.ui.chats.result_list import ResultHeading
from app.ui.look.theme import Theme
from tests.gui.conftest import OpenRoom, Room

NOW = datetime.now().astimezone()
BREAD, TRAINS = (
    ChatSummary(n, t, False, NOW, NOW) for n, t in ((1, "Bread of the week"), (2, "Trains"))
)


def hit(chat: ChatSummary, message_id: int, text: str, *marks: tuple[int, int]) -> SearchHit:
    return SearchHit(chat, message_id, "user", text, marks, NOW)


@pytest.fixture
def finder(qtbot: QtBot, theme: Theme) -> Finder:
    widget = Finder(theme)
    qtbot.addWidget(widget)
    widget.resize(260, 500)
    widget.show()
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    widget.chats.set_chats((BREAD, TRAINS))
    return widget


def found(finder: Finder, text: str) -> None:
    finder.search.field.setText(text)
    finder.show_results(
        SearchResults(
            text,
            (BREAD,),
            (
                hit(TRAINS, 21, "The bread on the train", (4, 9)),
                hit(BREAD, 11, "My bread", (3, 8)),
                hit(TRAINS, 20, "bread", (0, 5)),
            ),
            more=False,
        )
    )


def test_hits_stand_under_their_conversations(finder: Finder) -> None:
    found(finder, "bread")
    assert finder.results.isVisible()
    assert not finder.chats.isVisible()
    said = [
        (e.chat.title if e.chat else "titles")
        if isinstance(e, ResultHeading)
        else e.id
        if isinstance(e, ChatSummary)
        else e.message_id
        for e in finder.results.entries
    ]
    assert said == ["titles", 1, "Trains", 21, 20, "Bread of the week", 11]
    assert finder._told.words().startswith("4 result")
    row = finder.results.row_of(21)
    assert isinstance(row, HitRow)
    assert row.button.accessibleName().startswith("You · Today")
    assert row.button.accessibleName().endswith("The bread on the train")
    assert row.button.height() >= 44


def test_found_words_stand_out_by_weight() -> None:
    layout = laid_out("The 🍞 bread on", ((6, 11),), 13.6, 400)
    part = layout.formats()[0]
    assert (part.start, part.length) == (7, 5), "counted as Qt does, in UTF-16"
    assert part.format.fontWeight() == QFont.Weight.Bold
    assert part.format.fontUnderline()


def test_long_hits_end_after_three_lines() -> None:
    layout = laid_out("bread and " * 40, ((0, 5), (300, 305)), 13.6, 200)
    assert layout.lineCount() == LINES
    assert layout.text().endswith("…")
    for number in range(LINES):
        assert layout.lineAt(number).naturalTextWidth() <= 200


def test_keys_lead_into_the_results_and_back(qtbot: QtBot, finder: Finder) -> None:
    hits: list[tuple[int, int]] = []
    chats: list[int] = []
    finder.results.hit_chosen.connect(lambda chat, message: hits.append((chat, message)))
    finder.results.chat_chosen.connect(chats.append)
    finder.search.begin()
    found(finder, "bread")
    field = finder.search.field
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert chats == [1], "Enter opens what was found first"
    qtbot.keyClick(field, Qt.Key.Key_Down)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return):
        widget = QApplication.focusWidget()
        assert widget is not None
        qtbot.keyClick(widget, key)
    assert hits == [(2, 21)]
    for _ in range(2):
        widget = QApplication.focusWidget()
        assert widget is not None
        qtbot.keyClick(widget, Qt.Key.Key_Up)
    assert field.hasFocus()
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""
    assert finder.chats.isVisible()
    left: list[bool] = []
    finder.left.connect(lambda: left.append(True))
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert left == [True]


def test_the_button_clears(qtbot: QtBot, finder: Finder) -> None:
    assert not finder.search.clear_button.isVisible()
    found(finder, "bread")
    assert finder.search.clear_button.height() >= 44
    qtbot.mouseClick(finder.search.clear_button, Qt.MouseButton.LeftButton)
    assert finder.chats.isVisible()
    assert finder.search.field.hasFocus()


def test_looking_again_moves_nothing(finder: Finder) -> None:
    finder.resize(260, 200)
    found(finder, "bread")
    bar = finder.results.verticalScrollBar()
    bar.setValue(bar.maximum())
    assert bar.value() > 0
    found(finder, "bread")
    assert bar.value() == bar.maximum()
    found(finder, "bread ")
    assert bar.value() == 0


def test_answers_to_older_questions_are_ignored(finder: Finder) -> None:
    found(finder, "bread")
    finder.search.field.setText("breadcrumbs")
    finder.show_results(SearchResults("bread", (), (), more=False))
    assert len(finder.results.entries) == 7, "the last results stay until the new ones are there"
    finder.show_results(SearchResults("breadcrumbs", (), (), more=False))
    assert finder._told.words().startswith("Nothing was found for “breadcrumbs”")
    finder.search.clear()
    finder.show_results(SearchResults("", (), (), more=False))
    assert finder.chats.isVisible()


@pytest.fixture
def room(qtbot: QtBot, open_room: OpenRoom) -> Room:
    """Two conversations with answers."""
    room = open_room()
    for title, text in (("Baking", "With flour and a lamp."), ("街上", "家门前的路灯不亮了。")):
        chat = room.store.chats.create(title).result()
        _, reply = room.store.messages.ask(chat.id, None, "And?").result()
        details = ReplyDetails(spans=(Span("answer", 0, len(text)),))
        room.store.messages.finish(reply.id, text, details, "complete").result()
    room.program.chats.reload()
    return room


@pytest.mark.parametrize(("text", "chat_id", "message_id"), [("flou", 1, 2), ("路灯", 2, 4)])
def test_a_word_leads_to_its_message(
    qtbot: QtBot, room: Room, text: str, chat_id: int, message_id: int
) -> None:
    window = room.window
    wished: list[int] = []
    room.program.chats.message_wished.connect(wished.append)
    window.activateWindow()
    window.show_settings()
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    finder = window.sidebar.finder
    assert window.focusWidget() is finder.search.field
    finder.search.field.insert(text)
    qtbot.waitUntil(lambda: finder.results.isVisible() and len(finder.results.entries) == 2)
    row = finder.results.row_of(message_id)
    assert isinstance(row, HitRow)
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: wished == [message_id])
    assert room.program.chats.chat_id == chat_id
    assert window.talk.isVisible()
    assert finder.results.isVisible(), "the next one is still there"
    window.show_settings()
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: wished == [message_id] * 2)
    assert window.talk.isVisible(), "the open conversation, too"


def test_what_is_deleted_is_found_no_longer(qtbot: QtBot, room: Room) -> None:
    finder = room.window.sidebar.finder
    finder.search.field.setText("flour")
    qtbot.waitUntil(lambda: len(finder.results.entries) == 2)
    room.program.chats.delete_chat(1)
    qtbot.waitUntil(lambda: finder._told.words().startswith("Nothing was found"))


def test_folders_in_the_window(qtbot: QtBot, room: Room, tmp_path: Path) -> None:
    chats = room.window.sidebar.chats
    qtbot.waitUntil(lambda: len(chats.entries) == 3)
    chats.pin_wished.emit(1, True)
    qtbot.waitUntil(lambda: chats.has(("heading", "pinned")))
    chats.folder_wished.emit("House", 1)
    qtbot.waitUntil(lambda: chats.has(("folder", 1)) and not chats.has(("heading", "pinned")))
    chat = next(e for e in chats.entries if isinstance(e, ChatSummary) and e.id == 1)
    assert chat.folder_id == 1, "laid into the folder that was made for it, and seen there"
    chats.folder_closed.emit(1, True)
    assert not chats.has(1)
    assert '"closed_folders": "1"' in (tmp_path / "settings.json").read_text("utf-8")
    chats.folder_rename_wished.emit(1, "Home")
    qtbot.waitUntil(lambda: chats._folders[0].name == "Home")
    chats.folder_delete_wished.emit(1)
    qtbot.waitUntil(lambda: not chats.has(("folder", 1)) and chats.has(1))


def test_a_suggestion_comes_from_what_was_said(qtbot: QtBot, room: Room) -> None:
    chats = room.window.sidebar.chats
    qtbot.waitUntil(lambda: chats.has(1))
    chats.begin_rename(1)
    qtbot.waitUntil(lambda: chats._rows.suggestion == "And")
    qtbot.keyClick(room.window.focusWidget(), Qt.Key.Key_Escape)


def test_what_was_found_has_the_menu_of_the_list(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    finder = room.window.sidebar.finder
    made = room.store.chats.create("Bread of the week").result()
    folder = room.store.folders.add("Recipes").result()[0]
    room.store.chats.move(made.id, folder.id).result()
    room.program.chats.reload()
    qtbot.waitUntil(lambda: finder.chats.has(made.id))
    finder.chats.folder_closed.emit(folder.id, True)
    qtbot.waitUntil(lambda: not finder.chats.has(made.id))
    finder.search.field.setText("bread")
    qtbot.waitUntil(lambda: finder.results.isVisible() and bool(finder.results.entries))
    [row] = [r for r in finder.results.rows() if isinstance(r.entry, ChatSummary)]
    assert isinstance(row, ChatRow)
    assert row.more.accessibleName() == "More: Bread of the week"
    qtbot.mouseClick(row.more, Qt.MouseButton.LeftButton)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    words = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert words[:2] == ["Rename", "Keep at the top"]
    assert words[-1] == "Delete"
    menu.actions()[0].trigger()
    qtbot.waitUntil(lambda: isinstance(finder.chats.row_of(made.id), NameRow))
    assert not finder.looking, "the name is typed in the list, and its folder is open for that"


def test_in_a_small_window_it_says_in_full_that_nothing_was_found(
    qtbot: QtBot, open_room: OpenRoom
) -> None:
    room = open_room(keep=True, text_size_pt="28", language="fr")
    room.window.resize(room.window.minimumSize())
    finder = room.window.sidebar.finder
    room.window.shell.workspace.show_list()
    finder.search.field.setText("qzxw")
    qtbot.waitUntil(lambda: finder._told.isVisible() and "qzxw" in finder._told.text())
    qtbot.wait(100)
    assert finder._told.height() >= finder._told.heightForWidth(finder._told.width())
