"""Where a question is written."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.ui.conversation.growing_field import GrowingField
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Card
from app.ui.markdown.soft_lines import insert_text

_PICTURE_PX = 400


class Composer(Card):
    """The field and its one button, which sends or stops.

    Signals:
        sent: The question.
        stop_wished: End the reply that is being written.
        text_changed: Something was typed; ask for `text()` when it is needed.
    """

    sent = Signal(str)
    stop_wished = Signal()
    text_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("field", parent)
        self._theme = theme
        self._busy = False
        self._plain = False
        self._field = GrowingField(theme)
        self._button = Button(theme, "primary", "send", trailing=True)
        self._layout = QHBoxLayout(self)
        self._layout.addWidget(self._field, 1, Qt.AlignmentFlag.AlignVCenter)
        self._layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignBottom)
        self.setFocusProxy(self._field)
        self._field.enter_pressed.connect(self.send)
        self._field.focus_changed.connect(lambda on: self.set_flag("focused", on))
        self._field.textChanged.connect(self.text_changed)
        self._button.clicked.connect(self._on_button)
        theme.changed.connect(self._fit)
        self._fit()
        self._retranslate()

    def text(self) -> str:
        """What has been written."""
        return self._field.text()

    def set_text(self, text: str) -> None:
        """Replace what has been written, for example by a draft."""
        if text == self.text():
            return
        self._field.blockSignals(True)
        self._field.clear()
        insert_text(self._field.textCursor(), text)
        self._field.blockSignals(False)
        self._field.fit()

    def quote(self, quotation: str) -> None:
        """Put a Markdown quotation before what has been written, and write on below it."""
        cursor = self._field.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.Start)
        insert_text(cursor, quotation + "\n\n")
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self._field.setTextCursor(cursor)
        self._field.ensureCursorVisible()
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_send_with_enter(self, sends: bool) -> None:
        """Whether Enter sends, or Ctrl and Enter do."""
        self._field.enter_sends = sends
        self._retranslate()

    def set_plain(self, plain: bool) -> None:
        """Whether something else says Stop, so that the button only sends."""
        if plain != self._plain:
            self._plain = plain
            self._show_button()

    def set_busy(self, busy: bool) -> None:
        """While a reply is written the button stops it; typing goes on."""
        if busy != self._busy:
            self._busy = busy
            self._show_button()

    def send(self) -> None:
        """Send what has been written, unless there is nothing or a reply is being written."""
        text = self.text()
        if self._busy or not text.strip():
            return
        self._field.clear()
        self.sent.emit(text)

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def mousePressEvent(self, event: QEvent) -> None:
        """All of the card is the field."""
        del event
        self._field.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask in as many words as there is room for."""
        super().resizeEvent(event)
        self._button.set_icon_shown(self.width() >= self._theme.px(_PICTURE_PX))
        self._say_placeholder()

    def minimumSizeHint(self) -> QSize:
        """Narrow windows keep the button whole."""
        return QSize(self._button.sizeHint().width() * 2, super().minimumSizeHint().height())

    def _show_button(self) -> None:
        if self._button.hasFocus() and self._busy and self._plain:
            self._field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._button.set_icon("stop" if self._stops() else "send")
        self._button.setEnabled(not self._busy or not self._plain)
        self._retranslate()

    def _stops(self) -> bool:
        return self._busy and not self._plain

    def _on_button(self) -> None:
        if self._stops():
            self.stop_wished.emit()
        else:
            self.send()
        self._field.setFocus()

    def _fit(self) -> None:
        px = self._theme.px
        self._layout.setContentsMargins(px(24), px(12), px(14), px(12))
        self._layout.setSpacing(px(14))
        self._field.setFont(self._theme.font("body"))
        self._field.viewport().setFont(self._theme.font("body"))  # the placeholder's
        self._field.fit()

    def _say_placeholder(self) -> None:
        long, brief = self.tr("Write your question here…"), self.tr("Your question…")
        fits = self._field.fontMetrics().horizontalAdvance(long) < self._field.width() - 4
        self._field.setPlaceholderText(long if fits else brief)

    def _retranslate(self) -> None:
        self._say_placeholder()
        self._field.setAccessibleName(self.tr("Your question"))
        self._field.setAccessibleDescription(
            self.tr("Enter sends it, Shift and Enter begin a new line.")
            if self._field.enter_sends
            else self.tr("Ctrl and Enter send it, Enter begins a new line.")
        )
        if self._stops():
            self._button.set_label(self.tr("Stop"), self.tr("End this answer (Esc)"))
        else:
            self._button.set_label(self.tr("Send"), self.tr("Send the question (Enter)"))
