"""The typeface, and what stands in for the scripts it does not have."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontDatabase

from app.ui.look.resources import resource

FAMILY = "Atkinson Hyperlegible"
# Chinese in the system's own sans: Linux, macOS, Windows. Then emoji, then whatever there is.
_FALLBACKS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei UI",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "Noto Color Emoji",
    "Apple Color Emoji",
    "Segoe UI Emoji",
)
_MONOSPACE = ("JetBrains Mono", "DejaVu Sans Mono", "Menlo", "Consolas", "Noto Sans Mono CJK SC")
LINE_HEIGHT = 1.6


def load_fonts() -> list[str]:
    """Make the shipped faces known to Qt; returns the families that could be loaded."""
    families: list[str] = []
    for path in sorted(resource("fonts").glob("*.ttf")):
        number = QFontDatabase.addApplicationFont(str(path))
        if number >= 0:
            families.extend(QFontDatabase.applicationFontFamilies(number))
    return families


def body_font(size_pt: float, *, bold: bool = False) -> QFont:
    """The reading face at `size_pt` points."""
    font = QFont()
    font.setFamilies([FAMILY, *_FALLBACKS])
    font.setPointSizeF(size_pt)
    font.setBold(bold)
    return font


def code_font(size_pt: float) -> QFont:
    """A face in which every character is equally wide."""
    font = QFont()
    font.setFamilies([*_MONOSPACE, *_FALLBACKS])
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPointSizeF(size_pt)
    return font
