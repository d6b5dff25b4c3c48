"""Grouped-query attention (Ainslie et al. 2023) over a cache that past and present share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from onnx import TensorProto

from engine.builder.blocks.linear import linear, same_form
from engine.builder.blocks.norm import normalize, rms_norm
from engine.builder.blocks.rope import RopeCache, rotary_embedding
from engine.builder.blocks.site import Site
from engine.builder.checkpoint import Tensor
from engine.builder.config import ModelConfig
from engine.builder.graph import MICROSOFT, Attribute, Graph
from engine.builder.rope_config import RopeConfig
from engine.errors import BadCheckpoint, UnsupportedFamily
from engine.types import StateSpec


@dataclass(frozen=True, slots=True)
class QueryKeyNorm:
    """RMS norms of queries and keys.

    Attributes:
        query: Name of the query's norm.
        key: Name of the key's.
        whole: Whether they span all heads at once rather than each head.
        after_rope: Whether they come after the rotation.
    """

    query: str = "q_norm"
    key: str = "k_norm"
    whole: bool = False
    after_rope: bool = False


@dataclass(frozen=True, slots=True)
class Attention:
    """One layer's attention.

    Attributes:
        heads: Query heads.
        kv_heads: Key and value heads.
        head_dim: Width of a head.
        rope: Rotary embedding, None for none.
        window: Tokens a query sees, itself included; 0 for all.
        scale: Multiplies the scores; 0 for 1 / sqrt(head_dim).
        softcap: Scores become cap * tanh(scores / cap); 0 leaves them alone.
        bias: Whether q, k and v have biases.
        output_bias: Whether the output projection has one.
        norm: Norms of queries and keys, None for none.
        value_norm: Whether values are normed per head, without weights.
        keys_are_values: Whether there is no value projection: values are the raw keys.
        gated: Whether the query projection carries a gate beside each head, whose sigmoid
            multiplies the output.
        cache_of: Layer whose keys and values are read, None where the layer makes its own.
        sinks: Name of a logit per head that takes part in the softmax only, "" for none.
        output: Name of the output projection.
        clip: Bound of the values of query, key and value before the rotation; 0 for none.
    """

    heads: int
    kv_heads: int
    head_dim: int
    rope: RopeConfig | None
    window: int = 0
    scale: float = 0.0
    softcap: float = 0.0
    bias: bool = False
    output_bias: bool = False
    norm: QueryKeyNorm | None = None
    value_norm: bool = False
    keys_are_values: bool = False
    gated: bool = False
    cache_of: int | None = None
    sinks: str = ""
    output: str = "o_proj"
    clip: float = 0.0

    @classmethod
    def of(cls, config: ModelConfig, rope: RopeConfig | None) -> Attention:
        """Plain attention with a model's sizes; `dataclasses.replace` says the rest."""
        return cls(config.heads, config.kv_heads, config.head_dim, rope)

    @property
    def wide(self) -> int:
        """Width of all query heads."""
        return self.heads * self.head_dim

    @property
    def narrow(self) -> int:
        """Width of all key heads, and of all value heads."""
        return self.kv_heads * self.head_dim


def share_caches(attentions: Sequence[Attention], count: int) -> list[Attention]:
    """Let the last layers read what the last layer of their kind before them has cached.

    Args:
        attentions: One for each layer; those with a window are one kind, those without the other.
        count: Layers that read. Reference: transformers, `num_kv_shared_layers` of Gemma 3n and 4.

    Raises:
        BadCheckpoint: A layer has nobody of its kind to read from.
    """
    own = list(attentions[: max(len(attentions) - count, 0)])
    lenders = {bool(one.window): index for index, one in enumerate(own)}
    shared = []
    for one in attentions[len(own) :]:
        lender = lenders.get(bool(one.window))
        if lender is None or own[lender].narrow != one.narrow:
            raise BadCheckpoint(reason="bad_config", key="num_kv_shared_layers")
        shared.append(replace(one, cache_of=lender))
    return own + shared


@dataclass(frozen=True, slots=True)
class _Projected:
    """Values between projection and attention, each [batch, sequence, heads * head_dim].

    Attributes:
        query: Query; or query, key and value side by side, key and value then being "", as they
            are where a layer reads the cache of another one.
        key: Key.
        value: Value.
        gate: What gates the output, "" for nothing.
    """

    query: str
    key: str = ""
    value: str = ""
    gate: str = ""


def grouped_query_attention(site: Site, x: str, attention: Attention) -> str:
    """Project, norm, rotate, attend causally over the cache, gate, project back.

        x -- qkv_proj -- [norms] --+--> GroupQueryAttention -- [* gate] -- o_proj --> y
        past key/value ------------+            +--> present key/value (the same buffers)

    Args:
        site: Place of the attention.
        x: [batch, sequence, hidden].
        attention: What it is like.

    Returns:
        [batch, sequence, hidden].

    Raises:
        UnsupportedFamily: Heads of a width that no kernel takes.
    """
    g, rope = site.g, attention.rope
    if attention.head_dim % 8:
        option = f"head_dim={attention.head_dim}"
        raise UnsupportedFamily(family="attention", option=option)
    projected = _project(site, x, attention)
    cache = site.rotary(rope) if rope else None
    norm = attention.norm
    if norm and norm.after_rope and cache:
        projected = _rotate(site, projected, attention, cache)  # norms come unpacked
        cache = None
    if norm or attention.value_norm:
        projected = _normed(site, projected, attention)
    if attention.clip:
        projected = _clipped(g, projected, attention.clip)
    if cache and not _can_fuse(cache, attention):
        projected = _rotate(site, _separate(g, projected, attention), attention, cache)
        cache = None
    mixed = attend(site, projected.query, projected.key, projected.value, attention, cache)
    if projected.gate:
        mixed = g.node("Mul", [mixed, g.node("Sigmoid", [projected.gate])], name="Gate")
    fine = site.config.is_small
    output = site.weight(attention.output, site.config.hidden, attention.wide)
    bias = [site.bias(attention.output, site.config.hidden)] if attention.output_bias else []
    return linear(g.at("o_proj"), mixed, [output], site.precision, bias, fine=fine)


def attend(
    site: Site, query: str, key: str, value: str, attention: Attention, cache: RopeCache | None
) -> str:
    """The attention itself: [batch, sequence, heads * head_dim] from queries, keys and values.

    Args:
        site: Place of the attention.
        query: [batch, sequence, heads * head_dim], or all three side by side.
        key: [batch, sequence, kv_heads * head_dim], or "".
        value: The same.
        attention: What it is like.
        cache: Tables of a rotation that is still to be done.
    """
    g = site.g
    if attention.cache_of is None:
        past_key, present_key = _kv_state(site, "key", attention)
        past_value, present_value = _kv_state(site, "value", attention)
        outputs = ["output_0", present_key, present_value]
    else:  # that layer has put this step's rows into its cache already: none are added here
        past_key, past_value = (f"present.{attention.cache_of}.{name}" for name in ("key", "value"))
        key = value = _no_rows(g.at("no_rows"), query, attention)
        outputs = ["output_0"]
    seqlens = g.input("seqlens_k", TensorProto.INT32, ["batch"])
    total = g.input("total_sequence_length", TensorProto.INT32, [])
    attributes: dict[str, Attribute] = {
        "num_heads": attention.heads,
        "kv_num_heads": attention.kv_heads,
        "do_rotary": int(cache is not None),
        "rotary_interleaved": int(cache is not None and cache.interleaved),
    }
    if attention.scale:
        attributes["scale"] = attention.scale
    if attention.softcap:
        attributes["softcap"] = attention.softcap
    if attention.window:
        attributes["local_window_size"] = attention.window
    inputs = [query, key, value, past_key, past_value, seqlens, total]
    inputs += [cache.cos, cache.sin, cache.positions] if cache else ["", "", ""]
    if attention.sinks:
        sinks = site.tensor(attention.sinks, attention.heads).whole()
        g.count_parameters(sinks.size)
        inputs += ["", g.constant("sinks", sinks)]
    while not inputs[-1]:
        inputs.pop()
    return g.nodes(
        "GroupQueryAttention",
        inputs,
        outputs,
        domain=MICROSOFT,
        attributes=attributes,
    )[0]


def _project(site: Site, x: str, attention: Attention) -> _Projected:
    """All projections of x; one product where their forms agree."""
    weights, biases = _weights(site, attention)
    fine, precision = site.config.is_small, site.precision
    sizes = [tensor.rows for tensor in weights]
    if not same_form(weights, precision):
        values = [
            linear(site.g.at(f"{name}_proj"), x, [weight], precision, biases[i : i + 1], fine=fine)
            for i, (name, weight) in enumerate(zip(("q", "k", "v"), weights, strict=False))
        ]
        if attention.gated:
            values[:1] = _split(site.g, values[0], [attention.wide] * 2, name="SplitGate")
    else:
        packed = linear(site.g.at("qkv_proj"), x, weights, precision, biases, fine=fine)
        plain = not (attention.gated or attention.keys_are_values)
        if plain and not attention.norm and not attention.value_norm:
            return _Projected(packed)
        sizes[:1] = [attention.wide] * 2 if attention.gated else sizes[:1]
        values = list(_split(site.g, packed, sizes)) if len(sizes) > 1 else [packed]
    gate = values.pop(1) if attention.gated else ""
    if attention.keys_are_values and len(values) > 1:
        values.append(values[1])
    values += [""] * (3 - len(values))  # a layer that reads another one's cache
    return _Projected(values[0], values[1], values[2], gate)


def _weights(site: Site, attention: Attention) -> tuple[list[Tensor], list[Tensor]]:
    """Weights and biases of query, key and (unless keys are values) value.

    A gated query comes as [head, (query, gate), head_dim] and is put into the order
    [(query, gate), head, head_dim], so that both can be cut out of the product.
    """
    hidden = site.config.hidden
    wide, narrow = attention.wide, attention.narrow
    rows = [wide * (2 if attention.gated else 1), narrow, narrow]
    names = ["q_proj", "k_proj", "v_proj"]
    count = 2 if attention.keys_are_values else 3
    count = 1 if attention.cache_of is not None else count
    if attention.cache_of is not None:
        _pass_by(site)
    rows, names = rows[:count], names[:count]
    if site.has("qkv_proj.weight"):
        whole = site.weight("qkv_proj", sum(rows), hidden)
        ends = np.cumsum(rows).tolist()
        weights = [whole.sliced(end - size, end) for end, size in zip(ends, rows, strict=True)]
    else:
        weights = [site.weight(name, size, hidden) for name, size in zip(names, rows, strict=True)]
    pairs = zip(names, rows, strict=True)
    biases = [site.bias(name, size) for name, size in pairs] if attention.bias else []
    if attention.gated:
        order = np.arange(rows[0]).reshape(attention.heads, 2, -1).swapaxes(0, 1).reshape(-1)
        weights[0] = weights[0].reordered(order)
        if biases:
            values = biases[0].whole()[order]
            biases[0] = replace(biases[0], type="F32", read=lambda _a, _b: values[None])
    return weights, biases


def _pass_by(site: Site) -> None:
    """Note what published files hold even for layers that read the cache of another one."""
    for name in ("k_proj.weight", "k_proj.bias", "v_proj.weight", "v_proj.bias", "k_norm.weight"):
        if site.has(name):
            site.checkpoint.tensor(site.name(name))


def _separate(g: Graph, projected: _Projected, attention: Attention) -> _Projected:
    """The three values of a packed product."""
    if projected.key or attention.cache_of is not None:
        return projected
    sizes = [attention.wide, attention.narrow, attention.narrow]
    return _Projected(*_split(g, projected.query, sizes))


def _split(g: Graph, value: str, sizes: Sequence[int], name: str = "Split") -> tuple[str, ...]:
    outputs = [f"output_{index}" for index in range(len(sizes))]
    inputs = [value, g.shared_integers(sizes)]
    return g.nodes("Split", inputs, outputs, name=name, attributes={"axis": -1})


def _can_fuse(cache: RopeCache, attention: Attention) -> bool:
    """Whether the attention operator can rotate queries and keys itself."""
    return cache.whole and not attention.head_dim % 16 and not cache.rotary_dim % 16


def _rotate(
    site: Site, projected: _Projected, attention: Attention, cache: RopeCache
) -> _Projected:
    query = rotary_embedding(site.g.at("q_rotary"), projected.query, cache, attention.heads)
    if not projected.key:
        return replace(projected, query=query)
    key = rotary_embedding(site.g.at("k_rotary"), projected.key, cache, attention.kv_heads)
    return replace(projected, query=query, key=key)


def _normed(site: Site, projected: _Projected, attention: Attention) -> _Projected:
    if attention.norm:
        query = _norm_heads(site, projected.query, attention.norm.query, attention, attention.heads)
        projected = replace(projected, query=query)
    if attention.norm and projected.key:
        key = _norm_heads(site, projected.key, attention.norm.key, attention, attention.kv_heads)
        projected = replace(projected, key=key)
    if attention.value_norm and projected.value:
        g = site.g.at("v_norm")
        heads = g.node(
            "Reshape", [projected.value, _head_shape(g, attention.head_dim)], name="Heads"
        )
        ones = g.constant("ones", np.ones(attention.head_dim, np.float32))
        normed = normalize(g, heads, ones, site.config.norm_eps)
        flat = g.node("Reshape", [normed, g.shared_integers([0, 0, attention.narrow])], name="Flat")
        projected = replace(projected, value=flat)
    return projected


def _clipped(g: Graph, projected: _Projected, bound: float) -> _Projected:
    low, high = (g.constant(name, np.float32(x)) for name, x in (("low", -bound), ("high", bound)))
    query, key, value = (
        g.node("Clip", [part, low, high], name=f"Clip{name}") if part else ""
        for name, part in (("Q", projected.query), ("K", projected.key), ("V", projected.value))
    )
    return replace(projected, query=query, key=key, value=value)


def _norm_heads(site: Site, x: str, name: str, attention: Attention, heads: int) -> str:
    """X [batch, sequence, heads * head_dim] normed over each head, or over all of them."""
    place, width = site.at(name), heads * attention.head_dim
    if attention.norm and attention.norm.whole:
        return rms_norm(place, x, width)
    g = place.g
    split = g.node("Reshape", [x, _head_shape(g, attention.head_dim)], name="Heads")
    normed = rms_norm(place, split, attention.head_dim)
    return g.node("Reshape", [normed, g.shared_integers([0, 0, width])], name="Flat")


def _head_shape(g: Graph, head_dim: int) -> str:
    return g.shared_integers([0, 0, -1, head_dim])


def _no_rows(g: Graph, query: str, attention: Attention) -> str:
    """Keys of no tokens: [batch, 0, kv_heads * head_dim]."""
    zero = g.shared_integers([0])
    cut = g.node("Slice", [query, zero, zero, g.shared_integers([1])])
    return g.node("Reshape", [cut, g.shared_integers([0, 0, attention.narrow])])


def _kv_state(site: Site, name: str, attention: Attention) -> tuple[str, str]:
    spec = StateSpec(
        input_name=f"past_key_values.{site.layer}.{name}",
        output_name=f"present.{site.layer}.{name}",
        dtype="float32",
        shape=("batch", attention.kv_heads, "capacity", attention.head_dim),
        growth_axis=2,
        kind="kv",
        rollback=True,
    )
    site.g.state(spec)
    return spec.input_name, spec.output_name
