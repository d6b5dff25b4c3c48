"""Sees when a reply says one piece over and over: small models do, until nothing is left to say.

A penalty for what was said makes it rarer and does not end it (Holtzman et al. 2020, "The curious
case of neural text degeneration"). What is called a repetition is exact: numbered lists, tables
and rows of a poem that come again are none.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

LEAST_TOKENS: Final = 128
"""About ninety words: who asks for a line ten times gets it."""

LEAST_TIMES: Final = 4
LONGEST: Final = 128
"""Tokens of the longest piece that is looked for."""

_EVERY: Final = 16
_REACH: Final = max(LEAST_TOKENS, LEAST_TIMES * LONGEST)


class Repetition:
    """Watches the tokens of one text."""

    def __init__(self) -> None:
        self._ids: list[int] = []

    def push(self, token_id: int) -> bool:
        """Take the next token; whether the text goes round in circles, looked at now and then."""
        self._ids.append(token_id)
        if len(self._ids) % _EVERY:
            return False
        return ends_in_repetition(np.array(self._ids[-_REACH:], np.int64))


def ends_in_repetition(ids: NDArray[np.int64]) -> bool:
    """Whether `ids` [seq] end with one piece of up to `LONGEST` tokens, again and again.

    It must come `LEAST_TIMES` times at least, and fill `LEAST_TOKENS` tokens.
    """
    for period in range(1, LONGEST + 1):
        room = max(LEAST_TOKENS, LEAST_TIMES * period)
        if room > len(ids):
            return False
        tail = ids[-room:]
        if (tail[period:] == tail[:-period]).all():
            return True
    return False
