"""One conversation, from the first question to the reply that is being written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QWidget

from app.core.records import ChatView, Message
from app.services.chat_events import ReplyProgress, Waiting
from app.ui.conversation.manner import Manner
from app.ui.conversation.message_area import MessageArea
from app.ui.conversation.pager import VersionPager
from app.ui.conversation.question_widget import QuestionWidget
from app.ui.conversation.reply_widget import ReplyWidget
from app.ui.conversation.stage import MessageWidget
from app.ui.look.theme import Theme

_LOOK_FOR_NOTES = 30


class Conversation(MessageArea):
    """Questions and replies.

    Signals:
        answer_wished: Stop thinking and answer.
        action_wished: What is to be done ("copy", "read", "again", ...) with which message.
        edit_wished: Id of a question and its new text.
        version_wished: Id of the version to show instead.
        quote_wished: Markdown to quote in the next question.
    """

    answer_wished = Signal()
    action_wished = Signal(str, int)
    edit_wished = Signal(int, str)
    version_wished = Signal(int)
    quote_wished = Signal(str)

    def __init__(
        self, theme: Theme, note_for: Callable[[str], str], parent: QWidget | None = None
    ) -> None:
        """Make an empty conversation.

        Args:
            theme: Colours and sizes.
            note_for: What has to be said about a question, "" for most.
            parent: Qt parent.
        """
        super().__init__(theme, parent)
        self._note_for = note_for
        self._noted_id = 0
        self._read_id = 0
        self._state = Waiting("idle")
        self._paged_on = False
        self._retranslate()

    def show_chat(self, view: ChatView | None) -> None:
        """Show another conversation, or the same one on another branch."""
        messages = view.messages if view is not None else ()
        arrangement = self._arrangement
        index, y = arrangement.reading()
        same = self._stage.show(messages)
        grows = bool(messages) and messages[-1].state == "generating"
        if not same or grows:
            arrangement.follow = True
        elif not arrangement.follow and index >= same:
            arrangement.go_to(same - 1, y)
        self._highlight.end()
        self.refresh_notes()
        self.show_waiting(self._state)

    def add_message(self, message: Message) -> None:
        """A question was asked or a reply began."""
        self._stage.add(message)
        self._arrangement.follow = True
        if not self._noted_id and message.role == "user" and self._note_for(message.text):
            self._noted_id = message.id
        self.show_waiting(self._state)

    def update_reply(self, progress: ReplyProgress) -> None:
        """The reply has grown."""
        place = self._stage.place_of(progress.message_id)
        if place < 0:
            return
        before = self._stage[place]
        details = replace(before.details, spans=progress.spans)
        widget = self._stage.replace(replace(before, text=progress.text, details=details))
        if isinstance(widget, ReplyWidget):
            widget.update_text(progress.text, progress.spans)
        else:
            self._more.start()

    def finish_reply(self, message: Message) -> None:
        """The reply has ended."""
        widget = self._stage.replace(message)
        if isinstance(widget, ReplyWidget):
            widget.finish(message)

    def show_waiting(self, waiting: Waiting) -> None:
        """What the assistant is doing."""
        self._state = waiting
        last = self._stage[-1] if len(self._stage) else None
        here = last is not None and last.role == "assistant" and last.state == "generating"
        self._waiting.show_waiting(waiting if here else Waiting("idle"))
        for _, widget in self._stage.widgets():
            if isinstance(widget, QuestionWidget):
                widget.set_busy(waiting.stage != "idle")
        self._arrange()

    def refresh_notes(self) -> None:
        """The assistant's languages became known, or the window's language changed."""
        asked = [self._stage[n] for n in range(min(_LOOK_FOR_NOTES, len(self._stage)))]
        noted = (m.id for m in asked if m.role == "user" and self._note_for(m.text))
        self._noted_id = next(noted, 0)
        for _, widget in self._stage.widgets():
            self._set_note(widget)

    def set_manner(self, manner: Manner) -> None:
        """Show more or less of each message."""
        self._stage.set_manner(manner)

    def set_reading(self, message_id: int) -> None:
        """This message is being read aloud; 0: none."""
        self._read_id = message_id
        for _, widget in self._stage.widgets():
            if isinstance(widget, ReplyWidget):
                widget.set_reading(widget.message.id == message_id)

    def go_to(self, message_id: int) -> None:
        """Show a message from its beginning, and for a moment that it is this one."""
        index = self._stage.place_of(message_id)
        if index < 0:
            return
        self._arrangement.go_to(index, self.viewport().height() // 8)
        self._highlight.begin(message_id)
        widget = self._stage.need(index)
        self._arrange()
        words = widget.answer if isinstance(widget, ReplyWidget) else widget.stops()[0]
        words.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_version(self, message_id: int) -> None:
        """Another version of a message took its place: the keyboard stays at the pages."""
        widget = self._stage.widget(self._stage.place_of(message_id))
        pager = widget.findChild(VersionPager) if widget is not None else None
        if pager is not None:
            stops = [stop for stop in pager.stops() if stop.isEnabled()]
            stops[-1 if self._paged_on else 0].setFocus(Qt.FocusReason.OtherFocusReason)

    def connect_widget(self, widget: MessageWidget) -> None:
        """Let it know the present, and pass on what is wished there."""
        widget.action_wished.connect(self.action_wished)
        widget.version_wished.connect(partial(self._on_version_wished, widget.message.id))
        widget.quote_wished.connect(self.quote_wished)
        if isinstance(widget, QuestionWidget):
            widget.edit_wished.connect(self.edit_wished)
            widget.set_busy(self._state.stage != "idle")
        else:
            widget.answer_wished.connect(self.answer_wished)
            widget.set_reading(widget.message.id == self._read_id)
        self._set_note(widget)

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _on_version_wished(self, shown_id: int, message_id: int) -> None:
        self._paged_on = message_id > shown_id
        self.version_wished.emit(message_id)

    def _set_note(self, widget: MessageWidget) -> None:
        if isinstance(widget, QuestionWidget):
            noted = widget.message.id == self._noted_id
            widget.set_note(self._note_for(widget.message.text) if noted else "")

    def _retranslate(self) -> None:
        self._to_end.set_label(self.tr("To the newest"))
        self.setAccessibleName(self.tr("Conversation"))
        self.viewport().setAccessibleName(self.tr("Conversation"))
