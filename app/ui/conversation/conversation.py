"""One conversation, from the first question to the reply that is being written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QCoreApplication, QEvent, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QTextEdit, QWidget

from app.core.records import ChatView, Message
from app.services.chat_events import ReplyProgress, Waiting
from app.ui.conversation.arrangement import Arrangement
from app.ui.conversation.focus_order import area_in, chain, is_seen, next_seen
from app.ui.conversation.highlight import Highlight
from app.ui.conversation.manner import Manner
from app.ui.conversation.pager import VersionPager
from app.ui.conversation.question_widget import QuestionWidget
from app.ui.conversation.reply_widget import ReplyWidget
from app.ui.conversation.stage import MessageWidget, Stage
from app.ui.conversation.waiting_line import WaitingLine
from app.ui.look.text_column import TEXT_WIDTH, sides
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button

_PAGES_OF_A_STEP = 2  # a greater way is a jump, on which nothing is measured
_LOOK_FOR_NOTES = 30
_CHAIN_AFTER_MS = 150
_FRAME_MS = 16


class Conversation(QAbstractScrollArea):
    """Questions and replies, following the end while it grows.

    Only messages near the viewport have widgets; see `Stage` and `Arrangement`.

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
        super().__init__(parent)
        self._theme = theme
        self._note_for = note_for
        self._noted_id = 0
        self._read_id = 0
        self._value = 0
        self._quiet = False
        self._state = Waiting("idle")
        self._paged_on = False
        self._caret_of: QTextEdit | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stage = Stage(theme, self.viewport(), self._connect_widget)
        self._arrangement = Arrangement(self._stage)
        self._highlight = Highlight(theme, self.viewport())
        self._waiting = WaitingLine(theme, self.viewport())
        self._to_end = Button(theme, "outlined", "arrow-down", parent=self)
        self._to_end.hide()
        self._to_end.clicked.connect(self.go_to_end)
        self._more = self._later(self._arrange, _FRAME_MS)
        self._chain = self._later(self._chain_now, _CHAIN_AFTER_MS)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        theme.changed.connect(self._restyle)
        QApplication.instance().focusChanged.connect(self._on_focus_changed)  # type: ignore[union-attr]
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

    def go_to_start(self) -> None:
        """Show the first question."""
        self._arrangement.go_to(0, self._arrangement.above)
        self._arrange()

    def go_to_end(self) -> None:
        """Show the newest, and follow it."""
        self._arrangement.follow = True
        self._arrange()

    def turn_page(self, pages: int) -> None:
        """Scroll by pages, down or (negative) up."""
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + pages * bar.pageStep())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The same words stay at the top, whatever the width."""
        super().resizeEvent(event)
        self._stand()
        self._arrange()
        self._place_button()

    def viewportEvent(self, event: QEvent) -> bool:
        """A message wants to be taller or smaller."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange_again()
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home and End; the rest of the keys scrolls by itself."""
        if event.key() == Qt.Key.Key_Home:
            self.go_to_start()
        elif event.key() == Qt.Key.Key_End:
            self.go_to_end()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes on in what is seen, also when the focus was scrolled away."""
        self._chain_now()
        focused = QApplication.focusWidget()
        inside = focused is not None and self.viewport().isAncestorOf(focused)
        if inside and focused is not None and not is_seen(focused, self.viewport()):
            stop = next_seen(self._stage.stops(), self.viewport(), forward=forward)
            if stop is not None:
                stop.setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return bool(super().focusNextPrevChild(forward))

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _later(self, slot: Callable[[], None], after_ms: int) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(after_ms)
        timer.timeout.connect(slot)
        return timer

    def _connect_widget(self, widget: MessageWidget) -> None:
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
        self._waiting.raise_()
        self._chain.start()

    def _on_version_wished(self, shown_id: int, message_id: int) -> None:
        self._paged_on = message_id > shown_id
        self.version_wished.emit(message_id)

    def _set_note(self, widget: MessageWidget) -> None:
        if isinstance(widget, QuestionWidget):
            noted = widget.message.id == self._noted_id
            widget.set_note(self._note_for(widget.message.text) if noted else "")

    def _stand(self) -> None:
        """Put the column of text into the middle."""
        whole, inner = self.width(), self.viewport().width()
        left, right = sides(self._theme, TEXT_WIDTH, whole, whole - inner)
        self._arrangement.hold()
        self._stage.stand(left, max(1, inner - left - right))

    def _arrange(self) -> None:
        self._arrangement.begin_frame()
        self._arrange_again()

    def _arrange_again(self) -> None:
        if self._quiet:
            return
        self._quiet = True
        arrangement, px = self._arrangement, self._theme.px
        arrangement.room = max(1, self.viewport().height())
        arrangement.above, arrangement.below = px(10), px(28)
        # "isVisible" would be false while another page is on.
        waits = not self._waiting.isHidden()
        arrangement.tail = self._waiting.sizeHint().height() if waits else 0
        arrangement.arrange()
        QCoreApplication.removePostedEvents(self.viewport(), QEvent.Type.LayoutRequest.value)
        bar = self.verticalScrollBar()
        bar.setSingleStep(px(24))
        bar.setPageStep(max(1, arrangement.room - px(48)))
        bar.setRange(0, arrangement.maximum)
        bar.setValue(arrangement.value)
        self._value = bar.value()
        left, width = self._stage.column
        self._waiting.setGeometry(left, arrangement.end, width, arrangement.tail)
        self._place_highlight()
        self._quiet = False
        if arrangement.unfinished and not self._more.isActive():
            self._more.start()
        self._show_button()

    def _on_scrolled(self, value: int) -> None:
        if self._quiet:
            return
        way = value - self._value
        far = abs(way) > _PAGES_OF_A_STEP * self.viewport().height()
        if far or self.verticalScrollBar().isSliderDown():
            self._arrangement.scroll_to(value)
        else:
            self._arrangement.scroll_by(way)
        self._arrange()

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._caret_of is not None:
            self._caret_of.cursorPositionChanged.disconnect(self._show_caret)
            self._caret_of = None
        if new is None or not self.viewport().isAncestorOf(new):
            return
        if QApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self._bring_into_view(area_in(new, self.viewport()))
        if isinstance(new, QTextEdit):
            self._caret_of = new
            new.cursorPositionChanged.connect(self._show_caret)
            new.destroyed.connect(self._forget_caret)

    def _show_caret(self) -> None:
        if self._caret_of is not None:
            edit = self._caret_of.viewport()
            self._bring_into_view(
                self._caret_of.cursorRect().translated(area_in(edit, self.viewport()).topLeft())
            )

    def _forget_caret(self) -> None:
        self._caret_of = None

    def _bring_into_view(self, area: QRect) -> None:
        """Scroll as little as shows it; of what is taller than the viewport, its nearer edge."""
        room, gap = self.viewport().height(), self._theme.px(16)
        if area.height() <= room - 2 * gap:
            way = min(0, area.top() - gap) or max(0, area.bottom() + gap - room)
        elif area.top() >= room:
            way = area.top() - gap
        else:
            way = min(0, area.bottom() + gap - room) if area.bottom() <= 0 else 0
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + way)

    def _chain_now(self) -> None:
        chain(self.viewport(), [*self._stage.stops(), self._to_end])

    def _place_highlight(self) -> None:
        index = self._stage.place_of(self._highlight.message_id)
        widget = self._stage.widget(index)
        if widget is not None:
            self._highlight.frame(widget.geometry())
        else:
            self._highlight.hide()

    def _show_button(self) -> None:
        arrangement = self._arrangement
        far = arrangement.maximum - arrangement.value > max(48, self.height() // 2)
        if far == self._to_end.isHidden():
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
        self._place_button()
        self._stand()
        self._stage.restyle()
        self._arrange()

    def _retranslate(self) -> None:
        self._to_end.set_label(self.tr("To the newest"))
        self.setAccessibleName(self.tr("Conversation"))
        self.viewport().setAccessibleName(self.tr("Conversation"))
