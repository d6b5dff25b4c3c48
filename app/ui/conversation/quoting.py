"""Words of a conversation as a Markdown quotation."""

from __future__ import annotations

_MOST_CHARACTERS = 4_000


def quotation(text: str) -> str:
    """Every line behind "> "; what is very long ends in an ellipsis.

    A quotation is there to be asked about: more than a few pages of it would push the question
    itself out of what a small model can hold.
    """
    text = text.strip()
    if len(text) > _MOST_CHARACTERS:
        text = text[:_MOST_CHARACTERS].rstrip() + " …"
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
