"""The list of conversations: pinned ones, folders, and the others by their age."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from app.core.records import ChatSummary, Folder
from app.ui.chats.chat_menus import ChatMenu, FolderMenu, RowMenu
from app.ui.chats.chat_rows import ChatRows
from app.ui.chats.entries import Entry, FolderHeading, Heading, NewFolder, arranged
from app.ui.chats.name_row import NameRow
from app.ui.chats.row_list import RowList
from app.ui.look.theme import Theme

_NEW_DAY_MS = 60_000


class ChatList(RowList):
    """Every conversation is a button, with a menu button beside it.

    Signals:
        chat_chosen: Id of a conversation to open.
        rename_wished: Id and the new title.
        suggestion_wished: Id of a conversation whose title is being typed.
        pin_wished: Id, and whether it is to stay at the top.
        move_wished: Id, and the id of a folder, or None for none.
        delete_wished: Id.
        more_wished: "print", "word", "pdf" or "export", and the id.
        folder_wished: Name of a new folder, and the id of the conversation to lay into it, or 0.
        folder_rename_wished: Id of a folder and its new name.
        folder_delete_wished: Id of a folder.
        folder_closed: Id of a folder, and whether its conversations are no longer listed.
        name_asked: A name is about to be typed here, so that the list has to be seen.
    """

    chat_chosen = Signal(int)
    rename_wished = Signal(int, str)
    suggestion_wished = Signal(int)
    pin_wished = Signal(int, bool)
    move_wished = Signal(int, object)
    delete_wished = Signal(int)
    more_wished = Signal(str, int)
    folder_wished = Signal(str, int)
    folder_rename_wished = Signal(int, str)
    folder_delete_wished = Signal(int)
    folder_closed = Signal(int, bool)
    name_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self._rows = ChatRows(theme)
        super().__init__(theme, self._rows, parent)
        self._rows.setParent(self)
        self._chats: tuple[ChatSummary, ...] = ()
        self._folders: tuple[Folder, ...] = ()
        self._closed: frozenset[int] = frozenset()
        self._new_folder: NewFolder | None = None
        self._offered: tuple[str, ...] = ()
        self._day = datetime.now().astimezone().date()
        self._rows.pressed.connect(self._on_pressed)
        self._rows.menu_wished.connect(self._on_menu_wished)
        self._rows.name_ended.connect(self._on_name_ended)
        self._midnight = QTimer(self, interval=_NEW_DAY_MS)
        self._midnight.timeout.connect(self._on_minute)
        self._midnight.start()
        self._retranslate()

    def set_chats(self, chats: tuple[ChatSummary, ...]) -> None:
        """Show these; while a name is being typed the list waits."""
        self._chats = chats
        self._arrange()

    def set_folders(self, folders: tuple[Folder, ...]) -> None:
        """The folders there are."""
        self._folders = folders
        self._arrange()

    def set_closed(self, folder_ids: frozenset[int]) -> None:
        """Folders whose conversations are not listed."""
        self._closed = folder_ids
        self._arrange()

    def set_offered(self, wishes: tuple[str, ...]) -> None:
        """What can be done with a conversation beyond what every list can: see `ChatMenu`."""
        self._offered = wishes

    def set_open_chat(self, chat_id: int | None) -> None:
        """Mark the conversation that is shown beside the list."""
        before, self._rows.open_chat = self._rows.open_chat, chat_id
        for key in (before, chat_id):
            row = self.row_of(key)
            if row is not None and row.entry is not None:
                self._rows.show(row, row.entry)
        self.set_current(chat_id)

    def begin_rename(self, chat_id: int) -> None:
        """Turn the title into a field; a name is thought of meanwhile."""
        self.name_asked.emit()
        self._open_folder_of(chat_id)
        if self._begin_naming(chat_id):
            self.suggestion_wished.emit(chat_id)

    def begin_folder(self, chat_id: int = 0) -> None:
        """Ask for the name of a new folder."""
        self.name_asked.emit()
        self._finish_naming()
        self._new_folder = NewFolder(chat_id)
        self._arrange()
        self._begin_naming(self._rows.key(self._new_folder))

    def suggest_title(self, chat_id: int, title: str) -> None:
        """Offer a name for the conversation whose title is being typed."""
        chat = next((c for c in self._chats if c.id == chat_id), None)
        if self._rows.naming == chat_id and chat is not None and title not in ("", chat.title):
            self._rows.suggestion = title
            self.refresh()
            self.show_entry(chat_id)

    def menu_for(self, entry: Entry) -> RowMenu | None:
        """The menu of a row, None for a heading."""
        if isinstance(entry, ChatSummary):
            menu: RowMenu = ChatMenu(self.theme, entry, self._folders, self._offered, self)
        elif isinstance(entry, FolderHeading):
            menu = FolderMenu(self.theme, entry.folder, self)
        else:
            return None
        menu.chosen.connect(lambda wish, value: self._do(entry, wish, value))
        return menu

    def on_key(self, entry: Entry, event: QKeyEvent) -> bool:
        """F2 renames, Delete deletes; Left and Right close and open a folder."""
        key = event.key()
        if key == Qt.Key.Key_F2:
            self._do(entry, "rename", None)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._delete(entry)
        else:
            folds = Qt.Key.Key_Right if _is_closed(entry) else Qt.Key.Key_Left
            if not isinstance(entry, FolderHeading) or key != folds:
                return False
            self._fold(entry)
        return True

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Right click on a row, or the menu key."""
        entry = self.entry_below(event)
        menu = self.menu_for(entry) if entry is not None else None
        if menu is not None:
            menu.popup(event.globalPos())

    def changeEvent(self, event: QEvent) -> None:
        """Rows and headings speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self.setAccessibleName(self.tr("Your conversations"))
        self.refresh()

    def _arrange(self) -> None:
        if self._rows.naming is not None:
            return
        now = datetime.now().astimezone()
        self._day = now.date()
        entries = arranged(self._chats, self._folders, self._closed, now)
        if self._new_folder is not None:
            entries.insert(_end_of_pinned(entries), self._new_folder)
        self.set_entries(entries)

    def _on_minute(self) -> None:
        if datetime.now().astimezone().date() != self._day:
            self._arrange()

    def _on_pressed(self, entry: Entry) -> None:
        if isinstance(entry, FolderHeading):
            self._fold(entry)
        elif isinstance(entry, ChatSummary):
            self.chat_chosen.emit(entry.id)

    def _on_menu_wished(self, entry: Entry, button: QWidget) -> None:
        menu = self.menu_for(entry)
        if menu is not None:
            menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    def _delete(self, entry: Entry) -> None:
        row = self.row_of(self._rows.key(entry))
        if isinstance(entry, FolderHeading) and row is not None:
            # There is no bin for folders, so one key alone does not delete them.
            self._on_menu_wished(entry, row)
        else:
            self._do(entry, "delete", None)

    def _do(self, entry: Entry, wish: str, value: object) -> None:
        if isinstance(entry, ChatSummary):
            self._do_with_chat(entry.id, wish, value)
        elif isinstance(entry, FolderHeading):
            if wish == "rename":
                self._begin_naming(self._rows.key(entry))
            elif wish == "folder":
                self.begin_folder()
            else:
                self.folder_delete_wished.emit(entry.folder.id)

    def _do_with_chat(self, chat_id: int, wish: str, value: object) -> None:
        if wish == "rename":
            self.begin_rename(chat_id)
        elif wish == "pin":
            self.pin_wished.emit(chat_id, bool(value))
        elif wish == "move":
            self.move_wished.emit(chat_id, value)
        elif wish == "folder":
            self.begin_folder(chat_id)
        elif wish == "delete":
            self.delete_wished.emit(chat_id)
        else:
            self.more_wished.emit(wish, chat_id)

    def _fold(self, entry: FolderHeading) -> None:
        self.folder_closed.emit(entry.folder.id, not entry.closed)

    def _open_folder_of(self, chat_id: int) -> None:
        """A row that is not listed cannot become a field."""
        lies_in = (c.folder_id for c in self._chats if c.id == chat_id and not c.pinned)
        folder_id = next(lies_in, None)
        if folder_id is not None and folder_id in self._closed:
            self.folder_closed.emit(folder_id, False)

    def _finish_naming(self) -> None:
        row = self.row_of(self._rows.naming)
        if isinstance(row, NameRow):
            row.finish()

    def _begin_naming(self, key: Any) -> bool:  # noqa: ANN401
        self._finish_naming()
        if not self.has(key):
            return False
        self._rows.naming, self._rows.suggestion = key, ""
        self.set_current(key)
        self.refresh()
        self.focus_entry(key)
        return True

    def _on_name_ended(self, entry: Entry, name: str, stayed: bool) -> None:
        self._rows.naming, self._rows.suggestion = None, ""
        new, self._new_folder = self._new_folder, None
        self._arrange()
        if stayed:
            key = new.chat_id if new is not None else self._rows.key(entry)
            self.focus_entry(key if self.has(key) else self._rows.key(self.current))
        if not name:
            return
        if new is not None:
            self.folder_wished.emit(name, new.chat_id)
        elif isinstance(entry, FolderHeading):
            self.folder_rename_wished.emit(entry.folder.id, name)
        elif isinstance(entry, ChatSummary):
            self.rename_wished.emit(entry.id, name)


def _is_closed(entry: Entry) -> bool:
    return isinstance(entry, FolderHeading) and entry.closed


def _end_of_pinned(entries: list[Entry]) -> int:
    """Where the folders begin."""
    if not entries or entries[0] != Heading("pinned"):
        return 0
    rest = (n for n, e in enumerate(entries) if n and not isinstance(e, ChatSummary))
    return next(rest, len(entries))
