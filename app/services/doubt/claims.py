"""Finds what can be checked in a text: names, numbers and dates in English, French and Chinese.

There is no dictionary behind it. A name is a capitalised word that does not owe its capital to the
beginning of a sentence, or Chinese characters in a place where names stand. What is code,
mathematics or an address is passed by, and so is the numbering of lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from app.services.doubt import words as w

Kind = Literal["name", "number", "date"]


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that is right or wrong.

    Attributes:
        start: First character.
        end: One past the last character.
        kind: What it is.
        words: Where its words are, without the small ones between them.
    """

    start: int
    end: int
    kind: Kind
    words: tuple[tuple[int, int], ...]


_PASSED_BY: Final = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|\$\$.*?\$\$|\$(?=\S)[^$\n]*\S\$(?!\d)|\\\(.*?\\\)|\\\[.*?\\\]"
    r"|\b(?:https?://|www\.)\S+|\b[\w.+-]{1,64}@\S+",
    re.DOTALL,
)
_NUMBERING: Final = re.compile(r"^[ \t>]*\d{1,3}[.)、](?=\s)", re.MULTILINE)
_HEADING: Final = re.compile(r"^[ \t]*#{1,6} .*$", re.MULTILINE)
_DAY: Final = r"\d{1,2}(?:st|nd|rd|th|er)?"
_ERA: Final = r"(?:\s?(?:BCE?|AD|CE|B\.C\.|A\.D\.|av\. J\.-C\.))?"
_DATES: Final = re.compile(
    rf"\b(?:the\s)?(?:{_DAY}\s(?:of\s)?(?:{w.MONTHS}|{w.MONTHS_THAT_ARE_WORDS})"
    rf"|(?:{w.MONTHS}|{w.MONTHS_THAT_ARE_WORDS})\s{_DAY}(?!\d)|(?:{w.MONTHS}))(?:,?\s\d{{4}})?\b"
    rf"|\b(?:{w.MONTHS_THAT_ARE_WORDS})\s\d{{4}}\b"
    rf"|\b\d{{4}}-\d{{2}}-\d{{2}}\b|\b\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}\b|\b(?:{w.WEEKDAYS})\b"
    r"|(?:公元前?)?(?:\d{1,4}|[〇零一二三四五六七八九十]{2,4})\s?年"
    r"(?:(?:\d{1,2}|[一二三四五六七八九十]{1,2})月(?:(?:\d{1,2}|[一二三四五六七八九十]{1,3})[日号])?)?"
    r"|(?:\d{1,2}|[一二三四五六七八九十]{1,2})月(?:\d{1,2}|[一二三四五六七八九十]{1,3})[日号]"
    r"|星期[一二三四五六日天]"
)
_NUMBERS: Final = re.compile(
    r"(?<![^\W\d_]-)(?>\d+(?:[.,'’\u00a0\u202f]\d+|[ ]\d{3}(?!\d))*)"
    rf"(?:(?:st|nd|rd|th|s|er|ère|e|%)(?![^\W\d_]))?{_ERA}"
    rf"|\b(?i:(?:{w.NUMBER_WORDS})(?:[\s-](?:and\s|et\s)?(?:one|{w.NUMBER_WORDS}))*)\b"
    r"|[零〇一二三四五六七八九十百千两]+[万亿千百十]"
    r"|[二三四五六七八九十两](?=[个位年次名座种条颗只天倍岁层米])"
)
_WORD: Final = re.compile(
    r"(?:[lLdDjJmMnNsStTcC]|[qQ]u)['’](?=\w)|[^\W\d_](?:\.[^\W\d_])+\.?"
    r"|[^\W\d_](?:[\w]|[’'-](?=\w))*"
)
_HAN: Final = "\u4e00-\u9fff"
_NO_NAME: Final = "的是在有和与了为于从到被把这那个一不也都就而以及或等中上下里没座很多"
_IN_NAMES: Final = rf"[^\W\d_a-zA-Zà-ÿ{_NO_NAME}发出写提获建说认画]"
_HAN_NAMES: Final = re.compile(
    rf"{_IN_NAMES}{{1,8}}(?:[·・]{_IN_NAMES}{{1,8}})+|[{w.TRANSCRIBING}]{{3,}}"
    rf"|(?<=《)[^《》\n]{{1,20}}(?=》)"
    rf"|(?<![{_HAN}])[{w.SURNAMES}][{_HAN}]{{1,2}}(?=[是在于（(，、。生出写发的]|$)"
    rf"|{_IN_NAMES}{{1,4}}(?:省|市|县|州|岛|山|河|江|湖|海|洋|洲|大学)"
    rf"|(?<=[是叫为])(?![{_NO_NAME}])[{_HAN}]{{2,6}}(?=[。，；！,.\n（(]|$)",
    re.MULTILINE,
)
_MOST_WORDS: Final = 8
_SENTENCE_END: Final = ".!?:;…。！？：；\n"
_MARKUP: Final = " \t*_\"“”«»‘'([>•-–—\u00a0\u202f"
_GAP: Final = re.compile(r"[ \u00a0\u202f]?|\. ?| ?& ?|-")


def claims_in(text: str) -> tuple[Claim, ...]:
    """Everything in a Markdown text that can be checked, in its order; nothing overlaps."""
    text = _NUMBERING.sub(_blank, _PASSED_BY.sub(_blank, text))
    dates = _found(_DATES, "date", text)
    text = _without(text, dates)
    numbers = _found(_NUMBERS, "number", text)
    text = _HEADING.sub(_blank, _without(text, numbers))
    names = list(_latin_names(text))
    han = _found(_HAN_NAMES, "name", _without(text, names))
    return tuple(sorted([*dates, *numbers, *names, *han], key=lambda claim: claim.start))


def _found(pattern: re.Pattern[str], kind: Kind, text: str) -> list[Claim]:
    return [Claim(*m.span(), kind, (m.span(),)) for m in pattern.finditer(text)]


def _blank(found: re.Match[str]) -> str:
    """As many spaces; line breaks stay, because lines begin sentences."""
    return re.sub(r"[^\n]", " ", found[0])


def _without(text: str, claims: list[Claim]) -> str:
    """Claims replaced by as many characters that neither begin nor belong to anything."""
    parts, position = [], 0
    for claim in claims:
        parts += [text[position : claim.start], "\0" * (claim.end - claim.start)]
        position = claim.end
    return "".join([*parts, text[position:]])


def _latin_names(text: str) -> Iterator[Claim]:
    """Runs of capitalised words."""
    run: list[re.Match[str]] = []
    joiners: list[re.Match[str]] = []
    for found in _WORD.finditer(text):
        last = joiners[-1] if joiners else run[-1] if run else None
        near = last is not None and _goes_on(text, last, found)
        if near and found[0] in w.JOINERS and len(joiners) < 2:
            joiners.append(found)
            continue
        if not near or not _capitalised(found[0]) or len(run) == _MOST_WORDS:
            yield from _name(text, run)
            run = []
        joiners = []
        if _capitalised(found[0]):
            run.append(found)
    yield from _name(text, run)


def _goes_on(text: str, last: re.Match[str], word: re.Match[str]) -> bool:
    """Whether nothing between two words ends a name."""
    gap = text[last.end() : word.start()]
    if last[0].endswith(("'s", "’s")) or not _GAP.fullmatch(gap):
        return False
    short = last[0].rstrip(".").lower()
    return "." not in gap or len(short) == 1 or short in w.ABBREVIATIONS


def _capitalised(word: str) -> bool:
    """Whether a word has a capital of its own; those of peoples and languages are no names."""
    if not word[0].isupper() or word == "I" or word.startswith(("I'", "I’")):
        return False
    return not all(part in w.PEOPLES for part in word.lower().split("-"))


def _name(text: str, run: list[re.Match[str]]) -> Iterator[Claim]:
    """A run as a claim, without the word that owes its capital to its place."""
    if run and _begins_sentence(text, run[0].start()):
        if _is_label(text, run[-1].end()):
            return
        if _plain(run[0][0]) or (len(run) == 1 and not _is_subject(text, run[0])):
            run = run[1:]
    while run and _plain(run[-1][0]) and len(run) > 1:
        run = run[:-1]
    if run and not (len(run) == 1 and _plain(run[0][0])):
        places = tuple((word.start(), word.end()) for word in run)
        yield Claim(run[0].start(), run[-1].end(), "name", places)


def _plain(word: str) -> bool:
    return word.lower().replace("’", "'") in w.COMMON


def _begins_sentence(text: str, start: int) -> bool:
    """Whether nothing but markup stands between a word and the end of a sentence before it."""
    position = start
    while position and text[position - 1] in _MARKUP:
        position -= 1
    if not position or text[position - 1] in _SENTENCE_END:
        before = _WORD.findall(text[max(0, position - 24) : max(0, position - 1)])
        abbreviated = text[position - 1 : position] == "." and before
        return not (abbreviated and before[-1].lower() in w.ABBREVIATIONS and position < start)
    return False


def _is_label(text: str, end: int) -> bool:
    """Whether a run at the beginning of a line is a heading of what follows it."""
    after = text[end : end + 6].lstrip("*_ \u00a0\u202f")
    return after[:1] in (":", "：") and not after.startswith("://")


def _is_subject(text: str, word: re.Match[str]) -> bool:
    """Whether a word that begins a sentence is an acronym, what it is about, or all of it."""
    if len(word[0]) > 1 and word[0].isupper():
        return True
    after = text[word.end() : word.end() + 24].lstrip("*_ \u00a0")
    following = _WORD.match(after)
    if following is not None:
        return following[0].lower() in w.VERBS_OF_BEING
    return after[:1] in ("", "\n", ",") or after.lstrip(".!*_ ")[:1] in ("", "\n")
