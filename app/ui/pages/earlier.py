"""The earlier conversations of the Simple view: large rows, and a field to look for one."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.core.records import ChatSummary
from app.ui.dates import Dates
from app.ui.look.card_button import CardButton
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Label
from app.ui.pages.base import ScrollPage

_ROWS = 12


class EarlierPage(ScrollPage):
    """Pinned first, then the newest; a dozen at a time.

    Signals:
        closed: Back to the conversation.
        chat_chosen: Open this conversation.
    """

    closed = Signal()
    chat_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._chats: tuple[ChatSummary, ...] = ()
        self._shown = _ROWS
        self._rows: list[CardButton] = []
        self._back = Button(theme, "quiet", "arrow-left")
        self._heading = Label(theme, "heading")
        self.search = QLineEdit()
        self._nothing = Label(theme, "body", "muted")
        self._more = Button(theme, "outlined", "arrow-down")
        self._list = QVBoxLayout()
        self._build()
        self._back.clicked.connect(self.closed)
        self._more.clicked.connect(self._show_more)
        self.search.textChanged.connect(self._on_typed)
        self._retranslate()

    def set_chats(self, chats: tuple[ChatSummary, ...]) -> None:
        """All conversations, in the order in which they are shown."""
        self._chats = chats
        if self.isVisible():
            self._fill()

    def begin(self) -> None:
        """Show it from the top, with nothing searched for."""
        self._shown = _ROWS
        self.search.clear()
        self._fill()
        self.verticalScrollBar().setValue(0)
        self.search.setFocus()

    def _build(self) -> None:
        px = self.theme.px
        body = self.column.body
        body.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        body.addSpacing(px(8))
        body.addWidget(self._heading)
        body.addSpacing(px(16))
        body.addWidget(self.search)
        body.addSpacing(px(16))
        body.addWidget(self._nothing)
        self._list.setSpacing(px(10))
        body.addLayout(self._list)
        body.addSpacing(px(16))
        body.addWidget(self._more, 0, Qt.AlignmentFlag.AlignHCenter)
        body.addStretch(1)

    def _found(self) -> tuple[ChatSummary, ...]:
        words = self.search.text().casefold().split()
        if not words:
            return self._chats
        return tuple(
            chat for chat in self._chats if all(word in chat.title.casefold() for word in words)
        )

    def _fill(self) -> None:
        found = self._found()
        shown = found[: self._shown]
        while len(self._rows) < len(shown):
            self._rows.append(self._new_row(len(self._rows)))
        dates = Dates()
        for number, row in enumerate(self._rows):
            row.setVisible(number < len(shown))
            if number < len(shown):
                chat = shown[number]
                row.setProperty("chat", chat.id)
                row.show_texts(chat.title or self.tr("New conversation"), self._when(dates, chat))
        self._more.setVisible(len(found) > len(shown))
        self._nothing.setVisible(not found)
        self._nothing.setText(
            self.tr("No conversation has these words in its title.")
            if self._chats
            else self.tr("There are no earlier conversations yet.")
        )

    def _when(self, dates: Dates, chat: ChatSummary) -> str:
        when = dates.when(chat.updated_at)
        return self.tr("Pinned · {when}").format(when=when) if chat.pinned else when

    def _new_row(self, number: int) -> CardButton:
        row = CardButton(self.theme)
        row.clicked.connect(lambda: self.chat_chosen.emit(int(row.property("chat"))))
        before = self._rows[-1] if self._rows else self.search
        self._list.insertWidget(number, row)
        QWidget.setTabOrder(before, row)
        return row

    def _show_more(self) -> None:
        first_new = self._shown
        self._shown += _ROWS
        self._fill()
        self._rows[first_new].setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_typed(self, _text: str) -> None:
        self._shown = _ROWS
        self._fill()

    def _retranslate(self) -> None:
        self._back.set_label(self.tr("Back to the conversation"))
        self._heading.setText(self.tr("Earlier conversations"))
        self.search.setPlaceholderText(self.tr("Search your conversations"))
        self.search.setAccessibleName(self.tr("Search your conversations"))
        self._more.set_label(self.tr("Show more"))
        self._fill()
