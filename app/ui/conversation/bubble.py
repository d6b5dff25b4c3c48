"""The tinted ground behind what the person wrote."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.ui.look.theme import Theme


class Bubble(QWidget):
    """Rounded everywhere but at the corner that points to the person."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._theme.color("tint"))
        outlined = self._theme.scheme == "contrast"
        painter.setPen(QPen(self._theme.color("edge"), 1) if outlined else Qt.PenStyle.NoPen)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        radius, small = self._theme.px(20), self._theme.px(4)
        path = QPainterPath()
        path.moveTo(area.left() + radius, area.top())
        path.lineTo(area.right() - radius, area.top())
        path.quadTo(area.topRight(), area.topRight() + _down(radius))
        path.lineTo(area.right(), area.bottom() - small)
        path.quadTo(area.bottomRight(), area.bottomRight() - _right(small))
        path.lineTo(area.left() + radius, area.bottom())
        path.quadTo(area.bottomLeft(), area.bottomLeft() - _down(radius))
        path.lineTo(area.left(), area.top() + radius)
        path.quadTo(area.topLeft(), area.topLeft() + _right(radius))
        painter.drawPath(path)


def _down(length: float) -> QPointF:
    return QPointF(0, length)


def _right(length: float) -> QPointF:
    return QPointF(length, 0)
