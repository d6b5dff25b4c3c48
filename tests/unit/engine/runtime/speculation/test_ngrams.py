from __future__ import annotations

import time

import numpy as np
import pytest

from engine.runtime.speculation.ngrams import LONGEST, Match, NgramIndex


def best_by_hand(ids: list[int]) -> int:
    """Length of the longest earlier run that agrees with the end, by looking at all of them."""
    lengths = [0]
    for place in range(1, len(ids)):
        length = 0
        while length < min(place, LONGEST) and ids[place - 1 - length] == ids[-1 - length]:
            length += 1
        lengths.append(length)
    return max(lengths)


def test_a_text_that_says_nothing_twice_has_no_match() -> None:
    assert NgramIndex(range(50)).match is None
    assert NgramIndex().match is None


def test_the_longest_match_wins_and_the_newest_of_equal_ones() -> None:
    index = NgramIndex([9, 1, 2, 3, 50, 1, 2, 3, 60, 9, 1, 2, 3])
    assert index.match == Match(4, 4)
    index = NgramIndex([1, 2, 3, 50, 1, 2, 3, 60, 1, 2, 3])
    assert index.match == Match(7, 3)
    assert index.following(Match(7, 3), 3) == [60, 1, 2]


def test_what_repeats_itself_is_guessed_to_go_on_so() -> None:
    index = NgramIndex([7, 8, 1, 2, 3, 1, 2, 3])
    assert index.match == Match(5, 3)
    assert index.following(Match(5, 3), 7) == [1, 2, 3, 1, 2, 3, 1]


@pytest.mark.parametrize("seed", range(5))
def test_a_match_is_as_long_as_any(seed: int) -> None:
    random = np.random.default_rng(seed)
    source = random.integers(0, 40, 60).tolist()
    ids: list[int] = []
    index = NgramIndex()
    for _ in range(12):
        start, length = int(random.integers(0, 50)), int(random.integers(2, 20))
        for token_id in source[start : start + length]:
            ids.append(token_id)
            index.push(token_id)
            length = best_by_hand(ids)
            assert (index.match.length if index.match else 0) == (length if length > 2 else 0)
            if index.match:
                back = index.match.place
                assert ids[back - length : back] == ids[-length:]


def test_a_token_costs_the_same_in_a_long_text_of_one_word() -> None:
    index = NgramIndex([5] * 100_000)
    start = time.process_time()
    for _ in range(1000):
        index.push(5)
    assert time.process_time() - start < 0.5  # looking through all places would take minutes
