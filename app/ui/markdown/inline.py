"""What must not reach the Markdown parser: formulas, and marks between the characters.

Formulas are full of characters that mean something else in Markdown. They are taken out before
parsing, and a pair of noncharacters with a number stays in their place. Noncharacters that a text
brought along are replaced first, so that nobody can forge one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# U+FDD0 and U+FDD1 belong to Qt's documents; these are free.
_OPEN, _CLOSE, _BEGIN_MARK, _END_MARK = "\ufde0", "\ufde1", "\ufde2", "\ufde3"
_EDGE = f"[{_BEGIN_MARK}{_END_MARK}]"
_FORGED = re.compile("[\ufdd0-\ufdef\ufffc]")
_PIECE = re.compile(f"{_OPEN}(\\d+){_CLOSE}|({_EDGE})")
_LONGEST = 2_000
# Dollars are money more often than mathematics: the opening one stands before and the closing one
# behind something that is no space, and no letter or digit touches them from outside; the edge of a
# mark between them is none.
_FORMULA = re.compile(
    r"(?P<code>(?P<ticks>`+)(?!`).{1,2000}?(?<!`)(?P=ticks)(?!`))"
    r"|\\[\\$]"
    r"|\$\$(?P<block>(?!\$).{1,2000}?)\$\$"
    r"|\\\[(?P<bracket>.{1,2000}?)\\\]"
    r"|\\\((?P<paren>.{1,2000}?)\\\)"
    rf"|(?<![\w$\\])(?<![\w$\\]{_EDGE})\$(?P<dollar>(?![\s$])[^$\n]{{0,400}}?[^\s$\\])"
    rf"\$(?!{_EDGE}?[\w$])",
    re.DOTALL,
)
_UNCLOSED = re.compile(r"(?:^|\n)[ ]{0,3}(?:\$\$(?!\$)|\\\[)(?P<source>[^\n]*(?:\n[^\n]+)*)\Z")
_COMMAND = re.compile(
    r"\\(?:begin|end)\{[^{}]*\}|\\(?:text|mathrm|operatorname|mbox)\*?\s*\{[^{}]*\}|\\[A-Za-z]+"
)
_WORD = re.compile(r"[^\W\d_]{3,}")
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
_NUMBERED = re.compile(r"(?:^|\n)[ \t>]*\Z")
_SYNTAX = "*_#>`~|[]()!-+= \t\n"


@dataclass(frozen=True, slots=True)
class Maths:
    """A formula in its LaTeX source.

    Attributes:
        source: What stood between the delimiters.
        display: It stands on a line of its own.
        whole: With its delimiters, as it was written.
        closed: The end has come already.
    """

    source: str
    display: bool
    whole: str
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a run of text: words, a formula, or one end of a mark.

    Attributes:
        text: The words.
        formula: Number of the formula, -1 for none.
        edge: 1 where a mark begins, -1 where it ends, else 0.
    """

    text: str = ""
    formula: int = -1
    edge: int = 0


def harmless(source: str) -> str:
    """Without the characters that mean something in here or to Qt's documents."""
    return _FORGED.sub("\ufffd", source)


def take_out(source: str) -> tuple[str, tuple[Maths, ...]]:
    """Replace formulas by placeholders; returns the text and what was taken out of it."""
    if "$" not in source and "\\" not in source:
        return source, ()
    found: list[Maths] = []

    def replaced(match: re.Match[str]) -> str:
        whole = match[0]
        for name, display in (("block", True), ("bracket", True), ("paren", False)):
            if match[name] is not None:
                return _keep(found, Maths(match[name].strip(), display, whole))
        dollar = match["dollar"]
        if dollar is not None and _is_formula(dollar):
            return _keep(found, Maths(dollar, False, whole))
        return whole

    def still_open(match: re.Match[str]) -> str:
        text = match["source"].strip()
        return "\n" + _keep(found, Maths(text, True, match[0].strip(), closed=False))

    text = _FORMULA.sub(replaced, source)
    return _UNCLOSED.sub(still_open, text), tuple(found)


def alone(text: str) -> int:
    """Number of the formula that is all of `text`, -1 where there is more or none."""
    match = _PIECE.fullmatch(text.strip())
    return int(match[1]) if match is not None and match[1] is not None else -1


def pieces(text: str) -> Iterator[Piece]:
    """Words, formulas and edges of marks of one run, in order."""
    at = 0
    for match in _PIECE.finditer(text):
        if match.start() > at:
            yield Piece(text[at : match.start()])
        if match[1] is not None:
            yield Piece(formula=int(match[1]))
        else:
            yield Piece(edge=1 if match[2] == _BEGIN_MARK else -1)
        at = match.end()
    if at < len(text):
        yield Piece(text[at:])


def with_marks(source: str, marks: Sequence[tuple[int, int]]) -> str:
    """Put noncharacters around stretches of a Markdown text.

    A stretch that touches Markdown's own characters shrinks until it does not; one inside code, a
    formula or an address is left out.
    """
    taken = [match.span() for match in _FORMULA.finditer(source) if match[0] not in ("\\\\", "\\$")]
    taken += [match.span() for match in re.finditer(r"\]\([^)\n]*\)|\w+://[^\s)>]+", source)]
    parts, at = [], 0
    for first, last in sorted(marks):
        start, end = _shrunk(source, max(first, at), min(last, len(source)))
        if _is_number_of_item(source, start, end):
            continue
        if start >= end or any(start < stop and begin < end for begin, stop in taken):
            continue
        parts += [source[at:start], _BEGIN_MARK, source[start:end], _END_MARK]
        at = end
    return "".join(parts) + source[at:]


def _shrunk(source: str, start: int, end: int) -> tuple[int, int]:
    while start < end and source[start] in _SYNTAX:
        start += 1
    while end > start and source[end - 1] in _SYNTAX:
        end -= 1
    return start, end


def _is_number_of_item(source: str, start: int, end: int) -> bool:
    """Whether it is what a line of a list begins with, which is no text of the document."""
    begins = _NUMBERED.search(source[max(0, start - 40) : start]) if start else True
    return bool(begins) and source[start:end].isdigit() and source[end : end + 1] in (".", ")")


def _keep(found: list[Maths], formula: Maths) -> str:
    found.append(formula)
    return f"{_OPEN}{len(found) - 1}{_CLOSE}"


def _is_formula(content: str) -> bool:
    """Whether it reads like mathematics, not like words between two prices."""
    plain = _COMMAND.sub(" ", content)
    return len(_WORD.findall(plain)) < 2 and not _IDEOGRAPHS.search(plain)
