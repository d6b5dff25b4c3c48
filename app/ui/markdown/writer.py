"""Writes Markdown into a document that is already shown, in our own type and colours.

Qt parses (CommonMark with GitHub's tables, no HTML); the result is copied run by run, so that
sizes, distances and colours are ours and pictures become links: nothing is fetched for a reply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtGui import (
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextLength,
    QTextList,
    QTextListFormat,
    QTextTable,
)

from app.ui.markdown.blocks import Block, keep_line_breaks
from app.ui.markdown.cards import CARD, CARD_CODE, CARD_QUOTE, Cards
from app.ui.markdown.formulas import Formulas
from app.ui.markdown.highlighting import language_of
from app.ui.markdown.inert import InertDocument
from app.ui.markdown.inline import Maths, harmless, take_out
from app.ui.markdown.runs import RunWriter
from app.ui.markdown.style import TextStyle
from app.ui.markdown.tables import (
    Fitted,
    Parsed,
    column_format,
    fit_of,
    stacked,
    write_columns,
)
from app.ui.markdown.taming import tame

_FEATURES = (
    QTextDocument.MarkdownFeature.MarkdownDialectGitHub
    | QTextDocument.MarkdownFeature.MarkdownNoHTML
)
_PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
_CODE_LINES_PERCENT = 135.0
_DEFAULT_ROOM = 760.0


@dataclass(frozen=True, slots=True)
class State:
    """How far a writer has come."""

    cards: tuple[int, int, int]
    fits: int
    after_table: int
    table: QTextTable | None


class MarkdownWriter:
    """Appends blocks of Markdown at the end of one document.

    Attributes:
        document: Where it writes.
        cards: The stretches that stand on a card.
        runs: Writes words and formulas, and knows where the formulas are.
        room: Width of the text in pixels, for tables.
        fits: What the tables need, from top to bottom.
    """

    def __init__(
        self,
        document: QTextDocument,
        style: TextStyle,
        room: float = 0.0,
        formulas: Formulas | None = None,
    ) -> None:
        """Write into an empty document.

        Args:
            document: Where.
            style: Sizes and colours.
            room: Width of the text in pixels, 0 where nobody knows it yet.
            formulas: Drawings that are there already are shown at once; None leaves all of
                `runs.places` to the caller.
        """
        self.document = document
        self._style = style
        self.cards = Cards(document, style)
        self.runs = RunWriter(style, formulas)
        self._formulas = formulas
        self.room = room or _DEFAULT_ROOM
        self.fits: list[Fitted] = []
        self._after_table = -1
        self._table: QTextTable | None = None  # while a document changes it knows none itself
        self._first = -1

    def append(self, block: Block, *, marked: bool = False) -> int:
        """Render `block` after what is there; returns where its text begins, -1 for none.

        Args:
            block: A block that we cut.
            marked: Marks were put into it by `with_marks`, so that it is harmless already.
        """
        cursor = QTextCursor(self.document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self._first = -1
        if block.fence:
            lines = harmless(block.source).removesuffix("\n").split("\n")
            self._write_code(cursor, lines, language_of(block.fence), continues=block.continues)
        else:
            source = block.head + block.source
            source = tame(source if marked else harmless(source))
            self._write_markdown(cursor, source, bool(block.head))
        return self._first

    def twin(self, document: QTextDocument, position: int) -> MarkdownWriter:
        """One that writes into another document what this one wrote at `position`."""
        twin = MarkdownWriter(document, self._style, self.room, self._formulas)
        twin.fits = [fitted for fitted in self.fits if fitted.end <= position][-1:]
        return twin

    def state(self) -> State:
        """How far it has come, for `rewind`."""
        return State(self.cards.state(), len(self.fits), self._after_table, self._table)

    def rewind(self, state: State, end: int) -> None:
        """What was written since `state` was removed from the document, which now ends at `end`."""
        self.cards.rewind(state.cards)
        del self.fits[state.fits :]
        self._after_table, self._table = state.after_table, state.table
        self.runs.places = [place for place in self.runs.places if place.at < end]

    def fits_in(self, room: float) -> bool:
        """Whether every table can stay as it was written in that much room."""
        return all(fitted.holds(room) for fitted in self.fits)

    def _write_code(
        self, cursor: QTextCursor, lines: list[str], language: str, *, continues: bool
    ) -> None:
        run = QTextCharFormat()
        run.setFont(self._style.code)
        run.setForeground(self._style.ink)
        goes_on = continues and self.cards.goes_on(cursor, CARD_CODE, 0)
        for number, line in enumerate(lines):
            layout = self.cards.format(CARD_CODE)
            layout.setLineHeight(_CODE_LINES_PERCENT, _PROPORTIONAL)
            if not number and not goes_on:
                layout.setTopMargin(self.cards.room_above(cursor, CARD_CODE))
            self._begin_block(cursor, layout)
            if not number and not goes_on:
                self.cards.begin(cursor, CARD_CODE, language)
            elif not number:
                self.cards.all[-1].parts.append(cursor.position())
            cursor.setBlockCharFormat(run)  # an empty line is as tall as the others
            cursor.insertText(line, run)
        self.cards.reach(cursor)

    def _write_markdown(self, cursor: QTextCursor, source: str, continues: bool) -> None:
        if not source.strip():
            return
        text, maths = take_out(keep_line_breaks(source))
        parsed = InertDocument()
        parsed.setUndoRedoEnabled(False)
        parsed.setMarkdown(text, _FEATURES)
        self.runs.maths = maths
        lists: dict[int, QTextList] = {}
        tables: set[int] = set()
        code: list[str] = []
        part = parsed.begin()
        while part.isValid():
            table = QTextCursor(part).currentTable()
            if _is_code(part):
                code.append(part.text())
                if not _is_code(part.next()):
                    language = part.blockFormat().property(QTextFormat.Property.BlockCodeLanguage)
                    self._write_code(
                        cursor, code, language_of(str(language or "")), continues=False
                    )
                    code = []
            elif table is None:
                self._write_block(cursor, part, lists, maths)
            elif table.firstPosition() not in tables:
                tables.add(table.firstPosition())
                self._write_table(cursor, table, continues=continues)
            part = part.next()

    def _write_block(
        self,
        cursor: QTextCursor,
        block: QTextBlock,
        lists: dict[int, QTextList],
        maths: tuple[Maths, ...],
    ) -> None:
        source = block.blockFormat()
        in_list = block.textList()
        if not block.text() and in_list is None and not _is_rule(source):
            return
        quoted = bool(source.property(QTextFormat.Property.BlockQuoteLevel))
        layout = self._block_format(source, block, maths)
        gap = self._style.gap * (0.4 if in_list is not None else 1.0)
        begins_card = quoted and not self.cards.goes_on(cursor, CARD_QUOTE, gap)
        if begins_card:
            layout.setTopMargin(self.cards.room_above(cursor, CARD_QUOTE))
        self._begin_block(cursor, layout)
        if in_list is not None:
            self._join_list(cursor, in_list, lists)
        if begins_card:
            self.cards.begin(cursor, CARD_QUOTE)
        self.runs.write(cursor, block, source.headingLevel())
        if quoted:
            self.cards.reach(cursor)

    def _block_format(
        self, source: QTextBlockFormat, block: QTextBlock, maths: tuple[Maths, ...]
    ) -> QTextBlockFormat:
        style = self._style
        if source.property(QTextFormat.Property.BlockQuoteLevel):
            layout = self.cards.format(CARD_QUOTE)
        else:
            layout = QTextBlockFormat()
            layout.setBottomMargin(style.gap * (0.4 if block.textList() else 1.0))
        layout.setLineHeight(style.line_height_percent, _PROPORTIONAL)
        layout.setMarker(source.marker())
        if source.headingLevel():
            layout.setHeadingLevel(source.headingLevel())
            layout.setTopMargin(style.gap * 0.8)
            layout.setBottomMargin(style.gap * 0.6)
        if _is_rule(source):
            layout.setProperty(
                QTextFormat.Property.BlockTrailingHorizontalRulerWidth,
                QTextLength(QTextLength.Type.PercentageLength, 100),
            )
        self.runs.adapt(layout, block.text(), maths)
        return layout

    def _begin_block(self, cursor: QTextCursor, layout: QTextBlockFormat) -> None:
        # An empty document has one empty block, and a table is followed by one: use it.
        after_table = not cursor.block().text() and cursor.position() == self._after_table
        if self.document.isEmpty() or after_table:
            # Qt leaves no room above a block that is the first or follows a table.
            above = layout.topMargin()
            if after_table:
                self._end_table(max(above, self._style.gap))
            else:
                self._begin_document(above if layout.intProperty(CARD) else 0)
            cursor.setBlockFormat(layout)
        else:
            cursor.insertBlock(layout, QTextCharFormat())
        if self._first < 0:
            self._first = cursor.position()

    @staticmethod
    def _join_list(cursor: QTextCursor, source: QTextList, lists: dict[int, QTextList]) -> None:
        key = source.objectIndex()
        if key in lists:
            lists[key].add(cursor.block())
            return
        layout = QTextListFormat()
        layout.setStyle(source.format().style())
        layout.setIndent(source.format().indent())
        layout.setStart(source.format().start())
        layout.setNumberSuffix(".")
        lists[key] = cursor.createList(layout)

    def _write_table(self, cursor: QTextCursor, source: QTextTable, *, continues: bool) -> None:
        if continues and self.fits:
            fitted = self.fits[-1]
        else:
            fitted = Fitted(fit_of(source, self._style), self.room)
        fit, room = fitted.fit, fitted.room
        parsed = Parsed(source, fit, continues)
        if not parsed.rows():
            return
        if fit.form(room) == "stacked":
            self._write_stacked(cursor, parsed)
        else:
            layout = column_format(self._style, fit, room)
            if cursor.position() == self._after_table:
                self._end_table(0 if continues else self._style.gap)
            elif not self.document.isEmpty():
                layout.setTopMargin(cursor.blockFormat().bottomMargin())  # Qt forgets that one
            self._table = write_columns(cursor, parsed, layout, self._style.head, self._write_cell)
            cursor.movePosition(QTextCursor.MoveOperation.End)
            self._after_table = cursor.position()
        if not continues:
            self.fits.append(replace(fitted, end=cursor.position()))

    def _begin_document(self, room: float) -> None:
        frame = self.document.rootFrame()
        layout = frame.frameFormat()
        if layout.topMargin() != room:
            layout.setTopMargin(room)
            frame.setFrameFormat(layout)

    def _end_table(self, room: float) -> None:
        """Leave room below the table that was written last."""
        if self._table is None:
            return
        layout = self._table.format()
        if layout.bottomMargin() != room:
            layout.setBottomMargin(room)
            self._table.setFormat(layout)

    def _write_cell(self, cursor: QTextCursor, block: QTextBlock, is_head: bool) -> None:
        if self._first < 0:
            self._first = cursor.position()
        self.runs.write(cursor, block, 0, bold=is_head)

    def _write_stacked(self, cursor: QTextCursor, parsed: Parsed) -> None:
        """Every row as a paragraph: names of the columns in bold, each with its cell."""
        for row in stacked(parsed):
            layout = QTextBlockFormat()
            layout.setLineHeight(self._style.line_height_percent, _PROPORTIONAL)
            layout.setBottomMargin(self._style.gap)
            self._begin_block(cursor, layout)
            for number, (name, cell) in enumerate(row):
                if number:
                    cursor.insertText("\u2028")
                self.runs.write(cursor, name, 0, bold=True, after=": ")
                self.runs.write(cursor, cell, 0)


def _is_code(block: QTextBlock) -> bool:
    if not block.isValid():
        return False
    layout = block.blockFormat()
    fenced = layout.hasProperty(QTextFormat.Property.BlockCodeFence)
    return fenced or layout.hasProperty(QTextFormat.Property.BlockCodeLanguage)


def _is_rule(layout: QTextBlockFormat) -> bool:
    return layout.hasProperty(QTextFormat.Property.BlockTrailingHorizontalRulerWidth)
