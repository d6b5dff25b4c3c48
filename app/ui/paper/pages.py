"""Lays a script out on sheets, part by part, and paints any page of it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QFontMetricsF,
    QPainter,
    QPalette,
    QPen,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
)

from app.ui.markdown.cards import CARD, CARD_CODE, CARD_QUOTE
from app.ui.markdown.doubts import paint_doubts
from app.ui.markdown.formulas import Formulas
from app.ui.paper.script import Part, Script
from app.ui.paper.sheet import PaperTheme, Sheet, dots_per_inch
from app.ui.paper.writing import CARD_QUESTION, Written, show_formulas, write_part

_KEPT = 30  # parts: what stands on a page, also of short questions and answers
_LEAST_LINES = 2
_LINE_FACTOR = 1.4
_FOOT_PT = 9.0
_CARD_ROOM = {CARD_CODE: 10, CARD_QUOTE: 0, CARD_QUESTION: 9}


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where a part stands.

    Attributes:
        part: What it says.
        page: The page on which it begins.
        offset: How far down on it.
        last_page: The page on which it ends.
    """

    part: Part
    page: int
    offset: float
    last_page: int


class Pages(QObject):
    """The pages of one script; only what is being painted is in memory."""

    def __init__(self, script: Script, sheet: Sheet, size_pt: int) -> None:
        """Prepare; nothing is laid out before `lay_out`.

        Args:
            script: What is written.
            sheet: On what.
            size_pt: Size of the letters.
        """
        super().__init__()
        self.script = script
        self.sheet = sheet
        self.size_pt = size_pt
        self.theme = PaperTheme(size_pt)
        self._formulas = Formulas(self)
        self._scale = dots_per_inch() / 72
        body = sheet.body_pt
        self._width, self._height = body.width() * self._scale, body.height() * self._scale
        self._placed: list[_Placed] = []
        self._recent: OrderedDict[int, Written] = OrderedDict()
        self.count = 0

    def lay_out(self) -> Iterator[float]:
        """Find out what stands on which page; yields the share that is done, often."""
        page, offset, done = 0, 0.0, 0
        length = self.script.characters
        parts = self.script.parts()
        part = next(parts, None)
        while part is not None:
            following = next(parts, None)
            written = write_part(part, self.theme, self._width)
            while not show_formulas(written, self._formulas):
                yield min(1.0, done / length)
            if offset > 0 and not self._begins_well(written, part, following, offset):
                page, offset = page + 1, 0.0
            written = self._stand(written, offset)
            first, page = page, page + written.document.pageCount() - 1
            self._placed.append(_Placed(part, first, offset, page))
            self.count = page + 1
            offset = _end(written.document) - (page - first) * self._height
            done += part.characters
            yield min(1.0, done / length)
            part = following

    def paint(self, painter: QPainter, number: int, dots_per_point: float) -> Iterator[None]:
        """Paint a page; yields while a formula on it is being drawn.

        Args:
            painter: Its origin is the corner of the sheet.
            number: 0 for the first.
            dots_per_point: Of the device.
        """
        indices = self._on(number)
        parts: list[tuple[int, Written]] = []
        for index in indices:
            while (written := self._written(index)) is None:
                yield
            parts.append((index, written))  # another page may want the room before this is painted
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(dots_per_point / self._scale, dots_per_point / self._scale)
        body = self.sheet.body_pt
        painter.save()
        painter.translate(body.left() * self._scale, body.top() * self._scale)
        for index, written in parts:
            self._paint_part(painter, written, index, number)
        painter.restore()
        self._paint_foot(painter, number)
        painter.restore()

    def words(self, number: int) -> str:
        """What stands on a page, for those who do not see it."""
        lines: list[str] = []
        for index in self._on(number):
            written, placed = self._written(index), self._placed[index]
            if written is not None:
                top = (number - placed.page) * self._height
                lines += _lines_between(written.document, top, top + self._height)
        return "\n".join(lines)

    def _on(self, number: int) -> range:
        """Indices of the parts of which something stands on a page."""
        start = bisect_left(self._placed, number, key=lambda placed: placed.last_page)
        end = bisect_right(self._placed, number, key=lambda placed: placed.page)
        return range(start, end)

    def _begins_well(
        self, written: Written, part: Part, following: Part | None, offset: float
    ) -> bool:
        """Whether a part can begin here: labels and headings stay with what they are for."""
        lines = _LEAST_LINES
        if part.kind == "label":
            lines += 1 if following is None else min(3, following.characters // 80) + 1
        elif written.document.begin().blockFormat().headingLevel():
            lines += 2
        line = QFontMetricsF(self.theme.font()).lineSpacing() * _LINE_FACTOR
        return offset + lines * line <= self._height

    def _written(self, index: int) -> Written | None:
        """A part as it stands on its pages; None while its formulas are being drawn."""
        written = self._recent.get(index)
        if written is None:
            placed = self._placed[index]
            written = write_part(placed.part, self.theme, self._width)
            if not show_formulas(written, self._formulas):
                return None
            written = self._recent[index] = self._stand(written, placed.offset)
            while len(self._recent) > _KEPT:
                self._recent.popitem(last=False)
        self._recent.move_to_end(index)
        return written

    def _stand(self, written: Written, offset: float) -> Written:
        """Begin so far down on the first page."""
        document = written.document
        cursor = QTextCursor(document)
        # At the top of a page only the edge of a card needs room.
        layout = cursor.blockFormat()
        if not offset and layout.intProperty(CARD):
            offset = layout.topMargin()
        # Qt ignores the margin above the first block, so that a block of that height stands there.
        cursor.insertBlock()
        cursor.movePosition(QTextCursor.MoveOperation.Start)
        spacer = QTextBlockFormat()
        spacer.setLineHeight(max(offset, 0.01), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        cursor.setBlockFormat(spacer)
        document.setPageSize(QSizeF(self._width, self._height))
        return replace(written, doubts=tuple((a + 1, b + 1) for a, b in written.doubts))

    def _paint_part(self, painter: QPainter, written: Written, index: int, number: int) -> None:
        top = (number - self._placed[index].page) * self._height
        page = QRectF(0, top, self._width, self._height)
        painter.save()
        painter.translate(0, -top)
        painter.setClipRect(page.adjusted(-4, 0, 4, 0))
        self._paint_cards(painter, written.document, page)
        context = QAbstractTextDocumentLayout.PaintContext()
        # What only touches the edge belongs to the next page, and would be in the file twice.
        context.clip = page.adjusted(0, 1, 0, -1)
        context.palette.setColor(QPalette.ColorRole.Text, self.theme.color("ink"))
        written.document.documentLayout().draw(painter, context)
        paint_doubts(painter, written.document, written.doubts, self.theme, page)
        painter.restore()

    def _paint_cards(self, painter: QPainter, document: QTextDocument, page: QRectF) -> None:
        for kind, area in self._cards(document):
            shown = area.intersected(page)
            if shown.isEmpty():
                continue
            if kind == CARD_QUOTE:
                bar = QRectF(shown.left() + 4, shown.top(), 2, shown.height())
                painter.fillRect(bar, self.theme.color("edge"))
                continue
            painter.setPen(QPen(self.theme.color("line"), 0.75))
            painter.setBrush(self.theme.color("tint" if kind == CARD_QUESTION else "surface"))
            painter.drawRoundedRect(shown.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)

    def _cards(self, document: QTextDocument) -> list[tuple[int, QRectF]]:
        """Kinds and areas of what stands on a ground of its own."""
        layout = document.documentLayout()
        found: list[tuple[int, QRectF]] = []
        before = 0
        block = document.begin()
        while block.isValid():
            kind = block.blockFormat().intProperty(CARD)
            if kind:
                lines, room = layout.blockBoundingRect(block), self.theme.px(_CARD_ROOM[kind])
                area = QRectF(0, lines.top() - room, self._width, lines.height() + 2 * room)
                if before == kind:
                    found[-1] = (kind, found[-1][1].united(area))
                else:
                    found.append((kind, area))
            before = kind
            block = block.next()
        return found

    def _paint_foot(self, painter: QPainter, number: int) -> None:
        foot, scale = self.sheet.foot_pt, self._scale
        area = QRectF(
            foot.left() * scale, foot.top() * scale, foot.width() * scale, foot.height() * scale
        )
        font = self.theme.font()
        # Points would be those of the device, which the painter has been scaled to already.
        font.setPixelSize(round(_FOOT_PT * scale))
        painter.setFont(font)
        painter.setPen(self.theme.color("muted"))
        place = self.tr("Page {number} of {count}").format(number=number + 1, count=self.count)
        metrics = QFontMetricsF(font)
        date = f" · {self.script.date}"
        room = area.width() - metrics.horizontalAdvance(place + date) - 24
        title = metrics.elidedText(self.script.title, Qt.TextElideMode.ElideRight, room)
        baseline = area.center().y() + metrics.ascent() / 2
        painter.drawText(QPointF(area.left(), baseline), title + date)
        right = area.right() - metrics.horizontalAdvance(place)
        painter.drawText(QPointF(right, baseline), place)


def _end(document: QTextDocument) -> float:
    """Where the last block ends, its distance to what follows included."""
    last = document.lastBlock()
    area = document.documentLayout().blockBoundingRect(last)
    return float(area.bottom() + last.blockFormat().bottomMargin())


def _lines_between(document: QTextDocument, top: float, bottom: float) -> Iterator[str]:
    layout = document.documentLayout()
    block = document.begin()
    while block.isValid():
        corner = layout.blockBoundingRect(block).topLeft()
        for number in range(block.layout().lineCount()):
            line = block.layout().lineAt(number)
            y = corner.y() + line.y()
            if top <= y + 1 < bottom:
                start = line.textStart()
                yield block.text()[start : start + line.textLength()]
        block = block.next()
