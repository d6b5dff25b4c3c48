"""Titles as a row shows them, whatever was written into them."""

from __future__ import annotations

_LONGEST = 300
_JOINERS = "\u200c\u200d"  # not printable, yet emoji and Indic letters fall apart without them


def one_line(text: str) -> str:
    """The beginning of a text on one line, without control characters and turned directions."""
    if len(text) <= _LONGEST and text.isprintable():
        return text.strip()
    shown = "".join(c if c.isprintable() or c in _JOINERS else " " for c in text[:_LONGEST])
    return " ".join(shown.split())
