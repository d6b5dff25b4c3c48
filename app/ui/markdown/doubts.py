"""Dotted lines under words that the model was unsure of."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPen,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)

from app.ui.look.theme import Theme
from app.ui.markdown.blocks import Block
from app.ui.markdown.inert import InertDocument
from app.ui.markdown.inline import harmless, with_marks
from app.ui.markdown.writer import MarkdownWriter

Stretch = tuple[int, int]
_DOT = 2.7
_GAP = 3.0


def doubtful(
    marks: Sequence[Stretch], shown: Sequence[tuple[Block, int]]
) -> list[tuple[Block, int]]:
    """Those blocks in which a mark begins."""
    begins = sorted(start for start, _ in marks)
    found = []
    for block, first in shown:
        at = bisect_left(begins, block.start)
        if at < len(begins) and begins[at] < block.start + len(block.source):
            found.append((block, first))
    return found


def places_of(
    marks: Sequence[Stretch], shown: Sequence[tuple[Block, int]], writer: MarkdownWriter
) -> list[Stretch]:
    """Where stretches of the Markdown ended up in the document.

    Each block with a mark is written once more, aside and with the marks in it; what stands before
    a mark there stands before it in the document too. Where the marks themselves make other
    Markdown of a block, the words there are others, and are not underlined.

    Args:
        marks: Start and end in the Markdown.
        shown: The blocks with the positions of their first characters in the document.
        writer: What wrote them.
    """
    found: list[Stretch] = []
    for block, first in shown:
        end = block.start + len(block.source)
        inside = [(a, b) for a, b in marks if block.start <= a and b <= end]
        if inside and first >= 0 and not block.fence:
            found += _places_in(block, first, inside, writer)
    return found


def _places_in(
    block: Block, first: int, marks: list[Stretch], writer: MarkdownWriter
) -> list[Stretch]:
    offset = block.start
    source = with_marks(harmless(block.source), [(a - offset, b - offset) for a, b in marks])
    document = InertDocument()
    document.setUndoRedoEnabled(False)
    aside = writer.twin(document, first)
    begins = aside.append(Block(source, head=block.head, continues=block.continues), marked=True)
    edges = aside.runs.edges
    moved = first - begins
    return [
        (a + moved, b + moved)
        for a, b in zip(edges[::2], edges[1::2], strict=False)
        if a < b and text_at(document, a, b) == text_at(writer.document, a + moved, b + moved)
    ]


def text_at(document: QTextDocument, start: int, end: int) -> str | None:
    """What stands there; None beyond the end."""
    if end >= document.characterCount():
        return None
    cursor = QTextCursor(document)
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    return cursor.selectedText()


def say_doubt(document: QTextDocument, places: Sequence[Stretch], sentence: str) -> None:
    """Give words a tool tip, and an underline that screen readers know of; it is painted by us."""
    doubt = QTextCharFormat()
    doubt.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
    doubt.setUnderlineColor(QColor(0, 0, 0, 0))
    doubt.setToolTip(sentence)
    if not sentence:
        doubt.setUnderlineStyle(QTextCharFormat.UnderlineStyle.NoUnderline)
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    for start, end in places:
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(doubt)
    cursor.endEditBlock()


def paint_doubts(
    painter: QPainter,
    document: QTextDocument,
    places: Sequence[Stretch],
    theme: Theme,
    exposed: QRectF,
) -> None:
    """Draw the dots of what is exposed."""
    dot = theme.px(10) * _DOT / 10
    pen = QPen(theme.color("doubt"), dot, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.RoundCap)
    pen.setDashPattern([0.01, 2.0])
    painter.setPen(pen)
    for line in _lines(document, places, theme.px(10) * _GAP / 10):
        if exposed.adjusted(0, -dot, 0, dot).intersects(
            QRectF(line.p1(), line.p2()).normalized().adjusted(0, -1, 0, 1)
        ):
            painter.drawLine(line)


def _lines(document: QTextDocument, places: Sequence[Stretch], gap: float) -> Iterator[QLineF]:
    for start, end in places:
        block = document.findBlock(start)
        while block.isValid() and block.position() < end:
            yield from _lines_in(block, start, end, gap)
            block = block.next()


def _lines_in(block: QTextBlock, start: int, end: int, gap: float) -> Iterator[QLineF]:
    layout = block.layout()
    corner = block.document().documentLayout().blockBoundingRect(block).topLeft()
    first, last = start - block.position(), end - block.position()
    for number in range(layout.lineCount()):
        line = layout.lineAt(number)
        begin = max(first, line.textStart())
        stop = min(last, line.textStart() + line.textLength())
        if begin >= stop:
            continue
        left, right = (float(line.cursorToX(at)[0]) for at in (begin, stop))  # type: ignore[index]
        right = min(right, line.x() + line.naturalTextWidth())  # not under the space at its end
        y = corner.y() + line.y() + line.ascent() + gap + 1
        yield QLineF(
            QPointF(corner.x() + min(left, right), y), QPointF(corner.x() + max(left, right), y)
        )
