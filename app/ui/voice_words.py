"""The words that reading aloud needs."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.ui.markdown.formula_words import words_of
from app.ui.markdown.inline import harmless, pieces, take_out


def code_left_out() -> str:
    """What is said in the place of a piece of code."""
    return QCoreApplication.translate("Voice", "Here the answer shows a piece of code.")


def say_formulas(text: str) -> str:
    """A line of Markdown with words in the place of its formulas."""
    plain, formulas = take_out(harmless(text))
    if not formulas:
        return text
    return "".join(
        piece.text if piece.formula < 0 else f" {words_of(formulas[piece.formula])} "
        for piece in pieces(plain)
    )
