"""On or off: a check box with its words beside it, large enough for every finger."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from app.ui.look.theme import Theme

_TRACK = (46, 26)
_GAP = 14
_LEAST_PX = 44


class Switch(QCheckBox):
    """Painted like a switch, and a check box for everything else; its words wrap."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self._restyle)
        self._restyle()

    def set_label(self, text: str) -> None:
        """What is on when it is on."""
        self.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        """Long words need two lines in a narrow window."""
        return True

    def heightForWidth(self, width: int) -> int:
        """As tall as its words, and never too small to hit."""
        room = max(1, width - self._indent())
        words = self.fontMetrics().boundingRect(
            0, 0, room, 10_000, int(Qt.TextFlag.TextWordWrap), self.text()
        )
        return max(_LEAST_PX, self._theme.px(36), words.height() + self._theme.px(12))

    def sizeHint(self) -> QSize:
        """As tall as its words."""
        width = self._indent() + self.fontMetrics().horizontalAdvance(self.text()) + 4
        return QSize(width, self.heightForWidth(max(self.width(), 200)))

    def minimumSizeHint(self) -> QSize:
        """Wraps rather than being cut."""
        longest = max(
            (self.fontMetrics().horizontalAdvance(word) for word in self.text().split()), default=0
        )
        least = min(self._indent() + longest + 4, self._theme.px(220))
        return QSize(least, self.heightForWidth(max(self.width(), least)))

    def hitButton(self, pos: QPoint) -> bool:
        """The words can be clicked too."""
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The track, the knob, the words, and the focus around them."""
        del event
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, height = theme.px(_TRACK[0]), theme.px(_TRACK[1])
        track = QRectF(theme.px(4), (self.height() - height) / 2, width, height)
        enabled = self.isEnabled()
        on = self.isChecked()
        painter.setPen(QPen(theme.color("accent" if on and enabled else "edge"), 2))
        painter.setBrush(theme.color("accent" if on and enabled else "surface"))
        painter.drawRoundedRect(track, height / 2, height / 2)
        radius = height / 2 - theme.px(5)
        middle = track.right() - height / 2 if on else track.left() + height / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("on" if on and enabled else "edge"))
        painter.drawEllipse(QPointF(middle, track.center().y()), radius, radius)
        painter.setPen(theme.color("ink" if enabled else "muted"))
        words = self.rect().adjusted(self._indent(), 0, 0, 0)
        painter.drawText(
            words,
            int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
            | int(Qt.TextFlag.TextWordWrap),
            self.text(),
        )
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(track.adjusted(-4, -4, 4, 4), height / 2 + 4, height / 2 + 4)
        painter.end()

    def _indent(self) -> int:
        return self._theme.px(4 + _TRACK[0] + _GAP)

    def _restyle(self) -> None:
        self.setFont(self._theme.font("body"))
        self.updateGeometry()
        self.update()
