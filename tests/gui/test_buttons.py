"""Buttons do what buttons do elsewhere."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup
from pytestqt.qtbot import QtBot

from app.core.records import Assistant
from app.ui.frame.assistant_button import AssistantButton
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_a_button_is_pressed_by_enter_and_by_space(qtbot: QtBot, theme: Theme, key: Qt.Key) -> None:
    button = Button(theme)
    qtbot.addWidget(button)
    button.show()
    with qtbot.waitSignal(button.clicked, timeout=1000):
        qtbot.keyClick(button, key)


def test_icons_of_other_sizes_and_colours_are_not_kept(qtbot: QtBot, theme: Theme) -> None:
    """A step through all sizes took 80 MB that nobody gave back (found by the monkey)."""
    button = Button(theme, "outlined", "plus")
    qtbot.addWidget(button)
    kept = set()
    for appearance in ("light", "dark"):
        theme.set_appearance(appearance)
        for size_pt in range(16, 29):
            theme.set_text_size(size_pt)
            kept.add(len(theme._icons))
    assert max(kept) == min(kept) > 0


def test_a_menu_that_is_opened_often_keeps_nothing(qtbot: QtBot, theme: Theme) -> None:
    button = AssistantButton(theme)
    qtbot.addWidget(button)
    one, other = (Assistant(n, "", name, b"", "", "", "") for n, name in ((1, "Ann"), (2, "Bo")))
    button.set_assistants((one, other), other)
    menu = button.menu()
    for _ in range(4):
        menu.aboutToShow.emit()
    checks = [a for a in menu.actions() if a.isCheckable()]
    assert [a.isChecked() for a in checks] == [False, True]
    checks[0].trigger()
    assert [a.isChecked() for a in checks] == [True, False]
    assert len(menu.findChildren(QActionGroup)) == 1
    qtbot.waitUntil(lambda: len(menu.findChildren(QAction)) <= len(menu.actions()) + 1)
