"""What a search found: conversations by their titles, then messages under their conversations."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Signal
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QWidget

from app.core.records import ChatSummary, SearchHit, SearchResults
from app.core.text import one_line
from app.ui.chats.chat_row import ROW_PX, ChatRow, RowWords
from app.ui.chats.hit_row import HitRow, hit_height
from app.ui.chats.row import Row
from app.ui.chats.row_list import RowList
from app.ui.chats.row_widgets import HeadingRow
from app.ui.dates import Dates
from app.ui.look.theme import Theme

_HEADING_PX = 42


@dataclass(frozen=True, slots=True)
class ResultHeading:
    """Words above results.

    Attributes:
        chat: The conversation whose messages follow; None above the conversations themselves.
    """

    chat: ChatSummary | None


ResultEntry = ResultHeading | ChatSummary | SearchHit


def grouped(results: SearchResults) -> list[ResultEntry]:
    """Titles first; then the messages, those of one conversation together, the newest first."""
    entries: list[ResultEntry] = []
    if results.chats:
        entries.append(ResultHeading(None))
        entries.extend(results.chats)
    by_chat: dict[int, list[SearchHit]] = {}
    for hit in results.hits:
        by_chat.setdefault(hit.chat.id, []).append(hit)
    for hits in by_chat.values():
        entries.append(ResultHeading(hits[0].chat))
        entries.extend(hits)
    return entries


class ResultRows(QObject):
    """Makes and fills the rows.

    Signals:
        pressed: The entry whose row was clicked.
        menu_wished: The entry, and the button below which the menu belongs.
    """

    pressed = Signal(object)
    menu_wished = Signal(object, QWidget)

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._dates = Dates(self)

    def kind(self, entry: Any) -> str:  # noqa: ANN401
        """A heading, a conversation or a message."""
        if isinstance(entry, ResultHeading):
            return "heading"
        return "chat" if isinstance(entry, ChatSummary) else "hit"

    def key(self, entry: Any) -> Hashable:  # noqa: ANN401
        """Which of them, by its number."""
        if isinstance(entry, ResultHeading):
            return ("heading", entry.chat.id if entry.chat is not None else 0)
        return ("chat", entry.id) if isinstance(entry, ChatSummary) else entry.message_id

    def words(self, entry: Any) -> str:  # noqa: ANN401
        """The title, or the words of the message."""
        if isinstance(entry, ResultHeading):
            return ""
        return self._title(entry) if isinstance(entry, ChatSummary) else entry.text or "…"

    def heights(self, entries: Sequence[Any], width_px: int) -> list[int]:
        """Messages have as many lines as they need, up to three."""
        px = self._theme.px
        chat, heading = px(ROW_PX), px(_HEADING_PX)
        return [
            hit_height(self._theme, entry, width_px)
            if isinstance(entry, SearchHit)
            else chat
            if isinstance(entry, ChatSummary)
            else heading
            for entry in entries
        ]

    def make(self, kind: str, parent: QWidget) -> Row:
        """A row of one of the three kinds."""
        if kind == "heading":
            return HeadingRow(self._theme, parent)
        row = HitRow(self._theme, parent) if kind == "hit" else ChatRow(self._theme, parent)
        row.button.clicked.connect(lambda: self.pressed.emit(row.entry))
        if isinstance(row, ChatRow):
            more = row.more
            more.clicked.connect(lambda: self.menu_wished.emit(row.entry, more))
        return row

    def show(self, row: Any, entry: Any) -> None:  # noqa: ANN401
        """Let a row say its entry."""
        if isinstance(row, HeadingRow):
            chat = entry.chat
            row.say(self.tr("In the titles") if chat is None else self._title(chat))
        elif isinstance(row, ChatRow):
            when = self._dates.when(entry.updated_at)
            title = self._title(entry)
            words = RowWords(title, when, "", self.tr("More: {name}").format(name=title))
            row.say(words, is_open=False, indented=False)
        else:
            when = self._dates.when(entry.created_at)
            row.say(entry, self._meta(entry, when), when)

    def _title(self, chat: ChatSummary) -> str:
        return one_line(chat.title) or self.tr("New conversation")

    def _meta(self, hit: SearchHit, when: str) -> str:
        if hit.role == "user":
            return self.tr("You · {when}").format(when=when)
        return self.tr("Assistant · {when}").format(when=when)


class ResultList(RowList):
    """Every result is a button.

    Signals:
        chat_chosen: Id of a conversation to open.
        hit_chosen: Id of a conversation, and of the message in it to show.
        menu_wished: ChatSummary, and where on the screen the menu belongs.
    """

    chat_chosen = Signal(int)
    hit_chosen = Signal(int, int)
    menu_wished = Signal(object, QPoint)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self._text = ""
        self._rows = ResultRows(theme)
        super().__init__(theme, self._rows, parent)
        self._rows.setParent(self)
        self._rows.pressed.connect(self.choose)
        self._rows.menu_wished.connect(self._on_menu_wished)
        self._retranslate()

    def set_results(self, results: SearchResults) -> None:
        """Show these: from the top, or where one was when the same was looked for again."""
        again, self._text = results.text == self._text, results.text
        self.set_entries(grouped(results))
        if not again:
            self.verticalScrollBar().setValue(0)

    def first(self) -> ResultEntry | None:
        """The first one that can be opened."""
        return next((entry for entry in self.entries if self._rows.words(entry)), None)

    def focus_first(self) -> None:
        """Put the keyboard on the first result."""
        first = self.first()
        if first is not None:
            self.focus_entry(self._rows.key(first))

    def choose(self, entry: ResultEntry) -> None:
        """Open what was clicked."""
        if isinstance(entry, SearchHit):
            self.hit_chosen.emit(entry.chat.id, entry.message_id)
        elif isinstance(entry, ChatSummary):
            self.chat_chosen.emit(entry.id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Right click on a row, or the menu key: what can be done with its conversation."""
        entry = self.entry_below(event)
        chat = entry if isinstance(entry, ChatSummary) else getattr(entry, "chat", None)
        if chat is not None:
            self.menu_wished.emit(chat, event.globalPos())

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _on_menu_wished(self, chat: ChatSummary, button: QWidget) -> None:
        self.menu_wished.emit(chat, button.mapToGlobal(QPoint(0, button.height())))

    def _retranslate(self) -> None:
        self.setAccessibleName(self.tr("What was found"))
        self.refresh()
