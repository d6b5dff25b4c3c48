"""Linear attention by the gated delta rule (Yang, Kautz and Hatamizadeh 2024, Gated DeltaNet).

Instead of a cache that grows, each head keeps one matrix S [key_dim, value_dim]. A token lets it
fade, corrects what it would have recalled for the token's key, and reads it with the query:

    S = exp(g) S;   S = S + k (beta (v - S^T k))^T;   o = S^T q / sqrt(key_dim)

Reference: transformers, modeling_qwen3_next.py and modeling_qwen3_5.py (`GatedDeltaNet`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.builder.blocks.linear import linear, same_form
from engine.builder.blocks.mlp import activate
from engine.builder.blocks.norm import normalize
from engine.builder.blocks.short_conv import CausalConv, causal_conv, constant_state
from engine.builder.blocks.site import Site
from engine.builder.checkpoint import Tensor
from engine.builder.fields import Fields
from engine.builder.graph import MICROSOFT, Graph
from engine.errors import BadCheckpoint

_UNIT_EPS: Final = 1e-6
"""Added to the squared length of queries and keys."""

_LARGEST_RATE: Final = 80.0
"""Logarithm of a rate at which a state is forgotten within one token; exp() of more overflows."""


@dataclass(frozen=True, slots=True)
class GatedDelta:
    """One gated delta rule layer.

    Attributes:
        key_heads: Heads of queries and keys.
        value_heads: Heads of values and states; each key head serves as many consecutive ones.
        key_dim: Width of a query or key head.
        value_dim: Width of a value head.
        kernel: Tokens that the convolution over queries, keys and values sees.
    """

    key_heads: int
    value_heads: int
    key_dim: int
    value_dim: int
    kernel: int

    @property
    def keys(self) -> int:
        """Width of all queries, and of all keys."""
        return self.key_heads * self.key_dim

    @property
    def values(self) -> int:
        """Width of all values."""
        return self.value_heads * self.value_dim

    @property
    def group(self) -> int:
        """Value heads that share a key head."""
        return self.value_heads // self.key_heads


def read_gated_delta(fields: Fields) -> GatedDelta:
    """Read the sizes of the linear attention layers. Raises BadCheckpoint."""
    spec = GatedDelta(
        key_heads=fields.integer("linear_num_key_heads", 16),
        value_heads=fields.integer("linear_num_value_heads", 32),
        key_dim=fields.integer("linear_key_head_dim", 128),
        value_dim=fields.integer("linear_value_head_dim", 128),
        kernel=fields.integer("linear_conv_kernel_dim", 4, low=2),
    )
    if spec.value_heads % spec.key_heads:
        raise BadCheckpoint(reason="bad_config", key="linear_num_value_heads")
    fields.ignore("mamba_ssm_dtype")  # ours is always float32
    return spec


def read_linear_layers(fields: Fields, layers: int) -> tuple[bool, ...]:
    """For each layer, whether it is linear attention rather than full attention.

    Raises:
        BadCheckpoint: A list of another length.
        UnsupportedFamily: Another kind of layer.
    """
    kinds = fields.choices("layer_types", "linear_attention", "full_attention")
    every = fields.integer("full_attention_interval", 4)
    if not kinds:
        return tuple((index + 1) % every != 0 for index in range(layers))
    if len(kinds) != layers:
        raise BadCheckpoint(reason="bad_config", key="layer_types")
    return tuple(kind == "linear_attention" for kind in kinds)


def gated_delta_net(site: Site, x: str, spec: GatedDelta) -> str:
    """Project, convolve, run the delta rule over the state, norm, gate, project back.

        x --+-- in_proj --+-- q|k|v -- conv -- silu --+-- q, k -- unit length --+
            |             |                           +-- v --------------------+-- delta rule
            |             +-- z -- silu -----------------------------+          |        |
            +-- in_proj_ba -- beta, decay ---------------------------|----------+      norm
                                                                     +---------------- * -- out_proj

    `GatedRMSNorm` would do the norm and the gate in one node, ten times slower than the parts
    (onnxruntime 1.31.1, 4096 values: 103 and 11 microseconds).

    Args:
        site: Place of the layer.
        x: [batch, sequence, hidden].
        spec: Its sizes.

    Returns:
        [batch, sequence, hidden].
    """
    g, config = site.g, site.config
    mixed, gate = _project(site, x, spec)
    mixed = causal_conv(site, mixed, CausalConv("conv1d", 2 * spec.keys + spec.values, spec.kernel))
    mixed = activate(g.at("conv1d"), mixed, config.activation)
    query, key, value = _split_heads(g.at("qkv"), mixed, spec)
    decay, beta = _gates(site, x, spec)
    past, present = constant_state(
        site, "recurrent", (spec.value_heads, spec.key_dim, spec.value_dim)
    )
    recalled, _ = g.nodes(
        "LinearAttention",
        [query, key, value, past, decay, beta],
        ["output_0", present],
        domain=MICROSOFT,
        attributes={
            "q_num_heads": spec.key_heads,
            "kv_num_heads": spec.value_heads,
            "update_rule": "gated_delta",
        },
    )  # [batch, sequence, values]
    normed = _head_norm(site.at("norm"), recalled, spec)
    product = g.node("Mul", [normed, activate(g.at("gate"), gate, "silu")])
    out = site.weight("out_proj", config.hidden, spec.values)
    return linear(g.at("out_proj"), product, [out], site.precision, fine=config.is_small)


def _project(site: Site, x: str, spec: GatedDelta) -> tuple[str, str]:
    """Queries, keys and values [b, s, 2 keys + values], and the output's gate [b, s, values]."""
    g, fine = site.g.at("in_proj"), site.config.is_small
    sizes = [2 * spec.keys + spec.values, spec.values]
    weights = _qkvz(site, spec)
    if same_form(weights, site.precision):
        both = linear(g, x, weights, site.precision, fine=fine)
        parts = g.shared_integers(sizes)
        mixed, gate = g.nodes("Split", [both, parts], ["qkv", "z"], attributes={"axis": -1})
        return mixed, gate
    mixed = linear(site.g.at("in_proj_qkv"), x, weights[:1], site.precision, fine=fine)
    return mixed, linear(site.g.at("in_proj_z"), x, weights[1:], site.precision, fine=fine)


def _qkvz(site: Site, spec: GatedDelta) -> list[Tensor]:
    """The rows of queries, keys, values, and those of the gate.

    Qwen3-Next publishes them in one tensor, key head by key head; only whole rows change place, so
    what lay in one quantization block still does.
    """
    hidden, mixed = site.config.hidden, 2 * spec.keys + spec.values
    if not site.has("in_proj_qkvz.weight"):
        names = {"in_proj_qkv": mixed, "in_proj_z": spec.values}
        return [site.weight(name, rows, hidden) for name, rows in names.items()]
    wide = spec.group * spec.value_dim
    fused = site.weight("in_proj_qkvz", mixed + spec.values, hidden)
    ordered = fused.reordered(head_order(spec.key_heads, spec.key_dim, spec.key_dim, wide, wide))
    return [ordered.sliced(0, mixed), ordered.sliced(mixed, mixed + spec.values)]


def head_order(heads: int, *widths: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Where rows that lie head by head come from once they lie part by part.

    Args:
        heads: Heads, each [sum of widths] rows.
        widths: Rows of each part of a head.
    """
    rows = np.arange(heads * sum(widths), dtype=np.intp).reshape(heads, -1)
    parts = np.split(rows, np.cumsum(widths)[:-1], axis=1)
    return np.concatenate([part.ravel() for part in parts])


def _split_heads(g: Graph, mixed: str, spec: GatedDelta) -> tuple[str, str, str]:
    """Queries and keys at unit length [b, s, keys] each, and values [b, s, values].

    x / sqrt(sum(x^2) + eps) is an RMS norm with eps / n whose weight is 1 / sqrt(n).
    """
    sizes = g.shared_integers([2 * spec.keys, spec.values])
    both, value = g.nodes("Split", [mixed, sizes], ["qk", "v"], attributes={"axis": -1})
    heads = g.shared_integers([0, 0, 2 * spec.key_heads, spec.key_dim])
    length = np.full(spec.key_dim, spec.key_dim**-0.5, np.float32)
    unit = normalize(
        g, g.node("Reshape", [both, heads]), g.constant("unit", length), _UNIT_EPS / spec.key_dim
    )
    flat = g.node("Reshape", [unit, g.shared_integers([0, 0, 2 * spec.keys])], name="Flatten")
    query, key = g.nodes(
        "Split", [flat], ["q", "k"], name="SplitKeys", attributes={"axis": -1, "num_outputs": 2}
    )
    return query, key, value


def _gates(site: Site, x: str, spec: GatedDelta) -> tuple[str, str]:
    """Logarithm of the decay, and the update rate beta: [batch, sequence, value_heads] each.

    decay = -exp(A_log) * softplus(a + dt_bias), beta = sigmoid(b). Their projections are float32
    whatever was asked for: an error in the decay compounds with every token, and they are a
    percent or two of the layer's weights.
    """
    g, heads = site.g.at("in_proj_ba"), spec.value_heads
    exact = replace(site.precision, bits=32)
    both = linear(g, x, _ba(site, spec), exact)
    rate, step = g.nodes("Split", [both], ["b", "a"], attributes={"axis": -1, "num_outputs": 2})
    decay = _constants(site, "A_log", heads)
    rates = -np.exp(np.clip(decay, -_LARGEST_RATE, _LARGEST_RATE))
    bias = g.constant("dt_bias", _constants(site, "dt_bias", heads))
    step = g.node("Softplus", [g.node("Add", [step, bias])])
    return g.node("Mul", [step, g.constant("rates", rates)]), g.node("Sigmoid", [rate])


def _ba(site: Site, spec: GatedDelta) -> Sequence[Tensor]:
    hidden, heads = site.config.hidden, spec.value_heads
    if not site.has("in_proj_ba.weight"):
        return [site.weight(f"in_proj_{name}", heads, hidden) for name in "ba"]
    fused = site.weight("in_proj_ba", 2 * heads, hidden)
    return [fused.reordered(head_order(spec.key_heads, spec.group, spec.group))]


def _constants(site: Site, name: str, count: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    site.g.count_parameters(count)
    return site.tensor(name, count).whole().reshape(count)


def _head_norm(site: Site, x: str, spec: GatedDelta) -> str:
    """RMS norm of each head with a weight as it is published: [b, s, values] -> the same."""
    g = site.g
    heads = g.node("Reshape", [x, g.shared_integers([0, 0, spec.value_heads, spec.value_dim])])
    weight = g.constant("weight", _constants(site, "weight", spec.value_dim))
    normed = normalize(g, heads, weight, site.config.norm_eps)
    return g.node("Reshape", [normed, g.shared_integers([0, 0, spec.values])], name="Flatten")
