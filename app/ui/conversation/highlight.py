"""Shows for a moment which message was meant."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.ui.look.theme import Theme

_SHOWN_MS = 2_500


class Highlight(QWidget):
    """A frame behind one message. It comes and goes at once: nothing moves, nothing blinks."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._ground = parent
        self._message_id = 0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.end)
        self.hide()

    @property
    def message_id(self) -> int:
        """The message that is shown, 0 for none."""
        return self._message_id

    def begin(self, message_id: int) -> None:
        """Show a message from now on; `frame` says where it is."""
        self._message_id = message_id
        self._timer.start(_SHOWN_MS)

    def end(self) -> None:
        """Long enough."""
        self._message_id = 0
        self.hide()

    def frame(self, message: QRect) -> None:
        """The message is here now."""
        around = self._theme.px(12)
        room = self._ground.width()
        left, right = max(0, message.left() - around), min(room, message.right() + around)
        gap = self._theme.px(6)
        self.setGeometry(left, message.top() - gap, right - left, message.height() + 2 * gap)
        self.lower()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line around and a ground behind."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("accent"), 2))
        painter.setBrush(self._theme.color("surface"))
        radius = self._theme.px(16)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), radius, radius)
