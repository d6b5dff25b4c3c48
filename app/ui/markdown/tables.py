"""Tables that cut nothing off: columns where they fit, else one entry below the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QTextBlock,
    QTextBlockFormat,
    QTextCursor,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
    QTextTableFormat,
)

from app.ui.markdown.style import TextStyle

Form = Literal["natural", "full", "stacked"]
Write = Callable[[QTextCursor, QTextBlock, bool], None]
_MOST_COLUMNS = 12
_LONGEST_WORD_EM = 9
_LONGEST_CELL_EM = 40


@dataclass(frozen=True, slots=True)
class Fit:
    """How much room the columns of a table need, in pixels.

    Attributes:
        words: The longest word of each column, with the room around it.
        cells: The longest cell of each column, with the room around it.
    """

    words: tuple[float, ...]
    cells: tuple[float, ...]

    def form(self, room: float) -> Form:
        """How the table is shown in that much room."""
        if sum(self.cells) <= room and len(self.cells) <= _MOST_COLUMNS:
            return "natural"
        if sum(self.words) <= room and len(self.cells) <= _MOST_COLUMNS:
            return "full"
        return "stacked"

    def widths(self, room: float) -> list[QTextLength]:
        """Of the columns; the same for every part of a long table."""
        if self.form(room) == "natural":
            return [QTextLength(QTextLength.Type.FixedLength, cell) for cell in self.cells]
        spare = room - sum(self.words)
        wanted = [cell - word for cell, word in zip(self.cells, self.words, strict=True)]
        whole = sum(wanted) or 1.0
        shares = [
            word + spare * more / whole for word, more in zip(self.words, wanted, strict=True)
        ]
        percent = QTextLength.Type.PercentageLength
        return [QTextLength(percent, 100 * share / room) for share in shares]


def fit_of(source: QTextTable, style: TextStyle) -> Fit:
    """Measure a parsed table."""
    bold = QFont(style.font)
    bold.setBold(True)
    metrics, em = QFontMetricsF(bold), QFontMetricsF(bold).height()
    around = 2 * _padding(style) + 6
    words, cells = [], []
    for column in range(source.columns()):
        texts = [_text(source, row, column) for row in range(source.rows())]
        longest = max((metrics.horizontalAdvance(text[:400]) for text in texts), default=0.0)
        word = max(
            (metrics.horizontalAdvance(w[:80]) for text in texts for w in text[:400].split()),
            default=0.0,
        )
        words.append(min(word, _LONGEST_WORD_EM * em) + around)
        cells.append(min(longest, _LONGEST_CELL_EM * em) + around)
    return Fit(tuple(words), tuple(cells))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A table as it was written.

    Attributes:
        fit: What it needs.
        room: The width of the text for which its columns were chosen.
        end: Position behind its first part.
    """

    fit: Fit
    room: float
    end: int = 0

    def holds(self, room: float) -> bool:
        """Whether it can stay as it is in a text of that width."""
        form = self.fit.form(room)
        if form != self.fit.form(self.room):
            return False
        if form != "full" or room >= self.room:
            return True
        shares = (length.rawValue() / 100 for length in self.fit.widths(self.room))
        return all(share * room >= word for share, word in zip(shares, self.fit.words, strict=True))


@dataclass(frozen=True, slots=True)
class Parsed:
    """A table as it was parsed.

    Attributes:
        source: In the document of the parser.
        fit: Measured over the part in which it began.
        continues: Its first row was shown before.
    """

    source: QTextTable
    fit: Fit
    continues: bool

    def rows(self) -> range:
        """Numbers of the rows to show."""
        return range(1 if self.continues else 0, self.source.rows())

    def cell(self, row: int, column: int) -> QTextBlock:
        """The text of a cell."""
        return self.source.cellAt(row, column).firstCursorPosition().block()


def write_columns(
    cursor: QTextCursor, parsed: Parsed, layout: QTextTableFormat, head: QColor, write: Write
) -> QTextTable:
    """Write a table, or a further part of one, at the cursor.

    Args:
        cursor: Where.
        parsed: What.
        layout: See `column_format`.
        head: Ground of the first row.
        write: Writes a parsed block at a cursor, in bold or not.
    """
    rows, columns = parsed.rows(), parsed.source.columns()
    table = cursor.insertTable(len(rows), columns, layout)
    for number, row in enumerate(rows):
        for column in range(columns):
            cell = table.cellAt(number, column)
            if row == 0:
                ground = cell.format()
                ground.setBackground(head)
                cell.setFormat(ground)
            block = parsed.cell(row, column)
            target = cell.firstCursorPosition()
            side = QTextBlockFormat()
            side.setAlignment(block.blockFormat().alignment())
            target.setBlockFormat(side)
            write(target, block, row == 0)
    return table


def stacked(parsed: Parsed) -> Iterator[list[tuple[QTextBlock, QTextBlock]]]:
    """For each row, the name of every column with the cell."""
    columns = range(parsed.source.columns())
    for row in parsed.rows():
        if row:
            yield [(parsed.cell(0, column), parsed.cell(row, column)) for column in columns]


def _padding(style: TextStyle) -> float:
    return style.gap * 0.6


def column_format(style: TextStyle, fit: Fit, room: float) -> QTextTableFormat:
    """Lines and widths of a table in a text of that width."""
    layout = QTextTableFormat()
    layout.setBorder(1)
    layout.setBorderCollapse(True)
    layout.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    layout.setBorderBrush(style.line)
    layout.setCellPadding(_padding(style))
    layout.setCellSpacing(0)
    layout.setBottomMargin(style.gap)
    layout.setColumnWidthConstraints(fit.widths(room))
    if fit.form(room) == "full":
        layout.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
    return layout


def _text(source: QTextTable, row: int, column: int) -> str:
    return source.cellAt(row, column).firstCursorPosition().block().text()
