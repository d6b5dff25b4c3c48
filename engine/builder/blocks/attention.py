"""Grouped-query attention (Ainslie et al. 2023) over a cache that past and present share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from onnx import TensorProto

from engine.builder.blocks.linear import linear, same_form
from engine.builder.blocks.rope import RopeCache
from engine.builder.blocks.storage import Precision
from engine.builder.checkpoint import Tensor
from engine.builder.graph import MICROSOFT, Attribute, Graph
from engine.types import StateSpec


@dataclass(frozen=True, slots=True)
class AttentionWeights:
    """Weights of one attention layer; biases are empty where there are none.

    Attributes:
        query: [heads * head_dim, hidden].
        key: [kv_heads * head_dim, hidden].
        value: [kv_heads * head_dim, hidden].
        output: [hidden, heads * head_dim].
        biases: One [rows] each for query, key and value; or empty.
        output_bias: [hidden]; or empty.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    output: Tensor
    biases: tuple[Tensor, ...] = ()
    output_bias: tuple[Tensor, ...] = ()


def grouped_query_attention(
    g: Graph,
    x: str,
    weights: AttentionWeights,
    *,
    layer: int,
    heads: int,
    kv_heads: int,
    head_dim: int,
    rope: RopeCache,
    precision: Precision,
    fine: bool = False,
) -> str:
    """Project, rotate, attend causally over the cache, project back.

        x -- qkv_proj --+--> GroupQueryAttention -- o_proj --> y
        past key/value -+            +--> present key/value (the same buffers)

    Args:
        g: Place of the attention.
        x: [batch, sequence, hidden].
        weights: The layer's weights.
        layer: Index that names the states.
        heads: Query heads.
        kv_heads: Key and value heads.
        head_dim: Width of a head.
        rope: Tables of cosines and sines.
        precision: What was asked for.
        fine: Float32 activations in the projections, see `linear`.

    Returns:
        [batch, sequence, hidden].
    """
    query, key, value = _project_qkv(g, x, weights, precision, fine=fine)
    past_key, present_key = _kv_state(g, layer, "key", kv_heads, head_dim)
    past_value, present_value = _kv_state(g, layer, "value", kv_heads, head_dim)
    seqlens = g.input("seqlens_k", TensorProto.INT32, ["batch"])
    total = g.input("total_sequence_length", TensorProto.INT32, [])
    attributes: Mapping[str, Attribute] = {
        "num_heads": heads,
        "kv_num_heads": kv_heads,
        "do_rotary": 1,
        "rotary_interleaved": 0,
    }
    mixed, made_key, made_value = g.nodes(
        "GroupQueryAttention",
        [query, key, value, past_key, past_value, seqlens, total, rope.cos, rope.sin],
        ["output_0", "present_key", "present_value"],
        domain=MICROSOFT,
        attributes=attributes,
    )
    g.rename_output(made_key, present_key)
    g.rename_output(made_value, present_value)
    return linear(
        g.at("o_proj"), mixed, [weights.output], precision, weights.output_bias, fine=fine
    )


def _project_qkv(
    g: Graph, x: str, weights: AttentionWeights, precision: Precision, *, fine: bool
) -> tuple[str, str, str]:
    """Query, key and value; packed into the first (the others "") where their forms agree."""
    parts = (weights.query, weights.key, weights.value)
    if same_form(parts, precision):
        packed = linear(g.at("qkv_proj"), x, parts, precision, weights.biases, fine=fine)
        return packed, "", ""
    query, key, value = (
        linear(g.at(f"{name}_proj"), x, [part], precision, weights.biases[i : i + 1], fine=fine)
        for i, (name, part) in enumerate(zip("qkv", parts, strict=True))
    )
    return query, key, value


def _kv_state(g: Graph, layer: int, name: str, kv_heads: int, head_dim: int) -> tuple[str, str]:
    spec = StateSpec(
        input_name=f"past_key_values.{layer}.{name}",
        output_name=f"present.{layer}.{name}",
        dtype="float32",
        shape=("batch", kv_heads, "capacity", head_dim),
        growth_axis=2,
        kind="kv",
        rollback=True,
    )
    g.state(spec)
    return spec.input_name, spec.output_name
