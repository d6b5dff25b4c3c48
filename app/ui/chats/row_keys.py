"""Keys that walk through a list whose rows mostly have no widgets."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt

_FORGET_S = 1.0

_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
WALKING = frozenset(
    {
        *_STEPS,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_PageDown,
    }
)


def walk(
    key: Qt.Key, position: int, count: int, page: int, stops_at: Callable[[int], bool]
) -> int | None:
    """Where a key leads.

    Args:
        key: One of `WALKING`.
        position: Where the keyboard is.
        count: How many rows there are.
        page: How many of them are in sight.
        stops_at: Whether the keyboard stops at a row, or passes it over as it does a heading.

    Returns:
        The position, None where the list ends.
    """
    if key in _STEPS:
        step = _STEPS[key]
        return _next(range(position + step, count if step > 0 else -1, step), stops_at)
    if key == Qt.Key.Key_Home:
        return _next(range(count), stops_at)
    if key == Qt.Key.Key_End:
        return _next(range(count - 1, -1, -1), stops_at)
    if key == Qt.Key.Key_PageDown:
        far = min(count - 1, position + page)
        below = _next(range(far, count), stops_at)
        return below if below is not None else _next(range(far, position, -1), stops_at)
    far = max(0, position - page)
    above = _next(range(far, -1, -1), stops_at)
    return above if above is not None else _next(range(far, position), stops_at)


def nearest(position: int, count: int, stops_at: Callable[[int], bool]) -> int | None:
    """The row at `position`, or the next one where the keyboard stops, or the one before."""
    after = _next(range(max(0, position), count), stops_at)
    return after if after is not None else _next(range(min(position, count) - 1, -1, -1), stops_at)


def _next(positions: range, stops_at: Callable[[int], bool]) -> int | None:
    return next((n for n in positions if stops_at(n)), None)


class TypeAhead:
    """Finds the row that begins with the letters that are typed one after the other."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._typed = ""
        self._last_s = 0.0

    @property
    def active(self) -> bool:
        """Whether the next letter (a space too) goes on with the word."""
        return bool(self._typed) and self._clock() - self._last_s < _FORGET_S

    def find(self, letter: str, words: Sequence[str], position: int) -> int | None:
        """Take one more letter in.

        Args:
            letter: What was typed.
            words: What each row says, in lower case; "" where the keyboard does not stop.
            position: Where the keyboard is.

        Returns:
            The next row that begins so, from `position` on and around; None for none.
        """
        self._typed = self._typed + letter.casefold() if self.active else letter.casefold()
        self._last_s = self._clock()
        same = len(set(self._typed)) == 1
        # One letter again and again goes from row to row; more of a word stays where it fits.
        wanted = self._typed[0] if same else self._typed
        start = position + 1 if same else position
        count = len(words)
        return next(
            (n % count for n in range(start, start + count) if words[n % count].startswith(wanted)),
            None,
        )
