"""Where the column of text stands in a wide window."""

from __future__ import annotations

from app.ui.look.theme import Theme

TEXT_WIDTH = 760.0


def sides(theme: Theme, width: float, whole: int, taken: int) -> tuple[int, int]:
    """Room left and right of the column.

    Args:
        theme: Sizes.
        width: Greatest width of the column, at 16 pt text.
        whole: In how many pixels it stands in the middle.
        taken: How many of these a scroll bar at the right takes.

    Returns:
        Pixels at the left, and at the right before the scroll bar.
    """
    px = theme.px
    side = max(min(px(24), whole // 24), (whole - px(width)) // 2)
    return side, max(side - taken, min(side, px(8)))
