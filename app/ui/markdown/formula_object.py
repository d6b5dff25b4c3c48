"""Puts drawn formulas into a line of text, standing on its baseline."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QObject, QRect, QRectF, QSizeF
from PySide6.QtGui import (
    QFontMetrics,
    QFontMetricsF,
    QPainter,
    QPyTextObject,
    QTextCharFormat,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtSvg import QSvgRenderer

from app.ui.markdown.formulas import Drawing, Formulas

OBJECT_CHARACTER = "\ufffc"
OBJECT = QTextFormat.ObjectTypes.UserObject.value + 1
SOURCE = QTextFormat.Property.UserProperty.value + 2
DISPLAY = QTextFormat.Property.UserProperty.value + 3


class FormulaObject(QPyTextObject):
    """Sizes and paints the formulas of one document. Until one is drawn it takes no room.

    Args:
        formulas: Where the drawings come from.
        parent: Qt parent.
    """

    def __init__(self, formulas: Formulas, parent: QObject) -> None:
        super().__init__(parent)
        self._formulas = formulas

    def intrinsicSize(
        self,
        doc: QTextDocument,
        posInDocument: int,  # noqa: N803  Qt's name
        format: QTextFormat,  # noqa: A002  Qt's name
    ) -> QSizeF:
        """Room that is centred as Qt centres it, so that the baseline comes to lie right."""
        del posInDocument
        drawing = self._drawing(format)
        if drawing is None or not drawing.svg:
            return QSizeF(0, 0)
        em = _em_px(doc, format) * _scale(doc, format, drawing)
        half_x = _half_x(format)
        above, below = drawing.ascent * em, drawing.descent * em
        return QSizeF(drawing.width * em, max(2 * above - half_x, 2 * below + half_x))

    def drawObject(
        self,
        painter: QPainter,
        rect: QRectF | QRect,
        doc: QTextDocument,
        posInDocument: int,  # noqa: N803  Qt's name
        format: QTextFormat,  # noqa: A002  Qt's name
    ) -> None:
        """Paint the formula in the colour of the text."""
        drawing = self._drawing(format)
        if drawing is None or not drawing.svg:
            return
        em = _em_px(doc, format) * _scale(doc, format, drawing)
        # In a line that is higher than the formula, Qt puts `rect` too high.
        baseline = _baseline(doc, posInDocument)
        ink = format.foreground().color().name()
        svg = QSvgRenderer(QByteArray(drawing.svg.replace("@ink", ink).encode()))
        height = (drawing.ascent + drawing.descent) * em
        svg.render(
            painter, QRectF(rect.left(), baseline - drawing.ascent * em, rect.width(), height)
        )

    def _drawing(self, shape: QTextFormat) -> Drawing | None:
        return self._formulas.drawing(
            str(shape.property(SOURCE)), display=bool(shape.property(DISPLAY))
        )


def _baseline(doc: QTextDocument, position: int) -> float:
    """Where the letters of a line stand, in the document's pixels."""
    block = doc.findBlock(position)
    layout = block.layout()
    line = layout.lineForTextPosition(position - block.position())
    top = doc.documentLayout().blockBoundingRect(block).top() - layout.boundingRect().top()
    return top + line.y() + line.ascent()


def _em_px(doc: QTextDocument, shape: QTextFormat) -> float:
    font = shape.toCharFormat().font()
    device = doc.documentLayout().paintDevice()
    dpi = device.logicalDpiY() if device is not None else QFontMetricsF(font).fontDpi()
    return font.pointSizeF() * (dpi or 96.0) / 72


def _scale(doc: QTextDocument, shape: QTextFormat, drawing: Drawing) -> float:
    """A formula wider than the text becomes smaller: nothing is ever cut off."""
    room = doc.textWidth()
    width = drawing.width * _em_px(doc, shape)
    return min(1.0, room / width) if room > 0 and width > 0 else 1.0


def _half_x(shape: QTextFormat) -> float:
    """What Qt adds below the middle of an object that is aligned in the middle of its line."""
    return QFontMetrics(shape.toCharFormat().font()).xHeight() / 2


def formula_format(text: QTextCharFormat, source: str, *, display: bool) -> QTextCharFormat:
    """The format of the character that stands for a formula, beside text in format `text`."""
    shape = QTextCharFormat(text)
    shape.setObjectType(OBJECT)
    shape.setProperty(SOURCE, source)
    shape.setProperty(DISPLAY, display)
    shape.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
    return shape
