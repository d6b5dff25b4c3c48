"""Rows are given and taken while others are given and taken."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from app.ui.chats.row import Row
from app.ui.chats.row_pool import RowPool


class _Row(Row):
    """Something happens when it is hidden, as when it had the keyboard."""

    on_hide: Callable[[], object] | None = None

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        super().hideEvent(event)
        if self.on_hide is not None:
            self.on_hide()


class _Source:
    """Entries are texts, and their first letter says of what kind they are."""

    def kind(self, entry: str) -> str:
        return entry[0]

    def key(self, entry: str) -> Hashable:
        return entry

    def words(self, entry: str) -> str:
        return entry

    def heights(self, entries: Sequence[str], width_px: int) -> list[int]:
        return [width_px for _ in entries]

    def make(self, kind: str, parent: QWidget) -> Row:
        return _Row(kind, parent)

    def show(self, row: Row, entry: str) -> None:
        row.setObjectName(entry)


def test_rows_may_be_given_while_others_are_hidden(qtbot: QtBot) -> None:
    area = QScrollArea()
    qtbot.addWidget(area)
    area.show()
    pool = RowPool(_Source(), area)
    for row in pool.give({"a": "a", "b": "b"}).values():
        row.show()
    first, other = pool.row_of("a"), pool.row_of("b")
    assert isinstance(first, _Row)
    assert other is not None
    first.on_hide = lambda: [row.show() for row in pool.give({"b": "b", "c": "c"}).values()]
    pool.give({"d": "d"})
    pool.hide_rest()
    assert not first.isVisible()
    assert other.isVisible(), "it shows something again"
    assert [row.objectName() for row in pool.rows()] == ["b", "c"]
