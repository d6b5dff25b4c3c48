"""A sheet of paper, and the look of what is written on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QLocale, QMarginsF, QObject, QRectF, QSizeF
from PySide6.QtGui import QFont, QFontMetricsF, QPageLayout, QPageSize

from app.ui.look.fonts import code_font
from app.ui.look.theme import Role, Theme
from app.ui.look.tokens import SCHEMES, Tokens
from app.ui.markdown.style import TextStyle

_MM = 72 / 25.4
_SIDE_MM, _TOP_MM, _BOTTOM_MM = 21.0, 18.0, 24.0
_FOOT_MM = 13.0
_LINE_HEIGHT = 1.4
_TOKENS = replace(
    SCHEMES["light"],
    bg="#FFFFFF",
    side="#FFFFFF",
    surface="#F6F6F6",
    tint="#EEEEEE",
    ink="#000000",
    muted="#404040",
    accent="#000000",
    line="#A0A0A0",
    edge="#707070",
    doubt="#000000",
)


class PaperTheme(Theme):
    """Black on white, whatever the window looks like; touches nothing of the application."""

    def __init__(self, size_pt: int) -> None:
        QObject.__init__(self)
        self.scheme = "light"
        self._size_pt = size_pt
        self._icons = {}

    @property
    def tokens(self) -> Tokens:
        """Ink and paper."""
        return _TOKENS

    def font(self, role: Role = "body", *, bold: bool | None = None) -> QFont:
        """As on the screen, but with the widths that the letters have on paper."""
        return _unhinted(super().font(role, bold=bold))

    def text_style(self) -> TextStyle:
        """What Markdown is written with."""
        style = TextStyle.of(self)
        return replace(
            style,
            code=_unhinted(code_font(self._size_pt * 0.88)),
            bar=0,
            whole_addresses=True,
            card_pad=self.px(12),
            line_height_percent=style.line_height_percent * _LINE_HEIGHT / 1.6,
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """Size and margins, in points."""

    width_pt: float
    height_pt: float

    @property
    def body_pt(self) -> QRectF:
        """Where the text stands."""
        side = min(_SIDE_MM * _MM, self.width_pt / 8)
        top, bottom = _TOP_MM * _MM, _BOTTOM_MM * _MM
        return QRectF(side, top, self.width_pt - 2 * side, self.height_pt - top - bottom)

    @property
    def foot_pt(self) -> QRectF:
        """Where title, date and number stand."""
        body = self.body_pt
        height = 5.0 * _MM
        return QRectF(
            body.left(), self.height_pt - _FOOT_MM * _MM - height / 2, body.width(), height
        )

    def layout(self) -> QPageLayout:
        """For a printer or a PDF; the margins are ours."""
        size = QPageSize(QSizeF(self.width_pt, self.height_pt), QPageSize.Unit.Point)
        return QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0))


def usual_sheet() -> Sheet:
    """Letter where one measures in inches, else A4."""
    imperial = QLocale.system().measurementSystem() == QLocale.MeasurementSystem.ImperialUSSystem
    size = QPageSize(QPageSize.PageSizeId.Letter if imperial else QPageSize.PageSizeId.A4)
    return sheet_of(QPageLayout(size, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))


def sheet_of(layout: QPageLayout) -> Sheet:
    """The sheet a printer was told to use."""
    area = layout.fullRect(QPageLayout.Unit.Point)
    return Sheet(area.width(), area.height())


def paper_size_pt(screen_size_pt: int) -> int:
    """Letters on paper for somebody who reads this size on the screen."""
    return max(12, round(screen_size_pt * 0.72))


def dots_per_inch() -> float:
    """Of the coordinates in which documents are laid out."""
    return QFontMetricsF(QFont()).fontDpi() or 96.0


def _unhinted(font: QFont) -> QFont:
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font
