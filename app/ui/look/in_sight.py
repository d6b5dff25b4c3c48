"""What the keyboard is at stays in sight."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, QRect, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QTextEdit, QWidget


class InSight(QObject):
    """Scrolls an area to the widget, or the caret in it, that the keyboard has come to."""

    def __init__(self, area: QAbstractScrollArea, gap_px: Callable[[], int]) -> None:
        """Follow the keyboard.

        Args:
            area: What is scrolled, up and down.
            gap_px: How much is to be seen above and below.
        """
        super().__init__(area)
        self._area = area
        self._gap_px = gap_px
        self._caret_of: QTextEdit | None = None
        QApplication.instance().focusChanged.connect(self._on_focus_changed)  # type: ignore[union-attr]

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._caret_of is not None:
            self._caret_of.cursorPositionChanged.disconnect(self._show_caret)
            self._caret_of = None
        viewport = self._area.viewport()
        if new is None or not viewport.isAncestorOf(new):
            return
        if QApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self._show(area_in(new, viewport))
        if isinstance(new, QTextEdit):
            self._caret_of = new
            new.cursorPositionChanged.connect(self._show_caret)
            new.destroyed.connect(self._forget_caret)

    def _show_caret(self) -> None:
        if self._caret_of is not None:
            inside = area_in(self._caret_of.viewport(), self._area.viewport())
            self._show(self._caret_of.cursorRect().translated(inside.topLeft()))

    def _forget_caret(self) -> None:
        self._caret_of = None

    def _show(self, area: QRect) -> None:
        """Scroll as little as shows it; of what is taller than the viewport, its nearer edge."""
        room, gap = self._area.viewport().height(), self._gap_px()
        if area.height() <= room - 2 * gap:
            way = min(0, area.top() - gap) or max(0, area.bottom() + gap - room)
        elif area.top() >= room:
            way = area.top() - gap
        else:
            way = min(0, area.bottom() + gap - room) if area.bottom() <= 0 else 0
        bar = self._area.verticalScrollBar()
        bar.setValue(bar.value() + way)


def area_in(widget: QWidget, viewport: QWidget) -> QRect:
    """Where it is, in the viewport's coordinates."""
    return QRect(widget.mapTo(viewport, QPoint(0, 0)), widget.size())
