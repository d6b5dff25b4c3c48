"""Conversations: the only door through which the user interface reaches them.

`Shelf` knows the chats as wholes, `OpenChat` the one on the screen, and `ChatService` adds asking:
it keeps both in step with the reply that is being written (`generator.py`). Everything is committed
before it is acted upon.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from app.core.records import ChatSummary, ChatView, Message, StorageMode
from app.services.assistants import AssistantService
from app.services.chat_events import ReplyProgress, Waiting
from app.services.engine_host import EngineHost
from app.services.generation import Wording, another_reply, first_reply
from app.services.generator import Generator
from app.services.history import conversation_of
from app.services.instructions import NOTHING_SAID
from app.services.open_chat import OpenChat
from app.services.saved_chats import SavedChats
from app.services.tasks import Tasks
from app.services.titles import title_for

if TYPE_CHECKING:
    from app.store import Store

__all__ = ["ChatService", "ReplyProgress", "Waiting"]

log = logging.getLogger(__name__)


class ChatService(OpenChat):
    """One person's conversations.

    Signals, besides those of `OpenChat` and `Shelf`:
        message_added: A Message of the open chat.
        reply_changed: ReplyProgress of the open chat, at most every 25 ms.
        waiting_changed: Waiting.
        reply_finished: The Message as it ended, of the open chat.
        storage_changed: "stored" or "temporary".
        question_returned: A question that could not be stored, to be put back where it was typed.
        draft_restored: What was being typed into the fresh conversation when the program ended.
        history_shortened: Older turns no longer fit; said once for each chat.
    """

    message_added = Signal(object)
    reply_changed = Signal(object)
    waiting_changed = Signal(object)
    reply_finished = Signal(object)
    storage_changed = Signal(str)
    question_returned = Signal(str)
    draft_restored = Signal(str)
    history_shortened = Signal()

    def __init__(
        self,
        host: EngineHost,
        tasks: Tasks,
        saved: SavedChats,
        parent: QObject | None = None,
        *,
        assistants: AssistantService | None = None,
        bin_days: int = 30,
    ) -> None:
        """Make a service that has no store yet.

        Args:
            host: Answers.
            tasks: Brings the store's results to the main thread.
            saved: Keeps what was read of long chats.
            parent: Qt parent.
            assistants: Say what is said before a conversation; without them nothing is.
            bin_days: How long the bin keeps a chat.
        """
        super().__init__(tasks, saved, parent)
        self._assistants = assistants
        self._bin_days = bin_days
        self._started = False
        self._begun = False
        self._asking = False
        self._asked_where = 0  # as `_shown` counts what is open
        self._stop_asked = False
        self._queued = ""
        self._told_short: set[int] = set()
        self._generator = Generator(host, tasks, saved, self)
        self._generator.changed.connect(self._on_reply_changed)
        self._generator.waiting_changed.connect(self.waiting_changed)
        self._generator.finished.connect(self._on_reply_finished)
        self._generator.error_raised.connect(self.error_raised)
        self._generator.shortened.connect(self._on_shortened)

    @property
    def busy(self) -> bool:
        """Whether a reply is being made; a new question has to wait."""
        return self._asking or self._generator.active is not None

    @property
    def answering_elsewhere(self) -> bool:
        """Whether the reply that is being made belongs to another chat than the open one."""
        if self._asking:
            return self._asked_where != self._shown
        active = self._generator.active
        return active is not None and active.message.chat_id != self.chat_id

    @property
    def bin_days(self) -> int:
        """How long the bin keeps a chat."""
        return self._bin_days

    def attach(self, store: Store, mode: StorageMode) -> None:
        """Give the service its store; chats appear when `start` was called too.

        Another one in place of the first, when damaged chats were rescued, begins anew.
        """
        if self._store is not None:
            self._generator.stop()
            self._drafts.drop()
            self._leave()
            self._chat, self._branch, self._begun = None, (), False
            self.chat_opened.emit(None)
        self._store = store
        self._drafts.store = store
        self._generator.attach(store)
        self._saved.attach(store, mode)
        self.storage_changed.emit(mode)
        self._begin()

    @Slot()
    def fit_saved(self) -> None:
        """The room for what was read of long conversations was changed."""
        self._saved.fit()

    def shutdown(self, wait_s: float = 2.0) -> None:
        """Store what is on its way; blocks at most about `wait_s`."""
        self._drafts.flush(wait_s)
        self._generator.shutdown(wait_s)

    @Slot()
    def start(self) -> None:
        """The user interface is ready to show chats."""
        self._started = True
        self._begin()

    @Slot(str)
    def send(self, text: str) -> None:
        """Ask a question in the open chat; ignored while busy or when there is nothing in it."""
        if self.busy or not text.strip():
            return
        if self._store is None:
            self._queued = text
            return
        self._begin_asking()
        self._drafts.drop()
        if self._chat is None:
            self._create_and_ask(self._store, text)
        else:
            self._ask(self._store, self._chat, self._branch, text)

    @Slot()
    def stop(self) -> None:
        """End the reply; what is there stays."""
        self._stop_asked = True
        self._generator.stop()

    @Slot()
    def answer_now(self) -> None:
        """End the thinking of the reply; ignored when it does not think."""
        self._generator.answer_now()

    @Slot()
    @Slot(int)
    def regenerate(self, message_id: int = 0) -> None:
        """Answer a question once more; the reply before stays in the tree.

        Args:
            message_id: The question, or a reply to it; 0: the last question.
        """
        if self.busy or self._store is None or self._chat is None:
            return
        last = self._position(message_id) if message_id else len(self._branch) - 1
        asked = (n for n in range(last, -1, -1) if self._branch[n].role == "user")
        position = next(asked, None)
        if position is None:
            return
        self._begin_asking()
        chat, question = self._chat, self._branch[position]
        before, kept = self._branch[:position], self._branch[: position + 1]

        def added(reply: Message) -> None:
            if self.chat_id == chat.id:
                self._branch = (*kept, reply)
                self.chat_opened.emit(ChatView(chat, self._branch, ""))
            self._generate(chat, reply, before, question.text, another_reply)

        self._then(self._store.messages.add_reply(chat.id, question.id), added, self._ask_failed)

    @Slot(int, str)
    def edit_question(self, message_id: int, text: str) -> None:
        """Ask a changed question beside the old one, which stays in the tree with all after it.

        Unchanged, it is answered once more.
        """
        position = self._position(message_id)
        if self.busy or self._store is None or self._chat is None or position < 0:
            return
        if not text.strip() or self._branch[position].role != "user":
            return
        if text == self._branch[position].text:
            self.regenerate(message_id)
            return
        self._begin_asking()
        self._ask(self._store, self._chat, self._branch[:position], text, beside=True)

    def _begin(self) -> None:
        """First look at the store, once there is both a store and somebody to show it."""
        if self._begun or not self._started or self._store is None:
            return
        self._begun = True
        before = datetime.now(UTC) - timedelta(days=self._bin_days)
        self._then(self._store.messages.recover_interrupted(), self._on_recovered)
        self._refresh_folders()
        self._then(self._store.chats.purge_deleted(before))

    def _on_recovered(self, count: int) -> None:
        log.info("interrupted replies=%d", count)
        self._refresh(lambda: self._show_first(interrupted=count > 0))

    def _show_first(self, *, interrupted: bool) -> None:
        """After a crash the chat in which it happened; otherwise what was being typed."""
        if self._queued:
            text, self._queued = self._queued, ""
            self.send(text)
        elif self._typed or self._store is None or self.busy or self._chat is not None:
            return
        elif interrupted and self._summaries:
            newest = max(self._summaries, key=lambda summary: summary.updated_at)
            self.open_chat(newest.id)
        else:
            self._then(self._store.chats.draft(None), self._on_draft)

    def _on_draft(self, text: str) -> None:
        if text and not self._typed and self._chat is None and not self.busy:
            self.draft_restored.emit(text)

    def _begin_asking(self) -> None:
        self._asking, self._stop_asked = True, False
        self._asked_where = self._shown

    def _create_and_ask(self, store: Store, text: str) -> None:
        token = self._shown

        def created(chat: ChatSummary) -> None:
            if token == self._shown:
                self._chat, self._branch = chat, ()
            self._then(store.chats.save_draft(None, ""))
            self._ask(store, chat, (), text)

        self._then(
            store.chats.create(title_for(text), self._fresh_assistant),
            created,
            lambda e: self._ask_failed(e, text),
        )

    def _ask(
        self,
        store: Store,
        chat: ChatSummary,
        branch: tuple[Message, ...],
        text: str,
        *,
        beside: bool = False,
    ) -> None:
        """Commit a question and have it answered.

        Args:
            store: Where to.
            chat: The chat it belongs to.
            branch: What comes before it.
            text: The question.
            beside: It takes the place of another one, which is shown no longer.
        """
        if not chat.title and not branch:
            self._then(store.chats.rename(chat.id, title_for(text)), self._on_changed)
        parent_id = branch[-1].id if branch else None

        def asked(pair: tuple[Message, Message]) -> None:
            question, reply = pair
            if self.chat_id == chat.id:
                self._branch = (*branch, question, reply)
                if beside:
                    self.chat_opened.emit(ChatView(chat, self._branch, ""))
                else:
                    self.message_added.emit(question)
                    self.message_added.emit(reply)
            self._refresh()
            self._generate(chat, reply, branch, question.text, first_reply)

        self._then(
            store.messages.ask(chat.id, parent_id, text), asked, lambda e: self._ask_failed(e, text)
        )

    def _generate(
        self,
        chat: ChatSummary,
        reply: Message,
        branch: tuple[Message, ...],
        question: str,
        wording: Wording,
    ) -> None:
        self._asking = False
        say, bundle = NOTHING_SAID, None
        if self._assistants is not None:
            say = self._assistants.instructions(chat.assistant_id, branch, question)
            bundle = self._assistants.bundle(chat.assistant_id)
        self._generator.begin(reply, conversation_of(branch, question, say), wording, bundle)
        if self._stop_asked:
            self._generator.stop()

    def _ask_failed(self, error: BaseException, text: str = "") -> None:
        self._asking = False
        if text:
            self._drafts.keep(self.chat_id, text)
            self.question_returned.emit(text)
        self._report(error)

    @Slot(object)
    def _on_reply_changed(self, message: Message) -> None:
        if message.chat_id == self.chat_id and self._position(message.id) >= 0:
            spans = message.details.spans
            self.reply_changed.emit(ReplyProgress(message.id, message.text, spans, message.state))

    @Slot(object)
    def _on_reply_finished(self, message: Message) -> None:
        if message.chat_id == self.chat_id and self._position(message.id) >= 0:
            self._branch = tuple(message if m.id == message.id else m for m in self._branch)
            self.reply_finished.emit(message)
        self._refresh()

    @Slot(int)
    def _on_shortened(self, chat_id: int) -> None:
        if chat_id not in self._told_short:
            self._told_short.add(chat_id)
            self.history_shortened.emit()

    def _overlay(self, view: ChatView) -> ChatView:
        return self._generator.overlay(view)

    def _before_delete(self, chat_id: int) -> None:
        active = self._generator.active
        if active is not None and active.message.chat_id == chat_id:
            self._generator.stop()
