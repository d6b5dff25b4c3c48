"""How text becomes search tokens: the one place that decides what a search finds.

Words are compared without case, accents and width. Scripts that do not separate words (Chinese,
Japanese, Thai and others) become overlapping pairs of characters, and the last character of a run
stands alone, so that every character begins exactly one token: 路灯亮 -> 路灯 灯亮 亮. A run is
then found by the phrase of its pairs, a single character by prefix.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

_RULES = 1
_MAX_TOKEN = 64  # characters; a pasted "word" of 200,000 is cut

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f"  # Burmese
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff"  # marks of repetition, kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # Han
    "\U00020000-\U0003ffff"  # Han, the later planes
)
_RUNS = re.compile(f"([{_UNSPACED}]+)|[^\\W_{_UNSPACED}]+")


def tokenizer_version() -> str:
    """Changes when the same text might give other tokens; the search is then rebuilt."""
    return f"{_RULES}/{unicodedata.unidata_version}"


def tokenize(text: str) -> str:
    """Tokens of `text`, separated by spaces; the same text always gives the same tokens."""
    tokens: list[str] = []
    for match in _RUNS.finditer(fold(text)):
        if match.group(1):
            tokens.extend(_pairs(match.group(1)))
            tokens.append(match.group(1)[-1])
        else:
            tokens.append(match.group()[:_MAX_TOKEN])
    return " ".join(tokens)


def match_expression(query: str) -> str:
    """An FTS5 expression for what a person typed; "" when there is nothing to look for.

    All words must occur, each as the beginning of a word. Nothing typed is taken as a command of
    the query language: every term is quoted and holds only letters and digits.
    """
    terms = [
        f'"{" ".join(_pairs(word))}"' if unspaced and len(word) > 1 else f'"{word}" *'
        for word, unspaced in query_words(query)
    ]
    return " AND ".join(terms)


def query_words(query: str) -> tuple[tuple[str, bool], ...]:
    """What is looked for: each word or run once, and whether its script separates no words."""
    found = (
        (match.group(), True) if match.group(1) else (match.group()[:_MAX_TOKEN], False)
        for match in _RUNS.finditer(fold(query))
    )
    return tuple(dict.fromkeys(found))


def words_in(folded: str) -> Iterator[tuple[str, bool, int]]:
    """Words and runs of folded text: the word, whether its script separates none, its place."""
    for match in _RUNS.finditer(folded):
        yield match.group(), bool(match.group(1)), match.start()


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def fold(text: str) -> str:
    """Text without case, accents and width, as words are compared."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFKC", decomposed.translate(_without_marks()))


@cache
def _without_marks() -> dict[int, None]:
    """A translation table that drops every combining mark; made once, in about 15 ms."""
    planes = (*range(0x20000), *range(0xE0000, 0xE1000))  # no marks in between
    return dict.fromkeys(n for n in planes if unicodedata.category(chr(n))[0] == "M")
