"""What the words of a program are, by Pygments; its lexers are read beside the main thread."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.ui.markdown.beside import Beside

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

_LANGUAGE = re.compile(r"[\w.+#-]{1,30}")
_NAMES = {"": "", "text": "", "txt": "", "plaintext": "", "output": "", "js": "JavaScript"}
# What a program calls its tokens, and the colour they get; the first that fits counts.
_COLOURS = (
    ("Token.Comment", "muted"),
    ("Token.Keyword", "code_word"),
    ("Token.Operator.Word", "code_word"),
    ("Token.Name.Tag", "code_word"),
    ("Token.Literal.String", "code_text"),
    ("Token.Literal.Number", "code_number"),
    ("Token.Name.Function", "code_name"),
    ("Token.Name.Class", "code_name"),
    ("Token.Name.Builtin", "code_name"),
    ("Token.Name.Decorator", "code_name"),
    ("Token.Name.Attribute", "code_name"),
    ("Token.Generic.Deleted", "code_number"),
    ("Token.Generic.Inserted", "code_text"),
)


class Lexers(QObject):
    """The lexers that were needed so far.

    Signals:
        loaded: A language whose lexer is there now.
    """

    loaded = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._known: dict[str, Lexer | None] = {}
        self._asked: set[str] = set()
        self._library = Beside(self, "alcove-lexers")

    @classmethod
    def of(cls, owner: QObject) -> Lexers:
        """The ones that belong to `owner` (a theme), made at the first call."""
        known = owner.findChild(cls)
        return known if known is not None else cls(owner)

    def lexer(self, language: str) -> Lexer | None:
        """The lexer, or None where there is none or not yet; `loaded` tells of the latter."""
        if language in self._known or language in self._asked or not language:
            return self._known.get(language)
        self._asked.add(language)
        self._library.do(lambda: _lexer(language), lambda lexer: self._keep(language, lexer))
        return None

    def _keep(self, language: str, lexer: Lexer | None) -> None:
        self._known[language] = lexer
        if lexer is not None:
            self.loaded.emit(language)


def language_of(fence: str) -> str:
    """The language that the line opening a fenced block names, in lower case; "" for none."""
    words = fence.lstrip("`~ ").split()
    found = _LANGUAGE.match(words[0].lstrip("{.")) if words else None
    return found[0].lower() if found else ""


def shown_name(language: str) -> str:
    """The language as people write it; "" where it is no language."""
    return _NAMES.get(language, _aliases().get(language, ""))


def coloured(lexer: Lexer, code: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and colour of every word of `code` that has one."""
    # Many lexers know a line by its end only.
    for start, token, text in lexer.get_tokens_unprocessed(code + "\n"):
        colour = _colour(token)
        if colour and text.strip():
            yield start, min(start + len(text), len(code)), colour


@cache
def _aliases() -> dict[str, str]:
    from pygments.lexers import LEXERS  # noqa: PLC0415  only code needs it

    return {alias: name for _, name, aliases, *_ in LEXERS.values() for alias in aliases}


@cache
def _colour(token: _TokenType) -> str:
    name = str(token)
    for beginning, colour in _COLOURS:
        if name.startswith(beginning):
            return colour
    return ""


def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415  only code needs it
    from pygments.util import ClassNotFound  # noqa: PLC0415

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
