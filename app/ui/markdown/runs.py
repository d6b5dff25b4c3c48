"""Writes the words of parsed blocks: type, links with where they lead, formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)

from app.ui.markdown.formula_object import OBJECT_CHARACTER, formula_format
from app.ui.markdown.formula_words import words_of
from app.ui.markdown.formulas import Formulas
from app.ui.markdown.inline import Maths, alone, pieces
from app.ui.markdown.style import TextStyle

_HEADING_FACTORS = {1: 1.35, 2: 1.22, 3: 1.1}


@dataclass(frozen=True, slots=True)
class FormulaPlace:
    """Where a formula is: its drawing, and after it the words for those who cannot see it.

    Attributes:
        at: Position of the drawing.
        length: How many characters of words follow.
        maths: The formula.
    """

    at: int
    length: int
    maths: Maths


class RunWriter:
    """Copies the runs of a block of the parser's document.

    Attributes:
        maths: The formulas that were taken out of what is being written.
        places: Where formulas are that wait for their drawings.
        edges: Positions where a mark begins or ends, in turn.
        unready: Formulas were written when their words were not to be had yet.
    """

    def __init__(self, style: TextStyle, formulas: Formulas | None) -> None:
        self._style = style
        self._formulas = formulas
        self.maths: tuple[Maths, ...] = ()
        self.places: list[FormulaPlace] = []
        self.edges: list[int] = []
        self.unready = False

    def write(
        self,
        cursor: QTextCursor,
        block: QTextBlock,
        level: int,
        *,
        bold: bool = False,
        after: str = "",
    ) -> None:
        """Write a block's text at the cursor.

        Args:
            cursor: Where.
            block: Of the parser's document.
            level: Of a heading, else 0.
            bold: All of it.
            after: Words to add in the same face as its last ones.
        """
        run = self._run_format(QTextCharFormat(), level)
        for text, run in self._runs(block, level):
            if bold:
                run.setFontWeight(QFont.Weight.Bold)
            for piece in pieces(text):
                if piece.edge:
                    self.edges.append(cursor.position())
                elif piece.formula < 0:
                    cursor.insertText(piece.text, run)
                elif piece.formula < len(self.maths):
                    self._write_formula(cursor, self.maths[piece.formula], run)
        if after:
            cursor.insertText(after, run)

    def adapt(self, layout: QTextBlockFormat, text: str, maths: tuple[Maths, ...]) -> None:
        """A formula on a line of its own stands in the middle, and tall ones get room."""
        number = alone(text)
        if 0 <= number < len(maths) and maths[number].display and maths[number].closed:
            layout.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.setLineHeight(0, QTextBlockFormat.LineHeightTypes.SingleHeight.value)
            layout.setTopMargin(self._style.gap * 0.3)
            layout.setBottomMargin(self._style.gap * 1.3)

    def _write_formula(self, cursor: QTextCursor, maths: Maths, run: QTextCharFormat) -> None:
        known = self._formulas
        if known is None or known.is_ready:
            words = words_of(maths)
        else:
            words, self.unready = maths.whole, True
        if not maths.closed:
            cursor.insertText(words, run)
            return
        at = cursor.position()
        shape = formula_format(run, maths.source, display=maths.display)
        cursor.insertText(OBJECT_CHARACTER, shape)
        cursor.insertText(words, run)
        place = FormulaPlace(at, cursor.position() - at - 1, maths)
        drawing = known.drawing(maths.source, display=maths.display) if known else None
        if drawing is None:
            self.places.append(place)
        elif drawing.svg:
            show_drawing(cursor, place)

    def _runs(self, block: QTextBlock, level: int) -> Iterator[tuple[str, QTextCharFormat]]:
        iterator = block.begin()
        address, words = "", ""
        while not iterator.atEnd():
            fragment = iterator.fragment()
            source = fragment.charFormat()
            run = self._run_format(source, level)
            text = fragment.text()
            if source.isImageFormat():
                text = self._picture(source, run)
            if run.anchorHref() != address:
                yield from self._where_to(address, words, level)
                address, words = run.anchorHref(), ""
            words += text
            yield text, run
            iterator += 1
        yield from self._where_to(address, words, level)

    def _where_to(
        self, address: str, words: str, level: int
    ) -> Iterator[tuple[str, QTextCharFormat]]:
        """Behind a link the name of the place it leads to, unless its words say that."""
        host = QUrl(address).host().removeprefix("www.") if address else ""
        told = host
        if self._style.whole_addresses:
            told = address.removeprefix("mailto:")
            host = told.partition("://")[2].rstrip("/") or told
        if told and host not in words:
            run = self._run_format(QTextCharFormat(), level)
            run.setForeground(self._style.muted)
            yield f" ({told})", run

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


def show_drawing(cursor: QTextCursor, place: FormulaPlace) -> None:
    """A formula has been drawn: its words take no room, but can still be read out and copied."""
    cursor.setPosition(place.at + 1)
    cursor.setPosition(place.at + 1 + place.length, QTextCursor.MoveMode.KeepAnchor)
    hidden = QTextCharFormat()
    font = cursor.charFormat().font()
    font.setPixelSize(1)
    font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 1)
    hidden.setFont(font)
    hidden.setForeground(QColor(0, 0, 0, 0))
    cursor.mergeCharFormat(hidden)
    cursor.setPosition(place.at + 1 + place.length)
