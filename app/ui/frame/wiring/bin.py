"""Between the bin and the window."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from app.services.chats import ChatService
from app.ui.frame.shell import Shell


class BinWiring(QObject):
    """Shows what was deleted, brings it back or destroys it."""

    def __init__(self, shell: Shell, chats: ChatService) -> None:
        super().__init__(shell)
        self._shell = shell
        self._chats = chats
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
