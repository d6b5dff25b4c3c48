"""One row of a list of real widgets, and what the list asks about its entries."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, ClassVar, Protocol

from PySide6.QtCore import QEvent
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QWidget


class Row(QWidget):
    """A widget that shows one entry after the other.

    Attributes:
        lit: Whether the pointer is on it.
        walks: Whether the arrow keys lead out of it; a field keeps them for itself.
        kind: Which entries it can show.
        entry: The one it shows.
    """

    walks: ClassVar[bool] = True

    def __init__(self, kind: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.kind = kind
        self.entry: Any = None
        self.lit = False

    def stops(self) -> tuple[QWidget, ...]:
        """What takes the keyboard, in reading order; none for a heading."""
        return ()

    def active(self) -> bool:
        """Whether the pointer or the keyboard is on it."""
        return self.lit or any(stop.hasFocus() for stop in self.stops())

    def enterEvent(self, event: QEnterEvent) -> None:
        """The pointer is on the row, or on something in it."""
        self.lit = True
        self.update_stops()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer went elsewhere."""
        self.lit = False
        self.update_stops()
        super().leaveEvent(event)

    def update_stops(self) -> None:
        """Paint everything again."""
        for stop in self.stops():
            stop.update()


class RowSource(Protocol):
    """What a list asks about its entries."""

    def kind(self, entry: Any) -> str:  # noqa: ANN401
        """Which kind of row shows it."""

    def key(self, entry: Any) -> Hashable:  # noqa: ANN401
        """What tells it from all others, before and after a change."""

    def words(self, entry: Any) -> str:  # noqa: ANN401
        """What it is called; "" where the keyboard does not stop."""

    def heights(self, entries: Sequence[Any], width_px: int) -> list[int]:
        """Of every entry."""

    def make(self, kind: str, parent: QWidget) -> Row:
        """A new row."""

    def show(self, row: Any, entry: Any) -> None:  # noqa: ANN401
        """Let a row of the entry's kind say it, in the language and the sizes that are on."""
