"""The tab key comes by everything that can be pressed or written into, on every page."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.gui.conftest import OpenRoom

PAGES = (
    *("talk", "earlier", "bin_page", "settings_page"),
    *("recovery", "missing", "help_page"),
)
_MOST = 150


def wanted(window: QWidget) -> set[QWidget]:
    """Everything in sight whose policy says that Tab reaches it, or that is pressed."""
    found: set[QWidget] = set()
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or not widget.isEnabled() or widget.focusProxy() is not None:
            continue
        pressed = isinstance(widget, QAbstractButton)
        if pressed and widget.autoExclusive():
            continue  # one of several takes the tab key, arrows lead to the others
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus or (pressed and not _in_list(widget)):
            found.add(widget)
    return found


def _in_list(widget: QWidget) -> bool:
    """One row of a list takes the tab key, arrows lead to the others."""
    parent = widget.parentWidget()
    while parent is not None:
        if parent.property("row"):
            return True
        parent = parent.parentWidget()
    return type(widget.parentWidget()).__name__.endswith("Row")


@pytest.mark.parametrize("view", ["simple", "full"])
def test_tab_comes_by_everything(
    qtbot: QtBot, open_room: OpenRoom, qapp: QApplication, view: str
) -> None:
    room = open_room(view=view)
    window = room.window
    for title in ("Bread", "Trains"):
        room.store.chats.create(title).result()
    room.program.chats.reload()
    window.activateWindow()
    for page in PAGES:
        window.shell.show_page(getattr(window.shell, page))
        if page == "earlier":
            window.shell.earlier.begin()
        elif page == "settings_page":
            window.show_settings()
        qtbot.wait(30)
        missed = wanted(window) - reached(qtbot, qapp, window)
        assert not missed, [f"{page}: {type(w).__name__} {w.accessibleName()!r}" for w in missed]


def reached(qtbot: QtBot, qapp: QApplication, window: QWidget) -> set[QWidget]:
    """Where Tab comes by until it is where it was before."""
    window.setFocus()
    found: set[QWidget] = set()
    for _ in range(_MOST):
        qtbot.keyClick(qapp.focusWidget() or window, Qt.Key.Key_Tab)
        here = qapp.focusWidget()
        assert here is not None, "Tab leads nowhere"
        if here in found:
            break
        found.add(here)
    return found
