"""Text as it comes from people, made safe to keep without losing a character."""

from __future__ import annotations

import re

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """Replace lone surrogates, which no encoding can hold, by U+FFFD; keep everything else.

    Qt hands out pairs of surrogates as one character, so that only broken input contains any.
    NUL, combining marks, direction marks and unassigned characters stay as they are.
    """
    return _LONE_SURROGATES.sub("\ufffd", text)
