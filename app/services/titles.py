"""A name for a chat that nobody has named: the first words of its first question."""

from __future__ import annotations

import unicodedata

MAX_CHARACTERS = 40
_TRAILING = " \t.,;:!?…、。，；：！？-–—"


def title_for(question: str) -> str:
    """The first line's first words, at most `MAX_CHARACTERS` characters.

    Words are kept whole where the script has spaces; a combining mark never loses its letter.

    Returns:
        The title, "" when the question holds nothing that can be shown.
    """
    shown = "".join(c if _is_shown(c) else " " for c in question[:2000])
    line = " ".join(next((part for part in shown.splitlines() if part.strip()), "").split())
    if len(line) > MAX_CHARACTERS:
        line = line[: _cut(line)].rstrip() + "…"
        return line.rstrip(_TRAILING) + "…"
    return line.rstrip(_TRAILING) or line


def _is_shown(character: str) -> bool:
    return character == "\n" or not unicodedata.category(character).startswith(("Cc", "Cs", "Co"))


def _cut(line: str) -> int:
    """Where to cut a line that is too long."""
    space = line.rfind(" ", MAX_CHARACTERS // 2, MAX_CHARACTERS + 1)
    if space > 0:
        return space
    end = MAX_CHARACTERS
    while end > 1 and (unicodedata.combining(line[end]) or line[end] in "\u200d\ufe0e\ufe0f"):
        end -= 1
    return end
