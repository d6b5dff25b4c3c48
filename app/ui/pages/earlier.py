"""The earlier conversations of the Simple view: large rows, and a field to look for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.records import ChatSummary, SearchResults
from app.core.text import one_line
from app.ui.chats.search_field import SearchField
from app.ui.dates import Dates
from app.ui.frame.bars import UndoBar
from app.ui.look.announce import announce
from app.ui.look.card_button import CardButton
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Label
from app.ui.pages.base import ScrollPage, let_go

_ROWS = 12


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a row stands for and says."""

    chat: ChatSummary
    when: datetime
    message_id: int = 0
    text: str = ""
    marks: tuple[tuple[int, int], ...] = ()


class _Row(QWidget):
    """A conversation, and beside it the way to be rid of it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.card = CardButton(theme)
        self.delete = Button(theme, "quiet", "trash")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.px(6))
        line.addWidget(self.card, 1)
        line.addWidget(self.delete)


class EarlierPage(ScrollPage):
    """Pinned first, then the newest; a dozen at a time.

    Signals:
        closed: Back to the conversation.
        search_wished: Look for these words; "" for none.
        chat_chosen: Open this conversation at this message, 0 for its end.
        delete_wished: Put this conversation into the bin.
    """

    closed = Signal()
    search_wished = Signal(str)
    chat_chosen = Signal(int, int)
    delete_wished = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._chats: tuple[ChatSummary, ...] = ()
        self._results: SearchResults | None = None
        self._entries: tuple[_Entry, ...] = ()
        self._shown = _ROWS
        self._rows: list[_Row] = []
        self._back = Button(theme, "quiet", "arrow-left")
        self._heading = Label(theme, "heading")
        self.search = SearchField(theme)
        self.undo = UndoBar(theme)
        self._nothing = Label(theme, "body", "muted")
        self._more = Button(theme, "outlined", "arrow-down")
        self._list = QVBoxLayout()
        self._build()
        self._back.clicked.connect(self.closed)
        self._more.clicked.connect(self._show_more)
        self.search.typed.connect(self._on_typed)
        self.search.left.connect(self.closed)
        self.search.went_down.connect(self._go_down)
        self._retranslate()

    def set_chats(self, chats: tuple[ChatSummary, ...]) -> None:
        """All conversations, in the order in which they are shown."""
        self._chats = chats
        if self.isVisible():
            self._fill()

    def show_results(self, results: SearchResults) -> None:
        """What was found; what somebody else looked for is left alone."""
        if results.text == self.search.text() and results.text.strip():
            self._results = results
            self._fill()
            announce(self, self.tr("%n found", "", len(self._entries)))

    def begin(self) -> None:
        """Show it from the top, with nothing searched for."""
        self._shown = _ROWS
        self.search.clear()
        self._fill()
        self.verticalScrollBar().setValue(0)
        self.search.begin()

    def _build(self) -> None:
        px = self.theme.px
        body = self.column.body
        body.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        body.addSpacing(px(8))
        body.addWidget(self._heading)
        body.addSpacing(px(16))
        body.addWidget(self.search)
        body.addSpacing(px(16))
        body.addWidget(self.undo)
        body.addWidget(self._nothing)
        self._list.setSpacing(px(10))
        body.addLayout(self._list)
        body.addSpacing(px(16))
        body.addWidget(self._more, 0, Qt.AlignmentFlag.AlignHCenter)
        body.addStretch(1)

    def _wanted(self) -> tuple[_Entry, ...]:
        if self._results is None:
            return tuple(_Entry(chat, chat.updated_at) for chat in self._chats)
        return (
            *(_Entry(chat, chat.updated_at) for chat in self._results.chats),
            *(
                _Entry(hit.chat, hit.created_at, hit.message_id, hit.text, hit.marks)
                for hit in self._results.hits
            ),
        )

    def _fill(self) -> None:
        self._entries = self._wanted()
        shown = self._entries[: self._shown]
        while len(self._rows) < len(shown):
            self._rows.append(self._new_row(len(self._rows)))
        let_go(self._rows, max(_ROWS, len(shown)))
        dates = Dates()
        for number, row in enumerate(self._rows):
            row.setVisible(number < len(shown))
            if number < len(shown):
                self._show_entry(row, shown[number], dates)
        self._more.setVisible(len(self._entries) > len(shown))
        self._nothing.setVisible(not shown)
        self._nothing.setText(
            self.tr("These words are in none of your conversations.")
            if self._results is not None
            else self.tr("There are no earlier conversations yet.")
        )

    def _show_entry(self, row: _Row, entry: _Entry, dates: Dates) -> None:
        title = one_line(entry.chat.title) or self.tr("New conversation")
        when = dates.when(entry.when)
        row.delete.set_label(self.tr("Delete"))
        row.delete.setAccessibleName(self.tr("Delete: {title}").format(title=title))
        row.delete.setVisible(not entry.message_id)
        if entry.text:
            first = self.tr("{title} · {when}").format(title=title, when=when)
            row.card.show_texts(first, entry.text, entry.marks)
        elif entry.chat.pinned:
            row.card.show_texts(title, self.tr("Pinned · {when}").format(when=when))
        else:
            row.card.show_texts(title, when)

    def _new_row(self, number: int) -> _Row:
        row = _Row(self.theme)
        row.card.clicked.connect(lambda: self._choose(number))
        row.delete.clicked.connect(lambda: self._delete(number))
        before = self._rows[-1].delete if self._rows else self.search.clear_button
        self._list.insertWidget(number, row)
        QWidget.setTabOrder(before, row.card)
        QWidget.setTabOrder(row.card, row.delete)
        return row

    def _delete(self, number: int) -> None:
        self.delete_wished.emit(self._entries[number].chat.id)
        self.search.begin()  # where the keyboard is safe when the row goes

    def _choose(self, number: int) -> None:
        entry = self._entries[number]
        self.chat_chosen.emit(entry.chat.id, entry.message_id)

    def _show_more(self) -> None:
        first_new = self._shown
        self._shown += _ROWS
        self._fill()
        self._rows[first_new].card.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go_down(self) -> None:
        if self._entries:
            self._rows[0].card.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_typed(self, text: str) -> None:
        self._shown = _ROWS
        self.search_wished.emit(text)
        if not text.strip():
            self._results = None
            self._fill()

    def _retranslate(self) -> None:
        self._back.set_label(self.tr("Back to the conversation"))
        self._heading.setText(self.tr("Earlier conversations"))
        self._more.set_label(self.tr("Show more"))
        self._fill()
