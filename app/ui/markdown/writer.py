"""Writes Markdown into a document that is already shown, in our own type and colours.

Qt parses (CommonMark with GitHub's tables, no HTML); the result is copied run by run, so that
sizes, distances and colours are ours and pictures become links: nothing is fetched for a reply.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextList,
    QTextListFormat,
    QTextTable,
    QTextTableFormat,
)

from app.ui.look.fonts import LINE_HEIGHT, code_font
from app.ui.look.theme import Theme
from app.ui.markdown.blocks import Block, keep_line_breaks

CARD = QTextFormat.Property.UserProperty.value + 1
CARD_CODE, CARD_QUOTE = 1, 2
_FEATURES = (
    QTextDocument.MarkdownFeature.MarkdownDialectGitHub
    | QTextDocument.MarkdownFeature.MarkdownNoHTML
)
_HEADING_FACTORS = {1: 1.35, 2: 1.22, 3: 1.1}


class InertDocument(QTextDocument):
    """A document that loads nothing from anywhere."""

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Refuse every picture and style sheet, local or remote."""
        del kind, name
        return None


@dataclass(frozen=True, slots=True)
class TextStyle:
    """Sizes in pixels and colours for written text, taken from the theme."""

    font: QFont
    code: QFont
    size_pt: float
    ink: QColor
    muted: QColor
    link: QColor
    line: QColor
    gap: int
    pad: int
    card_pad: int
    line_height_percent: float

    @classmethod
    def of(cls, theme: Theme, *, muted: bool = False) -> TextStyle:
        """The style that is on; `muted` for thinking."""
        size_pt = theme.text_size_pt * (0.92 if muted else 1.0)
        font = theme.font("body")
        font.setPointSizeF(size_pt)
        metrics = QFontMetricsF(font)
        natural = metrics.lineSpacing() / max(1.0, metrics.ascent() + metrics.descent())
        em = metrics.fontDpi() * size_pt / 72 if metrics.fontDpi() else metrics.height() / 1.22
        return cls(
            font=font,
            code=code_font(size_pt * 0.9),
            size_pt=size_pt,
            ink=theme.color("muted" if muted else "ink"),
            muted=theme.color("muted"),
            link=theme.color("accent"),
            line=theme.color("edge"),
            gap=theme.px(14),
            pad=theme.px(22),
            card_pad=theme.px(16),
            line_height_percent=100 * LINE_HEIGHT * em * natural / metrics.lineSpacing(),
        )


class MarkdownWriter:
    """Appends blocks of Markdown at the end of one document."""

    def __init__(self, document: QTextDocument, style: TextStyle) -> None:
        self._document = document
        self._style = style
        self._after_table = -1

    def append(self, block: Block) -> None:
        """Render `block` after what is there."""
        cursor = QTextCursor(self._document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if block.fence:
            self._write_code(cursor, block)
        else:
            self._write_markdown(cursor, block.source)

    def _write_code(self, cursor: QTextCursor, block: Block) -> None:
        lines = block.source.removesuffix("\n").split("\n")
        for number, line in enumerate(lines):
            layout = self._card(CARD_CODE)
            layout.setLineHeight(135.0, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            layout.setTopMargin(0)
            self._begin_block(cursor, layout)
            if number == 0:
                self._open_card(cursor, CARD_CODE)
            run = QTextCharFormat()
            run.setFont(self._style.code)
            run.setForeground(self._style.ink)
            cursor.insertText(line, run)

    def _open_card(self, cursor: QTextCursor, kind: int) -> None:
        """Room above the first block of a card, and below the block that ended the one before."""
        before = cursor.block().previous()
        if before.isValid() and before.blockFormat().intProperty(CARD) == kind:
            return
        layout = cursor.blockFormat()
        layout.setTopMargin(
            self._style.card_pad + (self._style.gap * 0.3 if before.isValid() else 0)
        )
        cursor.setBlockFormat(layout)

    def _close_card(self, cursor: QTextCursor, layout: QTextBlockFormat) -> None:
        """Room below the card that ends where something else begins."""
        last = cursor.block()
        kind = last.blockFormat().intProperty(CARD)
        if not kind or kind == layout.intProperty(CARD):
            return
        closed = last.blockFormat()
        closed.setBottomMargin(self._style.card_pad + self._style.gap)
        cursor.setBlockFormat(closed)

    def _write_markdown(self, cursor: QTextCursor, source: str) -> None:
        if not source.strip():
            return
        parsed = InertDocument()
        parsed.setUndoRedoEnabled(False)
        parsed.setMarkdown(keep_line_breaks(source), _FEATURES)
        lists: dict[int, QTextList] = {}
        tables: set[int] = set()
        block = parsed.begin()
        while block.isValid():
            table = QTextCursor(block).currentTable()
            if table is None:
                self._write_block(cursor, block, lists)
            elif table.firstPosition() not in tables:
                tables.add(table.firstPosition())
                self._write_table(cursor, table)
            block = block.next()

    def _write_block(
        self, cursor: QTextCursor, block: QTextBlock, lists: dict[int, QTextList]
    ) -> None:
        source = block.blockFormat()
        in_list = block.textList()
        if not block.text() and in_list is None and not _is_rule(source):
            return
        level = source.headingLevel()
        self._begin_block(cursor, self._block_format(source, block))
        if in_list is not None:
            self._join_list(cursor, in_list, lists)
        if source.property(QTextFormat.Property.BlockQuoteLevel):
            self._open_card(cursor, CARD_QUOTE)
        for text, run in self._runs(block, level):
            cursor.insertText(text, run)

    def _block_format(self, source: QTextBlockFormat, block: QTextBlock) -> QTextBlockFormat:
        style = self._style
        if source.property(QTextFormat.Property.BlockQuoteLevel):
            layout = self._card(CARD_QUOTE)
            layout.setBottomMargin(style.gap)
        else:
            layout = QTextBlockFormat()
            layout.setBottomMargin(style.gap * (0.4 if block.textList() else 1.0))
        layout.setLineHeight(
            style.line_height_percent, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
        )
        if source.headingLevel():
            layout.setHeadingLevel(source.headingLevel())
            layout.setTopMargin(style.gap * 0.8)
            layout.setBottomMargin(style.gap * 0.6)
        if _is_rule(source):
            layout.setProperty(
                QTextFormat.Property.BlockTrailingHorizontalRulerWidth,
                QTextLength(QTextLength.Type.PercentageLength, 100),
            )
        return layout

    def _card(self, kind: int) -> QTextBlockFormat:
        layout = QTextBlockFormat()
        layout.setProperty(CARD, kind)
        layout.setLeftMargin(self._style.pad)
        layout.setRightMargin(self._style.pad)
        return layout

    def _begin_block(self, cursor: QTextCursor, layout: QTextBlockFormat) -> None:
        # An empty document has one empty block, and a table is followed by one: use it.
        after_table = not cursor.block().text() and cursor.position() == self._after_table
        if self._document.isEmpty() or after_table:
            cursor.setBlockFormat(layout)
        else:
            self._close_card(cursor, layout)
            cursor.insertBlock(layout, QTextCharFormat())

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

    def _write_table(self, cursor: QTextCursor, source: QTextTable) -> None:
        style = self._style
        layout = QTextTableFormat()
        if cursor.block().blockFormat().intProperty(CARD):
            layout.setTopMargin(style.card_pad + style.gap)
        layout.setBorder(1)
        layout.setBorderCollapse(True)
        layout.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        layout.setBorderBrush(style.line)
        layout.setCellPadding(style.gap * 0.6)
        layout.setBottomMargin(style.gap)
        rows, columns = source.rows(), source.columns()
        table = cursor.insertTable(rows, columns, layout)
        for row in range(rows):
            for column in range(columns):
                block = source.cellAt(row, column).firstCursorPosition().block()
                target = table.cellAt(row, column).firstCursorPosition()
                for text, run in self._runs(block, 0):
                    if row == 0:
                        run.setFontWeight(QFont.Weight.Bold)
                    target.insertText(text, run)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self._after_table = cursor.position()

    def _runs(self, block: QTextBlock, level: int) -> Iterator[tuple[str, QTextCharFormat]]:
        iterator = block.begin()
        while not iterator.atEnd():
            fragment = iterator.fragment()
            source = fragment.charFormat()
            run = self._run_format(source, level)
            text = fragment.text()
            if source.isImageFormat():
                text = self._picture(source, run)
            yield text, run
            iterator += 1

    def _run_format(self, source: QTextCharFormat, level: int) -> QTextCharFormat:
        style = self._style
        run = QTextCharFormat()
        run.setForeground(style.ink)
        fixed = source.fontFixedPitch()
        run.setFont(style.code if fixed else style.font)
        if level:
            run.setFontPointSize(style.size_pt * _HEADING_FACTORS.get(level, 1.0))
        if level or source.fontWeight() >= QFont.Weight.Bold:
            run.setFontWeight(QFont.Weight.Bold)
        run.setFontItalic(source.fontItalic())
        run.setFontStrikeOut(source.fontStrikeOut())
        if source.isAnchor() and source.anchorHref():
            self._make_link(run, source.anchorHref())
        return run

    def _make_link(self, run: QTextCharFormat, address: str) -> None:
        run.setAnchor(True)
        run.setAnchorHref(address)
        run.setForeground(self._style.link)
        run.setFontUnderline(True)
        run.setToolTip(address)

    def _picture(self, source: QTextCharFormat, run: QTextCharFormat) -> str:
        picture = source.toImageFormat()
        self._make_link(run, picture.name())
        words = picture.property(QTextFormat.Property.ImageAltText.value)
        return str(words) if words else picture.name()


def _is_rule(layout: QTextBlockFormat) -> bool:
    return layout.hasProperty(QTextFormat.Property.BlockTrailingHorizontalRulerWidth)
