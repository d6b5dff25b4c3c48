"""Per-layer inputs against NumPy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.builder.blocks.norm import Stream
from engine.builder.blocks.per_layer_inputs import add_per_layer_input, per_layer_inputs
from engine.builder.blocks.site import Site
from tests.helpers.blocks import BlockRunner, config

HIDDEN, WIDTH, LAYERS, VOCAB = 64, 32, 3, 10
MODEL = config(hidden=HIDDEN, layers=LAYERS, activation="gelu_tanh")
IDS = np.array([[3, 9, 0, 3]])


def random(seed: int, *shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def normed(x: NDArray[np.float32], eps: float) -> NDArray[np.float32]:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps)


def gelu(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def test_a_table_and_a_projection_tell_each_layer_something() -> None:
    x = random(0, IDS.shape[1], HIDDEN) / 100  # so small that the epsilon matters
    table, projection = random(1, VOCAB, LAYERS * WIDTH), random(2, LAYERS * WIDTH, HIDDEN)
    weight = random(3, WIDTH)
    runner = BlockRunner(
        lambda site, x: per_layer_inputs(site, x, WIDTH, VOCAB),
        {
            "model.embed_tokens_per_layer.weight": table,
            "model.per_layer_model_projection.weight": projection,
            "model.per_layer_projection_norm.weight": weight,
        },
        MODEL,
    )
    found = np.stack(runner.all(x, {"input_ids": IDS}), axis=1)  # [tokens, layers, width]
    context = (x @ projection.T / math.sqrt(HIDDEN)).reshape(-1, LAYERS, WIDTH)
    tokens = table[IDS[0]].reshape(-1, LAYERS, WIDTH) * math.sqrt(WIDTH)
    expected = (normed(context, MODEL.norm_eps) * weight + tokens) / math.sqrt(2)
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5)


def test_a_layer_gates_what_it_is_told() -> None:
    x, told = random(4, 5, HIDDEN), random(5, 5, WIDTH)
    gate, projection, weight = random(6, WIDTH, HIDDEN), random(7, HIDDEN, WIDTH), random(8, HIDDEN)

    def add(site: Site, x: str) -> str:
        value = site.g.constant("told", told[None])
        return add_per_layer_input(site, Stream(x), value, WIDTH).settle(site.g)

    runner = BlockRunner(
        add,
        {
            "m.per_layer_input_gate.weight": gate,
            "m.per_layer_projection.weight": projection,
            "m.post_per_layer_input_norm.weight": weight,
        },
        MODEL,
    )
    made = (gelu(x @ gate.T) * told) @ projection.T
    expected = x + normed(made, MODEL.norm_eps) * weight
    np.testing.assert_allclose(runner(x), expected, rtol=2e-4, atol=2e-4)
