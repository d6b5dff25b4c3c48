"""Text as it comes from people and files, made safe to keep and to show."""

from __future__ import annotations

import re

LONGEST_LINE = 300
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
_JOINERS = "\u200c\u200d"  # not printable, yet emoji and Indic letters fall apart without them


def storable(text: str) -> str:
    """Replace lone surrogates, which no encoding can hold, by U+FFFD; keep everything else.

    Qt hands out pairs of surrogates as one character, so that only broken input contains any.
    NUL, combining marks, direction marks and unassigned characters stay as they are.
    """
    return _LONE_SURROGATES.sub("\ufffd", text)


def one_line(text: str) -> str:
    """The beginning of a name or a title on one line, as it is shown everywhere.

    Without control characters and turned directions; "" where nothing can be seen of it.
    """
    if len(text) <= LONGEST_LINE and text.isprintable():
        return text.strip()
    shown = "".join(c if c.isprintable() or c in _JOINERS else " " for c in text[:LONGEST_LINE])
    return " ".join(shown.split()) if shown.strip(_JOINERS + " ") else ""
