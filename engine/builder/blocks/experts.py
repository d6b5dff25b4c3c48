"""Mixtures of experts (Shazeer et al. 2017; Fedus et al. 2022): route, compute, weight, sum.

    x --+-- router --> probs, weights --+
        +------------------------- QMoE + --> y

Block-quantized experts with SwiGLU become one `com.microsoft::QMoE`. Everything else (floats, GELU,
minima, 4 and 8 bits side by side, widths that blocks do not divide) becomes the graph of
`grouped_experts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.builder.blocks.expert_weights import ExpertLayout, Gating, find_experts
from engine.builder.blocks.grouped_experts import grouped_experts
from engine.builder.blocks.layers import Block
from engine.builder.blocks.linear import linear
from engine.builder.blocks.mlp import Mlp, gated_mlp
from engine.builder.blocks.quantized_experts import quantized_experts, suits
from engine.builder.blocks.routing import Routed, Routing, route
from engine.builder.blocks.site import Site
from engine.builder.blocks.storage import Form, Precision, Storage
from engine.builder.checkpoint import Tensor


@dataclass(frozen=True, slots=True)
class Experts:
    """A mixture of experts.

    Attributes:
        routing: Who goes where.
        width: Of an expert's hidden layer.
        names: Of gate, up and down where each expert has tensors of its own.
        bias: Whether the experts' projections have biases.
        interleaved: Whether joint tensors take gate and up in turns (gpt-oss).
        gating: Constants of SwiGLU.
    """

    routing: Routing
    width: int
    names: tuple[str, str, str] = ("gate_proj", "up_proj", "down_proj")
    bias: bool = False
    interleaved: bool = False
    gating: Gating = Gating()  # noqa: RUF009 - frozen


@dataclass(frozen=True, slots=True)
class SharedExpert:
    """An expert every token goes to.

    Attributes:
        name: Of its place beside the experts.
        width: Of its hidden layer; several shared experts are published as one wide one.
        gate: Stem of a weight [1, hidden] whose sigmoid scales its output; "" for none.
        bias: Whether its projections have biases.
    """

    name: str
    width: int
    gate: str = ""
    bias: bool = False


def mixture_of_experts(
    site: Site, x: str, experts: Experts, shared: SharedExpert | None = None
) -> str:
    """Routed experts, and a shared one beside them.

    Args:
        site: Place of the mixture, `layer_site.at("mlp", "moe")`: the quantized node becomes
            "/model/layers.N/moe/experts/QMoE".
        x: [batch, sequence, hidden].
        experts: What they are like.
        shared: An expert for every token.

    Returns:
        [batch, sequence, hidden].

    Raises:
        BadCheckpoint: A tensor is missing or has another shape.
    """
    y = routed_experts(site.at("experts"), x, route(site, x, experts.routing), experts)
    if shared is None:
        return y
    return site.g.node("Add", [y, shared_expert(site, x, shared)], name="AddShared")


def mixture(experts: Experts, shared: SharedExpert | None = None, name: str = "mlp") -> Block:
    """The same as a block's feed-forward layer, called `name` in the checkpoint."""
    return lambda site, x: mixture_of_experts(site.at(name, "moe"), x, experts, shared)


def shared_expert(site: Site, x: str, shared: SharedExpert) -> str:
    """The shared expert's output, scaled by its gate where it has one; shaped like x."""
    y = gated_mlp(site.at(shared.name), x, Mlp(shared.width, shared.bias))
    if not shared.gate:
        return y
    gate = site.weight(shared.gate, 1, site.config.hidden)
    logit = linear(site.g.at(shared.gate), x, [gate], Precision(32, 32))  # [batch, sequence, 1]
    open_ = site.g.node("Sigmoid", [logit], name="OpenShared")
    return site.g.node("Mul", [y, open_], name="GateShared")


def routed_experts(site: Site, x: str, routed: Routed, experts: Experts) -> str:
    """The sum of what the chosen experts make of each token, weighted.

    Args:
        site: Place of the experts, `mixture_site.at("experts")`.
        x: [batch, sequence, hidden].
        routed: What the router decided.
        experts: What they are like.

    Returns:
        [batch, sequence, hidden].
    """
    layout = ExpertLayout(
        experts.routing.experts,
        experts.width,
        experts.names,
        bias=experts.bias,
        interleaved=experts.interleaved,
    )
    weights = find_experts(site, layout)
    inner = _form([part for one in weights for part in (one.gate, one.up)], site.precision)
    outer = _form([one.down for one in weights], site.precision)
    build = quantized_experts if suits(site, experts.width, (inner, outer)) else grouped_experts
    return build(site, x, routed, weights, forms=(inner, outer), gating=experts.gating)


def _form(tensors: Sequence[Tensor], precision: Precision) -> Form:
    """One form for all of these: theirs if they agree, else the widest of them."""
    forms = [precision.form(tensor) for tensor in tensors]
    widest = max(forms, key=lambda form: form.storage.bits)
    if all(form == widest for form in forms):
        return widest
    return replace(widest, storage=Storage.INT8) if widest.storage.bits == 4 else widest
