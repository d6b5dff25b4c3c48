"""The bin: what was deleted, how long it can still be had back, and its end."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.records import ChatSummary
from app.ui.look.flow_layout import FlowLayout
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Label
from app.ui.pages.base import ScrollPage, let_go
from app.ui.pages.bin_card import BinCard

_CARDS = 20


class BinPage(ScrollPage):
    """What was deleted last comes first; twenty at a time.

    Signals:
        closed: Back to the conversation.
        restore_wished: Id of a conversation.
        destroy_wished: Id of a conversation; it was asked and answered.
        empty_wished: Everything; it was asked and answered.
    """

    closed = Signal()
    restore_wished = Signal(int)
    destroy_wished = Signal(int)
    empty_wished = Signal()

    def __init__(self, theme: Theme, days: int, parent: QWidget | None = None) -> None:
        """Make an empty page; conversations are kept for `days`."""
        super().__init__(theme, parent)
        self._days = days
        self._chats: tuple[ChatSummary, ...] = ()
        self._shown = _CARDS
        self._asking = False
        self._cards: list[BinCard] = []
        self._back = Button(theme, "quiet", "arrow-left")
        self._heading = Label(theme, "heading")
        self._promise = Label(theme, "body", "muted")
        self.empty = Button(theme, "outlined", "trash")
        self.keep = Button(theme, "outlined", "arrow-left")
        self.sure = Button(theme, "primary", "trash")
        self._more = Button(theme, "outlined", "arrow-down")
        self._list = QVBoxLayout()
        self._build()
        self._back.clicked.connect(self.closed)
        self._more.clicked.connect(self._show_more)
        self.empty.clicked.connect(lambda: self._ask(asking=True))
        self.keep.clicked.connect(lambda: self._ask(asking=False))
        self.sure.clicked.connect(self._empty)
        self._retranslate()

    def set_chats(self, chats: tuple[ChatSummary, ...]) -> None:
        """What is in the bin."""
        focused = self._focused_card()
        self._chats = chats
        self._asking = self._asking and bool(chats)
        self._retranslate()
        if focused is not None:  # its conversation went; the next one stands there now
            cards = [card for card in self._cards if not card.isHidden()]
            place: Button = cards[min(focused, len(cards) - 1)].restore if cards else self._back
            place.setFocus(Qt.FocusReason.OtherFocusReason)

    def begin(self) -> None:
        """Show it from the top, with nothing asked."""
        self._shown, self._asking = _CARDS, False
        self._retranslate()
        self.verticalScrollBar().setValue(0)

    def _build(self) -> None:
        px = self.theme.px
        body = self.column.body
        body.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        body.addSpacing(px(8))
        body.addWidget(self._heading)
        body.addSpacing(px(6))
        body.addWidget(self._promise)
        body.addSpacing(px(14))
        ways = QWidget()
        ways.setProperty("ground", "none")
        flow = FlowLayout(ways, px(10))
        for button in (self.empty, self.keep, self.sure):
            flow.addWidget(button)
        body.addWidget(ways)
        body.addSpacing(px(14))
        self._list.setSpacing(px(10))
        body.addLayout(self._list)
        body.addSpacing(px(14))
        body.addWidget(self._more, 0, Qt.AlignmentFlag.AlignHCenter)
        body.addStretch(1)

    def _fill(self) -> None:
        shown = self._chats[: self._shown]
        while len(self._cards) < len(shown):
            self._cards.append(self._new_card())
        let_go(self._cards, max(_CARDS, len(shown)))
        for number, card in enumerate(self._cards):
            card.setVisible(number < len(shown))
            if number < len(shown):
                card.show_chat(shown[number])
        self._more.setVisible(len(self._chats) > len(shown))

    def _new_card(self) -> BinCard:
        card = BinCard(self.theme, self._days)
        card.restore_wished.connect(self.restore_wished)
        card.destroy_wished.connect(self.destroy_wished)
        self._list.addWidget(card)
        before: QWidget = self._cards[-1].sure if self._cards else self.sure
        for button in (card.restore, card.remove, card.keep, card.sure):
            QWidget.setTabOrder(before, button)
            before = button
        return card

    def _focused_card(self) -> int | None:
        focused = self.window().focusWidget()
        if focused is None:
            return None
        cards = (n for n, card in enumerate(self._cards) if card.isAncestorOf(focused))
        return next(cards, None)

    def _show_more(self) -> None:
        first_new = self._shown
        self._shown += _CARDS
        self._fill()
        self._cards[first_new].restore.setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask(self, *, asking: bool) -> None:
        self._asking = asking
        self._retranslate()
        (self.keep if asking else self.empty).setFocus(Qt.FocusReason.OtherFocusReason)

    def _empty(self) -> None:
        self._asking = False
        self.empty_wished.emit()
        self._back.setFocus(Qt.FocusReason.OtherFocusReason)

    def _retranslate(self) -> None:
        self._back.set_label(self.tr("Back to the conversation"))
        self._heading.setText(self.tr("Bin"))
        self._promise.setText(self._words())
        self.empty.set_label(self.tr("Empty the bin"))
        self.keep.set_label(self.tr("Keep them"))
        self.sure.set_label(self.tr("Yes, delete everything"))
        self._more.set_label(self.tr("Show more"))
        self.empty.setVisible(bool(self._chats) and not self._asking)
        for button in (self.keep, self.sure):
            button.setVisible(self._asking)
        self._fill()

    def _words(self) -> str:
        count = len(self._chats)
        if self._asking:
            return self.tr(
                "Delete %n conversation(s) for good? Nobody can bring them back then.", "", count
            )
        if not count:
            return self.tr("The bin is empty. What you delete stays here for a while.")
        return self.tr(
            "What you delete stays here for %n day(s). Then it is gone for good.", "", self._days
        )
