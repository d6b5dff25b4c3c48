"""A page that scrolls when the window is smaller than what it says."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from app.ui.look.in_sight import InSight
from app.ui.look.theme import Theme
from app.ui.look.widgets import Column

_Widget = TypeVar("_Widget", bound=QWidget)
_MEASURING = (QEvent.Type.StyleChange, QEvent.Type.LayoutRequest)


class ScrollPage(QScrollArea):
    """One column of widgets, in the middle."""

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, width: float = 760) -> None:
        super().__init__(parent)
        self.theme = theme
        self._stale = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.column = Column(theme, width, frame=self)
        self.column.set_padding(16, 24)
        self.column.setAutoFillBackground(False)
        self.setWidget(self.column)
        self.column.setAutoFillBackground(False)
        # Qt itself follows only Tab from one control of the page to the next.
        self._in_sight = InSight(self, lambda: theme.px(16))

    def event(self, event: QEvent) -> bool:
        """Nobody sees how a hidden page is laid out; to measure its texts takes long."""
        if event.type() in _MEASURING and not self.isVisible():
            self._stale = True
            return True
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Lay out what was left undone."""
        super().showEvent(event)
        if self._stale:
            self._stale = False
            super().event(QEvent(QEvent.Type.StyleChange))

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        """Set every text again; each page does it for its own."""
        raise NotImplementedError


def let_go(widgets: list[_Widget], most: int) -> None:
    """Destroy the last of `widgets`, so that no more than `most` are kept."""
    while len(widgets) > most:
        gone = widgets.pop()
        gone.hide()
        gone.deleteLater()
