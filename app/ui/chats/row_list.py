"""A list of real widgets, of any length: only the rows in sight have widgets.

Each row in sight is a widget with buttons in it, so that it has a name, a role and a focus of its
own. When it scrolls away it shows another entry. The keyboard walks through all entries: the row
it goes to gets a widget first. Tab stops at one row only, the one where the keyboard was last.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Sequence
from itertools import accumulate
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QCursor, QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QFrame, QWidget

from app.ui.chats.row import Row, RowSource
from app.ui.chats.row_keys import WALKING, TypeAhead, nearest, walk
from app.ui.chats.row_pool import RowPool
from app.ui.look.theme import Theme

_BY_KEYBOARD = frozenset(
    {
        Qt.FocusReason.TabFocusReason,
        Qt.FocusReason.BacktabFocusReason,
        Qt.FocusReason.ShortcutFocusReason,
        Qt.FocusReason.OtherFocusReason,
    }
)


class RowList(QAbstractScrollArea):
    """Shows entries from top to bottom.

    Signals:
        left_above: The keyboard went up from the first row.
    """

    left_above = Signal()

    def __init__(self, theme: Theme, source: RowSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._source = source
        self._entries: Sequence[Any] = ()
        self._tops: list[int] = [0]
        self._positions: dict[Hashable, int] = {}
        self._words: list[str] | None = None
        self._pool = RowPool(source, self)
        self._current: Hashable = None
        self._typed = TypeAhead()
        self._gap = 0
        self._measuring = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        # Never reached by Tab itself; rows are put behind it in the order of the tab key.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        theme.changed.connect(self._on_theme_changed)

    @property
    def entries(self) -> Sequence[Any]:
        """All of them, in sight or not."""
        return self._entries

    @property
    def current(self) -> Any:  # noqa: ANN401
        """The entry where the keyboard is, or was last; None for none."""
        position = self._positions.get(self._current)
        return self._entries[position] if position is not None else None

    def rows(self) -> list[Row]:
        """The rows that have widgets now, from top to bottom."""
        return sorted(self._pool.rows(), key=lambda row: row.y())

    def row_of(self, key: Hashable) -> Row | None:
        """The widget of an entry, if it has one now."""
        return self._pool.row_of(key)

    def has(self, key: Hashable) -> bool:
        """Whether there is such an entry."""
        return key in self._positions

    def set_gap(self, gap_px: int) -> None:
        """Leave so much room at the right, in which the scroll bar appears."""
        self._gap = gap_px
        self._measure()

    def set_entries(self, entries: Sequence[Any]) -> None:
        """Show others; what is in sight and where the keyboard is stays, as far as it can."""
        anchor, before = self._anchor(), self._positions.get(self._current, 0)
        focused = self._has_focus()
        key = self._source.key
        self._entries, self._words = entries, None
        self._positions = {key(entry): n for n, entry in enumerate(entries)}
        if self._current not in self._positions:
            place = nearest(before, len(entries), self._stops_at)
            self._current = None if place is None else key(entries[place])
            focused = focused and self._current is not None
            self._measure(anchor)
            if focused:
                self.focus_entry(self._current)
        else:
            self._measure(anchor)

    def set_current(self, key: Hashable) -> None:
        """Tab leads to this entry next time."""
        if key in self._positions and key != self._current:
            self._current = key
            self._place()

    def show_entry(self, key: Hashable) -> None:
        """Scroll as far as needed to see it."""
        position = self._positions.get(key)
        if position is None:
            return
        bar, room = self.verticalScrollBar(), self.viewport().height()
        top, bottom = self._tops[position], self._tops[position + 1]
        if position and not self._stops_at(position - 1):
            top = self._tops[position - 1]  # with its heading
        if top < bar.value():
            bar.setValue(top)
        elif bottom > bar.value() + room:
            bar.setValue(bottom - room)

    def focus_entry(self, key: Hashable) -> None:
        """Put the keyboard there."""
        if key not in self._positions:
            return
        self.set_current(key)
        self.show_entry(key)
        row = self._pool.row_of(key)
        if row is not None and row.stops():
            row.stops()[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self) -> None:
        """Every row says its entry anew: the language or something else around it changed."""
        self._words = None
        self._measure()
        for row in self._pool.rows():
            self._source.show(row, row.entry)

    def entry_below(self, event: QContextMenuEvent) -> Any:  # noqa: ANN401
        """What a menu is asked for: by the pointer, else by the keyboard; None for nothing."""
        if event.reason() != QContextMenuEvent.Reason.Mouse:
            return self.current
        place = self.viewport().mapFromGlobal(event.globalPos())
        row = next((r for r in self.rows() if r.geometry().contains(place)), None)
        return row.entry if row is not None else None

    def on_key(self, entry: Any, event: QKeyEvent) -> bool:  # noqa: ANN401, ARG002
        """A key was pressed on a row; returns whether that was all."""
        return False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys and focus of whatever stands in a row."""
        kind = event.type()
        if kind not in (QEvent.Type.KeyPress, QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            return False
        row = self._pool.row_around(watched)
        if row is None or row.entry is None:
            return False
        if isinstance(event, QKeyEvent):
            return row.walks and isinstance(watched, QWidget) and self._walked(row, watched, event)
        if kind == QEvent.Type.FocusIn:
            self.set_current(self._source.key(row.entry))
            if isinstance(event, QFocusEvent) and event.reason() in _BY_KEYBOARD:
                self.show_entry(self._current)
        row.update_stops()
        return False

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The list as a whole was meant: the row where the keyboard was."""
        super().focusInEvent(event)
        self.focus_entry(self._current)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width can mean other heights."""
        super().resizeEvent(event)
        self._measure()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Rows move, and those that left show what came."""
        del dx, dy
        if not self._measuring:
            self._place()
            self._light()

    def _on_theme_changed(self) -> None:
        self.refresh()

    def _stops_at(self, position: int) -> bool:
        return bool(self._source.words(self._entries[position]))

    def _has_focus(self) -> bool:
        focused = self.window().focusWidget()
        return focused is not None and focused is not self and self.isAncestorOf(focused)

    def _anchor(self) -> tuple[Hashable, int] | None:
        """The first entry in sight and how far it is scrolled away; None at the very top."""
        value = self.verticalScrollBar().value()
        if value == 0 or not self._entries:
            return None
        position = min(bisect_right(self._tops, value) - 1, len(self._entries) - 1)
        return self._source.key(self._entries[position]), value - self._tops[position]

    def _measure(self, anchor: tuple[Hashable, int] | None = None) -> None:
        anchor = anchor or self._anchor()
        bar = self.verticalScrollBar()
        width = self.width() - self._gap
        heights = self._source.heights(self._entries, width)
        self._tops = [0, *accumulate(heights)]
        room = self.viewport().height()
        overflow = max(0, self._tops[-1] - room)
        thickness = bar.sizeHint().width() if overflow else 0
        self.setViewportMargins(0, 0, max(0, self._gap - thickness), 0)
        position = self._positions.get(anchor[0]) if anchor else None
        value = self._tops[position] + anchor[1] if anchor and position is not None else None
        self._measuring = True
        bar.setRange(0, overflow)
        bar.setPageStep(room)
        bar.setSingleStep(self.theme.px(44))
        if value is not None:
            bar.setValue(value)
        self._measuring = False
        self._place()

    def _place(self) -> None:
        top, room = self.verticalScrollBar().value(), self.viewport().height()
        width = self.width() - self._gap
        tops, key = self._tops, self._source.key
        first = max(0, bisect_right(tops, top) - 1)
        last = min(len(self._entries), bisect_left(tops, top + room))
        wanted = {key(self._entries[n]): n for n in range(first, last)}
        # Where the keyboard is there is always a widget, in sight or not.
        if self._current in self._positions:
            wanted.setdefault(self._current, self._positions[self._current])
        rows = self._pool.give({name: self._entries[n] for name, n in wanted.items()})
        for name, row in rows.items():
            position = wanted[name]
            row.setGeometry(0, tops[position] - top, width, tops[position + 1] - tops[position])
            self._let_tab_stop(row, stop=name == self._current)
            row.show()
        self._pool.hide_rest()

    def _light(self) -> None:
        """The pointer stands still while rows move below it."""
        place = self.viewport().mapFromGlobal(QCursor.pos())
        for row in self._pool.rows():
            lit = self.underMouse() and row.geometry().contains(place)
            if lit != row.lit:
                row.lit = lit
                row.update_stops()

    def _let_tab_stop(self, row: Row, *, stop: bool) -> None:
        if row.walks:
            policy = Qt.FocusPolicy.StrongFocus if stop else Qt.FocusPolicy.ClickFocus
            for widget in row.stops():
                if widget.focusPolicy() != policy:
                    widget.setFocusPolicy(policy)

    def _walked(self, row: Row, stop: QWidget, event: QKeyEvent) -> bool:
        if self.on_key(row.entry, event):
            return True
        key = Qt.Key(event.key())
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
            Qt.KeyboardModifier.ShiftModifier,
        )
        if not plain:
            return False
        if key in WALKING:
            self._walk(key)
            return True
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            _walk_inside(row, stop, 1 if key == Qt.Key.Key_Right else -1)
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if isinstance(stop, QAbstractButton):
                stop.click()
            return True
        return self._type(event.text())

    def _walk(self, key: Qt.Key) -> None:
        position = self._positions.get(self._current, 0)
        page = max(1, self.viewport().height() // self.theme.px(44) - 1)
        target = walk(key, position, len(self._entries), page, self._stops_at)
        if target is not None:
            self.focus_entry(self._source.key(self._entries[target]))
        elif key == Qt.Key.Key_Up:
            self.left_above.emit()

    def _type(self, letter: str) -> bool:
        if not letter.isprintable() or not letter or (letter == " " and not self._typed.active):
            return False
        words: Callable[[Any], str] = self._source.words
        if self._words is None:
            self._words = [words(entry).casefold() for entry in self._entries]
        if not self._words:
            return False
        found = self._typed.find(letter, self._words, self._positions.get(self._current, 0))
        if found is not None:
            self.focus_entry(self._source.key(self._entries[found]))
        return True


def _walk_inside(row: Row, stop: QWidget, step: int) -> None:
    stops = row.stops()
    place = stops.index(stop) + step
    if 0 <= place < len(stops):
        stops[place].setFocus(Qt.FocusReason.OtherFocusReason)
