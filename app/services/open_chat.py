"""What is on the screen: one chat, on one branch of its tree, and what is being typed."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from app.core.records import ChatSummary, ChatView, Message
from app.services.drafts import DraftKeeper
from app.services.saved_chats import SavedChats
from app.services.shelf import Shelf
from app.services.tasks import Tasks


class OpenChat(Shelf):
    """Keeps the open chat's branch in step with the store.

    Signals, besides those of `Shelf`:
        chat_opened: ChatView; None is a fresh, empty conversation.
        message_wished: Id of the message to show of the open chat, right after `chat_opened`.
        assistant_changed: Id of who answers in what is shown now, None for the ordinary assistant.
    """

    chat_opened = Signal(object)
    message_wished = Signal(int)
    assistant_changed = Signal(object)

    def __init__(self, tasks: Tasks, saved: SavedChats, parent: QObject | None = None) -> None:
        """Show a fresh conversation; arguments as for `Shelf`."""
        super().__init__(tasks, saved, parent)
        self._fresh_assistant: int | None = None
        self._chat: ChatSummary | None = None
        self._branch: tuple[Message, ...] = ()
        self._shown = 0
        self._typed = False
        self._drafts = DraftKeeper(tasks, self)

    @property
    def chat_id(self) -> int | None:
        """The open chat, None for a fresh conversation."""
        return self._chat.id if self._chat is not None else None

    @property
    def shown(self) -> ChatView | None:
        """The open chat on the branch that is shown; None for a fresh conversation."""
        return ChatView(self._chat, self._branch, "") if self._chat is not None else None

    @property
    def assistant_id(self) -> int | None:
        """Who answers in what is shown, None for the ordinary assistant."""
        return self._chat.assistant_id if self._chat is not None else self._fresh_assistant

    @Slot(int)
    @Slot(int, int)
    def open_chat(self, chat_id: int, message_id: int = 0) -> None:
        """Show a chat; a reply being written elsewhere goes on.

        Args:
            chat_id: Which one.
            message_id: A message of it to show, in whichever branch it is; 0: where it was left.
        """
        if self._store is None:
            return
        if message_id and any(m.id == message_id for m in self._branch):
            self.message_wished.emit(message_id)
            return
        self._drafts.flush()
        token = self._leave()

        def opened(view: ChatView) -> None:
            if token == self._shown:
                self._show(view)
                if message_id:
                    self.message_wished.emit(message_id)

        wished = (
            self._store.chats.show(message_id) if message_id else self._store.chats.open(chat_id)
        )
        self._then(wished, opened)

    @Slot(int)
    def show_version(self, message_id: int) -> None:
        """Show the branch through a message down to its newest leaf, and go on from there."""
        if self._store is None or any(m.id == message_id for m in self._branch):
            return
        token = self._shown

        def found(view: ChatView) -> None:
            if token == self._shown and self.chat_id == view.summary.id:
                self._show(view)
                self.message_wished.emit(message_id)

        self._then(self._store.chats.show(message_id), found)

    @Slot()
    def new_chat(self) -> None:
        """Show a fresh conversation; it becomes a chat with its first question."""
        self._drafts.flush()
        self._leave()
        self._chat, self._branch, self._fresh_assistant = None, (), None
        self.chat_opened.emit(None)
        self.assistant_changed.emit(None)

    @Slot(object)
    def choose_assistant(self, assistant_id: int | None) -> None:
        """Let somebody else answer from the next question on, in what is shown now."""
        if self._chat is None:
            self._fresh_assistant = assistant_id
            self.assistant_changed.emit(assistant_id)
        elif self._store is not None:
            self._then(self._store.chats.assign(self._chat.id, assistant_id), self._on_changed)

    @Slot(int)
    def restore_chat(self, chat_id: int) -> None:
        """Take a chat out of the bin and show it."""
        if self._store is None:
            return

        def restored(_: object) -> None:
            self._refresh()
            self.open_chat(chat_id)

        self._then(self._store.chats.restore(chat_id), restored)

    @Slot(str)
    def save_draft(self, text: str) -> None:
        """Remember what is being typed; called at each change, saved after half a second."""
        self._typed = self._typed or bool(text)
        self._drafts.keep(self.chat_id, text)

    def _overlay(self, view: ChatView) -> ChatView:
        """Put what is only in memory over what the store knows."""
        return view

    def _show(self, view: ChatView) -> None:
        view = self._overlay(view)
        self._chat, self._branch = view.summary, view.messages
        self.chat_opened.emit(view)
        self.assistant_changed.emit(self.assistant_id)

    def _leave(self) -> int:
        """Whatever is shown next, answers to earlier wishes come too late for it."""
        self._shown += 1
        self._typed = False
        return self._shown

    def _position(self, message_id: int) -> int:
        """Where a message is in the branch that is shown; looked for from the end, -1: nowhere."""
        branch = self._branch
        positions = range(len(branch) - 1, -1, -1)
        return next((n for n in positions if branch[n].id == message_id), -1)

    def _after_delete(self, chat_id: int) -> None:
        if self.chat_id == chat_id:
            self._drafts.drop()
            self.new_chat()

    def _on_changed(self, summary: ChatSummary) -> None:
        if summary.id == self.chat_id:
            self._chat = summary
            self.assistant_changed.emit(self.assistant_id)
        super()._on_changed(summary)

    def _on_listed(self) -> None:
        if self._chat is not None:
            same = (s for s in self._summaries if s.id == self.chat_id)
            self._chat = next(same, self._chat)
            self.assistant_changed.emit(self.assistant_id)
