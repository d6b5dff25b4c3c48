"""One conversation or one folder in a list."""

from __future__ import annotations

import html
from dataclasses import dataclass

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.ui.chats.row_widgets import MenuRow, RowButton, paint_ground, paint_words, title_font
from app.ui.look.theme import Theme

ROW_PX = 44


@dataclass(frozen=True, slots=True)
class RowWords:
    """What a row says.

    Attributes:
        title: Never empty.
        second: When it was, or how much is in it.
        state: More for who does not see it: that it is open, that it is pinned.
        more: Name of the button that opens its menu.
    """

    title: str
    second: str
    state: str
    more: str


class ChatButton(RowButton):
    """The title; the conversation that is open stands on a card, the others light up."""

    def __init__(self, theme: Theme, row: ChatRow) -> None:
        super().__init__(theme, row)
        self._row = row

    def paintEvent(self, event: QPaintEvent) -> None:
        """A ground when it says something, then the title."""
        del event
        theme, row, painter = self.theme, self._row, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        active = row.active()
        if row.is_open or active:
            token, edge = ("surface", "line") if row.is_open else ("tint", "tint")
            paint_ground(painter, theme, self.rect(), token, focused=self.hasFocus(), edge=edge)
        painter.setFont(title_font(theme, bold=row.is_open))
        painter.setPen(theme.color("ink"))
        right = theme.px(ROW_PX if row.shows_menu() else 8)
        left = theme.px(30 if row.indented else 14)
        paint_words(painter, self.rect().adjusted(left, 0, -right, 0), row.title)


class ChatRow(MenuRow):
    """Shows one conversation after the other."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        self.title = ""
        self.is_open = self.indented = False
        super().__init__(theme, "chat", parent)

    def make_button(self) -> RowButton:
        """The title."""
        return ChatButton(self.theme, self)

    def say(self, words: RowWords, *, is_open: bool, indented: bool) -> None:
        """Show a conversation."""
        self.title = words.title
        self.is_open, self.indented = is_open, indented
        _name(self, words)


class FolderButton(RowButton):
    """An arrow, a folder and its name."""

    def __init__(self, theme: Theme, row: FolderRow) -> None:
        super().__init__(theme, row)
        self._row = row

    def paintEvent(self, event: QPaintEvent) -> None:
        """The arrow says whether its conversations are listed."""
        del event
        theme, row, painter, px = self.theme, self._row, QPainter(self), self.theme.px
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.active():
            paint_ground(painter, theme, self.rect(), "tint", focused=self.hasFocus())
        side = px(18)
        place = QRect(px(9), (self.height() - side) // 2, side, side)
        arrow = "chevron-right" if row.closed else "chevron-down"
        for icon in (arrow, "folder"):
            theme.icon(icon, "muted", 18).paint(painter, place)
            place.translate(side + px(6), 0)
        painter.setFont(title_font(theme, bold=True))
        painter.setPen(theme.color("ink"))
        right = px(ROW_PX if row.shows_menu() else 8)
        paint_words(painter, self.rect().adjusted(place.left(), 0, -right, 0), row.title)


class FolderRow(MenuRow):
    """Shows one folder after the other."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        self.title = ""
        self.closed = False
        super().__init__(theme, "folder", parent)

    def make_button(self) -> RowButton:
        """Opens and closes it."""
        return FolderButton(self.theme, self)

    def say(self, words: RowWords, *, closed: bool) -> None:
        """Show a folder."""
        self.title, self.closed = words.title, closed
        _name(self, words)


def _name(row: MenuRow, words: RowWords) -> None:
    """Names for who does not see it, and the whole title for who sees half of it."""
    # As rich text on purpose: whatever stands in a title is shown, never obeyed.
    tip = f"<p>{html.escape(words.title)}<br>{html.escape(words.second)}</p>"
    said = f"{words.second}. {words.state}" if words.state else words.second
    row.button.say(words.title, said, tip)
    row.more.say(words.more)
    row.update_stops()
