"""One place in a conversation where a search found something."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QWidget

from app.core.records import SearchHit
from app.ui.chats.row import Row
from app.ui.chats.row_widgets import RowButton, paint_ground, paint_words
from app.ui.look.fonts import body_font
from app.ui.look.theme import Theme

LINES = 3
_SIDE_PX = 14
_TOP_PX = 8


class HitButton(RowButton):
    """Who said it and when, and below the words around what was found."""

    def __init__(self, theme: Theme, row: HitRow) -> None:
        super().__init__(theme, row)
        self._row = row

    def paintEvent(self, event: QPaintEvent) -> None:
        """What was found stands out by its weight and a line below it, not by a colour alone."""
        del event
        theme, row, painter = self.theme, self._row, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = "tint" if row.active() else "surface"
        paint_ground(painter, theme, self.rect(), ground, focused=self.hasFocus(), edge="line")
        px = theme.px
        inner = self.rect().adjusted(px(_SIDE_PX), px(_TOP_PX), -px(_SIDE_PX), -px(_TOP_PX))
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("muted"))
        meta = QRect(inner.x(), inner.y(), inner.width(), painter.fontMetrics().height())
        fits = painter.fontMetrics().horizontalAdvance(row.meta) <= meta.width()
        paint_words(painter, meta, row.meta if fits else row.when)
        painter.setPen(theme.color("ink"))
        layout = row.layout_for(inner.width())
        layout.draw(painter, QPointF(inner.x(), meta.bottom() + 1 + px(2)))


class HitRow(Row):
    """Shows one hit after the other.

    Attributes:
        button: Opens the conversation at that message.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__("hit", parent)
        self._theme = theme
        self.button = HitButton(theme, self)
        self.meta = self.when = self.text = ""
        self.marks: tuple[tuple[int, int], ...] = ()
        self._laid_out: QTextLayout | None = None
        self._for: tuple[float, int] = (0.0, 0)

    def stops(self) -> tuple[QWidget, ...]:
        """One button."""
        return (self.button,)

    def say(self, hit: SearchHit, meta: str, when: str) -> None:
        """Show a hit; `meta` says who wrote it and when, `when` suffices in a narrow row."""
        self.meta, self.when, self.text, self.marks = meta, when, hit.text, hit.marks
        self._laid_out = None
        self.button.say(f"{meta}: {hit.text}")
        self.button.setText("")
        self.button.update()

    def layout_for(self, width_px: int) -> QTextLayout:
        """Its words, kept for as long as the row shows them: a layout holds on to its fonts."""
        size_pt = _size_pt(self._theme)
        if self._laid_out is None or self._for != (size_pt, width_px):
            self._for = (size_pt, width_px)
            self._laid_out = laid_out(self.text, self.marks, size_pt, width_px)
        return self._laid_out

    def resizeEvent(self, event: QResizeEvent) -> None:
        """All of it, but a little air below."""
        super().resizeEvent(event)
        self.button.setGeometry(0, 0, self.width(), self.height() - self._theme.px(4))


def hit_height(theme: Theme, hit: SearchHit, width_px: int) -> int:
    """How tall the row of a hit is."""
    px = theme.px
    inner = width_px - 2 * px(_SIDE_PX)
    text = _text_height(hit.text, hit.marks, _size_pt(theme), inner)
    meta = QFontMetrics(theme.font("small")).height()
    return max(px(48), meta + px(2) + text + 2 * px(_TOP_PX) + px(4))


@lru_cache(maxsize=1_024)
def _text_height(
    text: str, marks: tuple[tuple[int, int], ...], size_pt: float, width_px: int
) -> int:
    layout = _layout(text, marks, body_font(size_pt), width_px)
    lines = range(min(LINES, layout.lineCount()))
    return round(sum(layout.lineAt(number).height() for number in lines))


def laid_out(
    text: str, marks: tuple[tuple[int, int], ...], size_pt: float, width_px: int
) -> QTextLayout:
    """At most `LINES` lines of the text, the words that were found in bold."""
    font = body_font(size_pt)
    layout = _layout(text, marks, font, width_px)
    if layout.lineCount() <= LINES:
        return layout
    start = _characters(text, layout.lineAt(LINES - 1).textStart())
    elide = Qt.TextElideMode.ElideRight
    # Bold words are wider than the metrics of the ordinary face say.
    last = QFontMetrics(font).elidedText(text[start:], elide, round(width_px * 0.94))
    shown = text[:start] + last
    kept = tuple((a, min(b, len(shown) - 1)) for a, b in marks if a < len(shown) - 1)
    return _layout(shown, kept, font, width_px)


def _layout(text: str, marks: Iterable[tuple[int, int]], font: QFont, width_px: int) -> QTextLayout:
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    found = QTextCharFormat()
    found.setFontWeight(QFont.Weight.Bold)
    found.setFontUnderline(True)
    formats = []
    for begin, end in marks:
        part = QTextLayout.FormatRange()
        part.start = _units(text[:begin])
        part.length = _units(text[begin:end])
        part.format = found
        formats.append(part)
    layout.setFormats(formats)
    layout.beginLayout()
    y = 0.0
    for _ in range(LINES + 1):  # one more tells whether there is more
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width_px)
        line.setPosition(QPointF(0, y))
        y += line.height()
    layout.endLayout()
    return layout


def _units(text: str) -> int:
    """Length as Qt counts it, in UTF-16."""
    return len(text) + sum(1 for c in text if ord(c) > 0xFFFF)


def _characters(text: str, units: int) -> int:
    """How many characters so many units are."""
    return len(
        text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "replace")
    )


def _size_pt(theme: Theme) -> float:
    return theme.font("small").pointSizeF()
