"""Short convolutions against NumPy, whole and in pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.builder.blocks.short_conv import CausalConv, causal_conv, gated_short_conv
from engine.builder.blocks.site import Site
from engine.errors import BadCheckpoint
from tests.helpers.blocks import BlockRunner, config

HIDDEN, TOKENS = 64, 13
RNG = np.random.default_rng(3)
X = RNG.standard_normal((TOKENS, HIDDEN), np.float32)


def random(*shape: int) -> NDArray[np.float32]:
    return RNG.standard_normal(shape, np.float32) / np.float32(np.sqrt(shape[-1]))


def filtered(x: NDArray[Any], weight: NDArray[Any], bias: NDArray[Any] | float) -> NDArray[Any]:
    """What looks back on `kernel` tokens, nothing being there before the first."""
    kernel = weight.shape[-1]
    longer = np.concatenate([np.zeros((kernel - 1, x.shape[1])), x])
    taps = [longer[j : j + len(x)] * weight[:, 0, j] for j in range(kernel)]
    return np.asarray(sum(taps) + bias)


def in_pieces(block: BlockRunner, pieces: list[int], kernel: int) -> NDArray[Any]:
    state, start, found = np.zeros((1, HIDDEN, kernel - 1), np.float32), 0, []
    for size in pieces:
        others = {"past_key_values.0.conv": state}
        y, present = block.all(X[start : start + size], others)
        state, start = present[None], start + size
        found.append(y)
    return np.concatenate(found)


@pytest.mark.parametrize("pieces", [[13], [1] * 13, [2, 1, 7, 3]])
@pytest.mark.parametrize(("kernel", "bias"), [(2, True), (4, False)])
def test_channels_are_filtered_alone(pieces: list[int], kernel: int, bias: bool) -> None:
    arrays = {"m.filter.weight": random(HIDDEN, 1, kernel), "m.filter.bias": random(HIDDEN)}
    conv = CausalConv("filter", HIDDEN, kernel, bias)

    def add(site: Site, x: str) -> list[str]:
        return [causal_conv(site, x, conv), "present.0.conv"]

    block = BlockRunner(add, arrays, config(hidden=HIDDEN))
    shift = arrays["m.filter.bias"] if bias else 0.0
    expected = filtered(X, arrays["m.filter.weight"], shift)
    np.testing.assert_allclose(in_pieces(block, pieces, kernel), expected, atol=1e-6)


@pytest.mark.parametrize("pieces", [[13], [1] * 13, [5, 8]])
@pytest.mark.parametrize("bias", [False, True])
def test_a_convolution_between_two_gates(pieces: list[int], bias: bool) -> None:
    arrays = {
        "m.in_proj.weight": random(3 * HIDDEN, HIDDEN),
        "m.in_proj.bias": random(3 * HIDDEN),
        "m.conv.weight": random(HIDDEN, 1, 3),
        "m.conv.bias": random(HIDDEN),
        "m.out_proj.weight": random(HIDDEN, HIDDEN),
        "m.out_proj.bias": random(HIDDEN),
    }

    def add(site: Site, x: str) -> list[str]:
        return [gated_short_conv(site, x, kernel=3, bias=bias), "present.0.conv"]

    w = {name.removeprefix("m."): value.astype(np.float64) for name, value in arrays.items()}
    shift = {name: w[f"{name}.bias"] if bias else 0.0 for name in ("in_proj", "conv", "out_proj")}
    first, last, value = np.split(X @ w["in_proj.weight"].T + shift["in_proj"], 3, axis=1)
    mixed = last * filtered(first * value, w["conv.weight"], shift["conv"])
    expected = mixed @ w["out_proj.weight"].T + shift["out_proj"]
    block = BlockRunner(add, arrays, config(hidden=HIDDEN))
    np.testing.assert_allclose(in_pieces(block, pieces, 3), expected, atol=3e-6)


def test_a_filter_of_another_length_is_refused() -> None:
    arrays = {"m.filter.weight": random(HIDDEN, 1, 3)}
    conv = CausalConv("filter", HIDDEN, 4)
    with pytest.raises(BadCheckpoint) as caught:
        BlockRunner(lambda site, x: causal_conv(site, x, conv), arrays, config(hidden=HIDDEN))
    assert caught.value.params["reason"] == "wrong_shape"
