"""Between the bin and the window."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from app.core.records import ChatSummary, DeletedFolder
from app.services.chats import ChatService
from app.ui.frame.bars import UndoBar
from app.ui.frame.shell import Shell
from app.ui.look.theme import Theme


class BinWiring(QObject):
    """Shows what was deleted, brings it back or destroys it.

    The conversation's page offers to undo by itself; on every other page the offer stands above.
    """

    def __init__(self, shell: Shell, theme: Theme, chats: ChatService) -> None:
        super().__init__(shell)
        self._shell = shell
        self._chats = chats
        self.undo = UndoBar(theme)
        shell.add_bar(self.undo)
        chats.chat_deleted.connect(self._on_deleted)
        chats.folder_deleted.connect(self._on_deleted)
        self.undo.undo_wished.connect(self._on_undo)
        self.undo.folder_wished.connect(shell.talk.undo.hide)
        self.undo.folder_wished.connect(chats.restore_folder)
        shell.page_shown.connect(self._on_page_shown)
        page = shell.bin_page
        shell.sidebar.bin_wished.connect(self.show_bin)
        shell.settings_page.keeping.bin_wished.connect(self.show_bin)
        chats.bin_changed.connect(page.set_chats)
        page.closed.connect(shell.back)
        page.restore_wished.connect(chats.restore_chat)
        page.destroy_wished.connect(chats.destroy_chat)
        page.empty_wished.connect(chats.empty_bin)

    @Slot()
    def show_bin(self) -> None:
        """Show the bin, from the settings or from the list."""
        if self._shell.locked:
            return
        self._chats.list_bin()
        self._shell.workspace.hide_list()
        self._shell.bin_page.begin()
        self._shell.show_page(self._shell.bin_page)

    def _on_deleted(self, gone: ChatSummary | DeletedFolder) -> None:
        if not self._shell.showing(self._shell.talk):
            self.undo.offer(gone)

    def _on_undo(self, chat_id: int) -> None:
        self._shell.talk.undo.hide()
        self._chats.restore_chat(chat_id)

    def _on_page_shown(self, page: QWidget) -> None:
        if page is self._shell.talk:
            self.undo.hide()
