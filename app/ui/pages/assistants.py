"""Everybody who can be asked: begin with one, change one, make one's own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.core.records import Assistant
from app.core.text import one_line
from app.services.assistant_file import ENDING
from app.ui.assistant_words import shipped_about
from app.ui.look.flow_layout import FlowLayout
from app.ui.look.portrait import Portrait
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Card, IconLabel, Label
from app.ui.pages.base import ScrollPage, let_go

_ABOUT_CHARACTERS = 110
_SIDE_BY_SIDE = 700


class AssistantCard(Card):
    """One of them.

    Signals:
        begin_wished: Begin a conversation.
        change_wished: Show everything about it.
        delete_wished: Remove it.
    """

    begin_wished = Signal(int)
    change_wished = Signal(int)
    delete_wished = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._theme = theme
        self._assistant: Assistant | None = None
        self._portrait = Portrait(theme, 52)
        self.name = Label(theme, "name")
        self._about = Label(theme, "small", "muted")
        self.begin = Button(theme, "outlined", "speech")
        self.change = Button(theme, "outlined", "pencil")
        self.delete = Button(theme, "icon", "trash")
        self._words = QVBoxLayout()
        self._words.addWidget(self.name)
        self._words.addWidget(self._about)
        self._top = QHBoxLayout()
        self._top.addWidget(self._portrait, 0, Qt.AlignmentFlag.AlignTop)
        self._top.addLayout(self._words, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.px(10))
        buttons.addWidget(self.begin)
        buttons.addWidget(self.change)
        buttons.addWidget(self.delete)
        buttons.addStretch(1)
        self._column = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._column.addLayout(self._top, 1)
        self._column.addLayout(buttons)
        self.begin.clicked.connect(lambda: self.begin_wished.emit(self._id()))
        self.change.clicked.connect(lambda: self.change_wished.emit(self._id()))
        self.delete.clicked.connect(lambda: self.delete_wished.emit(self._id()))
        theme.changed.connect(self._fit)
        self._fit()

    def show_assistant(self, assistant: Assistant) -> None:
        """Show somebody."""
        self._assistant = assistant
        self._portrait.show_assistant(assistant)
        self.name.setText(assistant.name)
        self.delete.setVisible(not assistant.key)
        self._retranslate()
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def set_wide(self, wide: bool) -> None:
        """The buttons stand beside the words where the page has room, else below them."""
        direction = QBoxLayout.Direction
        self._column.setDirection(direction.LeftToRight if wide else direction.TopToBottom)

    def _id(self) -> int:
        return self._assistant.id if self._assistant is not None else 0

    def _fit(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(22), px(16), px(22), px(16))
        self._column.setSpacing(px(12))
        self._top.setSpacing(px(16))
        self._words.setSpacing(px(3))
        for button in (self.begin, self.change):
            button.setFont(self._theme.font("small"))

    def _retranslate(self) -> None:
        if self._assistant is None:
            return
        name = self._assistant.name
        self._about.setText(self._said(self._assistant))
        self.begin.set_label(
            self.tr("Begin"), self.tr("Begin a conversation with “{name}”").format(name=name)
        )
        self.change.set_label(self.tr("Change"), self.tr("Change “{name}”").format(name=name))
        self.delete.set_label(self.tr("Delete “{name}”").format(name=name))

    def _said(self, assistant: Assistant) -> str:
        if assistant.key:
            return shipped_about(assistant.key)
        said = one_line(assistant.instructions)
        if len(said) > _ABOUT_CHARACTERS:
            said = said[:_ABOUT_CHARACTERS].rsplit(" ", 1)[0] + "…"
        return said or self.tr("Without instructions")


class AssistantsPage(ScrollPage):
    """All of them, the shipped ones first.

    Signals:
        closed: Back to the conversation.
        begin_wished: Begin a conversation with this one.
        change_wished: Show everything about this one; 0 makes a new one.
        delete_wished: Remove this one.
        undo_wished: Take the last deletion back.
        file_chosen: Add one from this file.
    """

    closed = Signal()
    begin_wished = Signal(int)
    change_wished = Signal(int)
    delete_wished = Signal(int)
    undo_wished = Signal()
    file_chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._deleted = ""
        self._back = Button(theme, "quiet", "arrow-left")
        self._heading = Label(theme, "heading")
        self._about = Label(theme, "body", "muted")
        self.undo_card = Card("note")
        self._undo_words = Label(theme, "small")
        self.undo = Button(theme, "outlined", "undo")
        self.new = Button(theme, "primary", "plus")
        self.from_file = Button(theme, "outlined", "document")
        self._list = QVBoxLayout()
        self.cards: list[AssistantCard] = []
        self._build()
        self._back.clicked.connect(self.closed)
        self.new.clicked.connect(lambda: self.change_wished.emit(0))
        self.from_file.clicked.connect(self._choose_file)
        self.undo.clicked.connect(self._on_undo)
        self._retranslate()

    def set_assistants(self, assistants: tuple[Assistant, ...]) -> None:
        """Everybody."""
        let_go(self.cards, len(assistants))
        while len(self.cards) < len(assistants):
            self.cards.append(self._new_card())
        for card, assistant in zip(self.cards, assistants, strict=True):
            card.show_assistant(assistant)
        self._lay_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cards cannot find out by themselves: they are as wide as their buttons make them."""
        super().resizeEvent(event)
        self._lay_out()

    def begin(self) -> None:
        """Show it from the top; an old deletion is no longer offered back."""
        self.undo_card.hide()
        self.verticalScrollBar().setValue(0)

    def offer_undo(self, assistant: Assistant) -> None:
        """Somebody was removed, and can be had back."""
        self._deleted = assistant.name
        self._retranslate()
        self.undo_card.show()
        self.verticalScrollBar().setValue(0)
        self.undo.setFocus(Qt.FocusReason.OtherFocusReason)

    def _build(self) -> None:
        px = self.theme.px
        body = self.column.body
        body.setSpacing(px(14))
        body.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        body.addWidget(self._heading)
        body.addWidget(self._about)
        row = QHBoxLayout(self.undo_card)
        row.setContentsMargins(px(18), px(6), px(8), px(6))
        row.setSpacing(px(12))
        row.addWidget(IconLabel(self.theme, "trash", "muted", 22))
        row.addWidget(self._undo_words, 1)
        row.addWidget(self.undo)
        self.undo_card.hide()
        body.addWidget(self.undo_card)
        buttons = QWidget()
        flow = FlowLayout(buttons, px(12))
        flow.addWidget(self.new)
        flow.addWidget(self.from_file)
        body.addWidget(buttons)
        self._list.setSpacing(px(12))
        body.addLayout(self._list)
        body.addStretch(1)

    def _lay_out(self) -> None:
        wide = self.viewport().width() >= self.theme.px(_SIDE_BY_SIDE)
        for card in self.cards:
            card.set_wide(wide)

    def _new_card(self) -> AssistantCard:
        card = AssistantCard(self.theme)
        card.begin_wished.connect(self.begin_wished)
        card.change_wished.connect(self.change_wished)
        card.delete_wished.connect(self.delete_wished)
        self._list.addWidget(card)
        return card

    def _on_undo(self) -> None:
        self.undo_card.hide()
        self.undo_wished.emit()
        self.new.setFocus(Qt.FocusReason.OtherFocusReason)

    def _choose_file(self) -> None:
        place, _ = QFileDialog.getOpenFileName(
            self, self.tr("Add an assistant from a file"), "", self._filter()
        )
        if place:
            self.file_chosen.emit(Path(place))

    def _filter(self) -> str:
        return self.tr("Assistants") + f" (*{ENDING})"

    def _retranslate(self) -> None:
        self._back.set_label(self.tr("Back to the conversation"))
        self._heading.setText(self.tr("Assistants"))
        self._about.setText(
            self.tr(
                "An assistant is told beforehand what it is there for. Choose one, or make your "
                "own; your conversations remember who answers in them."
            )
        )
        self.new.set_label(self.tr("New assistant"))
        self.from_file.set_label(self.tr("Add from a file…"))
        self.undo.set_label(self.tr("Undo"))
        self._undo_words.setText(self.tr("“{name}” was deleted.").format(name=self._deleted))
