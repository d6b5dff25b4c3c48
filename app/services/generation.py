"""How replies are worded: the sampling settings of the first reply and of "try again"."""

from __future__ import annotations

import secrets

from engine.types import GenerationConfig

MAX_NEW_TOKENS = 1024
DEADLINE_MS = 30 * 60 * 1000
"""A reply that takes longer than this helps nobody; Stop is there all the time."""


def first_reply() -> GenerationConfig:
    """For a question asked for the first time."""
    return GenerationConfig(max_new_tokens=MAX_NEW_TOKENS, repetition_penalty=1.05)


def another_reply() -> GenerationConfig:
    """For the same question asked again: it must differ from the reply before."""
    return GenerationConfig(
        max_new_tokens=MAX_NEW_TOKENS,
        temperature=0.7,
        top_p=0.9,
        repetition_penalty=REPETITION_PENALTY,
        seed=secrets.randbits(31),
    )
