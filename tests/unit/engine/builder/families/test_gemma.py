"""Gemma 2, 3 and 4: published configs, planned whole with the shapes transformers gives them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from onnx import NodeProto, helper

from engine.builder.blocks.decoder import build_decoder
from engine.builder.blocks.storage import Precision
from engine.builder.checkpoint import Tensor
from engine.builder.families import open_family
from engine.builder.graph import Graph
from engine.builder.readers.wrapper import text_config
from engine.builder.weights import WeightPlan
from engine.errors import BadCheckpoint, UnsupportedFamily
from tests.helpers.blocks import ArrayCheckpoint

MODELS: Final[dict[str, dict[str, Any]]] = json.loads(
    (Path(__file__).parents[4] / "fixtures" / "configs" / "gemma.json").read_text()
)
PARITY: Final = Path(__file__).parents[4] / "fixtures" / "parity"


def shapes(name: str) -> Iterator[tuple[str, list[int]]]:
    """Every tensor of a published model."""
    yield from MODELS[name]["tensors"].items()
    for group in MODELS[name]["layers"]:
        for layer in group["layers"]:
            for tensor, shape in group["tensors"].items():
                yield f"model.layers.{layer}.{tensor}", shape


def zeros(name: str, shape: list[int]) -> Tensor:
    columns = shape[-1]
    return Tensor(name, tuple(shape), "F32", lambda a, b: np.zeros((b - a, columns), np.float32))


@cache
def planned(name: str) -> Graph:
    """The whole graph, no weight written."""
    checkpoint = ArrayCheckpoint({tensor: zeros(tensor, shape) for tensor, shape in shapes(name)})
    g = Graph(WeightPlan())
    decoder = open_family(text_config(MODELS[name]["config"]))
    build_decoder(decoder, g, checkpoint, Precision(4, 32))
    return g


def attention(name: str) -> list[tuple[NodeProto, dict[str, Any]]]:
    """The attention node of each layer and its attributes."""
    return [
        (node, {one.name: helper.get_attribute_value(one) for one in node.attribute})
        for node in planned(name).model().graph.node
        if node.op_type == "GroupQueryAttention"
    ]


def changed(fixture: str, **changes: object) -> dict[str, Any]:
    body = json.loads((PARITY / fixture / "config.json").read_text())
    return {**body, **changes}


@pytest.mark.parametrize("name", MODELS)
def test_a_published_model_is_planned_whole(name: str) -> None:
    assert planned(name).parameters == MODELS[name]["parameters"]


def test_every_other_layer_of_gemma2_slides() -> None:
    attributes = [found for _, found in attention("gemma-2-27b")]
    assert [found.get("local_window_size", 0) for found in attributes] == [4096, 0] * 23
    assert {found["softcap"] for found in attributes} == {50.0}
    assert attributes[0]["scale"] == pytest.approx(144**-0.5)


def test_gemma3_takes_defaults_and_stretches_full_layers_only() -> None:
    nodes = attention("gemma-3-4b")
    windows = [found.get("local_window_size", 0) for _, found in nodes]
    assert windows == ([1024] * 5 + [0]) * 5 + [1024] * 4
    assert {(found["num_heads"], found["kv_num_heads"]) for _, found in nodes} == {(8, 4)}
    turned = {
        node.name.split("/")[2]: node.input[2]
        for node in planned("gemma-3-4b").model().graph.node
        if node.op_type == "RotaryEmbedding"
    }
    assert len(turned) == 34
    full = {cosines for layer, cosines in turned.items() if not windows[int(layer[7:])]}
    assert len(full) == 1
    assert len(set(turned.values())) == 2
    assert [*turned.values()].count(*full) == 5
    assert all("softcap" not in found for _, found in nodes)


def test_the_last_layers_of_gemma4_e2b_read_earlier_caches() -> None:
    g, nodes = planned("gemma-4-E2B"), attention("gemma-4-E2B")
    assert len(g.states) == 2 * 15
    lenders = [node.input[3] for node, _ in nodes]
    assert lenders[:15] == [f"past_key_values.{layer}.key" for layer in range(15)]
    assert lenders[15:] == (["present.13.key"] * 4 + ["present.14.key"]) * 4
    assert g.states[0].shape == ("batch", 1, "capacity", 256)
    assert g.states[-1].shape == ("batch", 1, "capacity", 512)


def test_wide_heads_of_gemma4_take_keys_as_values() -> None:
    states = planned("gemma-4-26B-A4B").states
    assert [state.shape[1::2] for state in states[8:12]] == [(8, 256), (8, 256), (2, 512), (2, 512)]
    assert all(found["scale"] == 1.0 for _, found in attention("gemma-4-26B-A4B"))


def test_experts_of_gemma4_stand_where_placement_looks_for_them() -> None:
    names = [node.name for node in planned("gemma-4-26B-A4B").model().graph.node]
    products = [name for name in names if "/moe/experts/" in name and "MatMulNBits" in name]
    assert len(products) == 30 * 128 * 2
    assert products[0] == "/model/layers.0/moe/experts/gate_up_proj/0/MatMulNBits"


@pytest.mark.parametrize("fixture", ["gemma2", "gemma3_text", "gemma4"])
@pytest.mark.parametrize(
    "changes",
    [{"use_bidirectional_attention": "all"}, {"attention_sink": 4}, {"hidden_activation": "relu"}],
)
def test_what_is_not_understood_is_refused_by_name(
    fixture: str, changes: dict[str, object]
) -> None:
    with pytest.raises(UnsupportedFamily) as refused:
        open_family(changed(fixture, **changes))
    assert next(iter(changes)) in str(refused.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"num_kv_shared_layers": 4},
        {"num_kv_shared_layers": 3, "layer_types": ["full_attention"] + ["sliding_attention"] * 3},
        {"per_layer_config": {"9": {"head_dim": 64}}},
        {"per_layer_config": {"3": 64}},
        {"per_layer_config": {"3": {"num_key_value_heads": 3}}},
        {"enable_moe_block": True, "num_experts": 2, "top_k_experts": 4},
        {"hidden_size_per_layer_input": 8, "vocab_size_per_layer_input": 9},
    ],
)
def test_gemma4_configs_that_cannot_be(changes: dict[str, object]) -> None:
    with pytest.raises(BadCheckpoint):
        open_family(changed("gemma4", **changes))


def test_another_size_per_layer_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedFamily, match="attention_sink"):
        open_family(changed("gemma4", per_layer_config={"3": {"attention_sink": 4}}))
