"""How replies are worded: the sampling settings of the first reply and of "try again"."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from engine.types import GenerationConfig

Wording = Callable[[bool], GenerationConfig]
"""Settings for a model, given whether it thinks before it answers."""

MAX_NEW_TOKENS = 1024
DEADLINE_MS = 30 * 60 * 1000
"""A reply that takes longer than this helps nobody; Stop is there all the time."""


REPETITION_PENALTY = 1.08
"""Small models go round in circles without one: of seven plain questions the starter answered
two in circles at 1.0 and one at 1.05 to 1.08; its explanations were clearest at 1.08, and at 1.1 it
no longer knew the days of the week: the question's own words count as repeated too. Longer answers
still do (5 of 24 questions, 140 to 1,000 tokens in), so one that only repeats itself is ended."""


THINKING_BUDGET = 4096
"""Thinking that takes longer is closed: at ten words a second that is seven minutes."""


def first_reply(thinks: bool) -> GenerationConfig:
    """For a question asked for the first time: the most probable words.

    At temperature 0.2 the starter's facts were no better and some new ones wrong; what a person
    reads first should be the model's best guess, and the same one tomorrow.
    """
    if thinks:
        return _thoughtful(seed=0)
    return GenerationConfig(
        max_new_tokens=MAX_NEW_TOKENS,
        repetition_penalty=REPETITION_PENALTY,
        stop_on_repetition=True,
    )


def another_reply(thinks: bool) -> GenerationConfig:
    """For the same question asked again: it must differ from the reply before."""
    seed = secrets.randbits(31)
    if thinks:
        return _thoughtful(seed)
    return GenerationConfig(
        max_new_tokens=MAX_NEW_TOKENS,
        temperature=0.7,
        top_p=0.9,
        repetition_penalty=REPETITION_PENALTY,
        seed=seed,
        stop_on_repetition=True,
    )


def _thoughtful(seed: int) -> GenerationConfig:
    """For a model that thinks: room for both, and drawn words.

    The publishers of R1 and Qwen3 ask for this temperature and for no penalty: with the most
    probable words alone long thoughts go round in circles.
    """
    return GenerationConfig(
        max_new_tokens=THINKING_BUDGET + MAX_NEW_TOKENS,
        temperature=0.6,
        top_p=0.95,
        seed=seed,
        thinking_budget=THINKING_BUDGET,
        stop_on_repetition=True,
    )
