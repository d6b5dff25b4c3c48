"""What attention can be told that no single reference checkpoint shows alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.builder.blocks.attention import Attention, grouped_query_attention, share_caches
from engine.builder.blocks.site import Site
from engine.errors import BadCheckpoint
from tests.helpers.blocks import BlockRunner, config

HIDDEN, HEADS, KV_HEADS, WIDTH, TOKENS = 64, 4, 2, 16, 9
PLAIN = Attention(HEADS, KV_HEADS, WIDTH, None)
WINDOWED = replace(PLAIN, window=4)
RANDOM = np.random.default_rng(0)
ARRAYS = {
    f"m.{name}_proj.weight": RANDOM.standard_normal((rows, columns), np.float32) / 8
    for name, rows, columns in (
        ("q", HEADS * WIDTH, HIDDEN),
        ("k", KV_HEADS * WIDTH, HIDDEN),
        ("v", KV_HEADS * WIDTH, HIDDEN),
        ("o", HIDDEN, HEADS * WIDTH),
    )
}
X = RANDOM.standard_normal((TOKENS, HIDDEN), np.float32)


def run(attention: Attention) -> NDArray[np.float32]:
    runner = BlockRunner(
        lambda site, x: grouped_query_attention(site, x, attention), ARRAYS, config(hidden=HIDDEN)
    )
    return runner.all(X, inputs())[0]


def inputs() -> dict[str, NDArray[np.generic]]:
    empty = np.zeros((1, KV_HEADS, 16, WIDTH), np.float32)
    return {
        "past_key_values.0.key": empty,
        "past_key_values.0.value": empty,
        "seqlens_k": np.array([TOKENS - 1], np.int32),
        "total_sequence_length": np.array(TOKENS, np.int32),
    }


def expected(attention: Attention) -> NDArray[np.float64]:
    """The definition, in float64."""
    product = {
        name[2]: X.astype(np.float64) @ array.T
        for name, array in ARRAYS.items()
        if "o_" not in name
    }
    query = product["q"].reshape(TOKENS, HEADS, WIDTH)
    key = product["k"].reshape(TOKENS, KV_HEADS, WIDTH)
    value = key if attention.keys_are_values else product["v"].reshape(key.shape)
    if attention.value_norm:
        value = value / np.sqrt((value**2).mean(-1, keepdims=True) + 1e-6)
    key, value = (np.repeat(part, HEADS // KV_HEADS, axis=1) for part in (key, value))
    scores = np.einsum("qhd,khd->hqk", query, key) * (attention.scale or WIDTH**-0.5)
    if attention.softcap:
        scores = np.tanh(scores / attention.softcap) * attention.softcap
    distance = np.arange(TOKENS)[:, None] - np.arange(TOKENS)
    seen = (distance >= 0) & (distance < (attention.window or TOKENS))
    scores = np.where(seen, np.exp(scores), 0)
    mixed = np.einsum("hqk,khd->qhd", scores / scores.sum(-1, keepdims=True), value)
    return mixed.reshape(TOKENS, -1) @ ARRAYS["m.o_proj.weight"].T


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"window": 4},
        {"scale": 1.0, "softcap": 0.7, "window": 3},
        {"keys_are_values": True},
        {"keys_are_values": True, "value_norm": True},
    ],
)
def test_options_against_the_definition(changes: dict[str, float | bool]) -> None:
    attention = replace(PLAIN, **changes)  # type: ignore[arg-type]
    np.testing.assert_allclose(run(attention), expected(attention), rtol=1e-4, atol=1e-5)


def test_a_layer_reads_what_another_one_cached() -> None:
    """The same weights twice: the second node makes no keys and answers the same."""

    def add(site: Site, x: str) -> list[str]:
        lender = grouped_query_attention(site.at("", "lender"), x, PLAIN)
        borrower = replace(site.at("", "borrower"), layer=1)
        return [lender, grouped_query_attention(borrower, x, replace(PLAIN, cache_of=0))]

    runner = BlockRunner(add, ARRAYS, config(hidden=HIDDEN))
    lent, borrowed = runner.all(X, inputs())
    np.testing.assert_allclose(borrowed, lent, atol=1e-6)
    np.testing.assert_allclose(lent, expected(PLAIN), rtol=1e-4, atol=1e-5)


def test_the_last_of_each_kind_lends() -> None:
    shared = share_caches([PLAIN, WINDOWED, PLAIN, WINDOWED, WINDOWED, PLAIN], 3)
    assert [one.cache_of for one in shared] == [None, None, None, 1, 1, 2]


@pytest.mark.parametrize(
    ("own", "last"), [([WINDOWED], PLAIN), ([], PLAIN), ([replace(PLAIN, head_dim=32)], PLAIN)]
)
def test_nobody_to_borrow_from(own: list[Attention], last: Attention) -> None:
    with pytest.raises(BadCheckpoint):
        share_caches([*own, last], 1)
