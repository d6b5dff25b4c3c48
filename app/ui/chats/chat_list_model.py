"""Conversations as rows, with a heading before each group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from app.core.records import ChatSummary

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class ChatRole:
    """What can be asked of a row beyond its text."""

    CHAT_ID: Final = int(Qt.ItemDataRole.UserRole) + 1  # int, None for a heading
    IS_OPEN: Final = int(Qt.ItemDataRole.UserRole) + 2  # bool


@dataclass(frozen=True, slots=True)
class _Row:
    heading: str = ""  # key of the words
    chat: ChatSummary | None = None


class ChatListModel(QAbstractListModel):
    """Rows of the list.

    Signals:
        title_edited: Id and what was typed.
    """

    title_edited = Signal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = []
        self._positions: dict[int, int] = {}
        self._words: dict[str, str] = {}
        self._open: int | None = None

    def set_words(self, words: dict[str, str]) -> None:
        """Headings, and what an unnamed conversation is called, in the language that is on."""
        self._words = words
        self._touch_all()

    def set_chats(self, summaries: tuple[ChatSummary, ...], now: datetime | None = None) -> bool:
        """Show these; returns whether rows moved, so that the focus has to be put back."""
        rows = _grouped(summaries, now or datetime.now().astimezone())
        same = [(r.heading, r.chat.id if r.chat else 0) for r in rows] == [
            (r.heading, r.chat.id if r.chat else 0) for r in self._rows
        ]
        if same:
            self._rows = rows
            self._touch_all()
            return False
        self.beginResetModel()
        self._rows = rows
        self._positions = {row.chat.id: n for n, row in enumerate(rows) if row.chat is not None}
        self.endResetModel()
        return True

    def set_open_chat(self, chat_id: int | None) -> None:
        """Mark the conversation that is shown."""
        self._open = chat_id
        self._touch_all()

    def index_of(self, chat_id: int) -> QModelIndex:
        """Where a conversation stands; invalid when it is not there."""
        row = self._positions.get(chat_id)
        return self.index(row) if row is not None else QModelIndex()

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        """Conversations and headings."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:  # noqa: ANN401
        """Text, id and state of a row."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ChatRole.CHAT_ID:
            return row.chat.id if row.chat is not None else None
        if role == ChatRole.IS_OPEN:
            return row.chat is not None and row.chat.id == self._open
        if role == Qt.ItemDataRole.EditRole:
            return row.chat.title if row.chat is not None else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._text(row)
        return None

    def setData(self, index: _Index, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:  # noqa: ANN401
        """A title was typed: the service decides and sends the new list."""
        chat = self._rows[index.row()].chat if index.isValid() else None
        title = " ".join(str(value).split())
        if chat is None or role != Qt.ItemDataRole.EditRole or not title or title == chat.title:
            return False
        self.title_edited.emit(chat.id, title)
        return True

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Headings can be neither chosen nor typed into."""
        if not index.isValid() or self._rows[index.row()].chat is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    def _text(self, row: _Row) -> str:
        if row.chat is None:
            return self._words.get(row.heading, "")
        return row.chat.title or self._words.get("untitled", "")

    def _touch_all(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


def _grouped(summaries: tuple[ChatSummary, ...], now: datetime) -> list[_Row]:
    groups: dict[str, list[ChatSummary]] = {"pinned": [], "today": [], "week": [], "earlier": []}
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for chat in summaries:
        if chat.pinned:
            groups["pinned"].append(chat)
        elif chat.updated_at >= midnight:
            groups["today"].append(chat)
        elif chat.updated_at >= midnight - timedelta(days=6):
            groups["week"].append(chat)
        else:
            groups["earlier"].append(chat)
    rows: list[_Row] = []
    for heading, chats in groups.items():
        if chats:
            rows.append(_Row(heading=heading))
            rows.extend(_Row(chat=chat) for chat in chats)
    return rows
