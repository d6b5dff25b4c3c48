"""Makes one reply at a time: asks the engine, collects, checkpoints, and always comes to an end."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.core.errors import AppError
from app.core.records import ChatView, Message, MessageState
from app.services.chat_events import Stage, Waiting
from app.services.engine_host import EngineHost
from app.services.generation import DEADLINE_MS, Wording, first_reply
from app.services.history import Conversation
from app.services.reply import GrowingReply
from app.services.reply_saver import ReplySaver
from app.services.saved_chats import SavedChats
from app.services.tasks import Tasks
from engine.errors import ContextTooLong, EngineError
from engine.protocol import ProgressEvent, TokenEvent

if TYPE_CHECKING:
    from app.store import Store

log = logging.getLogger(__name__)

UPDATE_MS = 25
RESERVED_SHARE = 0.25
"""Of the context, kept free for the reply when older turns have to go anyway."""
LEFT_SHARE = 0.6
"""Of what is then there for the conversation, filled anew: whenever a turn is left out, all that
follows has to be read again, so that it must not happen with every question."""
_LETTERS_PER_TOKEN = 8.0
_CONTEXT_TOKENS = 131_072
"""More than most have, for as long as nobody knows: to send ten thousand messages that cannot fit
costs the window a tenth of a second, and the worker many."""


class Generator(QObject):
    """The reply that is being written, from its commit to its end.

    Signals:
        changed: The reply so far (Message), at most every `UPDATE_MS`.
        finished: The reply as it ended.
        waiting_changed: Waiting.
        error_raised: AppError or EngineError, once for each thing that went wrong.
        shortened: Id of a chat whose older turns no longer fit.
    """

    changed = Signal(object)
    finished = Signal(object)
    waiting_changed = Signal(object)
    error_raised = Signal(object)
    shortened = Signal(int)

    def __init__(
        self, host: EngineHost, tasks: Tasks, saved: SavedChats, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._host = host
        self._saved = saved
        self._left_out: dict[int, int] = {}
        self._tasks = tasks
        self._saver: ReplySaver | None = None
        self._wording: Wording = first_reply
        self._waiting = Waiting("idle")
        self._characters_per_token = 0.0
        self.active: GrowingReply | None = None
        self._updates = QTimer(self, interval=UPDATE_MS, singleShot=True)
        self._updates.timeout.connect(self._emit_changed)
        host.state_changed.connect(self._on_host_state)
        host.progressed.connect(self._on_progress)
        host.tokens_arrived.connect(self._on_tokens)
        host.request_finished.connect(self._on_finished)
        host.request_failed.connect(self._on_failed)

    def attach(self, store: Store) -> None:
        """Where replies are written."""
        self._saver = ReplySaver(store, self._tasks, self)
        self._saver.trouble_began.connect(self.error_raised)

    def begin(
        self,
        reply: Message,
        conversation: Conversation,
        wording: Wording,
        bundle: Path | None = None,
    ) -> None:
        """Make the reply whose empty row was just committed.

        Args:
            reply: The row.
            conversation: What it answers.
            wording: How to choose words.
            bundle: The model that answers, loaded if it is another one; None: the one that is on.
        """
        if bundle is not None and bundle != self._host.bundle:
            self._host.load(bundle)
        self.active = GrowingReply(reply, conversation)
        self._wording = wording
        self._make_room(self.active)
        if self._saver is not None:
            self._saver.watch(self.active.snapshot)
        self._submit(self.active)

    def stop(self) -> None:
        """End the reply with what is there; the engine follows within a token."""
        if self.active is not None:
            self._host.cancel(self.active.request_id)
            self._end("stopped", finish_reason="cancelled")

    def answer_now(self) -> None:
        """End the thinking; the answer follows from what was thought so far."""
        if self.active is not None:
            self._host.answer_now(self.active.request_id)

    def overlay(self, view: ChatView) -> ChatView:
        """Put what is only in memory over what the store knows."""
        if self._saver is not None:
            view = self._saver.overlay(view)
        active = self.active
        if active is None or active.message.chat_id != view.summary.id:
            return view
        now = active.snapshot()
        messages = tuple(now if message.id == now.id else message for message in view.messages)
        return ChatView(view.summary, messages, view.draft)

    def shutdown(self, wait_s: float) -> None:
        """Store the reply so far as interrupted; blocks at most `wait_s`."""
        if self.active is not None:
            self._host.cancel(self.active.request_id)
            self._end("interrupted", finish_reason="cancelled")
        if self._saver is not None:
            self._saver.flush(wait_s)

    def _submit(self, active: GrowingReply) -> None:
        chat_id = active.message.chat_id
        active.request_id = self._host.generate(
            lambda: active.conversation.messages(self._host.speaker),
            self._wording,
            deadline_ms=DEADLINE_MS,
            chat=str(chat_id),
            saved=self._saved.file_of(chat_id),
        )
        self._saved.asked(active.request_id, chat_id)
        self._wait("reading" if self._host.state == "ready" else "loading")

    @Slot(str)
    def _on_host_state(self, state: str) -> None:
        if self.active is not None and state == "ready":
            self._wait("reading")

    @Slot(object)
    def _on_progress(self, event: ProgressEvent) -> None:
        if self.active is None:
            return
        if event.id == self.active.request_id:
            if self._waiting.stage not in ("thinking", "writing"):
                self._wait("reading", event.seconds_left)
        elif self._waiting.stage == "loading":
            self._wait("loading", event.seconds_left)

    @Slot(object)
    def _on_tokens(self, event: TokenEvent) -> None:
        active = self.active
        if active is None or event.id != active.request_id:
            return
        active.add(event)
        self._wait("thinking" if active.thinking else "writing")
        if not self._updates.isActive():
            self._updates.start()

    @Slot(str, dict)
    def _on_finished(self, request_id: str, data: dict[str, Any]) -> None:
        if self.active is None or request_id != self.active.request_id:
            return
        if prompt_tokens := int(data.get("prompt_tokens", 0)):
            self._characters_per_token = self.active.conversation.characters / prompt_tokens
        reason = str(data.get("finish_reason", "stop"))
        self._end("stopped" if reason == "cancelled" else "complete", finish_reason=reason)

    @Slot(str, object)
    def _on_failed(self, request_id: str, error: EngineError | AppError) -> None:
        active = self.active
        if active is None or request_id != active.request_id:
            return
        if isinstance(error, ContextTooLong) and active.conversation.turns:
            self._shorten(active, error)
            return
        state: MessageState = "interrupted" if active.text else "failed"
        self._end(state, finish_reason="error", error_code=error.code)
        self.error_raised.emit(error)

    def _make_room(self, active: GrowingReply) -> None:
        """Leave older turns out before they leave no room for the reply."""
        context_length = int(self._host.loaded_data.get("context_length", 0)) or _CONTEXT_TOKENS
        letters_per_token = self._characters_per_token or _LETTERS_PER_TOKEN
        room = context_length * (1 - RESERVED_SHARE) * letters_per_token
        whole, chat_id = active.conversation, active.message.chat_id
        if whole.characters <= room:
            self._left_out.pop(chat_id, None)
            return
        # Without the turns that were left out before, as long as that is enough.
        shorter = whole.without_oldest(self._left_out.get(chat_id, 0))
        if shorter.characters > room:
            shorter = shorter.shortened(room * LEFT_SHARE)
        self._use_shorter(active, shorter, len(whole.turns) - len(shorter.turns))

    def _shorten(self, active: GrowingReply, error: ContextTooLong) -> None:
        """Leave out the oldest turns and ask again: the conversation outgrew the context."""
        prompt_tokens = float(error.params.get("prompt_tokens", 0) or 1)
        context_length = float(error.params.get("context_length", 0))
        share = context_length * (1 - RESERVED_SHARE) * LEFT_SHARE / prompt_tokens
        sent, before = active.conversation, self._left_out.get(active.message.chat_id, 0)
        shorter = sent.without_oldest(1).shortened(sent.characters * share)
        self._use_shorter(active, shorter, before + len(sent.turns) - len(shorter.turns))
        self._submit(active)

    def _use_shorter(self, active: GrowingReply, shorter: Conversation, left_out: int) -> None:
        chat_id = active.message.chat_id
        if not left_out:
            return
        active.conversation = shorter
        self._left_out[chat_id] = left_out
        log.info("history shortened turns=%d", len(shorter.turns))
        self.shortened.emit(chat_id)

    def _end(self, state: MessageState, *, finish_reason: str, error_code: str = "") -> None:
        active, self.active = self.active, None
        if active is None:
            return
        self._updates.stop()
        message = active.snapshot(
            state,
            finish_reason=finish_reason,
            error_code=error_code,
            model_hash=str(self._host.loaded_data.get("model_hash", "")),
        )
        if self._saver is not None:
            self._saver.finish(message)
        self._wait("idle")
        self.finished.emit(message)

    @Slot()
    def _emit_changed(self) -> None:
        if self.active is not None:
            self.changed.emit(self.active.snapshot())

    def _wait(self, stage: Stage, seconds_left: float | None = None) -> None:
        waiting = Waiting(stage, seconds_left)
        if waiting != self._waiting:
            self._waiting = waiting
            self.waiting_changed.emit(waiting)
