"""One conversation, from the first question to the reply that is being written."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from app.core.records import ChatView, Message
from app.services.chat_events import ReplyProgress, Waiting
from app.ui.conversation.question_widget import QuestionWidget
from app.ui.conversation.reply_widget import ReplyWidget
from app.ui.conversation.waiting_line import WaitingLine
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Column

_BUDGET_S = 0.006
_AT_END_PX = 48


class Conversation(QScrollArea):
    """Questions and replies, following the end while it grows.

    Long conversations are built from the end in slices of a frame, so that opening one never holds
    up the window.

    Signals:
        again_wished: Answer the last question once more.
        answer_wished: Stop thinking and answer.
    """

    again_wished = Signal()
    answer_wished = Signal()

    def __init__(
        self, theme: Theme, note_for: Callable[[str], str], parent: QWidget | None = None
    ) -> None:
        """Make an empty conversation.

        Args:
            theme: Colours and sizes.
            note_for: What has to be said about a question, "" for most.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._theme = theme
        self._note_for = note_for
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._column = Column(theme, frame=self)
        self._column.set_padding(10, 28)
        self.setWidget(self._column)
        self._column.setAutoFillBackground(False)
        self._waiting = WaitingLine(theme)
        self._stage = Waiting("idle")
        self._widgets: list[QuestionWidget | ReplyWidget] = []
        self._replies: dict[int, ReplyWidget] = {}
        self._older: list[Message] = []
        self._follow = True
        self._maximum = 0
        self._to_end = Button(theme, "outlined", "arrow-down", parent=self)
        self._to_end.hide()
        self._to_end.clicked.connect(self.go_to_end)
        self._slices = QTimer(self)
        self._slices.setSingleShot(True)
        self._slices.timeout.connect(self._build_slice)
        self.verticalScrollBar().rangeChanged.connect(self._on_range)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        theme.changed.connect(self._restyle)
        self._column.body.addWidget(self._waiting)
        self._column.body.addStretch(1)
        self._retranslate()

    def show_chat(self, view: ChatView | None) -> None:
        """Show another conversation, or the same one on another branch."""
        self._clear()
        self._older = list(view.messages) if view is not None else []
        self._follow = True
        self._build_slice()
        self.show_waiting(self._stage)

    def add_message(self, message: Message) -> None:
        """A question was asked or a reply began."""
        self._follow = True
        self._insert(message, len(self._widgets))
        self._update_last()
        self.show_waiting(self._stage)

    def update_reply(self, progress: ReplyProgress) -> None:
        """The reply has grown."""
        reply = self._replies.get(progress.message_id)
        if reply is not None:
            reply.update_text(progress.text, progress.spans)

    def finish_reply(self, message: Message) -> None:
        """The reply has ended."""
        reply = self._replies.get(message.id)
        if reply is not None:
            reply.finish(message)

    def show_waiting(self, waiting: Waiting) -> None:
        """What the assistant is doing."""
        self._stage = waiting
        last = self._widgets[-1] if self._widgets else None
        here = isinstance(last, ReplyWidget) and last.growing
        self._waiting.show_waiting(waiting if here else Waiting("idle"))

    def refresh_notes(self) -> None:
        """The assistant's languages became known, or the window's language changed."""
        noted = False
        for widget in self._widgets:
            if isinstance(widget, QuestionWidget):
                note = "" if noted else self._note_for(widget.message.text)
                noted = noted or bool(note)
                widget.set_note(note)

    def go_to_end(self) -> None:
        """Show the newest, and follow it."""
        self._follow = True
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the button to the end in its place."""
        super().resizeEvent(event)
        self._place_button()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _clear(self) -> None:
        self._slices.stop()
        for widget in self._widgets:
            self._column.body.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._widgets.clear()
        self._replies.clear()

    def _build_slice(self) -> None:
        started = time.perf_counter()
        while self._older and time.perf_counter() - started < _BUDGET_S:
            self._insert(self._older.pop(), 0)
        if self._older:
            self._slices.start(0)
        else:
            self.refresh_notes()
        self._update_last()

    def _insert(self, message: Message, position: int) -> None:
        widget: QuestionWidget | ReplyWidget
        if message.role == "user":
            widget = QuestionWidget(self._theme, message)
            widget.setContentsMargins(0, self._theme.px(14), 0, self._theme.px(18))
            at_end = position == len(self._widgets)
            if at_end and not any(
                isinstance(w, QuestionWidget) and w.has_note for w in self._widgets
            ):
                widget.set_note(self._note_for(message.text))
        else:
            widget = ReplyWidget(self._theme, message)
            widget.again_wished.connect(self.again_wished)
            widget.answer_wished.connect(self.answer_wished)
            self._replies[message.id] = widget
        self._widgets.insert(position, widget)
        self._column.body.insertWidget(position, widget)

    def _update_last(self) -> None:
        for widget in self._widgets:
            if isinstance(widget, ReplyWidget):
                widget.set_last(widget is self._widgets[-1])

    def _on_range(self, _minimum: int, maximum: int) -> None:
        bar = self.verticalScrollBar()
        if self._follow:
            bar.setValue(maximum)
        elif self._older or self._slices.isActive():
            # Earlier messages came in above: what is being read stays where it is.
            bar.setValue(bar.value() + maximum - self._maximum)
        self._maximum = maximum
        self._show_button()

    def _on_scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        if bar.maximum() == self._maximum:
            self._follow = value >= bar.maximum() - _AT_END_PX
        self._show_button()

    def _show_button(self) -> None:
        bar = self.verticalScrollBar()
        far = bar.maximum() - bar.value() > max(_AT_END_PX, self.height() // 2)
        if far != self._to_end.isVisible():
            self._to_end.setVisible(far)
            self._place_button()

    def _place_button(self) -> None:
        size = self._to_end.sizeHint()
        self._to_end.setGeometry(
            (self.width() - size.width()) // 2,
            self.height() - size.height() - self._theme.px(12),
            size.width(),
            size.height(),
        )
        self._to_end.raise_()

    def _restyle(self) -> None:
        for widget in self._widgets:
            widget.restyle()

    def _retranslate(self) -> None:
        self._to_end.set_label(self.tr("To the newest"))
        self.setAccessibleName(self.tr("Conversation"))
        self._column.setAccessibleName(self.tr("Conversation"))
