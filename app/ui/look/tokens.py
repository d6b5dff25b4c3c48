"""Colours by meaning, in three schemes, and the arithmetic that says whether they can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scheme = Literal["light", "dark", "contrast"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """One scheme.

    Attributes:
        bg: The window.
        side: The sidebar.
        surface: Cards and the composer.
        tint: The person's own message, and what the pointer is on.
        ink: Text.
        muted: Secondary text.
        accent: The primary button, links, the shield, the focus ring.
        accent_hover: The primary button under the pointer.
        on: Text on accent.
        line: Hairlines that only decorate.
        edge: Lines that carry meaning: outlines of fields and buttons (3:1 on every ground).
        lamp: The lamp in the mark, decoration.
        doubt: Words that ask to be checked, and notes.
        alert: Something went wrong.
        off: Words of what cannot be pressed now.
        off_line: Its outline.
        code_word: Words of a programming language.
        code_text: Strings in code.
        code_number: Numbers in code.
        code_name: Names that code gives or calls.
    """

    bg: str
    side: str
    surface: str
    tint: str
    ink: str
    muted: str
    accent: str
    accent_hover: str
    on: str
    line: str
    edge: str
    lamp: str
    doubt: str
    alert: str
    off: str
    off_line: str
    code_word: str
    code_text: str
    code_number: str
    code_name: str


SCHEMES: dict[Scheme, Tokens] = {
    "light": Tokens(
        bg="#FAF7F2",
        side="#F2EDE4",
        surface="#FFFFFF",
        tint="#E4EEEB",
        ink="#1F2428",
        muted="#575E66",
        accent="#1D5C56",
        accent_hover="#164A45",
        on="#FFFFFF",
        line="#DED6C8",
        edge="#8A8275",
        lamp="#E9B25A",
        doubt="#8C5110",
        alert="#A3341F",
        off="#575E66",
        off_line="#DED6C8",
        code_word="#1D5C56",
        code_text="#7A4A08",
        code_number="#8A2C5C",
        code_name="#1F4E8C",
    ),
    "dark": Tokens(
        bg="#16191B",
        side="#111416",
        surface="#1F2427",
        tint="#22383A",
        ink="#EDE9E2",
        muted="#AEB5B8",
        accent="#86CDBF",
        accent_hover="#A5DDD2",
        on="#0E1A18",
        line="#3B4549",
        edge="#7C878B",
        lamp="#F0C070",
        doubt="#F0B35E",
        alert="#F2A391",
        off="#A1A8AB",
        off_line="#3B4549",
        code_word="#86CDBF",
        code_text="#E8C07D",
        code_number="#E8A8C8",
        code_name="#9CC4F0",
    ),
    "contrast": Tokens(
        bg="#000000",
        side="#000000",
        surface="#000000",
        tint="#1A1A1A",
        ink="#FFFFFF",
        muted="#FFFFFF",
        accent="#FFE14D",
        accent_hover="#FFF0A0",
        on="#000000",
        line="#FFFFFF",
        edge="#FFFFFF",
        lamp="#FFE14D",
        doubt="#FFE14D",
        alert="#FFB3A6",
        off="#A8A8A8",
        off_line="#6B6B6B",
        code_word="#FFE14D",
        code_text="#9BE7C4",
        code_number="#FFB3D9",
        code_name="#A8D1FF",
    ),
}


def relative_luminance(colour: str) -> float:
    """Luminance of "#RRGGBB" between 0 and 1 (WCAG 2.2, "relative luminance")."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast_ratio(first: str, second: str) -> float:
    """Between 1 (the same) and 21 (black on white), after WCAG 2.2 success criterion 1.4.3."""
    bright, dim = sorted((relative_luminance(first), relative_luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)
