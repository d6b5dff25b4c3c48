"""Experts one by one, for what `QMoE` cannot say: any storage, activation and width.

Every pair of a token and a chosen expert is a row. Rows are sorted by expert, so that each expert
multiplies one slice; one that nobody chose multiplies an empty slice, which costs microseconds.

    x -- rows by expert -- Split -+- gate_up 0 -+- Concat -- gate -- Split -+- down 0 -+- Concat
                                  +- gate_up 1 -+                           +- down 1 -+    |
                                  :             :                           :          :    |
    y <-- sum over k <-- * weights <-- rows by token <--------------------------------------+

Measured on one thread with 128 experts, 8 of them chosen (resources/benchmarks/expert_graphs.json):
one token takes 1.2 times as long as with `QMoE` and the same weights, 1.5 with minima, 128 tokens
1.0 to 1.2 times; memory is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from engine.builder.blocks.expert_weights import ExpertWeights, Gating
from engine.builder.blocks.linear import block_sums, is_narrow, join_rows, project, split_rows
from engine.builder.blocks.mlp import activate
from engine.builder.blocks.routing import Routed
from engine.builder.blocks.site import Site
from engine.builder.blocks.storage import Form, Storage, store
from engine.builder.checkpoint import Tensor
from engine.builder.graph import MICROSOFT, Graph


def grouped_experts(
    site: Site,
    x: str,
    routed: Routed,
    weights: Sequence[ExpertWeights],
    *,
    forms: tuple[Form, Form],
    gating: Gating,
) -> str:
    """Add the graph.

    Args:
        site: Place of the experts.
        x: [batch, sequence, hidden].
        routed: What the router decided.
        weights: All experts.
        forms: Of gate and up, and of down.
        gating: Constants of SwiGLU.

    Returns:
        [batch, sequence, hidden].
    """
    g, hidden = site.g, site.config.hidden
    order = _sort(g.at("order"), routed, len(weights))
    tokens = g.node("Reshape", [x, g.shared_integers([1, -1, hidden])], name="Tokens")
    rows = g.node("Gather", [tokens, order.tokens], name="ByExpert", attributes={"axis": 1})
    biases = [one.biases for one in weights]
    both = _each(
        site.at("", "gate_up_proj"),
        rows,
        order,
        [(one.gate, one.up) for one in weights],
        [np.concatenate(bias[:2]) for bias in biases if bias],
        forms[0],
    )
    product = _gate(g, both, site, gating)
    made = _each(
        site.at("", "down_proj"),
        product,
        order,
        [(one.down,) for one in weights],
        [bias[2] for bias in biases if bias],
        forms[1],
    )
    restored = g.node("Gather", [made, order.places], name="ByToken", attributes={"axis": 1})
    shape = g.shared_integers([-1, routed.top_k, hidden])
    restored = g.node("Reshape", [restored, shape], name="Choices")  # [tokens, k, hidden]
    total = g.node("MatMul", [order.weights, restored])  # [tokens, 1, hidden]
    return g.node("Reshape", [total, g.node("Shape", [x])], name="Restore")


@dataclass(frozen=True, slots=True)
class _Order:
    """How pairs of token and expert are sorted.

    Attributes:
        tokens: [pairs] int64, the token of each pair, sorted by expert.
        places: [pairs] int64, where the pairs of each token went.
        counts: [experts] int64, pairs of each expert.
        weights: [tokens, 1, k], what each token's choices count.
        experts: Number of experts.
    """

    tokens: str
    places: str
    counts: str
    weights: str
    experts: int


def _sort(g: Graph, routed: Routed, experts: int) -> _Order:
    axis = {"axis": -1}
    _, chosen = g.nodes(
        "TopK",
        [routed.probs, g.shared_integers([routed.top_k])],
        ["values", "indices"],
        attributes={**axis, "sorted": 0},
    )
    weights = g.node("GatherElements", [routed.weights, chosen], attributes=axis)
    pairs = g.node("Reshape", [chosen, g.shared_integers([-1])])
    count = g.node("Shape", [pairs])
    upwards = {"axis": 0, "largest": 0, "sorted": 1}
    by_expert, source = g.nodes(
        "TopK", [pairs, count], ["values", "indices"], name="Sort", attributes=upwards
    )
    _, places = g.nodes(
        "TopK", [source, count], ["values", "indices"], name="Invert", attributes=upwards
    )
    numbers = g.constant("experts", np.arange(experts, dtype=np.int64)[:, None])
    mine = g.node("Equal", [by_expert, numbers])  # [experts, pairs]
    mine = g.node("Cast", [mine], attributes={"to": TensorProto.INT64})
    last = g.shared_integers([-1])
    return _Order(
        tokens=g.node("Div", [source, g.constant("top_k", np.int64(routed.top_k))]),
        places=places,
        counts=g.node("ReduceSum", [mine, last], attributes={"keepdims": 0}),
        weights=g.node("Unsqueeze", [weights, g.shared_integers([1])]),
        experts=experts,
    )


def _each(
    site: Site,
    rows: str,
    order: _Order,
    weights: Sequence[tuple[Tensor, ...]],
    biases: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.float32]]],
    form: Form,
) -> str:
    """Each expert's product with its own rows: [1, pairs, columns] -> [1, pairs, rows]."""
    g, small, is_bytes = site.g, site.config.is_small, form.storage is Storage.INT8
    site.precision.note(g.path, [part for one in weights for part in one], form)
    places = [g.at(str(index)) for index in range(len(weights))]
    stored = [store(place, one, form) for place, one in zip(places, weights, strict=True)]
    whole = stored[0].columns % form.block_size == 0
    halves = small and whole and is_bytes and is_narrow(stored[0])
    if halves:
        rows = split_rows(g.at("split"), rows, stored[0])  # [2, pairs, columns]
    sums = [""] * len(weights)
    if form.storage is Storage.INT4_OFFSET:
        sums = _split(g.at("sums"), block_sums(g.at("sums"), rows, stored[0]), order)
    made = []
    parts = zip(places, _split(g, rows, order), sums, stored, strict=True)
    for index, (place, part, part_sums, weight) in enumerate(parts):
        g.count_linear(weight.rows * weight.columns, form.storage.bits)
        bias = ""
        if biases:
            g.count_parameters(weight.rows)
            bias = place.constant("bias", biases[index] / np.float32(1 + halves))
        fine = small and form.storage.bits == 4
        made.append(project(place, part, weight, bias, fine=fine, sums=part_sums))
    y = g.node("Concat", made, attributes={"axis": 1})
    return join_rows(g, y) if halves else y


def _split(g: Graph, rows: str, order: _Order) -> list[str]:
    """Each expert's rows: [1, pairs, columns] -> experts x [1, its pairs, columns]."""
    outputs = [f"output_{index}" for index in range(order.experts)]
    return list(g.nodes("Split", [rows, order.counts], outputs, attributes={"axis": 1}))


def _gate(g: Graph, both: str, site: Site, gating: Gating) -> str:
    """activation(gate) * up: [1, pairs, 2 * width] -> [1, pairs, width]."""
    gate, up = g.nodes("Split", [both], ["gate", "up"], attributes={"axis": -1, "num_outputs": 2})
    if gating.limit:
        limit = g.constant("limit", np.float32(gating.limit))
        floor = g.constant("floor", np.float32(-gating.limit))
        gate = g.node("Min", [gate, limit])
        up = g.node("Clip", [up, floor, limit])
    if gating.beta:
        up = g.node("Add", [up, g.constant("beta", np.float32(gating.beta))])
    if gating.alpha != 1:
        active = g.node("QuickGelu", [gate], domain=MICROSOFT, attributes={"alpha": gating.alpha})
    else:
        active = activate(g, gate, site.config.activation)
    return g.node("Mul", [active, up])
