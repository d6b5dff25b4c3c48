"""Buttons do what buttons do elsewhere."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

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
