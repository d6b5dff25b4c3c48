"""Names of files, made from titles, that every system takes."""

from __future__ import annotations

import re
import unicodedata

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_MOST_CHARACTERS = 80
_MOST_BYTES = 180  # of the 255 that file systems take; the ending and a temporary name need some


def file_name(title: str, otherwise: str, ending: str) -> str:
    """Such as "Letter to the town hall.pdf".

    Args:
        title: Of the chat; may hold anything.
        otherwise: Name of a file whose title leaves nothing.
        ending: Such as ".pdf".
    """
    shown = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in title)
    name = " ".join(_FORBIDDEN.sub(" ", shown).split())[:_MOST_CHARACTERS]
    name = name.encode("utf-8")[:_MOST_BYTES].decode("utf-8", "ignore").strip(" .")
    if not name or _RESERVED.match(name):
        name = f"{otherwise} {name}".strip()
    return name + ending
