from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import InvalidRequest
from engine.sampling.sampler import Sampler
from engine.types import GenerationConfig

VOCAB = 3000
LOGITS = (np.random.default_rng(4).standard_normal(VOCAB) * 3).astype(np.float32)


def config(**changes: float) -> GenerationConfig:
    return replace(GenerationConfig(temperature=1.0), **changes)  # type: ignore[arg-type]


def distribution(settings: GenerationConfig, logits: np.ndarray = LOGITS) -> np.ndarray:
    """What the sampler should draw from, spelled out in the plainest way: one full sort."""
    scores = logits.astype(np.float64) / settings.temperature
    order = np.argsort(-scores, kind="stable")
    kept = np.exp(scores[order] - scores.max())
    if settings.top_k:
        kept[settings.top_k :] = 0
    kept /= kept.sum()
    if settings.top_p < 1:
        before = np.cumsum(kept) - kept
        kept[before >= settings.top_p] = 0
    kept[kept < settings.min_p * kept.max()] = 0
    probabilities = np.zeros(logits.size)
    probabilities[order] = kept / kept.sum()
    return probabilities


def draws(settings: GenerationConfig, count: int, logits: np.ndarray = LOGITS) -> np.ndarray:
    sampler = Sampler(settings)
    return np.array([sampler.sample(logits)[0] for _ in range(count)])


def test_greedy_takes_the_best_and_the_lowest_of_equals() -> None:
    sampler = Sampler(GenerationConfig())
    assert sampler.sample(LOGITS)[0] == int(LOGITS.argmax())
    assert sampler.sample(np.array([1, 5, 5, 2], np.float32))[0] == 1


@pytest.mark.parametrize("temperature", [0.0, 1.3])
def test_log_probability_is_the_models_own(temperature: float) -> None:
    settings = GenerationConfig(
        temperature=temperature, top_k=5, top_p=0.9, repetition_penalty=1.5, seed=3
    )
    token, logprob = Sampler(settings).sample(LOGITS, list(range(VOCAB)))
    exact = float(LOGITS[token]) - np.logaddexp.reduce(LOGITS.astype(np.float64))
    assert logprob == pytest.approx(exact, abs=2e-6)


SETTINGS = [
    config(),
    config(temperature=0.3),
    config(temperature=2.5),
    config(top_k=1),
    config(top_k=40),
    config(top_k=VOCAB * 2),
    config(top_p=0.9),
    config(top_p=0.3, temperature=0.5),
    config(top_p=0.999, temperature=3.0),
    config(top_p=1e-6),
    config(min_p=0.05),
    config(min_p=1.0),
    config(top_p=0.95, min_p=0.02),
    config(top_p=0.5, min_p=0.0001),
    config(top_k=50, top_p=0.8),
    config(top_k=50, top_p=0.8, min_p=0.1, temperature=1.7),
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_draws_follow_the_distribution(settings: GenerationConfig) -> None:
    count = 3000
    probabilities = distribution(settings)
    drawn = np.bincount(draws(settings, count), minlength=VOCAB)
    assert np.all(probabilities[drawn > 0] > 0), "a token that the filters rule out was drawn"
    deviation = np.abs(drawn / count - probabilities)
    assert np.all(deviation <= 5 * np.sqrt(probabilities * (1 - probabilities) / count) + 1.5e-3)


@pytest.mark.parametrize("settings", SETTINGS[6:14], ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_candidates_are_exact(settings: GenerationConfig, seed: int) -> None:
    """Every token the filters leave is drawn sooner or later on a small vocabulary."""
    logits = (np.random.default_rng(seed).standard_normal(70)).astype(np.float32)
    expected = set(np.flatnonzero(distribution(settings, logits) > 1 / 200).tolist())
    assert expected <= set(draws(settings, 3000, logits).tolist())


def test_the_same_seed_gives_the_same_tokens() -> None:
    settings = config(temperature=1.5, top_p=0.99, seed=42)
    assert np.array_equal(draws(settings, 50), draws(settings, 50))
    assert not np.array_equal(draws(settings, 50), draws(replace(settings, seed=43), 50))


def test_these_tokens_for_ever() -> None:
    """A reply can be repeated in a later version: the drawn tokens are part of the contract."""
    logits = (np.arange(100) % 17).astype(np.float32)
    assert draws(config(temperature=2.0, seed=7), 8, logits).tolist() == EXPECTED_ALL
    assert draws(config(temperature=2.0, top_k=9, seed=7), 8, logits).tolist() == EXPECTED_TOP_K
    assert draws(config(temperature=2.0, top_p=0.7, seed=7), 8, logits).tolist() == EXPECTED_TOP_P


EXPECTED_ALL = [84, 30, 84, 83, 49, 32, 49, 50]
EXPECTED_TOP_K = [84, 49, 32, 33, 50, 49, 16, 32]
EXPECTED_TOP_P = [32, 48, 83, 50, 50, 31, 16, 14]


def test_repetition_penalty_changes_the_choice_not_the_logits() -> None:
    logits = np.array([2.0, 1.9, 0.0], np.float32)
    sampler = Sampler(GenerationConfig(repetition_penalty=1.2))
    assert sampler.sample(logits, [0])[0] == 1
    assert sampler.sample(logits, np.array([0, 1, 1]))[0] == 0
    assert sampler.sample(logits)[0] == 0
    assert logits.tolist() == pytest.approx([2.0, 1.9, 0.0])


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize(
    "logits",
    [
        [0.0, math.nan, 1.0],
        [math.nan] * 3,
        [0.0, math.inf],
        [-math.inf, -math.inf],
    ],
    ids=str,
)
def test_broken_logits_are_an_error(temperature: float, logits: list[float]) -> None:
    sampler = Sampler(GenerationConfig(temperature=temperature))
    with pytest.raises(InvalidRequest) as caught:
        sampler.sample(np.array(logits, np.float32))
    assert caught.value.params == {"field": "logits", "reason": "not_finite"}


@pytest.mark.parametrize("logits", [np.zeros(0, np.float32), np.zeros((1, 4), np.float32)])
def test_logits_of_a_wrong_shape_are_an_error(logits: np.ndarray) -> None:
    with pytest.raises(InvalidRequest, match="wrong_shape"):
        Sampler(GenerationConfig()).sample(logits)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_ruled_out_tokens_are_never_drawn(settings: GenerationConfig) -> None:
    logits = np.full(500, -np.inf, np.float32)
    logits[[3, 400]] = [1.0, 1.5]
    assert set(draws(settings, 50, logits).tolist()) <= {3, 400}


@pytest.mark.parametrize("settings", [*SETTINGS, GenerationConfig()], ids=str)
def test_a_vocabulary_of_one(settings: GenerationConfig) -> None:
    assert Sampler(settings).sample(np.array([-5.0], np.float32)) == (0, 0.0)


@pytest.mark.parametrize("temperature", [1e-300, 1e-6, 0.01, 100.0])
@pytest.mark.parametrize("filters", [{}, {"top_p": 0.9}, {"top_k": 2}, {"min_p": 0.5}], ids=str)
def test_extreme_logits(temperature: float, filters: dict[str, float]) -> None:
    logits = np.array([3e38, -3e38, 2.9e38], np.float32)
    settings = config(temperature=temperature, repetition_penalty=99.0, **filters)
    assert Sampler(settings).sample(logits)[0] == 0
    assert Sampler(settings).sample(logits, [1])[0] == 0


def test_settings_are_checked() -> None:
    with pytest.raises(InvalidRequest, match="top_p"):
        Sampler(config(top_p=0.0))
