"""A field in which one looks for something, with its picture."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from app.ui.look.theme import Theme

_ICON = 20
_SIDE = 14


class SearchField(QLineEdit):
    """One line; Escape empties it before it does anything else."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        theme.changed.connect(self._fit)
        self._fit()

    def set_label(self, text: str) -> None:
        """What is looked for here."""
        self.setPlaceholderText(text)
        self.setAccessibleName(text)

    def event(self, event: QEvent) -> bool:
        """Claim Escape before it becomes the window's."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self.text()
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape empties the field."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The field, and the picture before its words."""
        super().paintEvent(event)
        side = self._theme.px(_ICON)
        picture = self._theme.icon("search", "muted", _ICON)
        painter = QPainter(self)
        pixmap = picture.pixmap(QSize(side, side), self.devicePixelRatio())
        painter.drawPixmap(self._theme.px(_SIDE), (self.height() - side) // 2, pixmap)
        painter.end()

    def _fit(self) -> None:
        self.setTextMargins(self._theme.px(_ICON + 8), 0, 0, 0)
        self.setFont(self._theme.font("body"))
