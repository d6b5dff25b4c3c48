"""Between replies and the voice that reads them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from app.core.records import ChatView, Message
from app.services.chat_events import ReplyProgress
from app.services.chats import ChatService
from app.services.history import answer_text, split_channels
from app.services.voice import Voice
from app.ui.frame.shell import Shell


class VoiceWiring(QObject):
    """Reads the reply that is wished, also while it grows, and ends when that is wished.

    Signals:
        failed: AppError; why it stays silent.
    """

    failed = Signal(object)

    def __init__(self, shell: Shell, chats: ChatService, voice: Voice) -> None:
        super().__init__(shell)
        self._shell = shell
        self._chats = chats
        self._voice = voice
        self._growing: ReplyProgress | None = None
        shell.talk.action_wished.connect(self._on_action)
        shell.simple_actions.read_wished.connect(self.read_last)
        shell.simple_actions.stop_wished.connect(voice.stop)
        chats.chat_opened.connect(self._on_chat_opened)
        chats.message_added.connect(self._on_message_added)
        chats.reply_changed.connect(self._on_reply_changed)
        chats.reply_finished.connect(self._on_reply_finished)
        voice.state_changed.connect(self._on_state)
        voice.unavailable.connect(self.failed)

    @property
    def reading(self) -> bool:
        """Whether something is being read."""
        return self._voice.message_id != 0

    @Slot()
    def read_last(self) -> None:
        """Read the newest reply; while it reads, end that."""
        if self.reading:
            self._voice.stop()
            return
        if self._growing is not None and self._answer(self._growing).strip():
            self._voice.read(self._growing.message_id, self._answer(self._growing), ended=False)
            return
        view = self._chats.shown
        replies = (m for m in reversed(view.messages) if _says(m)) if view is not None else iter(())
        last = next(replies, None)
        if last is not None:
            self._voice.read(last.id, answer_text(last))

    @Slot()
    def stop(self) -> None:
        """Be silent."""
        self._voice.stop()

    def _on_action(self, name: str, message_id: int) -> None:
        if name != "read":
            return
        if self._voice.message_id == message_id:
            self._voice.stop()
            return
        view = self._chats.shown
        messages = view.messages if view is not None else ()
        wished = next((m for m in messages if m.id == message_id and _says(m)), None)
        if wished is not None:
            self._voice.read(wished.id, answer_text(wished))

    def _on_chat_opened(self, view: ChatView | None) -> None:
        self._growing = None
        shown = {message.id for message in view.messages} if view is not None else set()
        if self._voice.message_id not in shown:
            self._voice.stop()

    def _on_message_added(self, message: Message) -> None:
        if message.role == "user":
            self._voice.stop()

    def _on_reply_changed(self, progress: ReplyProgress) -> None:
        self._growing = progress
        self._voice.follow(progress.message_id, self._answer(progress))

    def _on_reply_finished(self, message: Message) -> None:
        self._growing = None
        answer = split_channels(message.text, message.details.spans)[1]
        self._voice.follow(message.id, answer, ended=True)

    def _on_state(self, message_id: int) -> None:
        self._shell.simple_actions.set_speaking(message_id != 0)
        self._shell.talk.conversation.set_reading(message_id)

    @staticmethod
    def _answer(progress: ReplyProgress) -> str:
        return split_channels(progress.text, progress.spans)[1]


def _says(message: Message) -> bool:
    return message.role == "assistant" and bool(answer_text(message).strip())
