"""The field that grows with its text, also where height and lines do not agree."""

from __future__ import annotations

from itertools import cycle

from pytestqt.qtbot import QtBot

from app.ui.conversation.growing_field import GrowingField
from app.ui.look.theme import Theme


def test_it_is_as_tall_as_its_lines_up_to_eight(qtbot: QtBot, theme: Theme) -> None:
    field = GrowingField(theme)
    qtbot.addWidget(field)
    field.resize(400, 100)
    field.show()
    heights = []
    for lines in (1, 2, 8, 9, 30):
        field.setPlainText("\n".join("short" for _ in range(lines)))
        heights.append(field.height())
    assert heights[0] < heights[1] < heights[2] == heights[3] == heights[4]
    field.setPlainText("\n".join("many words that need more than one line here " * 3 for _ in "ab"))
    assert field.height() > heights[1]


def test_a_height_that_changes_the_lines_does_not_go_round_for_ever(
    qtbot: QtBot, theme: Theme
) -> None:
    """Found by the monkey: the window ended on a full stack."""
    changing = cycle((2, 5))

    class Restless(GrowingField):
        def lines(self) -> int:
            return next(changing)

    field = Restless(theme)
    qtbot.addWidget(field)
    field.resize(400, 100)
    field.show()
    field.setPlainText("text")
    assert field.isVisible()
