"""A field that grows with what is written in it."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QKeyEvent, QResizeEvent, QTextOption
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from app.ui.look.theme import Theme
from app.ui.markdown.soft_lines import insert_text, new_line, text_of

_MOST_LINES = 8
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class GrowingField(QPlainTextEdit):
    """Grows with its text up to a few lines. Enter is for sending.

    Signals:
        enter_pressed: The keys that send were pressed.
        focus_changed: Whether the caret is in it.
    """

    enter_pressed = Signal()
    focus_changed = Signal(bool)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.enter_sends = True
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.viewport().setAutoFillBackground(False)
        self.textChanged.connect(self.fit)

    def text(self) -> str:
        """What has been written."""
        return text_of(self.document())

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste text, whatever its length and however long its lines are."""
        if source.hasText():
            cursor = self.textCursor()
            insert_text(cursor, source.text())
            self.ensureCursorVisible()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter sends, Shift+Enter begins a line; or Ctrl+Enter sends, Enter begins a line."""
        if event.key() in _ENTER:
            held = event.modifiers()
            sends = self.enter_sends or held & Qt.KeyboardModifier.ControlModifier
            if held & Qt.KeyboardModifier.ShiftModifier or not sends:
                new_line(self.textCursor())
                self.ensureCursorVisible()
            else:
                self.enter_pressed.emit()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Let the frame show the focus."""
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Let the frame show the focus."""
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lines may break elsewhere."""
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Be as tall as the text, within reason."""
        lines = max(1, min(_MOST_LINES, round(self.document().size().height())))
        height = round(lines * QFontMetricsF(self.font()).lineSpacing()) + 2
        if height != self.height():
            self.setFixedHeight(height)
        tall = self.document().size().height() > _MOST_LINES
        self.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAsNeeded if tall else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
