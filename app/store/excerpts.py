"""The part of a message in which a search found something, and where in it the words are."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from app.store.tokens import fold, query_words, words_in

_BEFORE = 40
_AFTER = 140
_PIECE = 2_000  # characters looked at together: a long message is not folded as a whole
_OVERLAP = 80
_JOINERS = "\u200c\u200d"  # not printable, yet emoji and Indic letters fall apart without them
# Of Markdown, what stands between words: strong words, code, headings, quotes, edges of cells.
_SIGNS = re.compile(
    r"(?<!\w)\*\*(?=\S)|(?<=\S)\*\*(?!\w)|`+|(?m:^[ \t]*(?:\#{1,6}|>)[ \t]+)"
    r"|(?P<edge>[ \t]*\|(?:[ \t:|\n-]*\|)?[ \t]*)"
)

Marks = tuple[tuple[int, int], ...]


def excerpt(text: str, query: str) -> tuple[str, Marks]:
    """About 180 characters of `text` on one line around the first word that is looked for.

    Returns:
        The excerpt without signs of Markdown, "…" where it was cut, and where words of the query
        begin and end in it.
    """
    wanted = query_words(query)
    first = _first(text, wanted)
    start = _word_start(text, max(0, first - _BEFORE), first)
    end = min(len(text), first + _AFTER)
    part, lead = text[start:end], "…" if start else ""
    part, marks = _without_signs(part, _found(part, wanted))
    # One character for one, so that the marks hold.
    shown = "".join(c if c.isprintable() or c in _JOINERS else " " for c in part)
    marks = tuple((a + len(lead), b + len(lead)) for a, b in marks)
    return lead + shown + ("…" if end < len(text) else ""), marks


def matcher(query: str) -> Callable[[str], bool]:
    """Tells of short texts whether every word of the query is in them, as the search decides it."""
    wanted = [word if unspaced else f" {word}" for word, unspaced in query_words(query)]

    def holds_all(text: str) -> bool:
        words = _words_of(text)
        return all(word in words for word in wanted)

    return holds_all


@lru_cache(maxsize=32_768)
def _words_of(text: str) -> str:
    """The words of a short text, each after a space; kept, since titles are asked at each key."""
    return "".join(f" {word}" for word, _, _ in words_in(fold(text)))


def _first(text: str, wanted: tuple[tuple[str, bool], ...]) -> int:
    for at in range(0, len(text), _PIECE):
        found = _found(text[at : at + _PIECE + _OVERLAP], wanted)
        if found:
            return at + found[0][0]
    return 0


def _without_signs(part: str, marks: Marks) -> tuple[str, Marks]:
    """The words alone; the edge of a cell leaves a space."""
    kept: list[str] = []
    places: list[int] = []  # where each character of `part` stands in what is kept
    length = end = 0
    for sign in _SIGNS.finditer(part):
        between = part[end : sign.start()]
        left = " " if sign["edge"] and length + len(between) else ""
        places += range(length, length + len(between))
        length += len(between)
        places += [length] * len(sign[0])
        kept += (between, left)
        length, end = length + len(left), sign.end()
    kept.append(part[end:])
    places += range(length, length + len(part) - end + 1)
    return "".join(kept), tuple((places[a], places[b - 1] + 1) for a, b in marks)


def _word_start(text: str, start: int, first: int) -> int:
    """Begin after a space, if there is one soon."""
    if start == 0:
        return 0
    space = text.find(" ", start, first)
    return start if space < 0 else space + 1


def _found(part: str, wanted: tuple[tuple[str, bool], ...]) -> Marks:
    folded, origins = _fold_with_origins(part)
    marks: set[tuple[int, int]] = set()
    for run, unspaced, at in words_in(folded):
        for word, _ in wanted:
            place = run.find(word) if unspaced else 0 if run.startswith(word) else -1
            while place >= 0:
                begin = at + place
                marks.add((origins[begin], origins[begin + len(word) - 1] + 1))
                place = run.find(word, place + len(word)) if unspaced else -1
    return _joined(sorted(marks))


def _joined(marks: list[tuple[int, int]]) -> Marks:
    joined: list[tuple[int, int]] = []
    for begin, end in marks:
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return tuple(joined)


def _fold_with_origins(text: str) -> tuple[str, range | list[int]]:
    """The folded text, and for each of its characters the place of the one it came from."""
    if text.isascii():
        return text.lower(), range(len(text))
    pieces = [_fold_one(character) for character in text]
    origins = [n for n, piece in enumerate(pieces) for _ in piece]
    return "".join(pieces), origins


@lru_cache(maxsize=8_192)
def _fold_one(character: str) -> str:
    return fold(character)
