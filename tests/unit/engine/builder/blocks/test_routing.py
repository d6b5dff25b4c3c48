"""Routing rules against NumPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.builder.blocks.routing import Routing, read_experts, route
from engine.builder.blocks.site import Site
from engine.builder.blocks.storage import Precision
from engine.builder.fields import Fields
from engine.errors import BadCheckpoint
from tests.helpers.blocks import BlockRunner, config

EXPERTS, HIDDEN, TOKENS, TOP_K = 8, 64, 50, 3
RNG = np.random.default_rng(3)
X = RNG.standard_normal((TOKENS, HIDDEN), np.float32)
ARRAYS = {
    "m.gate.weight": RNG.standard_normal((EXPERTS, HIDDEN), np.float32) / 4,
    "m.gate.bias": RNG.standard_normal(EXPERTS, np.float32)[None][0],
    "m.gate.correction": RNG.standard_normal(EXPERTS, np.float32) / 4,
    "m.statics": RNG.standard_normal((1, EXPERTS), np.float32) / 4,
    "m.scale": RNG.standard_normal(EXPERTS, np.float32),
}
LOGITS = X.astype(np.float64) @ ARRAYS["m.gate.weight"].astype(np.float64).T


def routed(routing: Routing) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Chosen experts of each token, ascending, and their weights."""

    def add(site: Site, x: str) -> tuple[str, str]:
        found = route(site, x, routing)
        return found.probs, found.weights

    probs, weights = BlockRunner(add, ARRAYS, config(), Precision(32, 32)).all(X)
    chosen = np.sort(np.argsort(-probs, axis=1)[:, : routing.top_k], axis=1)
    return chosen, np.take_along_axis(weights, chosen, axis=1)


def softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    grown = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def best(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.sort(np.argsort(-values, axis=1)[:, :TOP_K], axis=1)


def check(routing: Routing, choice: NDArray[np.float64], weights: NDArray[np.float64]) -> None:
    chosen, found = routed(routing)
    np.testing.assert_array_equal(chosen, best(choice))
    np.testing.assert_allclose(found, np.take_along_axis(weights, chosen, 1), rtol=2e-5)


def total(weights: NDArray[np.float64], choice: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the chosen weights of each token, [tokens, 1]."""
    return np.take_along_axis(weights, best(choice), axis=1).sum(axis=1, keepdims=True)


def test_softmax_as_it_is() -> None:
    check(Routing(EXPERTS, TOP_K), LOGITS, softmax(LOGITS))


def test_softmax_divided_by_the_sum_of_the_chosen() -> None:
    probs = softmax(LOGITS)
    check(Routing(EXPERTS, TOP_K, renormalize=True), LOGITS, probs / total(probs, probs))


def test_softmax_of_the_chosen_with_a_bias() -> None:
    logits = LOGITS + ARRAYS["m.gate.bias"]
    grown = np.exp(logits)
    routing = Routing(EXPERTS, TOP_K, bias=True, scoring="softmax_of_chosen")
    check(routing, logits, grown / total(grown, logits))


def test_a_correction_takes_part_in_the_choice_only() -> None:
    scores = 1 / (1 + np.exp(-LOGITS))
    choice = scores + ARRAYS["m.gate.correction"]
    routing = Routing(
        EXPERTS,
        TOP_K,
        scoring="sigmoid",
        correction="gate.correction",
        renormalize=True,
        epsilon=0.5,
        scale=2.5,
    )
    assert (best(choice) != best(scores)).any()
    check(routing, choice, scores / (total(scores, choice) + 0.5) * 2.5)


def test_the_sum_of_the_chosen_has_a_floor() -> None:
    probs = softmax(LOGITS)
    choice = probs + ARRAYS["m.statics"]
    floor = np.maximum(total(probs, choice), 0.6)
    assert (floor == 0.6).any()
    assert (floor > 0.6).any()
    routing = Routing(EXPERTS, TOP_K, correction="statics", renormalize=True, minimum=0.6)
    check(routing, choice, probs / floor)


def test_experts_have_factors() -> None:
    probs = softmax(LOGITS)
    check(Routing(EXPERTS, TOP_K, expert_scale="scale"), probs, probs * ARRAYS["m.scale"])


@pytest.mark.parametrize("score", ["max", "top2_sum"])
def test_only_the_best_groups_are_chosen_from(score: str) -> None:
    scores = 1 / (1 + np.exp(-LOGITS))
    choice = scores + ARRAYS["m.gate.correction"]
    grouped = np.sort(choice.reshape(TOKENS, 4, 2), axis=2)
    ranks = grouped[:, :, 1] if score == "max" else grouped.sum(axis=2)
    open_ = ranks >= np.sort(ranks, axis=1)[:, -2:-1]
    masked = np.where(np.repeat(open_, 2, axis=1), choice, -np.inf)
    assert (best(masked) != best(choice)).any()
    routing = Routing(EXPERTS, TOP_K, scoring="sigmoid", correction="gate.correction")
    routing = replace(routing, groups=4, top_groups=2, group_score=score)  # type: ignore[arg-type]
    check(routing, masked, scores)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"groups": 3}, "n_group"),
        ({"groups": 2, "top_groups": 3}, "n_group"),
        ({"groups": 4, "top_groups": 1}, "num_experts_per_tok"),
        ({"top_k": 9}, "num_experts_per_tok"),
    ],
)
def test_what_cannot_be_chosen_is_refused(changes: dict[str, int], key: str) -> None:
    with pytest.raises(BadCheckpoint) as caught:
        replace(Routing(EXPERTS, TOP_K), **changes)  # type: ignore[arg-type]
    assert caught.value.params["key"] == key


def test_a_correction_of_another_length_is_refused() -> None:
    with pytest.raises(BadCheckpoint):
        routed(Routing(EXPERTS, TOP_K, correction="gate.weight"))


def test_experts_are_counted_under_any_name() -> None:
    assert read_experts(Fields({"num_local_experts": 4})) == 4
    assert read_experts(Fields({"num_experts": 4, "num_local_experts": 4})) == 4
    assert read_experts(Fields({}), 6) == 6
    with pytest.raises(BadCheckpoint):
        read_experts(Fields({"num_experts": 4, "num_local_experts": 8}))
