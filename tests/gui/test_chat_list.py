"""The list of conversations: real widgets for what is in sight, keys for all of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.records import ChatSummary, Folder
from app.ui.chats.chat_list import ChatList
from app.ui.chats.chat_row import ChatRow, FolderRow
from app.ui.chats.entries import FolderHeading, Heading, arranged
from app.ui.chats.name_row import NameRow
from app.ui.look.theme import Theme

NOW = datetime(2026, 3, 12, 15, 0).astimezone()
MANY = 10_000


def chat(
    number: int, title: str, *, days: float = 0, pinned: bool = False, folder: int | None = None
) -> ChatSummary:
    when = NOW - timedelta(days=days)
    return ChatSummary(number, title, pinned, when, when, folder)


def today(*titles: str) -> tuple[ChatSummary, ...]:
    now = datetime.now().astimezone()
    return tuple(ChatSummary(n, title, False, now, now) for n, title in enumerate(titles, 1))


@pytest.fixture
def chat_list(qtbot: QtBot, theme: Theme) -> ChatList:
    widget = ChatList(theme)
    qtbot.addWidget(widget)
    widget.resize(260, 400)
    widget.show()
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    widget.set_chats(today("Bread", "Trains", "Taxes"))
    return widget


def words(chat_list: ChatList) -> list[str]:
    """What all lines say, in sight or not."""
    rows = chat_list._rows
    return [
        rows.heading(e.name) if isinstance(e, Heading) else rows.words(e) for e in chat_list.entries
    ]


def focused(chat_list: ChatList) -> str:
    """Name of the widget that has the keyboard."""
    widget = QApplication.focusWidget()
    assert widget is not None
    assert chat_list.isAncestorOf(widget)
    return widget.accessibleName()


def press(*keys: Qt.Key) -> None:
    for key in keys:
        widget = QApplication.focusWidget()
        assert widget is not None
        QTest.keyClick(widget, key)


def name_row(chat_list: ChatList) -> NameRow:
    rows = [row for row in chat_list.rows() if isinstance(row, NameRow)]
    assert len(rows) == 1
    return rows[0]


def test_grouped_by_pin_folder_and_age() -> None:
    folders = (Folder(1, "House"), Folder(2, "Taxes"), Folder(3, "Empty"))
    entries = arranged(
        (
            chat(1, "papers", days=50, pinned=True, folder=1),
            chat(2, "", days=0.1),
            chat(3, "roof", days=0.2, folder=1),
            chat(4, "return", days=1, folder=2),
            chat(5, "kitten", days=2),
            chat(6, "train", days=30),
        ),
        folders,
        frozenset({2}),
        NOW,
    )
    said = [e.name if isinstance(e, Heading) else getattr(e, "id", "folder") for e in entries]
    assert said[:6] == ["pinned", 1, "folder", 3, "folder", "folder"]
    assert said[6:] == ["today", 2, "week", 5, "earlier", 6]
    held = [(e.folder.name, e.count, e.closed) for e in entries if isinstance(e, FolderHeading)]
    assert held == [("House", 1, False), ("Taxes", 1, True), ("Empty", 0, False)]


def test_yesterday_evening_is_not_today() -> None:
    late = chat(1, "late", days=(15 * 60 + 1) / 60 / 24)
    assert arranged((late,), (), frozenset(), NOW) == [Heading("week"), late]


def test_rows_are_real_buttons_with_names(chat_list: ChatList) -> None:
    row = chat_list.row_of(2)
    assert isinstance(row, ChatRow)
    for button, name in ((row.button, "Trains"), (row.more, "More: Trains")):
        interface = QAccessible.queryAccessibleInterface(button)
        assert interface.role() == QAccessible.Role.PushButton
        assert interface.text(QAccessible.Text.Name) == name
        assert button.height() >= 44
        assert button.width() >= 44
    assert "Today" in row.button.accessibleDescription()


def test_keys_reach_all_of_ten_thousand(qtbot: QtBot, chat_list: ChatList) -> None:
    now = datetime.now().astimezone()
    chats = tuple(
        ChatSummary(n, f"Number {n}", False, now, now - timedelta(minutes=n))
        for n in range(1, MANY + 1)
    )
    chat_list.set_chats((*chats, ChatSummary(MANY + 1, "Zebra", False, now, chats[-1].updated_at)))
    assert len(chat_list.findChildren(ChatRow)) < 20
    chat_list.focus_entry(1)
    press(Qt.Key.Key_Down, Qt.Key.Key_Down)
    assert focused(chat_list) == "Number 3"
    press(Qt.Key.Key_End)
    assert focused(chat_list) == "Zebra"
    press(Qt.Key.Key_Up)
    assert focused(chat_list) == f"Number {MANY}"
    press(Qt.Key.Key_Home)
    assert focused(chat_list) == "Number 1"
    press(Qt.Key.Key_PageDown)
    page = int(focused(chat_list).removeprefix("Number "))
    assert 4 <= page <= 10
    press(Qt.Key.Key_Z)
    assert focused(chat_list) == "Zebra"
    assert len(chat_list.findChildren(ChatRow)) < 30
    row = chat_list.row_of(MANY + 1)
    assert row is not None
    assert chat_list.viewport().rect().contains(row.geometry())


def test_type_ahead_goes_on_with_the_word(chat_list: ChatList) -> None:
    chat_list.focus_entry(1)
    press(Qt.Key.Key_T)
    assert focused(chat_list) == "Trains"
    press(Qt.Key.Key_A)
    assert focused(chat_list) == "Taxes", "T, A is a word that begins so"
    chat_list._typed._last_s -= 5
    press(Qt.Key.Key_T)
    assert focused(chat_list) == "Trains", "later it is a new word, and goes round"


def test_the_keyboard_stays_where_it_is_when_the_list_changes(chat_list: ChatList) -> None:
    chat_list.focus_entry(2)
    chat_list.set_chats(tuple(reversed(today("Bread", "Trains", "Taxes"))))
    assert focused(chat_list) == "Trains"
    chat_list.set_chats(tuple(c for c in today("Bread", "Trains", "Taxes") if c.id != 2))
    assert focused(chat_list) == "Taxes", "what stood after the one that went"
    chat_list.set_chats(today("Bread"))
    assert focused(chat_list) == "Bread"


def test_what_is_read_stays_in_sight_when_something_is_added_above(chat_list: ChatList) -> None:
    now = datetime.now().astimezone()
    chats = tuple(ChatSummary(n, f"{n}", False, now, now) for n in range(1, 200))
    chat_list.set_chats(chats)
    chat_list.verticalScrollBar().setValue(2_000)
    before = {row.entry.id: row.y() for row in chat_list.rows() if isinstance(row, ChatRow)}
    chat_list.set_chats((ChatSummary(500, "new", False, now, now), *chats))
    after = {row.entry.id: row.y() for row in chat_list.rows() if isinstance(row, ChatRow)}
    same = [number for number in before if number in after and before[number] > 0]
    assert len(same) > 5
    assert all(before[n] == after[n] for n in same if n != chat_list.current.id)


def test_tab_stops_once_in_the_list(qtbot: QtBot, theme: Theme) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    above, chat_list, below = QPushButton("above"), ChatList(theme), QPushButton("below")
    for widget in (above, chat_list, below):
        column.addWidget(widget)
    window.resize(260, 400)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    now = datetime.now().astimezone()
    chat_list.set_chats(tuple(ChatSummary(n, f"{n}", False, now, now) for n in range(1, 100)))
    chat_list.focus_entry(1)
    press(Qt.Key.Key_End)
    assert focused(chat_list) == "99"
    chat_list.verticalScrollBar().setValue(0)
    above.setFocus()
    press(Qt.Key.Key_Tab)
    assert focused(chat_list) == "99", "where the keyboard was, although it was out of sight"
    assert chat_list.verticalScrollBar().value() > 0
    press(Qt.Key.Key_Tab)
    assert focused(chat_list) == "More: 99"
    press(Qt.Key.Key_Tab)
    assert below.hasFocus()


def test_keys_open_rename_and_delete(qtbot: QtBot, chat_list: ChatList) -> None:
    chosen: list[int] = []
    deleted: list[int] = []
    renamed: list[tuple[int, str]] = []
    chat_list.chat_chosen.connect(chosen.append)
    chat_list.delete_wished.connect(deleted.append)
    chat_list.rename_wished.connect(lambda number, title: renamed.append((number, title)))
    chat_list.focus_entry(2)
    press(Qt.Key.Key_Up, Qt.Key.Key_Return)
    assert chosen == [1]
    press(Qt.Key.Key_Space)
    assert chosen == [1, 1]
    press(Qt.Key.Key_Delete)
    assert deleted == [1]
    press(Qt.Key.Key_F2)
    field = name_row(chat_list).field
    assert field.hasFocus()
    assert field.text() == "Bread"
    qtbot.keyClicks(field, "Sourdough  bread")
    press(Qt.Key.Key_Return)
    assert renamed == [(1, "Sourdough bread")]
    assert focused(chat_list) == "Bread", "until the service says otherwise"


def test_escape_and_an_empty_name_change_nothing(qtbot: QtBot, chat_list: ChatList) -> None:
    renamed: list[tuple[int, str]] = []
    chat_list.rename_wished.connect(lambda number, title: renamed.append((number, title)))
    for typed, key in (("Other", Qt.Key.Key_Escape), ("  ", Qt.Key.Key_Return)):
        chat_list.begin_rename(1)
        qtbot.keyClicks(name_row(chat_list).field, typed)
        press(key)
        assert focused(chat_list) == "Bread"
    assert renamed == []


def test_a_suggested_title_is_one_click_away(qtbot: QtBot, chat_list: ChatList) -> None:
    renamed: list[tuple[int, str]] = []
    wished: list[int] = []
    chat_list.rename_wished.connect(lambda number, title: renamed.append((number, title)))
    chat_list.suggestion_wished.connect(wished.append)
    chat_list.begin_rename(1)
    assert wished == [1]
    row = name_row(chat_list)
    assert not row.suggestion.isVisible()
    chat_list.suggest_title(2, "Not asked for")
    assert not row.suggestion.isVisible()
    chat_list.suggest_title(1, "Sourdough")
    assert row.suggestion.isVisible()
    assert row.suggestion.accessibleName() == "Call it “Sourdough”"
    assert row.rect().contains(row.suggestion.geometry())
    press(Qt.Key.Key_Tab)
    assert row.suggestion.hasFocus()
    assert name_row(chat_list) is row, "going to the suggestion ends nothing"
    qtbot.mouseClick(row.suggestion, Qt.MouseButton.LeftButton)
    assert renamed == [(1, "Sourdough")]


def test_another_name_ends_the_one_that_is_typed(qtbot: QtBot, chat_list: ChatList) -> None:
    renamed: list[tuple[int, str]] = []
    folders: list[tuple[str, int]] = []
    chat_list.rename_wished.connect(lambda number, title: renamed.append((number, title)))
    chat_list.folder_wished.connect(lambda name, number: folders.append((name, number)))
    chat_list.begin_rename(1)
    qtbot.keyClicks(name_row(chat_list).field, "Sourdough")
    chat_list.begin_folder(2)  # from a menu: that takes no focus
    assert renamed == [(1, "Sourdough")]
    qtbot.keyClicks(name_row(chat_list).field, "House")
    chat_list.begin_rename(3)
    assert folders == [("House", 2)]
    assert name_row(chat_list).field.text() == "Taxes"
    press(Qt.Key.Key_Escape)
    assert renamed == [(1, "Sourdough")]


def test_the_list_waits_while_a_title_is_typed(qtbot: QtBot, chat_list: ChatList) -> None:
    chat_list.begin_rename(1)
    chat_list.set_chats(today("Other"))
    assert words(chat_list) == ["Today", "Bread", "Trains", "Taxes"]
    press(Qt.Key.Key_Escape)
    assert words(chat_list) == ["Today", "Other"]


def test_folders_close_by_click_and_by_key(qtbot: QtBot, chat_list: ChatList) -> None:
    chat_list.set_folders((Folder(7, "House"),))
    now = datetime.now().astimezone()
    chat_list.set_chats((ChatSummary(1, "Roof", False, now, now, 7),))
    closed: list[tuple[int, bool]] = []
    chat_list.folder_closed.connect(lambda number, shut: closed.append((number, shut)))
    row = chat_list.row_of(("folder", 7))
    assert isinstance(row, FolderRow)
    assert row.button.accessibleDescription().endswith("Folder, open.")
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    chat_list.set_closed(frozenset({7}))
    assert words(chat_list) == ["House"]
    assert row.button.accessibleDescription().endswith("Folder, closed.")
    chat_list.focus_entry(("folder", 7))
    press(Qt.Key.Key_Right)
    assert closed == [(7, True), (7, False)]


def test_one_key_does_not_delete_a_folder(qtbot: QtBot, chat_list: ChatList) -> None:
    chat_list.set_folders((Folder(7, "House"),))
    gone: list[int] = []
    chat_list.folder_delete_wished.connect(gone.append)
    chat_list.focus_entry(("folder", 7))
    press(Qt.Key.Key_Delete)
    assert gone == []
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    menu.actions()[-1].trigger()
    menu.close()
    assert gone == [7]


def test_a_new_folder_is_named_in_place(qtbot: QtBot, chat_list: ChatList) -> None:
    wished: list[tuple[str, int]] = []
    chat_list.folder_wished.connect(lambda name, number: wished.append((name, number)))
    menu = chat_list.menu_for(chat_list.entries[2])
    assert menu is not None
    inner = menu.findChild(QMenu)
    assert inner is not None
    inner.actions()[-1].trigger()
    menu.deleteLater()
    qtbot.keyClicks(name_row(chat_list).field, "House")
    press(Qt.Key.Key_Return)
    assert wished == [("House", 2)]
    assert words(chat_list) == ["Today", "Bread", "Trains", "Taxes"]


def labels(menu: QMenu | None) -> list[str]:
    assert menu is not None
    found = [action.text() for action in menu.actions() if action.text()]
    menu.deleteLater()
    return found


def test_menus_offer_what_there_is(chat_list: ChatList) -> None:
    entry = chat_list.entries[1]
    plain = ["Rename", "Keep at the top", "Move to a folder", "Delete"]
    assert labels(chat_list.menu_for(entry)) == plain
    chat_list.set_offered(("print", "export"))
    more = [*plain[:3], "Print…", "Save as a file…", "Delete"]
    assert labels(chat_list.menu_for(entry)) == more
    asked: list[tuple[str, int]] = []
    chat_list.more_wished.connect(lambda wish, number: asked.append((wish, number)))
    pinned: list[tuple[int, bool]] = []
    chat_list.pin_wished.connect(lambda number, on: pinned.append((number, on)))
    menu = chat_list.menu_for(entry)
    assert menu is not None
    for action in menu.actions():
        if action.text() in ("Keep at the top", "Print…"):
            action.trigger()
    menu.deleteLater()
    assert asked == [("print", 1)]
    assert pinned == [(1, True)]


def close_menu() -> list[str]:
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    found = [action.text() for action in menu.actions() if action.text()]
    menu.close()
    return found


def test_the_menu_opens_by_button_and_by_right_click(qtbot: QtBot, chat_list: ChatList) -> None:
    row = chat_list.row_of(2)
    assert isinstance(row, ChatRow)
    by_button: Callable[[], None] = lambda: qtbot.mouseClick(  # noqa: E731
        row.more, Qt.MouseButton.LeftButton
    )
    place = QPoint(5, 5)
    for open_menu in (
        by_button,
        lambda: QApplication.sendEvent(
            row.button,
            QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, row.button.mapToGlobal(place)),
        ),
    ):
        open_menu()
        assert close_menu()[0] == "Rename"


def test_titles_are_shown_harmlessly(chat_list: ChatList) -> None:
    bad = "<b>bold</b>\n<img src='http://x/y.png'>\x00\u202e\x1b[31m & more" + "x" * 1_000_000
    chat_list.set_chats(today(bad, "\n\n"))
    row = chat_list.row_of(1)
    assert isinstance(row, ChatRow)
    assert row.title.startswith("<b>bold</b> <img src='http://x/y.png'>")
    assert row.title.isprintable()
    assert len(row.title) <= 300
    assert "<b>" not in row.button.toolTip()
    other = chat_list.row_of(2)
    assert isinstance(other, ChatRow)
    assert other.title == "New conversation"
    chat_list.grab()


def test_larger_text_reaches_every_row(chat_list: ChatList, theme: Theme) -> None:
    theme.set_text_size(28)
    row = chat_list.row_of(1)
    assert row is not None
    assert row.height() == theme.px(44)
    theme.set_text_size(16)


def in_step(chat_list: ChatList) -> None:
    """Rows in sight are where their entries belong and say what they are."""
    rows = chat_list._rows
    top = chat_list.verticalScrollBar().value()
    seen = [row for row in chat_list.rows() if row.geometry().intersects(chat_list.rect())]
    for row in seen:
        position = chat_list._positions[rows.key(row.entry)]
        assert row.entry is chat_list.entries[position]
        assert row.y() == chat_list._tops[position] - top
        assert row.kind == rows.kind(row.entry)
        assert row.isVisible()
    covered = sum(row.geometry().intersected(chat_list.viewport().rect()).height() for row in seen)
    assert covered == min(chat_list.viewport().height(), chat_list._tops[-1])


def test_whatever_happens_rows_and_entries_stay_in_step(chat_list: ChatList) -> None:
    dice = random.Random(11)
    now = datetime.now().astimezone()
    chat_list.folder_closed.connect(
        lambda number, shut: chat_list.set_closed(frozenset({number}) if shut else frozenset())
    )

    def another_list() -> None:
        count = dice.choice((0, 1, 5, 300))
        numbers = dice.sample(range(1, 400), count)
        chat_list.set_chats(
            tuple(
                ChatSummary(
                    n,
                    f"Number {n}",
                    dice.random() < 0.1,
                    now,
                    now - timedelta(days=dice.randrange(30)),
                    dice.choice((None, 1, 2)),
                )
                for n in numbers
            )
        )

    def scroll() -> None:
        bar = chat_list.verticalScrollBar()
        bar.setValue(dice.randint(0, bar.maximum()))

    def press_something() -> None:
        keys = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_End, Qt.Key.Key_Home, Qt.Key.Key_Left)
        keys += (Qt.Key.Key_Right, Qt.Key.Key_PageDown, Qt.Key.Key_F2, Qt.Key.Key_Escape)
        widget = QApplication.focusWidget()
        if widget is None or not chat_list.isAncestorOf(widget):
            chat_list.setFocus()
        elif widget.isVisible():
            QTest.keyClick(widget, dice.choice(keys))

    deeds = (
        another_list,
        scroll,
        press_something,
        press_something,
        lambda: chat_list.set_folders(
            tuple(Folder(n, f"F{n}") for n in (1, 2)[: dice.randrange(3)])
        ),
        chat_list.begin_folder,
        lambda: chat_list.suggest_title(chat_list._rows.naming or 0, "A name"),
        lambda: chat_list.resize(260, dice.choice((40, 300, 900))),
        lambda: chat_list.set_open_chat(dice.choice((None, 3, 7))),
    )
    for _ in range(600):
        dice.choice(deeds)()
        in_step(chat_list)
