"""Between the conversations and the window."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from app.core.errors import AppError, StoreError
from app.core.records import ChatView, Message
from app.services.chats import ChatService
from app.services.search import SearchService
from app.ui.frame.shell import Shell
from engine.errors import EngineError


class ChatWiring(QObject):
    """Lists, opens and begins conversations; says what went wrong with them."""

    def __init__(self, shell: Shell, chats: ChatService, search: SearchService) -> None:
        super().__init__(shell)
        self._shell = shell
        self._chats = chats
        self._failed_code = ""
        chats.chats_changed.connect(shell.earlier.set_chats)
        chats.chat_opened.connect(self._on_chat_opened)
        chats.message_added.connect(self._on_message_added)
        chats.reply_finished.connect(self._on_reply_finished)
        chats.waiting_changed.connect(self._show_what_can_be_done)
        chats.error_raised.connect(self.show_error)
        chats.history_shortened.connect(shell.long_bar.show)
        chats.storage_changed.connect(self._on_storage_changed)
        shell.earlier.chat_chosen.connect(self.open_chat)
        shell.earlier.delete_wished.connect(chats.delete_chat)
        shell.earlier.undo.undo_wished.connect(chats.restore_chat)
        chats.chat_deleted.connect(shell.earlier.undo.offer)
        # What was taken back on one page is not offered any more on the other.
        shell.earlier.undo.undo_wished.connect(shell.talk.undo.hide)
        shell.talk.undo.undo_wished.connect(shell.earlier.undo.hide)
        shell.earlier.search_wished.connect(search.find)
        search.found.connect(shell.earlier.show_results)
        shell.simple_header.earlier_wished.connect(self.show_earlier)
        shell.sidebar.new_wished.connect(self.new_chat)
        shell.simple_actions.new_wished.connect(self.new_chat)
        shell.simple_actions.stop_wished.connect(chats.stop)
        self._show_what_can_be_done()

    @Slot()
    def new_chat(self) -> None:
        """Show a fresh conversation, whatever page is on."""
        if not self._shell.locked:
            self._chats.new_chat()
            self._shell.back()

    @Slot(int)
    @Slot(int, int)
    def open_chat(self, chat_id: int, message_id: int = 0) -> None:
        """Show a conversation at a message; the end of the open one needs no fetching."""
        self._shell.workspace.hide_list()
        is_open = chat_id == self._chats.chat_id
        if is_open:
            # Not `back`: it can be read without an assistant.
            self._shell.show_page(self._shell.talk)
        if message_id or not is_open:
            self._chats.open_chat(chat_id, message_id)

    @Slot()
    def show_earlier(self) -> None:
        """In Simple a page of its own; in Full the list is there already."""
        if self._shell.locked:
            return
        if self._shell.view == "full":
            self._shell.workspace.show_list()
            return
        self._shell.show_page(self._shell.earlier)
        self._shell.earlier.begin()

    @Slot(object)
    def show_error(self, error: AppError | EngineError) -> None:
        """Say it in the bar, unless it is said in a better place already."""
        said_there = self._shell.showing(self._shell.missing) and not isinstance(error, StoreError)
        if error.code != self._failed_code and not said_there:
            self._shell.error_bar.show_error(error)

    def _on_chat_opened(self, view: ChatView | None) -> None:
        self._shell.sidebar.chats.set_open_chat(view.summary.id if view is not None else None)
        self._shell.long_bar.hide()
        self._shell.workspace.hide_list()
        if view is not None:
            self._shell.show_page(self._shell.talk)
        elif not self._shell.showing(self._shell.settings_page):
            # There a fresh one comes by itself, after a repair; what it says stays to be read.
            self._shell.back()
        self._show_what_can_be_done()

    def _on_message_added(self, message: Message) -> None:
        self._shell.sidebar.chats.set_open_chat(message.chat_id)
        if message.role == "user":
            self._failed_code = ""
            self._shell.error_bar.dismiss()
        self._show_what_can_be_done()

    def _on_reply_finished(self, message: Message) -> None:
        if message.details.error_code:
            # The reply says it in its own place.
            self._failed_code = message.details.error_code
            if self._shell.error_bar.code == self._failed_code:
                self._shell.error_bar.dismiss()
        self._show_what_can_be_done()

    def _on_storage_changed(self, mode: str) -> None:
        self._shell.temporary_bar.setVisible(mode == "temporary")
        self._shell.settings_page.set_kept(mode == "stored")

    def _show_what_can_be_done(self, _: object = None) -> None:
        self._shell.simple_actions.set_busy(self._chats.busy)
