"""Multi-head latent attention (DeepSeek-V2, 2024, section 2.1) over the compressed cache.

What is kept of a token is one latent and one rotated key for all heads together. Keys and values of
a head are linear in the latent, so they are never made: the key's matrix moves to the query, the
value's behind the weighted sum (section 2.1.2, "absorbed").

    q_nope [h, n] -- W_UK --> [h, lora] --+-- . latents^T --+
    q_rope [h, r] -- rotate --------------+-- . keys^T -----+-- softmax -- . latents -- W_UV --> y

Reading the cache is what decoding costs. Heads are rows of one product, so that the cache is read
once for all of them; two buffers instead of one with a slice let both products run on whole rows;
and the second product is cut into pieces of the cache, which threads share better than columns.
tests/perf/bench_latent_attention.py compares the ways that were tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from engine.builder.blocks.layers import Block, Layer, pre_norm_block
from engine.builder.blocks.linear import linear, same_form
from engine.builder.blocks.norm import Stream, rms_norm
from engine.builder.blocks.rope import rotary_embedding
from engine.builder.blocks.site import Site
from engine.builder.checkpoint import Tensor
from engine.builder.graph import MICROSOFT, Graph
from engine.builder.rope_config import RopeConfig, yarn_mscale
from engine.types import StateSpec

_LATENT_EPS: Final = 1e-6
"""Of the norms inside the attention, whatever the config says about the others."""

_PIECE: Final = 64
"""Tokens of the cache that one thread sums at a time when a single token is read."""


@dataclass(frozen=True, slots=True)
class LatentAttention:
    """One layer's attention.

    Attributes:
        heads: Number of heads.
        nope: Width of a head's query and key without position.
        rope: Rotation of the rest of them.
        value: Width of a head's value.
        lora: Width of the latent.
        query_lora: Width of the query's own latent, 0 for none.
        bias: Whether the projections from and to the residual stream have biases; a query without
            a latent never has one.
    """

    heads: int
    nope: int
    rope: RopeConfig
    value: int
    lora: int
    query_lora: int = 0
    bias: bool = False

    @property
    def rotary(self) -> int:
        """Width of a head's query, and of the common key, that rotates."""
        return self.rope.rotary_dim

    @property
    def query_rows(self) -> int:
        """Width of all queries."""
        return self.heads * (self.nope + self.rotary)

    @property
    def scale(self) -> float:
        """What multiplies the scores; YaRN's part of it is DeepSeek's own."""
        growth = 1.0
        if self.rope.mscale_all_dim:
            growth = yarn_mscale(self.rope.factor, self.rope.mscale_all_dim)
        return float((self.nope + self.rotary) ** -0.5 * growth * growth)


@dataclass(frozen=True, slots=True)
class _Projected:
    """Values that come out of the projections.

    Attributes:
        nope: [batch, sequence, heads * nope], queries without position.
        rope: [batch, sequence, heads * rotary], queries to rotate.
        key: [batch, sequence, rotary], the key to rotate.
        latent: [batch, sequence, lora], not normed yet.
    """

    nope: str
    rope: str
    key: str
    latent: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """Values that all layers share.

    Attributes:
        cells: [batch, sequence, 2] int64, where the cache takes the new tokens.
        mask: [batch, 1, sequence, capacity] float32, minus infinity where a query must not look.
        heads_apart: Shape that makes [batch, heads, sequence, capacity] of scores.
        weights_pieces: Shape that makes [batch, heads * sequence, pieces, piece] of them again.
        latents_pieces: Shape that makes [batch, pieces, piece, lora] of [batch, capacity, lora].
    """

    cells: str
    mask: str
    heads_apart: str
    weights_pieces: str
    latents_pieces: str


def latent_attention(site: Site, x: str, attention: LatentAttention) -> str:
    """Project, extend the cache, attend over it, project back.

    Args:
        site: Place of the attention.
        x: [batch, sequence, hidden].
        attention: What it is like.

    Returns:
        [batch, sequence, hidden].

    Raises:
        BadCheckpoint: A tensor is missing or has another shape.
    """
    g, tables = site.g, site.rotary(attention.rope)
    projected = _project(site, x, attention)
    latent = rms_norm(site.at("kv_a_layernorm"), projected.latent, attention.lora, _LATENT_EPS)
    key = rotary_embedding(g.at("k_rotary"), projected.key, tables, 1)
    rotated = rotary_embedding(g.at("q_rotary"), projected.rope, tables, attention.heads)
    past_latent, present_latent = _state(site, "latent", attention.lora)
    past_key, present_key = _state(site, "key", attention.rotary)
    frame = site.once("latent_frame", lambda g: _frame(g, past_latent, attention))
    latents = g.nodes(
        "ScatterND", [past_latent, frame.cells, latent], [present_latent], name="KeepLatent"
    )[0]
    keys = g.nodes("ScatterND", [past_key, frame.cells, key], [present_key], name="KeepKey")[0]
    absorb_key, absorb_value = _absorbed(site, attention)
    nope = _heads_first(g.at("nope"), projected.nope, attention.nope)
    query = g.node("MatMul", [nope, absorb_key], name="AbsorbKey")  # [b, heads, s, lora]
    nope = _join_heads(g.at("latent_query"), query, attention.lora)
    rope = _heads_first(g.at("rope"), rotated, attention.rotary)
    rope = _join_heads(g.at("rope_query"), rope, attention.rotary)
    weights = _weigh(g, (nope, rope), (latents, keys), frame, attention.scale)
    mixed = _mix(g, weights, latents, frame)  # [b, heads * s, lora]
    apart = g.shared_integers([0, attention.heads, -1, attention.lora])
    mixed = g.node("Reshape", [mixed, apart], name="HeadsApart")
    values = g.node("MatMul", [mixed, absorb_value], name="AbsorbValue")  # [b, heads, s, value]
    values = g.node("Transpose", [values], attributes={"perm": [0, 2, 1, 3]})
    wide = attention.heads * attention.value
    flat = g.node("Reshape", [values, g.shared_integers([0, 0, wide])], name="Flatten")
    output = site.weight("o_proj", site.config.hidden, wide)
    biases = [site.bias("o_proj", site.config.hidden)] if attention.bias else []
    fine = site.config.is_small
    return linear(g.at("o_proj"), flat, [output], site.precision, biases, fine=fine)


def latent_layers(attention: LatentAttention, feed_forward: Block) -> Layer:
    """Blocks with latent attention before each feed-forward layer."""

    def layer(site: Site, stream: Stream) -> Stream:
        def attend(site: Site, x: str) -> str:
            return latent_attention(site.at("self_attn", "attn"), x, attention)

        return pre_norm_block(site, stream, attend, feed_forward)

    return layer


def _weigh(
    g: Graph, query: tuple[str, str], cache: tuple[str, str], frame: _Frame, scale: float
) -> str:
    """Softmax of the scores of every query over the cache: [batch, heads, sequence, capacity].

    Args:
        g: Place of the attention.
        query: For latents and for keys, [batch, heads * sequence, lora] and [..., rotary].
        cache: Latents and keys, [batch, capacity, lora] and [..., rotary].
        frame: What the step is like.
        scale: Multiplies the scores.
    """
    attributes = {"transB": 1, "alpha": scale}
    parts = [
        g.node("FusedMatMul", pair, name=name, domain=MICROSOFT, attributes=attributes)
        for name, *pair in zip(("ScoreLatent", "ScoreKey"), query, cache, strict=True)
    ]
    scores = g.node("Reshape", [g.node("Add", parts, name="Score"), frame.heads_apart])
    seen = g.node("Add", [scores, frame.mask], name="Mask")
    return g.node("Softmax", [seen], attributes={"axis": -1})


def _mix(g: Graph, weights: str, latents: str, frame: _Frame) -> str:
    """Weighted sums of the latents, piece by piece: [batch, heads * sequence, lora].

    weights [b, rows, pieces, piece] -- Transpose --+
    latents [b, pieces, piece, lora] ---------------+-- MatMul [b, pieces, rows, lora] -- sum
    """
    g = g.at("mix")
    left = g.node("Reshape", [weights, frame.weights_pieces], name="WeightsPieces")
    left = g.node("Transpose", [left], attributes={"perm": [0, 2, 1, 3]})
    right = g.node("Reshape", [latents, frame.latents_pieces], name="LatentsPieces")
    sums = g.node("MatMul", [left, right])
    return g.node("ReduceSum", [sums, g.shared_integers([1])], attributes={"keepdims": 0})


def _project(site: Site, x: str, attention: LatentAttention) -> _Projected:
    """All projections.

        x -- qkv_a_proj --+-- key, latent
                          +-- query, or its latent -- norm -- q_b_proj -- query

    A query's rows come as [head, (nope, rope)] and are put into the order [(nope, rope), head], so
    that both parts of all heads are cut out at once.
    """
    g, hidden, bias = site.g, site.config.hidden, attention.bias
    first = "q_a_proj" if attention.query_lora else "q_proj"
    rows = attention.query_lora or attention.query_rows
    query = site.weight(first, rows, hidden)
    if not attention.query_lora:
        query = _parts_first(query, attention)
    cached = site.weight("kv_a_proj_with_mqa", attention.lora + attention.rotary, hidden)
    biases = [[site.bias("kv_a_proj_with_mqa", cached.rows)]] if bias else [[]]
    biases.insert(0, [site.bias(first, rows)] if bias and attention.query_lora else [])
    sizes = [attention.lora, attention.rotary]
    made = _stacked(site, x, ((query, biases[0]), (cached, biases[1])), rows, sizes)
    latent, key, asked = made
    if attention.query_lora:
        normed = rms_norm(site.at("q_a_layernorm"), asked, attention.query_lora, _LATENT_EPS)
        up = _parts_first(site.weight("q_b_proj", attention.query_rows, rows), attention)
        fine = site.config.is_small
        asked = linear(g.at("q_b_proj"), normed, [up], site.precision, fine=fine)
    parts = [attention.heads * attention.nope, attention.heads * attention.rotary]
    nope, rope = _split(g, asked, parts, "SplitQuery")
    return _Projected(nope, rope, key, latent)


def _stacked(
    site: Site,
    x: str,
    layers: tuple[tuple[Tensor, list[Tensor]], tuple[Tensor, list[Tensor]]],
    rows: int,
    sizes: list[int],
) -> tuple[str, str, str]:
    """Latent, key and query side; one product where the two layers can be one."""
    (query, query_bias), (cached, cached_bias) = layers
    g, precision, fine = site.g, site.precision, site.config.is_small
    if same_form((query, cached), precision) and len(query_bias) == len(cached_bias):
        place, biases = g.at("qkv_a_proj"), [*query_bias, *cached_bias]
        both = linear(place, x, [query, cached], precision, biases, fine=fine)
        asked, latent, key = _split(g, both, [rows, *sizes], "SplitJoint")
        return latent, key, asked
    asked = linear(g.at("q_proj"), x, [query], precision, query_bias, fine=fine)
    kept = linear(g.at("kv_a_proj"), x, [cached], precision, cached_bias, fine=fine)
    latent, key = _split(g, kept, sizes, "SplitCached")
    return latent, key, asked


def _parts_first(query: Tensor, attention: LatentAttention) -> Tensor:
    """Rows [head, (nope, rope)] in the order [(nope, rope), head]."""
    rows = np.arange(query.rows).reshape(attention.heads, -1)
    nope, rope = rows[:, : attention.nope], rows[:, attention.nope :]
    return query.reordered(np.concatenate([nope.reshape(-1), rope.reshape(-1)]))


def _absorbed(site: Site, attention: LatentAttention) -> tuple[str, str]:
    """W_UK [heads, nope, lora] and W_UV [heads, lora, value], cut out of `kv_b_proj`.

    They stay float32 in the file at every number of bits: blocks of the source run along the latent
    and the first product sums over rows, so a 4-bit kernel cannot take them as they are; a batch of
    float matrices is used where it lies in the mapped file, while smaller floats would have to be
    converted into anonymous memory at load (8 MB a layer for V2-Lite, 67 MB for V3: 1-2 % of the
    bundle).
    """
    g, heads, lora = site.g, attention.heads, attention.lora
    both = attention.nope + attention.value
    tensor = site.weight("kv_b_proj", heads * both, lora)

    def chunks() -> Iterator[tuple[NDArray[np.float32], ...]]:
        for start in range(0, heads * both, both):
            rows = tensor.floats(start, start + both)
            yield rows[: attention.nope], rows[attention.nope :].T

    g.count_parameters(heads * both * lora)
    g.count_linear(heads * both * lora, 32)
    key_bytes, value_bytes = (heads * size * lora * 4 for size in (attention.nope, attention.value))
    key, value = g.reserve([key_bytes, value_bytes], chunks)
    place = g.at("kv_b_proj")
    return (
        place.weight("key", TensorProto.FLOAT, [heads, attention.nope, lora], key),
        place.weight("value", TensorProto.FLOAT, [heads, lora, attention.value], value),
    )


def _state(site: Site, name: str, width: int) -> tuple[str, str]:
    """Declare one half of the cache and return its names before and after."""
    spec = StateSpec(
        input_name=f"past_key_values.{site.layer}.{name}",
        output_name=f"present.{site.layer}.{name}",
        dtype="float32",
        shape=("batch", "capacity", width),
        growth_axis=1,
        kind="latent",
        rollback=True,
    )
    site.g.state(spec)
    return spec.input_name, spec.output_name


def _frame(g: Graph, past: str, attention: LatentAttention) -> _Frame:
    """What all layers need to know about the step; `past` is one layer's latents.

    position_ids [b, s] --+-- (row of the batch, position) --> cells
                          +-- < 0 .. capacity - 1 -----------> mask
    """
    positions = g.input("position_ids", TensorProto.INT64, ["batch", "sequence"])
    zero, one = g.constant("zero", np.int64(0)), g.constant("one", np.int64(1))
    same, rest = g.shared_integers([0]), g.shared_integers([-1])
    batch = g.node("Shape", [positions], name="Batch", attributes={"start": 0, "end": 1})
    rows = g.node("Range", [zero, g.node("Squeeze", [batch]), one], name="Rows")
    rows = g.node("Unsqueeze", [rows, rest], name="RowsApart")  # [batch, 1]
    rows = g.node("Expand", [rows, g.node("Shape", [positions], name="Step")])
    pairs = [
        g.node("Unsqueeze", [value, rest], name=name)
        for name, value in (("CellRows", rows), ("CellColumns", positions))
    ]
    cells = g.node("Concat", pairs, name="Cells", attributes={"axis": -1})
    capacity = g.node("Shape", [past], name="Capacity", attributes={"start": 1, "end": 2})
    slots = g.node("Range", [zero, g.node("Squeeze", [capacity], name="End"), one], name="Slots")
    query = g.node("Unsqueeze", [positions, g.shared_integers([1, 3])], name="Queries")
    later = g.node("Greater", [slots, query])  # [batch, 1, sequence, capacity]
    closed = g.constant("closed", np.float32(-np.inf))
    mask = g.node("Where", [later, closed, g.constant("open", np.float32(0))], name="Mask")
    length = g.node("Shape", [positions], name="Length", attributes={"start": 1, "end": 2})
    piece = _piece(g, length, capacity)
    pieces = g.node("Div", [capacity, piece], name="Pieces")
    heads, lora = g.shared_integers([attention.heads]), g.shared_integers([attention.lora])
    shapes = (
        ("HeadsApart", [same, heads, length, capacity]),
        ("WeightsPieces", [same, rest, pieces, piece]),
        ("LatentsPieces", [same, pieces, piece, lora]),
    )
    made = [g.node("Concat", parts, name=name, attributes={"axis": 0}) for name, parts in shapes]
    return _Frame(cells, mask, *made)


def _piece(g: Graph, length: str, capacity: str) -> str:
    """How many tokens a piece of the cache has, [1]: all where several tokens are read at once.

    Their sums would take more memory then than cutting saves time.
    """
    size = g.shared_integers([_PIECE])
    single = g.node("Equal", [length, g.shared_integers([1])], name="IsSingle")
    left = g.node("Mod", [capacity, size])
    even = g.node("Equal", [left, g.shared_integers([0])], name="IsEven")
    return g.node("Where", [g.node("And", [single, even]), size, capacity], name="Piece")


def _heads_first(g: Graph, value: str, width: int) -> str:
    """[batch, sequence, heads * width] -> [batch, heads, sequence, width]."""
    apart = g.node("Reshape", [value, g.shared_integers([0, 0, -1, width])])
    return g.node("Transpose", [apart], attributes={"perm": [0, 2, 1, 3]})


def _join_heads(g: Graph, value: str, width: int) -> str:
    """[batch, heads, sequence, width] -> [batch, heads * sequence, width]."""
    return g.node("Reshape", [value, g.shared_integers([0, -1, width])])


def _split(g: Graph, value: str, sizes: list[int], name: str) -> tuple[str, ...]:
    outputs = [f"output_{index}" for index in range(len(sizes))]
    inputs = [value, g.shared_integers(sizes)]
    return g.nodes("Split", inputs, outputs, name=name, attributes={"axis": -1})
