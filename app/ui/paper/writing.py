"""Writes one part of a script into a document of its own."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import (
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
)

from app.ui.markdown.cards import CARD
from app.ui.markdown.doubts import places_of
from app.ui.markdown.formula_object import OBJECT, FormulaObject
from app.ui.markdown.formulas import Formulas
from app.ui.markdown.inert import InertDocument
from app.ui.markdown.runs import FormulaPlace, show_drawing
from app.ui.markdown.writer import MarkdownWriter
from app.ui.paper.script import Part
from app.ui.paper.sheet import PaperTheme

CARD_QUESTION = 3
_PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value


@dataclass(frozen=True, slots=True)
class Written:
    """A part as a document that is not laid out yet.

    Attributes:
        document: What was written.
        doubts: Places in it to underline with dots.
        formulas: Where formulas stand, from top to bottom.
    """

    document: InertDocument
    doubts: tuple[tuple[int, int], ...] = ()
    formulas: tuple[FormulaPlace, ...] = ()


def write_part(part: Part, theme: PaperTheme, room: float) -> Written:
    """Write a part.

    Args:
        part: What it says.
        theme: How it looks.
        room: Width of the text, for tables.
    """
    document = InertDocument()
    document.setDocumentMargin(0)
    document.setUndoRedoEnabled(False)
    document.setUseDesignMetrics(True)
    document.setIndentWidth(theme.px(24))
    document.setDefaultFont(theme.font())
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    document.setDefaultTextOption(option)
    if part.kind != "answer":
        _write_plain(document, part, theme)
        return Written(document)
    writer = MarkdownWriter(document, theme.text_style(), room)
    shown = [(block, writer.append(block)) for block in part.blocks]
    doubts = places_of(part.marks, shown, writer)
    formulas = tuple(place for place in writer.runs.places if place.maths.closed)
    return Written(document, tuple(doubts), formulas)


def show_formulas(written: Written, formulas: Formulas) -> bool:
    """Put drawings in the place of the words of formulas; False until all are drawn."""
    drawings = [
        formulas.drawing(place.maths.source, display=place.maths.display)
        for place in written.formulas
    ]
    if any(drawing is None for drawing in drawings):
        return False
    document = written.document
    if drawings:
        document.documentLayout().registerHandler(OBJECT, FormulaObject(formulas, document))
    cursor = QTextCursor(document)
    for place, drawing in zip(written.formulas, drawings, strict=True):
        if drawing is not None and drawing.svg:
            show_drawing(cursor, place)
    return True


def _write_plain(document: QTextDocument, part: Part, theme: PaperTheme) -> None:
    layout, run = QTextBlockFormat(), QTextCharFormat()
    run.setForeground(theme.color("ink"))
    run.setFont(theme.font())
    percent = theme.text_style().line_height_percent
    layout.setLineHeight(percent, _PROPORTIONAL)
    if part.kind == "title":
        run.setFont(theme.font("heading"))
        layout.setHeadingLevel(1)
        layout.setBottomMargin(theme.px(10))
    elif part.kind == "label":
        run.setFont(theme.font("small", bold=True))
        run.setForeground(theme.color("muted"))
        layout.setTopMargin(theme.px(12))
        layout.setBottomMargin(theme.px(4))
    elif part.kind == "note":
        font = theme.font("small")
        font.setStyle(QFont.Style.StyleItalic)
        run.setFont(font)
        layout.setBottomMargin(theme.px(8))
    else:
        layout.setProperty(CARD, CARD_QUESTION)
        layout.setLeftMargin(theme.px(16))
        layout.setRightMargin(theme.px(16))
    cursor = QTextCursor(document)
    for number, line in enumerate(part.text.split("\n")):
        if number:
            cursor.insertBlock(layout, run)
        else:
            cursor.setBlockFormat(layout)
        cursor.insertText(line, run)
    if part.kind == "question":
        _pad_card(document, theme.px(10), theme.px(16))


def _pad_card(document: QTextDocument, pad: int, below: int) -> None:
    first = QTextCursor(document.begin())
    opening = first.blockFormat()
    opening.setTopMargin(pad)
    first.setBlockFormat(opening)
    last = QTextCursor(document.lastBlock())
    closing = last.blockFormat()
    closing.setBottomMargin(pad + below)
    last.setBlockFormat(closing)
