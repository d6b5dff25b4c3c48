"""Sizes and colours of written text, taken from the theme."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor, QFont, QFontMetricsF

from app.ui.look.fonts import LINE_HEIGHT, code_font
from app.ui.look.theme import Theme

_TARGET_PX = 44


@dataclass(frozen=True, slots=True)
class TextStyle:
    """Sizes in pixels and colours for written text.

    Attributes:
        font: The reading face.
        code: The face of code.
        size_pt: Size of the reading face.
        ink: Text.
        muted: What stands back: addresses behind links.
        link: Links.
        line: Lines of tables.
        head: Ground of the first row of a table.
        code_colours: Colours of code by what a word is, see `code_colours`.
        gap: Between paragraphs.
        pad: Between the side of a card and its text.
        card_pad: Between the top of a card and its text.
        bar: Height of the line above code that names its language.
        line_height_percent: Of the font's own line height.
        whole_addresses: Behind links stands where exactly they lead: paper cannot be clicked.
    """

    font: QFont
    code: QFont
    size_pt: float
    ink: QColor
    muted: QColor
    link: QColor
    line: QColor
    head: QColor
    code_colours: dict[str, QColor]
    gap: int
    pad: int
    card_pad: int
    bar: int
    line_height_percent: float
    whole_addresses: bool = False

    @classmethod
    def of(cls, theme: Theme, *, muted: bool = False) -> TextStyle:
        """The style that is on; `muted` for thinking."""
        size_pt = theme.text_size_pt * (0.92 if muted else 1.0)
        font = theme.font("body")
        font.setPointSizeF(size_pt)
        metrics = QFontMetricsF(font)
        natural = metrics.lineSpacing() / max(1.0, metrics.ascent() + metrics.descent())
        em = metrics.fontDpi() * size_pt / 72 if metrics.fontDpi() else metrics.height() / 1.22
        names = ("code_word", "code_text", "code_number", "code_name", "muted")
        return cls(
            font=font,
            code=code_font(size_pt * 0.9),
            size_pt=size_pt,
            ink=theme.color("muted" if muted else "ink"),
            muted=theme.color("muted"),
            link=theme.color("accent"),
            line=theme.color("edge"),
            head=theme.color("tint"),
            code_colours={name: theme.color(name) for name in names},
            gap=theme.px(14),
            pad=theme.px(22),
            card_pad=theme.px(16),
            bar=max(_TARGET_PX, theme.px(_TARGET_PX)),
            line_height_percent=100 * LINE_HEIGHT * em * natural / metrics.lineSpacing(),
        )
