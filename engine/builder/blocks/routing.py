"""Routing: which experts a token goes to, and how much each of them counts.

Two values leave a router, both [tokens, experts]: what experts are chosen by (the k largest of a
row) and what the chosen ones are weighted with. They differ as soon as a correction bias or groups
of experts take part in the choice only.

    x -- router -- scoring --+-- + correction -- groups --> probs
                             +-- / sum of the chosen -- * scale --> weights

Everything is computed in float32: the choice hangs on small differences.
References: Shazeer et al. 2017; DeepSeek-V2 and V3 (2024); transformers, the `TopKRouter` of each
family's modeling file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.builder.blocks.linear import linear
from engine.builder.blocks.site import Site
from engine.builder.blocks.storage import Precision
from engine.builder.fields import Fields
from engine.builder.graph import Graph
from engine.errors import BadCheckpoint

EXPERT_KEYS: Final = ("num_experts", "num_local_experts", "n_routed_experts")

Scoring = Literal["softmax", "softmax_of_chosen", "sigmoid"]


@dataclass(frozen=True, slots=True)
class Routing:
    """How a family routes. Tensor names are relative to the mixture's place.

    Attributes:
        experts: Number of experts.
        top_k: Experts a token goes to.
        gate: Stem of the router's weight [experts, hidden].
        bias: Whether the router has a bias [experts].
        scoring: "softmax" over all experts, "softmax_of_chosen" over the k largest logits,
            "sigmoid" of each logit.
        correction: Name of the tensor of `experts` numbers added for the choice only; "" for none.
        groups: Groups of neighbouring experts; 1 for no groups.
        top_groups: Groups that may be chosen from.
        group_score: What ranks a group: its largest score ("max", DeepSeek-V2) or the sum of its
            two largest ("top2_sum", DeepSeek-V3).
        renormalize: Whether the weights of the chosen experts are divided by their sum.
        epsilon: Added to that sum.
        minimum: Least value of that sum.
        scale: Factor of the weights.
        expert_scale: Name of a tensor of `experts` factors of the weights; "" for none.
    """

    experts: int
    top_k: int
    gate: str = "gate"
    bias: bool = False
    scoring: Scoring = "softmax"
    correction: str = ""
    groups: int = 1
    top_groups: int = 1
    group_score: Literal["max", "top2_sum"] = "top2_sum"
    renormalize: bool = False
    epsilon: float = 0.0
    minimum: float = 0.0
    scale: float = 1.0
    expert_scale: str = ""

    def __post_init__(self) -> None:
        """Raise BadCheckpoint where fewer experts may be chosen from than are to be chosen."""
        size, rest = divmod(self.experts, self.groups)
        if rest or not 1 <= self.top_groups <= self.groups:
            raise BadCheckpoint(reason="bad_config", key="n_group")
        if not 1 <= self.top_k <= size * self.top_groups:
            raise BadCheckpoint(reason="bad_config", key="num_experts_per_tok")


@dataclass(frozen=True, slots=True)
class Routed:
    """What a router decided.

    Attributes:
        probs: [tokens, experts]; the `top_k` largest of a row are chosen.
        weights: [tokens, experts]; those at the chosen experts count.
        top_k: Experts a token goes to.
    """

    probs: str
    weights: str
    top_k: int


def read_experts(
    fields: Fields, default: int | None = None, keys: tuple[str, ...] = EXPERT_KEYS
) -> int:
    """Number of routed experts, under whichever of its names a config has. Raises BadCheckpoint."""
    published = {fields.integer(key) for key in keys if fields.has(key)}
    if len(published) > 1:
        raise BadCheckpoint(reason="bad_config", key=keys[0])
    return published.pop() if published else fields.integer(keys[0], default)


def route(site: Site, x: str, routing: Routing) -> Routed:
    """Score all experts for each token.

    Args:
        site: Place of the mixture.
        x: [batch, sequence, hidden] or [tokens, hidden].
        routing: The family's rule.

    Raises:
        BadCheckpoint: A tensor is missing or has another shape.
    """
    g = site.g.at("router")
    gate = site.weight(routing.gate, routing.experts, site.config.hidden)
    biases = [site.bias(routing.gate, routing.experts)] if routing.bias else []
    logits = linear(g, x, [gate], Precision(32, 32), biases)
    logits = g.node("Reshape", [logits, g.shared_integers([-1, routing.experts])])
    if routing.scoring == "softmax_of_chosen":
        return Routed(logits, _softmax_of_chosen(g, logits, routing), routing.top_k)
    scoring = "Softmax" if routing.scoring == "softmax" else "Sigmoid"
    scores = g.node(scoring, [logits])  # [tokens, experts]
    probs = scores
    if routing.correction:
        correction = _numbers(site, routing.correction, routing.experts)
        probs = g.node("Add", [scores, g.constant("correction", correction)], name="Correct")
    if routing.top_groups < routing.groups:
        probs = _mask_groups(g.at("groups"), probs, routing)
    return Routed(probs, _weigh(site, g, scores, probs, routing), routing.top_k)


def _softmax_of_chosen(g: Graph, logits: str, routing: Routing) -> str:
    """exp(logit - log of the sum of exp over the chosen): their softmax, at every expert."""
    chosen, _ = _top(g, logits, routing.top_k)
    total = g.node("ReduceLogSumExp", [chosen, g.shared_integers([-1])])  # [tokens, 1]
    return g.node("Exp", [g.node("Sub", [logits, total])])


def _mask_groups(g: Graph, probs: str, routing: Routing) -> str:
    """Put minus infinity at every expert outside the best groups: [tokens, experts] again."""
    size = routing.experts // routing.groups
    shape = g.shared_integers([-1, routing.groups, size])
    grouped = g.node("Reshape", [probs, shape])  # [tokens, groups, experts of a group]
    last = g.shared_integers([-1])
    if routing.group_score == "max":
        scores = g.node("ReduceMax", [grouped, last], attributes={"keepdims": 0})
    else:
        best, _ = _top(g.at("best"), grouped, min(2, size))
        scores = g.node("ReduceSum", [best, last], attributes={"keepdims": 0})
    best, _ = _top(g, scores, routing.top_groups)
    least = g.node("ReduceMin", [best, last])
    open_ = g.node("GreaterOrEqual", [scores, least])  # [tokens, groups]
    open_ = g.node("Unsqueeze", [open_, last])
    closed = g.constant("closed", np.float32(-math.inf))
    masked = g.node("Where", [open_, grouped, closed])
    flat = g.shared_integers([-1, routing.experts])
    return g.node("Reshape", [masked, flat], name="Flatten")


def _weigh(site: Site, g: Graph, scores: str, probs: str, routing: Routing) -> str:
    """Scores as weights: divided by the sum of the chosen and scaled, where the family does so."""
    weights = scores
    if routing.renormalize:
        chosen, where = _top(g, probs, routing.top_k)
        if probs != scores:
            chosen = g.node("GatherElements", [scores, where], attributes={"axis": 1})
        total = g.node("ReduceSum", [chosen, g.shared_integers([-1])], name="Total")
        if routing.epsilon:
            epsilon = g.constant("epsilon", np.float32(routing.epsilon))
            total = g.node("Add", [total, epsilon], name="Guard")
        if routing.minimum:
            total = g.node("Max", [total, g.constant("minimum", np.float32(routing.minimum))])
        weights = g.node("Div", [weights, total])
    if routing.scale != 1:
        weights = g.node("Mul", [weights, g.constant("scale", np.float32(routing.scale))])
    if routing.expert_scale:
        scales = _numbers(site, routing.expert_scale, routing.experts)
        factors = g.constant("expert_scale", scales)
        weights = g.node("Mul", [weights, factors], name="ScaleExperts")
    return weights


def _top(g: Graph, values: str, count: int) -> tuple[str, str]:
    """The largest values along the last axis and where they are."""
    found, where = g.nodes(
        "TopK",
        [values, g.shared_integers([count])],
        ["values", "indices"],
        attributes={"axis": -1, "largest": 1, "sorted": 0},
    )
    return found, where


def _numbers(site: Site, name: str, count: int) -> NDArray[np.float32]:
    """A tensor of `count` numbers, published as [count] or [1, count]. Raises BadCheckpoint."""
    tensor = site.checkpoint.tensor(site.name(name))
    if tensor.shape != (1, count):
        tensor = site.tensor(name, count)
    site.g.count_parameters(count)
    return tensor.whole().reshape(count)
