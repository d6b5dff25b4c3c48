"""A script as a Word file: headings, lists, tables and code as Word's own, to go on writing in."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import docx
from docx.text.paragraph import Paragraph
from PySide6.QtGui import QFont, QTextBlock, QTextCursor, QTextFormat, QTextTable

from app.ui.markdown.cards import CARD, CARD_CODE, CARD_QUOTE
from app.ui.markdown.formula_object import OBJECT_CHARACTER
from app.ui.paper.script import Part, Script
from app.ui.paper.sheet import PaperTheme, Sheet
from app.ui.paper.steps import Content, Work
from app.ui.paper.word_body import Body
from app.ui.paper.word_lists import Lists
from app.ui.paper.word_styles import Styles
from app.ui.paper.writing import Written, write_part

_LINE_SEPARATOR = "\u2028"
_MOST_IN_FIELD = 250  # of 255 that the format has room for
_MOST_CELLS = 20_000  # Word itself gives up on larger tables


def word_file(script: Script, sheet: Sheet, size_pt: int) -> Work[Content]:
    """Make the document; arguments as those of `Pages`."""
    theme = PaperTheme(size_pt)
    document = docx.Document()
    styles = Styles(document, sheet, size_pt)
    styles.set_up(script.title, script.date)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = script.title[:_MOST_IN_FIELD], "", ""
    properties.language = script.language
    properties.created = properties.modified = datetime.now(UTC)
    writer = _Writer(Body(document), styles)
    length = script.characters
    done = 0
    for part in script.parts():
        writer.write(part, write_part(part, theme, sheet.body_pt.width()))
        done += part.characters
        yield min(1.0, done / length)

    def packed() -> bytes:
        content = io.BytesIO()
        document.save(content)
        return content.getvalue()

    return packed


class _Writer:
    """Copies what was written for paper, block by block."""

    def __init__(self, body: Body, styles: Styles) -> None:
        self._body = body
        self._styles = styles
        self._lists = Lists(body)
        self._doubts: tuple[tuple[int, int], ...] = ()

    def write(self, part: Part, written: Written) -> None:
        self._doubts = written.doubts
        style = {"title": "Title", "label": "Speaker", "question": "Question", "note": "Remark"}
        if part.kind != "answer":
            self._lists.end()
        block = written.document.begin()
        tables: set[int] = set()
        while block.isValid():
            table = QTextCursor(block).currentTable()
            if table is None:
                self._write_block(block, style.get(part.kind, ""))
            elif table.firstPosition() not in tables:
                tables.add(table.firstPosition())
                self._lists.end()
                self._write_table(table)
            block = block.next()

    def _write_block(self, block: QTextBlock, style: str) -> None:
        layout = block.blockFormat()
        in_list = block.textList()
        if in_list is None and (block.text() or style):
            self._lists.end()
        if not block.text() and in_list is None and not style and not layout.intProperty(CARD):
            if layout.hasProperty(QTextFormat.Property.BlockTrailingHorizontalRulerWidth):
                self._styles.rule(self._body.paragraph())
            return
        kind = {CARD_CODE: "Code", CARD_QUOTE: "Quotation"}.get(layout.intProperty(CARD), "")
        if layout.headingLevel() and not style:
            paragraph = self._body.paragraph(f"Heading {min(layout.headingLevel(), 6)}")
        elif in_list is not None:
            paragraph = self._lists.item(in_list.format())
        else:
            paragraph = self._body.paragraph(style or kind)
        self._write_runs(paragraph, block, code=kind == "Code")

    def _write_table(self, source: QTextTable) -> None:
        rows, columns = source.rows(), source.columns()
        if rows * columns > _MOST_CELLS:
            rows = _MOST_CELLS // max(1, columns)
        table = self._body.table(rows, columns)
        for row, line in enumerate(table._tbl.tr_lst):
            for column, cell in enumerate(line.tc_lst):
                block = source.cellAt(row, column).firstCursorPosition().block()
                self._write_runs(Paragraph(cell.p_lst[0], table), block, bold=row == 0)
        self._body.paragraph("Gap")

    def _write_runs(
        self, paragraph: Paragraph, block: QTextBlock, *, code: bool = False, bold: bool = False
    ) -> None:
        heading = block.blockFormat().headingLevel() > 0
        iterator = block.begin()
        while not iterator.atEnd():
            fragment = iterator.fragment()
            source = fragment.charFormat()
            for text, doubtful in self._cut(fragment.position(), fragment.text()):
                run = paragraph.add_run(text.replace(_LINE_SEPARATOR, "\n"))
                heading = block.blockFormat().headingLevel() > 0
                run.bold = (
                    True
                    if bold or (source.fontWeight() >= QFont.Weight.DemiBold and not heading)
                    else None
                )
                run.italic = True if source.fontItalic() and not code else None
                run.font.strike = True if source.fontStrikeOut() else None
                if source.fontFixedPitch() and not code:
                    self._styles.make_code(run)
                if doubtful:
                    self._styles.make_doubtful(run)
                elif source.isAnchor():
                    run.underline = True
            iterator += 1

    def _cut(self, position: int, text: str) -> list[tuple[str, bool]]:
        """A run at the edges of what is doubtful."""
        text = text.replace(OBJECT_CHARACTER, "")
        inside = [
            (max(0, start - position), min(len(text), end - position))
            for start, end in self._doubts
            if start < position + len(text) and end > position
        ]
        pieces, at = [], 0
        for start, end in inside:
            pieces += [(text[at:start], False), (text[start:end], True)]
            at = end
        return [piece for piece in [*pieces, (text[at:], False)] if piece[0]]
