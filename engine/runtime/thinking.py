"""Closes the thoughts of a reply while it is written.

It does so when a budget is used up, when somebody wants the answer, or when they repeat themselves.

The closing tag is put into the reply as if the model had written it, so that nothing is read again
and the answer follows from what was thought so far (Muennighoff et al. 2025, "s1: Simple test-time
scaling": budget forcing).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from engine.runtime.repetition import Repetition
from engine.runtime.reply import ReplyText

_MOST_THINKING: Final = 0.75  # of what there is room for, so that an answer fits behind it


class ThinkingLimit:
    """Steers one reply out of its thoughts; see `generator.Steering`.

    Args:
        text: The reply; knows whether it is thinking.
        closing: Ids that end the thoughts.
        budget: Tokens of thinking after which they are ended, 0 for no limit.
        room: Tokens that the whole reply may have; a budget takes three quarters of it at most.
        answer_now: Set by another thread to end them; thoughts that begin afterwards end at once.
        repetition: Whether thoughts that go round in circles are ended.
    """

    def __init__(
        self,
        text: ReplyText,
        closing: Sequence[int],
        budget: int,
        room: int,
        answer_now: threading.Event | None = None,
        *,
        repetition: bool = False,
    ) -> None:
        self._text = text
        self._closing = closing
        self._budget = budget and max(1, min(budget, int(room * _MOST_THINKING)))
        self._answer_now = answer_now
        self._spent = 0
        self._repetition = Repetition() if repetition else None

    def after(self, token_id: int) -> Sequence[int]:
        """Ids that follow the token, which was just sampled and handed to the text."""
        if not self._text.thinking:
            return ()
        self._spent += 1
        wanted = self._answer_now is not None and self._answer_now.is_set()
        used_up = 0 < self._budget <= self._spent
        circling = self._repetition is not None and self._repetition.push(token_id)
        return self._closing if wanted or used_up or circling else ()
