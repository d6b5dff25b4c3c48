"""What can be done with a conversation or a folder, as menus."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.core.records import ChatSummary, Folder
from app.core.text import one_line
from app.ui.look.menu import Menu
from app.ui.look.theme import Theme

_MOST_IN_NAME = 40


class RowMenu(Menu):
    """A menu of one entry; gone when it closes.

    Signals:
        chosen: What to do, and with what.
    """

    chosen = Signal(str, object)

    def __init__(self, theme: Theme, parent: QWidget, name: str = "") -> None:
        super().__init__(parent, name)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def _offer(
        self,
        icon: str,
        words: str,
        wish: str,
        value: object = None,
        *,
        key: Qt.Key | None = None,
        menu: QMenu | None = None,
    ) -> None:
        action = (menu or self).addAction(self._theme.icon(icon, "ink", 18), words)
        if key is not None:
            action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda _=False: self.chosen.emit(wish, value))


class ChatMenu(RowMenu):
    """Everything about one conversation.

    Besides what every list can do ("rename", "pin" with a bool, "move" with the id of a folder or
    None, "folder" for a new one, "delete") it offers what the window has: "print", "word", "pdf",
    "export".
    """

    def __init__(
        self,
        theme: Theme,
        chat: ChatSummary,
        folders: Sequence[Folder],
        offered: Sequence[str],
        parent: QWidget,
    ) -> None:
        super().__init__(theme, parent, one_line(chat.title))
        self._offer("pencil", self.tr("Rename"), "rename", key=Qt.Key.Key_F2)
        pin = self.tr("No longer at the top") if chat.pinned else self.tr("Keep at the top")
        self._offer("pin", pin, "pin", not chat.pinned)
        self._offer_folders(chat, folders)
        words = {
            "print": ("print", self.tr("Print…")),
            "word": ("document", self.tr("Save as Word…")),
            "pdf": ("document", self.tr("Save as PDF…")),
            "export": ("save", self.tr("Save as a file…")),
        }
        if offered:
            self.addSeparator()
        for wish in offered:
            self._offer(*words[wish], wish)
        self.addSeparator()
        self._offer("trash", self.tr("Delete"), "delete", key=Qt.Key.Key_Delete)

    def _offer_folders(self, chat: ChatSummary, folders: Sequence[Folder]) -> None:
        inner = self.addMenu(self._theme.icon("folder", "ink", 18), self.tr("Move to a folder"))
        for folder in folders:
            name = one_line(folder.name)[:_MOST_IN_NAME].replace("&", "&&")
            icon = "check" if folder.id == chat.folder_id else "folder"
            self._offer(icon, name, "move", folder.id, menu=inner)
        if folders:
            inner.addSeparator()
        self._offer("plus", self.tr("New folder…"), "folder", menu=inner)
        if chat.folder_id is not None:
            self._offer("undo", self.tr("Take out of the folder"), "move", menu=inner)


class FolderMenu(RowMenu):
    """Everything about one folder: "rename", "folder" for another one, "delete"."""

    def __init__(self, theme: Theme, folder: Folder, parent: QWidget) -> None:
        super().__init__(theme, parent, one_line(folder.name))
        self._offer("pencil", self.tr("Rename"), "rename", key=Qt.Key.Key_F2)
        self._offer("plus", self.tr("New folder…"), "folder")
        self.addSeparator()
        delete = self.tr("Delete the folder, keep its conversations")
        self._offer("trash", delete, "delete")
