"""The rows of the list of conversations: which there are, how tall, and what they say."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.core.records import ChatSummary
from app.core.text import one_line
from app.ui.chats.chat_row import ROW_PX, ChatRow, FolderRow, RowWords
from app.ui.chats.entries import FolderHeading, Heading, NewFolder
from app.ui.chats.name_row import FIELD_PX, SUGGESTION_PX, NameRow
from app.ui.chats.row import Row
from app.ui.chats.row_widgets import HeadingRow
from app.ui.dates import Dates
from app.ui.look.theme import Theme

_HEADING_PX = 46
_FIRST_HEADING_PX = 32


class ChatRows(QObject):
    """Makes and fills the rows.

    Signals:
        pressed: The entry whose row was clicked.
        menu_wished: The entry, and the button below which the menu belongs.
        name_ended: The entry, the name ("" for none), and whether the keyboard was still there.

    Attributes:
        open_chat: Id of the conversation that is shown beside the list.
        naming: Key of the entry whose name is being typed.
        suggestion: A name for it, "" for none.
    """

    pressed = Signal(object)
    menu_wished = Signal(object, QWidget)
    name_ended = Signal(object, str, bool)

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._dates = Dates(self)
        self.open_chat: int | None = None
        self.naming: Hashable = None
        self.suggestion = ""

    def kind(self, entry: Any) -> str:  # noqa: ANN401
        """A conversation, a folder, a heading, or a name that is being typed."""
        if isinstance(entry, Heading):
            return "heading"
        if isinstance(entry, NewFolder) or self.key(entry) == self.naming:
            return "name"
        return "chat" if isinstance(entry, ChatSummary) else "folder"

    def key(self, entry: Any) -> Hashable:  # noqa: ANN401
        """A number for a conversation, a pair for everything else."""
        if type(entry) is ChatSummary:
            return entry.id
        if isinstance(entry, FolderHeading):
            return ("folder", entry.folder.id)
        return ("new", 0) if isinstance(entry, NewFolder) else ("heading", entry.name)

    def words(self, entry: Any) -> str:  # noqa: ANN401
        """The title or the name."""
        if type(entry) is ChatSummary:
            return self.title(entry)
        if isinstance(entry, FolderHeading):
            return one_line(entry.folder.name) or "?"
        return self.tr("Name of the folder") if isinstance(entry, NewFolder) else ""

    def title(self, chat: ChatSummary) -> str:
        """What a conversation is called."""
        return one_line(chat.title) or self.tr("New conversation")

    def heights(self, entries: Sequence[Any], width_px: int) -> list[int]:
        """One height for conversations, another one for headings."""
        del width_px
        px = self._theme.px
        row, heading = px(ROW_PX), px(_HEADING_PX)
        named = px(FIELD_PX + (SUGGESTION_PX if self.suggestion else 0))
        heights = [
            row
            if type(entry) is ChatSummary
            else heading
            if type(entry) is Heading
            else row
            if type(entry) is FolderHeading
            else named
            for entry in entries
        ]
        if entries and isinstance(entries[0], Heading):
            heights[0] = px(_FIRST_HEADING_PX)
        if self.naming is not None:
            at = next((n for n, e in enumerate(entries) if self.key(e) == self.naming), None)
            if at is not None:
                heights[at] = named
        return heights

    def make(self, kind: str, parent: QWidget) -> Row:
        """A row of one of the four kinds."""
        if kind == "heading":
            return HeadingRow(self._theme, parent)
        if kind == "name":
            field = NameRow(self._theme, parent)
            field.ended.connect(
                lambda name, stayed: self.name_ended.emit(field.entry, name, stayed)
            )
            return field
        row = ChatRow(self._theme, parent) if kind == "chat" else FolderRow(self._theme, parent)
        row.button.clicked.connect(lambda: self.pressed.emit(row.entry))
        row.more.clicked.connect(lambda: self.menu_wished.emit(row.entry, row.more))
        return row

    def show(self, row: Any, entry: Any) -> None:  # noqa: ANN401
        """Let a row say its entry."""
        if isinstance(row, HeadingRow):
            row.say(self.heading(entry.name))
        elif isinstance(row, ChatRow):
            indented = entry.folder_id is not None and not entry.pinned
            is_open = entry.id == self.open_chat
            row.say(self._chat_words(entry), is_open=is_open, indented=indented)
        elif isinstance(row, FolderRow):
            row.say(self._folder_words(entry), closed=entry.closed)
        elif isinstance(row, NameRow):
            self._ask_name(row, entry)

    def heading(self, name: str) -> str:
        """What stands above a group."""
        return {
            "pinned": self.tr("Pinned"),
            "today": self.tr("Today"),
            "week": self.tr("This week"),
            "earlier": self.tr("Earlier"),
        }[name]

    def _chat_words(self, chat: ChatSummary) -> RowWords:
        title = self.title(chat)
        when = self._dates.when(chat.updated_at)
        states = []
        if chat.id == self.open_chat:
            states.append(self.tr("This conversation is open."))
        if chat.pinned:
            states.append(self.tr("Pinned at the top."))
        return RowWords(title, when, " ".join(states), self.tr("More: {name}").format(name=title))

    def _folder_words(self, entry: FolderHeading) -> RowWords:
        name = self.words(entry)
        held = self.tr("%n conversation(s)", "", entry.count)
        state = self.tr("Folder, closed.") if entry.closed else self.tr("Folder, open.")
        return RowWords(name, held, state, self.tr("More: {name}").format(name=name))

    def _ask_name(self, row: NameRow, entry: Any) -> None:  # noqa: ANN401
        if isinstance(entry, NewFolder):
            name, words = "", self.tr("Name of the folder")
        elif isinstance(entry, FolderHeading):
            name, words = entry.folder.name, self.tr("Name of the folder")
        else:
            name, words = entry.title, self.tr("Name of the conversation")
        if not row.asking():
            row.begin(name, words)
        row.suggest(
            self.suggestion, self.tr("Call it “{name}”").format(name=one_line(self.suggestion))
        )
