"""Exported key-value caches, kept in place.

An exported decoder takes the past, appends the new keys and returns a longer tensor:

    past [b, h, p, d] ---+
    new [b, h, s, d] -- Concat --> present [b, h, p + s, d] --> attention

Ours takes a buffer with room to spare, bound as input and output, and writes into it:

    buffer [b, h, capacity, d] --+
    new [b, h, s, d] ------- ScatterND --> buffer -- Slice(:p + s) --> attention

The slice copies the valid part once a layer and step, which is what the Concat did too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from onnx import NodeProto, TensorProto

from engine.builder.convert.exported import ExportedGraph
from engine.builder.graph import Graph
from engine.errors import UnsupportedFamily
from engine.types import StateSpec

_PAST: Final = re.compile(r"past_key_values\.(\d+)\.(key|value)")
_SEQUENCE_AXIS: Final = 2


@dataclass(frozen=True, slots=True)
class Lengths:
    """Values that say how far the conversation has come.

    Attributes:
        past: [1] int64, tokens read before.
        total: [1] int64, tokens read after this step.
        positions: [sequence] int64, where the new tokens stand.
        batch: [1] int64.
    """

    past: str
    total: str
    positions: str
    batch: str


@dataclass(frozen=True, slots=True)
class CacheShape:
    """Layers and, where all have the same, heads and width of the cache."""

    layers: int
    heads: int
    width: int


def declare_lengths(g: Graph, ids: str) -> Lengths:
    """Lengths from the runtime's inputs: ids [batch, sequence], `total_sequence_length`."""
    total = g.input("total_sequence_length", TensorProto.INT32, [])
    total = g.node("Cast", [total], attributes={"to": TensorProto.INT64})
    total = g.node("Reshape", [total, g.shared_integers([1])], name="Total")
    batch = g.node("Shape", [ids], name="Batch", attributes={"start": 0, "end": 1})
    new = g.node("Shape", [ids], name="New", attributes={"start": 1, "end": 2})
    past = g.node("Sub", [total, new], name="Past")
    start, stop = (
        g.node("Squeeze", [value], name=n) for value, n in ((past, "From"), (total, "To"))
    )
    one = g.constant("one", np.int64(1))
    positions = g.node("Range", [start, stop, one], name="Positions")
    return Lengths(past, total, positions, batch)


def keep_in_place(exported: ExportedGraph, lengths: Lengths, family: str) -> CacheShape:
    """Replace every past and present by a state.

    Raises:
        UnsupportedFamily: The cache is not a plain one that grows.
    """
    layers: set[int] = set()
    shapes: set[tuple[int, ...]] = set()
    cells: dict[int, str] = {}
    for name, shape in exported.inputs.items():
        match = _PAST.fullmatch(name)
        if match is None:
            continue
        concat = _appending(exported, name, f"present.{match[1]}.{match[2]}")
        if concat is None or len(shape) != 4 or 0 in (shape[1], shape[3]):
            raise UnsupportedFamily(family=family, option=f"cache {name}")
        heads, width = shape[1], shape[3]
        g = exported.g.at(f"cache/layers.{match[1]}/{match[2]}")
        if heads not in cells:
            cells[heads] = _cells(exported.g.at(f"cache/cells_{heads}"), lengths, heads)
        _replace(exported, g, concat, (heads, width), cells[heads], lengths)
        layers.add(int(match[1]))
        shapes.add((heads, width))
    if not layers:
        raise UnsupportedFamily(family=family, option="cache")
    heads, width = max(shapes)
    return CacheShape(len(layers), heads, width)


def _appending(exported: ExportedGraph, past: str, present: str) -> NodeProto | None:
    """The node that appends to the past along the sequence and makes the present."""
    node = exported.producer(present)
    if node is None or node.op_type != "Concat" or list(node.input)[:1] != [past]:
        return None
    axis = next(attribute.i for attribute in node.attribute if attribute.name == "axis")
    return node if len(node.input) == 2 and axis in (_SEQUENCE_AXIS, -2) else None


def _replace(
    exported: ExportedGraph,
    g: Graph,
    concat: NodeProto,
    size: tuple[int, int],
    cells: str,
    lengths: Lengths,
) -> None:
    past, new, present = concat.input[0], concat.input[1], concat.output[0]
    spec = StateSpec(
        input_name=past,
        output_name=present,
        dtype="float32",
        shape=("batch", size[0], "capacity", size[1]),
        growth_axis=_SEQUENCE_AXIS,
        kind="kv",
        rollback=True,
    )
    exported.remove(concat)
    exported.g.state(spec)
    begin, axis = g.shared_integers([0]), g.shared_integers([_SEQUENCE_AXIS])
    if exported.is_read(past):  # mostly to ask how long it is
        valid = g.node("Slice", [past, begin, lengths.past, axis], name="Past")
        exported.redirect(past, valid)
    g.nodes("ScatterND", [past, cells, new], [present])
    exported.redirect(present, g.node("Slice", [present, begin, lengths.total, axis]))


def _cells(g: Graph, lengths: Lengths, heads: int) -> str:
    """Where new keys go: [batch, heads, sequence, 3] of (row, head, position)."""
    zero, one = g.constant("zero", np.int64(0)), g.constant("one", np.int64(1))
    end = g.node("Squeeze", [lengths.batch], name="End")
    rows = g.node("Range", [zero, end, one], name="Rows")
    axes = {
        "rows": (rows, [-1, 1, 1, 1]),
        "heads": (g.constant("heads", np.arange(heads)), [1, -1, 1, 1]),
        "positions": (lengths.positions, [1, 1, -1, 1]),
    }
    apart = {
        name: g.at(name).node("Reshape", [value, g.shared_integers(shape)])
        for name, (value, shape) in axes.items()
    }
    length = g.node("Shape", [lengths.positions], name="Length")
    whole = g.node(
        "Concat",
        [lengths.batch, g.shared_integers([heads]), length, g.shared_integers([1])],
        name="Whole",
        attributes={"axis": 0},
    )
    wide = [g.at(name).node("Expand", [value, whole]) for name, value in apart.items()]
    return g.node("Concat", wide, attributes={"axis": -1})
