"""A field for plain text of several lines."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from app.ui.markdown.soft_lines import insert_text, text_of


class PlainField(QPlainTextEdit):
    """Shows no frame of its own: what it stands in does, and shows the focus too.

    Signals:
        focus_changed: Whether the caret is in it.
    """

    focus_changed = Signal(bool)

    def __init__(self, most_characters: int | None = None) -> None:
        """Make an empty field.

        Args:
            most_characters: How much may be pasted into it; None for any length.
        """
        super().__init__()
        self._most_characters = most_characters
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.viewport().setAutoFillBackground(False)

    def text(self) -> str:
        """What has been written."""
        return text_of(self.document())

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste text, however long its lines are."""
        text = source.text() if source.hasText() else ""
        if self._most_characters is not None:
            text = text[: max(0, self._most_characters - self.document().characterCount())]
        if text:
            insert_text(self.textCursor(), text)
            self.ensureCursorVisible()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Let the frame show the focus."""
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Let the frame show the focus."""
        super().focusOutEvent(event)
        self.focus_changed.emit(False)
