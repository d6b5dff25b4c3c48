"""One deleted conversation: have it back, or delete it for good after a question."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from app.core.records import ChatSummary
from app.core.text import one_line
from app.ui.dates import Dates
from app.ui.look.flow_layout import FlowLayout
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Card, Label

_WORDS_PX = 340
_PICTURES_PX = 400


class BinCard(Card):
    """The question takes the place of the buttons; nothing pops up.

    Signals:
        restore_wished: Id of the conversation.
        destroy_wished: Id; it was asked and answered.
    """

    restore_wished = Signal(int)
    destroy_wished = Signal(int)

    def __init__(self, theme: Theme, days: int, parent: QWidget | None = None) -> None:
        """Make an empty card; conversations are kept for `days`."""
        super().__init__("true", parent)
        self._theme = theme
        self._days = days
        self._chat: ChatSummary | None = None
        self._asking = False
        self._title = Label(theme, "body")
        self._when = Label(theme, "small", "muted")
        self.restore = Button(theme, "outlined", "undo")
        self.remove = Button(theme, "outlined", "trash")
        self.keep = Button(theme, "outlined", "arrow-left")
        self.sure = Button(theme, "primary", "trash")
        self._words = QVBoxLayout()
        self._words.addWidget(self._title)
        self._words.addWidget(self._when)
        ways = QWidget()
        ways.setProperty("ground", "none")
        self._ways = FlowLayout(ways, theme.px(10))
        for button in (self.restore, self.remove, self.keep, self.sure):
            self._ways.addWidget(button)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.addLayout(self._words, 1)
        self._box.addWidget(ways, 0, Qt.AlignmentFlag.AlignVCenter)
        self._connect()
        theme.changed.connect(self._fit)
        self._retranslate()

    def show_chat(self, chat: ChatSummary) -> None:
        """Show this one; a question about another one is dropped."""
        if self._chat is None or chat.id != self._chat.id:
            self._asking = False
        self._chat = chat
        self._retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The buttons go below where there is little room."""
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _connect(self) -> None:
        self.restore.clicked.connect(self._restore)
        self.sure.clicked.connect(self._destroy)
        self.remove.clicked.connect(lambda: self._ask(asking=True))
        self.keep.clicked.connect(lambda: self._ask(asking=False))

    def _restore(self) -> None:
        if self._chat is not None:
            self.restore_wished.emit(self._chat.id)

    def _destroy(self) -> None:
        if self._chat is not None:
            self.destroy_wished.emit(self._chat.id)

    def _ask(self, *, asking: bool) -> None:
        self._asking = asking
        self._retranslate()
        (self.keep if asking else self.remove).setFocus(Qt.FocusReason.OtherFocusReason)

    def _retranslate(self) -> None:
        title = one_line(self._chat.title) if self._chat is not None else ""
        title = title or self.tr("Conversation without a name")
        self._title.setText(title)
        self._when.setText(
            self.tr("Delete it for good? Nobody can bring it back then.")
            if self._asking
            else self._days_left()
        )
        for button, words, said in (
            (self.restore, self.tr("Restore"), self.tr("Restore: {name}")),
            (self.remove, self.tr("Delete for good"), self.tr("Delete for good: {name}")),
            (self.keep, self.tr("Keep it"), self.tr("Keep it: {name}")),
            (self.sure, self.tr("Yes, delete it"), self.tr("Yes, delete it: {name}")),
        ):
            button.set_label(words)
            button.setAccessibleName(said.format(name=title))
            button.setVisible((button in (self.keep, self.sure)) == self._asking)
        self._fit()

    def _days_left(self) -> str:
        if self._chat is None or self._chat.deleted_at is None:
            return ""
        now = datetime.now().astimezone()
        left = self._days - (now - self._chat.deleted_at).days
        when = self.tr("Deleted: {when}").format(when=Dates().when(self._chat.deleted_at, now))
        if left <= 0:
            return self.tr("{deleted} · gone today").format(deleted=when)
        days = self.tr("gone in %n day(s)", "", left)
        return f"{when} · {days}"

    def _fit(self) -> None:
        px = self._theme.px
        self._box.setContentsMargins(px(20), px(12), px(14), px(12))
        self._box.setSpacing(px(10))
        self._words.setSpacing(px(2))
        self._lay_out()

    def _lay_out(self) -> None:
        for button in (self.restore, self.remove, self.keep, self.sure):
            button.set_icon_shown(self.width() >= self._theme.px(_PICTURES_PX))
        line = self._ways.line_width()
        wide = self.width() >= line + self._theme.px(_WORDS_PX)
        self._ways.fix_line(wide)
        directions = QBoxLayout.Direction
        self._box.setDirection(directions.LeftToRight if wide else directions.TopToBottom)
