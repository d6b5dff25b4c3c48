"""Words of doubt: names, numbers and dates that the model itself found unlikely.

A token's probability says how sure the model was of that token after all that stood before it. The
probability of a name is that of its words together; words of the question and the small words
between do not count, since they say nothing new.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from app.core.records import Message, Span
from app.services.doubt.claims import Claim, Kind, claims_in

UNSURE: Final = 0.1
"""Below this probability a claim is marked: `make bench-doubt` chose it. A name that the model
knows often has less than a third, because the sentence could have gone on in other ways."""
VERY_UNSURE: Final = 0.02
MANY: Final = 3
_LOOKED_AT: Final = 100_000
"""Characters of an answer, more than any reply has: a millisecond for each thousand."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of an answer that should be checked.

    Attributes:
        start: First character, counted in the answer as `split_channels` gives it.
        end: One past the last character.
        level: 1 for unsure, 2 for very unsure.
        kind: What stands there.
    """

    start: int
    end: int
    level: Literal[1, 2]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim with the probability that the model gave it."""

    claim: Claim
    probability: float


def marks_of(message: Message, question: str = "") -> tuple[Mark, ...]:
    """What the model was unsure of in a reply, in the order of the answer.

    Args:
        message: A reply; one without the ends of its tokens has no marks.
        question: What it answers; its own words are not marked when they come back.
    """
    return tuple(
        Mark(j.claim.start, j.claim.end, 2 if j.probability < VERY_UNSURE else 1, j.claim.kind)
        for j in judged(message, question)
        if j.probability < UNSURE
    )


def needs_note(marks: Sequence[Mark]) -> bool:
    """Whether there are so many marks that the reply as a whole deserves a warning."""
    return len(marks) >= MANY


def judged(message: Message, question: str = "") -> list[Judged]:
    """Every claim of a reply that the question did not make, with its probability."""
    details = message.details
    count = len(details.token_ids)
    if not count or len(details.logprobs) != count or len(details.token_ends) != count:
        return []
    text, pieces = _answer(message.text, details.spans)
    tokens = _Tokens(details.token_ends, details.logprobs, message.text, pieces)
    known = question.casefold()
    found = []
    for claim in claims_in(text[:_LOOKED_AT]):
        new = [place for place in claim.words if not _is_known(text[slice(*place)], known)]
        if new:
            found.append(Judged(claim, math.exp(tokens.logprob(new))))
    return found


def _is_known(word: str, question: str) -> bool:
    """Whether the question holds the word, as a word where the script has any."""
    word = word.casefold().removesuffix("'s").removesuffix("’s")
    position = question.find(word)
    while position >= 0:
        before = question[position - 1 : position] if position else ""
        after = question[position + len(word) : position + len(word) + 1]
        if not (_joins(before, word[0]) or _joins(word[-1], after)):
            return True
        position = question.find(word, position + 1)
    return False


def _joins(left: str, right: str) -> bool:
    """Whether two neighbouring characters belong to one word."""
    return left.isalnum() and right.isalnum() and left < "\u2e80" and right < "\u2e80"


def _answer(text: str, spans: Sequence[Span]) -> tuple[str, list[tuple[int, int]]]:
    """The answer, and where its pieces begin: in the answer and in the whole text."""
    if not spans:
        return text, [(0, 0)]
    end = max(span.end for span in spans)
    parts, pieces, length = [], [], 0
    for start, stop in [(s.start, s.end) for s in spans if s.kind == "answer"] + [(end, len(text))]:
        parts.append(text[start:stop])
        pieces.append((length, start))
        length += stop - start
    return "".join(parts), pieces


class _Tokens:
    """Finds the tokens of a stretch of the answer."""

    def __init__(
        self,
        ends: Sequence[int],
        logprobs: Sequence[float],
        text: str,
        pieces: list[tuple[int, int]],
    ) -> None:
        self._ends = ends
        self._logprobs = logprobs
        self._text = text
        self._pieces = pieces

    def logprob(self, places: Sequence[tuple[int, int]]) -> float:
        """Log-probability of all tokens that any of these places touches, each counted once."""
        touched = {index for place in places for index in self._touching(*place)}
        return sum(self._logprobs[index] for index in touched)

    def _touching(self, start: int, end: int) -> Iterator[int]:
        """Tokens that hold a part of a stretch of the answer.

        A character may take several tokens; then only the last one has a length, and those before
        it belong to the character as well.
        """
        piece = bisect_right(self._pieces, start, key=lambda piece: piece[0]) - 1
        offset = self._pieces[piece][1] - self._pieces[piece][0]
        start, end = start + offset, end + offset
        index = bisect_right(self._ends, start)
        if self._text[start] >= "\x80":
            while index and self._begin(index - 1) == self._begin(index):
                index -= 1
        while index < len(self._ends) and self._begin(index) < end:
            yield index
            index += 1

    def _begin(self, index: int) -> int:
        return self._ends[index - 1] if index else 0
