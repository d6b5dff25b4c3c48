"""A field that grows with what is written in it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QResizeEvent, QTextOption

from app.ui.look.theme import Theme
from app.ui.markdown.plain_field import PlainField
from app.ui.markdown.soft_lines import new_line

_MOST_LINES = 8
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class GrowingField(PlainField):
    """Grows with its text up to a few lines. Enter is for sending.

    Signals:
        enter_pressed: The keys that send were pressed.
    """

    enter_pressed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._fitting = False
        self.enter_sends = True
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.textChanged.connect(self.fit)

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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lines may break elsewhere."""
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Be as tall as the text, within reason."""
        # Another height, or a scroll bar more or less, resizes it and asks for this once more.
        # Where the two do not agree (a line more makes the bar, the bar makes a line more) that
        # would never end.
        if self._fitting:
            return
        self._fitting = True
        try:
            lines = self.lines()
            height = round(min(_MOST_LINES, lines) * QFontMetricsF(self.font()).lineSpacing()) + 2
            if height != self.height():
                self.setFixedHeight(height)
            policy = Qt.ScrollBarPolicy
            tall = lines > _MOST_LINES
            self.setVerticalScrollBarPolicy(
                policy.ScrollBarAsNeeded if tall else policy.ScrollBarAlwaysOff
            )
        finally:
            self._fitting = False

    def lines(self) -> int:
        """How many lines the text takes at this width; counted no further than matters."""
        layout, block = self.document().documentLayout(), self.document().firstBlock()
        count = 0
        while block.isValid() and count <= _MOST_LINES:
            layout.blockBoundingRect(block)  # lays it out; until then Qt takes it for one line
            count += block.lineCount()
            block = block.next()
        return max(1, count)
