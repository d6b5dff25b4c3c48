"""The widgets of the rows in sight, each of which shows one entry after the other."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from app.ui.chats.row import Row, RowSource


class RowPool:
    """Gives entries to rows, and makes rows where none is free."""

    def __init__(self, source: RowSource, area: QAbstractScrollArea) -> None:
        """Make an empty pool.

        Args:
            source: Makes and fills rows.
            area: Stands before them in the order of the tab key, and hears what happens in them.
        """
        self._source = source
        self._area = area
        self._live: dict[Hashable, Row] = {}
        self._spare: dict[str, list[Row]] = {}
        self._rows_of: dict[QObject, Row] = {}

    def rows(self) -> Iterable[Row]:
        """Those that show something now."""
        return tuple(self._live.values())

    def row_of(self, key: Hashable) -> Row | None:
        """The row of an entry, if it has one now."""
        return self._live.get(key)

    def row_around(self, stop: QObject) -> Row | None:
        """The row that a button or a field stands in."""
        return self._rows_of.get(stop)

    def give(self, wanted: Mapping[Hashable, Any]) -> dict[Hashable, Row]:
        """Let these entries have rows, and no others.

        Args:
            wanted: Entries by their keys.

        Returns:
            Their rows, also by the keys.
        """
        self._let_go(wanted)
        return {key: self._row_for(key, entry) for key, entry in wanted.items()}

    def hide_rest(self) -> None:
        """Hide the rows that show nothing.

        The keyboard leaves a row that is hidden, and where it goes may need rows itself.
        """
        for row in [row for rows in self._spare.values() for row in rows]:
            if row.entry is None:
                row.hide()

    def _let_go(self, wanted: Mapping[Hashable, Any]) -> None:
        gone = [
            key
            for key, row in self._live.items()
            if key not in wanted or row.kind != self._source.kind(wanted[key])
        ]
        for key in gone:
            row = self._live.pop(key)
            row.entry = None
            self._spare.setdefault(row.kind, []).append(row)

    def _row_for(self, key: Hashable, entry: Any) -> Row:  # noqa: ANN401
        row = self._live.get(key)
        if row is None:
            kind = self._source.kind(entry)
            spare = self._spare.get(kind)
            row = spare.pop() if spare else self._new_row(kind)
            self._live[key] = row
        if row.entry is not entry:
            row.entry = entry
            self._source.show(row, entry)
        return row

    def _new_row(self, kind: str) -> Row:
        row = self._source.make(kind, self._area.viewport())
        before: QWidget = self._area
        for stop in row.stops():
            self._rows_of[stop] = row
            stop.installEventFilter(self._area)
            QWidget.setTabOrder(before, stop)
            before = stop
        return row
