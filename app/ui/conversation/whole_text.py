"""A text of any length to read, filled a little in each turn of the event loop."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QTextCursor, QTextOption
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from app.ui.look.theme import Theme
from app.ui.markdown.soft_lines import insert_text

_BUDGET_S = 0.006
_SLICE = 20_000


class WholeText(QPlainTextEdit):
    """Lays out only what can be seen; what is far down arrives a moment later."""

    def __init__(self, theme: Theme, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rest = text
        self._at = 0
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setFont(theme.font("body"))
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        until = time.perf_counter() + _BUDGET_S
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        while self._at < len(self._rest) and time.perf_counter() < until:
            insert_text(cursor, self._rest[self._at : self._at + _SLICE])
            self._at += _SLICE
        if self._at < len(self._rest):
            self._timer.start(0)
        else:
            self._rest, self._at = "", 0
