"""Menus that a screen reader finds, and can choose from.

Qt tells the accessibility bus of Linux only about windows that are no pop-ups, so that nobody who
looks for a menu there finds one (QAccessibleApplication leaves them out). Here the program itself
is described anew: its windows, and the menu that is open.
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QAccessibleInterface,
    QAccessibleObject,
    QGuiApplication,
    QHideEvent,
    QShowEvent,
    QWindow,
)
from PySide6.QtWidgets import QApplication, QMenu, QWidget


class Menu(QMenu):
    """Tells that it opens and closes, and closes also when a screen reader chose something."""

    def __init__(self, parent: QWidget, name: str = "") -> None:
        """Make an empty menu.

        Args:
            parent: What it belongs to.
            name: What it is about, for who does not see where it stands.
        """
        super().__init__(parent)
        self.setAccessibleName(name)
        self.triggered.connect(self.close)

    def showEvent(self, event: QShowEvent) -> None:
        """It can be found from now on."""
        super().showEvent(event)
        self._tell(QAccessible.Event.ObjectCreated)

    def hideEvent(self, event: QHideEvent) -> None:
        """And no longer."""
        self._tell(QAccessible.Event.ObjectDestroyed)
        super().hideEvent(event)

    def _tell(self, what: QAccessible.Event) -> None:
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleEvent(self, what))


class _Program(QAccessibleObject):
    """The program as a screen reader sees it; PySide forgets that there may be none of a thing."""

    def childCount(self) -> int:
        return len(_windows())

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        windows = _windows()
        inside = 0 <= index < len(windows)
        return QAccessible.queryAccessibleInterface(windows[index]) if inside else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        # Not by `child.object()`: PySide lets go of that together with `child`.
        wanted = QAccessible.uniqueId(child)
        told = (QAccessible.queryAccessibleInterface(window) for window in _windows())
        return next((n for n, w in enumerate(told) if QAccessible.uniqueId(w) == wanted), -1)

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]
        focused = QApplication.focusWidget()
        return QAccessible.queryAccessibleInterface(focused) if focused is not None else None

    def parent(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def window(self) -> QWindow | None:  # type: ignore[override]
        return None

    def text(self, kind: QAccessible.Text) -> str:
        names = {
            QAccessible.Text.Name: QGuiApplication.applicationDisplayName(),
            QAccessible.Text.Description: QGuiApplication.applicationFilePath(),
        }
        return names.get(kind, "")

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.Application

    def state(self) -> QAccessible.State:
        return QAccessible.State()


def show_menus_to_screen_readers() -> None:
    """Describe the program anew; called once, before there is a QApplication."""
    if sys.platform.startswith("linux"):  # elsewhere every window is found by the system itself
        QAccessible.installFactory(_describe)


def _describe(kind: str, what: QObject) -> QAccessibleInterface | None:
    return _Program(what) if kind == "QApplication" else None


def _windows() -> list[QWidget]:
    return [w for w in QApplication.topLevelWidgets() if w.isVisible() and _is_told(w)]


def _is_told(window: QWidget) -> bool:
    """Menus inside of menus are found there."""
    if isinstance(window, QMenu):
        return not isinstance(window.parentWidget(), QMenu)
    return window.windowType() != Qt.WindowType.Popup
