"""Which stretches of a document stand on a card: code and quotations."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QTextBlockFormat, QTextCursor, QTextDocument, QTextFormat

from app.ui.markdown.style import TextStyle

CARD = QTextFormat.Property.UserProperty.value + 1
CARD_CODE, CARD_QUOTE = 1, 2


@dataclass(slots=True)
class Card:
    """One card.

    Attributes:
        kind: `CARD_CODE` or `CARD_QUOTE`.
        start: Position of its first character.
        end: Position behind its last character.
        language: As the fence named it, of code.
        parts: Where the pieces begin in which it was written.
        coloured: How many of them have their colours.
        whole: It was coloured once more from its beginning to its end.
    """

    kind: int
    start: int
    end: int
    language: str = ""
    parts: list[int] = field(default_factory=list)
    coloured: int = 0
    whole: bool = False


@dataclass(slots=True)
class Cards:
    """The cards of a document, from top to bottom. Blocks tell it that they begin."""

    document: QTextDocument
    style: TextStyle
    all: list[Card] = field(default_factory=list)

    def code(self) -> Iterator[Card]:
        """Those with code."""
        return (card for card in self.all if card.kind == CARD_CODE)

    def state(self) -> tuple[int, int, int]:
        """How far it has come: count, and end and parts of the last card."""
        last = self.all[-1] if self.all else None
        return len(self.all), last.end if last else 0, len(last.parts) if last else 0

    def rewind(self, state: tuple[int, int, int]) -> None:
        """What was written since `state` was removed from the document."""
        count, end, parts = state
        del self.all[count:]
        if self.all:
            last = self.all[-1]
            last.end = end
            del last.parts[parts:]
            last.coloured = min(last.coloured, parts)
            self._end_with(end, self.style.card_pad + self.style.gap)

    def format(self, kind: int) -> QTextBlockFormat:
        """Of a block on a card."""
        layout = QTextBlockFormat()
        layout.setProperty(CARD, kind)
        layout.setLeftMargin(self.style.pad)
        layout.setRightMargin(self.style.pad)
        return layout

    def ends_at(self, cursor: QTextCursor) -> bool:
        """Whether the cursor's block is the last one of a card."""
        if not self.all or self.document.isEmpty():
            return False
        return self.document.findBlock(self.all[-1].end) == cursor.block()

    def goes_on(self, cursor: QTextCursor, kind: int, gap: float) -> bool:
        """Whether such a card ends at the cursor, to which a block is added after `gap`."""
        if not self.ends_at(cursor) or self.all[-1].kind != kind:
            return False
        self._end_with(self.all[-1].end, gap)
        return True

    def room_above(self, cursor: QTextCursor, kind: int) -> float:
        """Between what stands at the cursor and the first line of a card after it."""
        room = self.style.card_pad + (self.style.bar if kind == CARD_CODE else 0)
        if self.document.isEmpty():
            return room + 1
        # Of two margins the greater one counts.
        before = self.style.card_pad + self.style.gap if self.ends_at(cursor) else 0
        return room + max(before, self.style.gap)

    def begin(self, cursor: QTextCursor, kind: int, language: str = "") -> None:
        """The cursor's block is the first of a card."""
        at = cursor.position()
        self.all.append(Card(kind, at, at, language, [at]))

    def reach(self, cursor: QTextCursor) -> None:
        """The newest card reaches to the cursor; leave room below it."""
        self.all[-1].end = cursor.position()
        self._end_with(cursor.position(), self.style.card_pad + self.style.gap)

    def area(self, card: Card, width: float) -> QRectF:
        """Where a card is in the document."""
        layout = self.document.documentLayout()
        first = layout.blockBoundingRect(self.document.findBlock(card.start))
        last = layout.blockBoundingRect(self.document.findBlock(card.end))
        pad = self.style.card_pad
        top = first.top() - pad - (self.style.bar if card.kind == CARD_CODE else 0)
        return QRectF(0.5, top + 0.5, width - 1, last.bottom() + pad - top - 1)

    def areas_in(self, exposed: QRectF, width: float) -> list[QRectF]:
        """Of the cards in a part of the document; does not look at the thousands of others."""
        above = QPointF(0, max(0.0, exposed.top() - 2 * self.style.card_pad))
        at = self.document.documentLayout().hitTest(above, Qt.HitTestAccuracy.FuzzyHit)
        areas = []
        for card in self.all[bisect_left(self.all, at, key=lambda card: card.end) :]:
            area = self.area(card, width)
            if area.top() > exposed.bottom():
                break
            areas.append(area)
        return areas

    def _end_with(self, position: int, margin: float) -> None:
        cursor = QTextCursor(self.document)
        cursor.setPosition(position)
        layout = cursor.blockFormat()
        if layout.bottomMargin() != margin:
            layout.setBottomMargin(margin)
            cursor.setBlockFormat(layout)
