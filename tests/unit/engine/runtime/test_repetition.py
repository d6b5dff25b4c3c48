from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.runtime.repetition import (
    LEAST_TIMES,
    LEAST_TOKENS,
    LONGEST,
    Repetition,
    ends_in_repetition,
)

rng = np.random.default_rng(5)


def text(count: int) -> list[int]:
    """Words without a pattern."""
    return [int(token) for token in rng.integers(0, 40_000, count)]


def seen_at(ids: list[int]) -> int | None:
    """How many tokens had come when it was seen."""
    watch = Repetition()
    return next((count for count, token in enumerate(ids, 1) if watch.push(token)), None)


@pytest.mark.parametrize("period", [1, 2, 7, 31, 32, 33, 100, LONGEST])
@pytest.mark.parametrize("before", [0, 5, 600])
def test_a_piece_that_comes_again_and_again_is_seen_soon(period: int, before: int) -> None:
    piece = text(period)
    ids = text(before) + piece * (2000 // period)
    enough = before + max(LEAST_TOKENS, LEAST_TIMES * period)
    seen = seen_at(ids)
    assert seen is not None
    assert enough <= seen < enough + 16


@pytest.mark.parametrize("period", [1, 9, 40, LONGEST])
def test_not_before_it_came_often_enough(period: int) -> None:
    piece = text(period)
    room = max(LEAST_TOKENS, LEAST_TIMES * period)
    ids = np.array(text(50) + piece * 200, np.int64)
    assert not ends_in_repetition(ids[: 50 + room - 1])
    assert ends_in_repetition(ids[: 50 + room])


def test_what_changes_a_little_each_time_is_no_repetition() -> None:
    """A numbered list, a table, a text with a refrain."""
    row = text(12)
    numbered = [token for number in range(100) for token in [number, *row]]
    table = [token for _ in range(100) for token in [*row, *text(3)]]
    refrain = row * 3
    song = list(itertools.chain.from_iterable([*text(60), *refrain] for _ in range(20)))
    assert [seen_at(ids) for ids in (numbered, table, song, text(2000))] == [None] * 4


def test_it_ends_when_something_else_is_said() -> None:
    ids = np.array(text(4) * 50 + text(1), np.int64)
    assert not ends_in_repetition(ids)
