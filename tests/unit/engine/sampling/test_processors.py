from __future__ import annotations

import math

import numpy as np
import pytest

from engine.sampling.processors import (
    above_min_p,
    apply_repetition_penalty,
    certain_nucleus_size,
    largest,
    log_total,
    nucleus_size,
    rank,
    softmax,
)

GENERATOR = np.random.default_rng(11)


def noise(size: int, scale: float = 3.0) -> np.ndarray:
    return (GENERATOR.standard_normal(size) * scale).astype(np.float32)


def test_repetition_penalty() -> None:
    logits = np.array([2.0, -2.0, 3.0, 0.0], np.float32)
    history = np.array([0, 1, 1, 3, 99, -1])
    penalized = apply_repetition_penalty(logits, history, 2.0)
    assert penalized.tolist() == [1.0, -4.0, 3.0, 0.0]
    assert logits.tolist() == [2.0, -2.0, 3.0, 0.0]


@pytest.mark.parametrize("size", [1, 63, 64, 1000, 50_000])
@pytest.mark.parametrize("count", [1, 7, 64, 900, 10**6])
def test_largest_misses_nothing(size: int, count: int) -> None:
    logits = noise(size)
    found = largest(logits, count)
    wanted = np.argsort(-logits, kind="stable")[:count]
    assert set(wanted.tolist()) <= set(found.tolist())
    assert np.all(np.diff(found) > 0)
    assert np.array_equal(rank(logits, found)[:count], wanted)


def test_largest_with_ties_everywhere() -> None:
    logits = np.zeros(1000, np.float32)
    assert largest(logits, 10).size == 1000
    assert rank(logits, largest(logits, 10))[:3].tolist() == [0, 1, 2]


def test_softmax_is_safe_and_double() -> None:
    probabilities = softmax(np.array([1e30, 1e30, -1e30], np.float32), 0.01)
    assert probabilities.dtype == np.float64
    assert probabilities.tolist() == [0.5, 0.5, 0.0]


@pytest.mark.parametrize("temperature", [0.1, 1.0, 7.0])
def test_log_total(temperature: float) -> None:
    logits = noise(151_936)
    peak = float(logits.max())
    exact = np.logaddexp.reduce((logits.astype(np.float64) - peak) / temperature)
    assert log_total(logits, peak, temperature) == pytest.approx(exact, abs=2e-6)


@pytest.mark.parametrize(("top_p", "size"), [(0.1, 1), (0.5, 1), (0.51, 2), (0.8, 2), (0.95, 4)])
def test_nucleus_size(top_p: float, size: int) -> None:
    assert nucleus_size(np.array([0.5, 0.3, 0.1, 0.1]), top_p) == size


def test_min_p() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.05, 0.15], np.float32))
    assert above_min_p(logits, float(logits.max()), 1.0, 0.2).tolist() == [0, 1, 3]
    assert above_min_p(logits, float(logits.max()), 1.0, 1.0).tolist() == [0]


@pytest.mark.parametrize("seed", range(40))
def test_a_certain_nucleus_is_the_one_of_the_whole_vocabulary(seed: int) -> None:
    random = np.random.default_rng(seed)
    logits = (random.standard_normal(5000) * random.choice([1, 2, 4])).astype(np.float32)
    logits[:20] += random.choice([0, 4, 8])
    falling = np.sort(logits)[::-1]
    temperature, top_p = float(random.uniform(0.3, 1.5)), float(random.uniform(0.3, 0.99))
    exact = nucleus_size(softmax(falling, temperature), top_p)
    certain = certain_nucleus_size(falling[:64], 5000 - 64, temperature, top_p)
    assert certain in {exact, 0}
    total = math.exp(log_total(logits, float(falling[0])))
    bounded = certain_nucleus_size(falling[:64], 5000 - 64, temperature, top_p, total)
    assert bounded in {exact, 0}
    assert bounded or not certain  # to know more never makes it less certain


def test_the_weight_of_all_tokens_makes_a_nucleus_certain_that_was_not() -> None:
    falling = np.array([20, 19.5, 18, 13], np.float32)
    assert certain_nucleus_size(falling, 100_000, 0.8, 0.9) == 0
    total = float(np.exp(falling - 20.0).sum()) + 0.05
    assert certain_nucleus_size(falling, 100_000, 0.8, 0.9, total) == 2
    assert certain_nucleus_size(falling, 100_000, 1.2, 0.9, total) == 0  # fades less above 1


def test_a_nucleus_is_certain_where_the_best_tokens_stand_out() -> None:
    falling = np.array([20, 19, 18, 1, 0], np.float32)
    assert certain_nucleus_size(falling, 100_000, 1.0, 0.9) == 2
    assert certain_nucleus_size(falling, 10**9, 1.0, 0.9) == 0  # so many others may matter
    assert certain_nucleus_size(falling, 0, 1.0, 1 - 1e-12) == 5
