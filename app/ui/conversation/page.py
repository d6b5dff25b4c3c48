"""A conversation, or the invitation to one, above the composer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.core.records import ChatView, Message
from app.services.chat_events import Waiting
from app.services.chats import ChatService
from app.services.models import ModelService
from app.ui.conversation.composer import Composer
from app.ui.conversation.conversation import Conversation
from app.ui.conversation.language_hint import note_for
from app.ui.conversation.live_region import LiveRegion
from app.ui.conversation.next_turn import NextTurn
from app.ui.frame.bars import UndoBar
from app.ui.look.theme import Theme
from app.ui.look.widgets import Column
from app.ui.pages.empty import EmptyPage

_PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
_PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}


class ConversationPage(QWidget):
    """Joins the conversation's widgets to the service.

    Signals:
        action_wished: "copy", "read", "word", "pdf", "print" or "quote", and a message's id. What
            concerns the conversation itself ("again") is done here already.
    """

    action_wished = Signal(str, int)

    def __init__(
        self, theme: Theme, chats: ChatService, models: ModelService, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._chats = chats
        self._shown_id: int | None = None
        self._paged_to = 0
        self.conversation = Conversation(theme, lambda text: note_for(text, models.languages()))
        self.empty = EmptyPage(theme)
        self.composer = Composer(theme)
        self.undo = UndoBar(theme)
        self.turn = NextTurn(theme)
        self._stack = QStackedWidget()
        self._stack.setMinimumHeight(1)  # in a low window the field and the buttons come first
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.conversation)
        below = Column(theme)
        below.set_padding(8, 24)
        below.body.setSpacing(theme.px(10))
        below.body.addWidget(self.undo)
        below.body.addWidget(self.turn)
        below.body.addWidget(self.composer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._stack, 1)
        layout.addWidget(below)
        self._connect(chats, models)

    def _connect(self, chats: ChatService, models: ModelService) -> None:
        chats.chat_opened.connect(self._on_chat_opened)
        chats.message_added.connect(self._on_message_added)
        self._connect_live_region(chats)
        chats.message_wished.connect(self._on_message_wished)
        chats.reply_changed.connect(self.conversation.update_reply)
        chats.reply_finished.connect(self.conversation.finish_reply)
        chats.waiting_changed.connect(self._on_waiting_changed)
        chats.chat_deleted.connect(self.undo.offer)
        chats.folder_deleted.connect(self.undo.offer)
        chats.question_returned.connect(self.composer.set_text)
        chats.draft_restored.connect(self.composer.set_text)
        models.languages_changed.connect(lambda _: self.conversation.refresh_notes())
        models.languages_changed.connect(self.empty.set_spoken)
        self.conversation.action_wished.connect(self._on_action)
        self.conversation.answer_wished.connect(chats.answer_now)
        self.conversation.edit_wished.connect(chats.edit_question)
        self.conversation.version_wished.connect(self._on_version_wished)
        self.conversation.quote_wished.connect(self.composer.quote)
        self.empty.example_chosen.connect(lambda text: self._in_turn(partial(self._send, text)))
        self.composer.sent.connect(self._send)
        self.composer.stop_wished.connect(chats.stop)
        self.composer.text_changed.connect(lambda: chats.save_draft(self.composer.text()))
        self.undo.undo_wished.connect(chats.restore_chat)
        self.undo.folder_wished.connect(chats.restore_folder)
        # Page Up and Page Down scroll the conversation from where one writes, too.
        field = self.composer.focusProxy()
        if field is not None:
            field.installEventFilter(self)

    def _connect_live_region(self, chats: ChatService) -> None:
        live = LiveRegion(self.conversation)
        chats.waiting_changed.connect(live.show_waiting)
        chats.reply_changed.connect(live.show_progress)
        chats.reply_finished.connect(live.finish)
        chats.chat_opened.connect(lambda _: live.forget())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the keys for pages through to the conversation."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            pages = _PAGES.get(Qt.Key(event.key()), 0)
            if pages and event.modifiers() in _PLAIN:
                self.conversation.turn_page(pages)
                return True
        return super().eventFilter(watched, event)

    def _in_turn(self, wish: Callable[[], None]) -> None:
        """Do it now, or when the other conversation has its answer."""
        if self._chats.answering_elsewhere:
            self.turn.wait_for(wish)
        else:
            wish()

    def _send(self, text: str) -> None:
        self._chats.send(text)
        self.composer.set_busy(self._chats.busy)
        self.composer.setFocus()

    def _on_chat_opened(self, view: ChatView | None) -> None:
        chat_id = view.summary.id if view is not None else None
        if chat_id != self._shown_id:
            # The same conversation on another branch keeps what is being typed.
            self.composer.set_text(view.draft if view is not None else "")
        self._shown_id = chat_id
        self.turn.forget()
        self.conversation.show_chat(view)
        has_messages = view is not None and bool(view.messages)
        self._stack.setCurrentWidget(self.conversation if has_messages else self.empty)
        self.composer.setFocus()

    def _on_message_wished(self, message_id: int) -> None:
        """Found by a search, or paged to; the latter is in its place already."""
        paged, self._paged_to = self._paged_to == message_id, 0
        if paged:
            self.conversation.show_version(message_id)
        else:
            self.conversation.go_to(message_id)

    def _on_version_wished(self, message_id: int) -> None:
        self._paged_to = message_id
        self._chats.show_version(message_id)

    def _on_action(self, name: str, message_id: int) -> None:
        if name == "again":
            self._in_turn(partial(self._chats.regenerate, message_id))
        else:
            self.action_wished.emit(name, message_id)

    def _on_message_added(self, message: Message) -> None:
        self._shown_id = message.chat_id
        self.conversation.add_message(message)
        self._stack.setCurrentWidget(self.conversation)

    def _on_waiting_changed(self, waiting: Waiting) -> None:
        self.conversation.show_waiting(waiting)
        self.composer.set_busy(self._chats.busy)
        if not self._chats.busy:
            QTimer.singleShot(0, self, self.turn.begin)
