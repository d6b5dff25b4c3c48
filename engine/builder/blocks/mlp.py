"""Gated feed-forward layers (Shazeer 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.builder.blocks.linear import linear, same_form
from engine.builder.blocks.site import Site
from engine.builder.config import Activation
from engine.builder.graph import MICROSOFT, Attribute, Graph

_OPERATORS: Final[Mapping[Activation, tuple[str, Mapping[str, Attribute]]]] = {
    "silu": ("QuickGelu", {"alpha": 1.0}),  # x * sigmoid(1 * x), in one pass
    "gelu_tanh": ("FastGelu", {}),
    "gelu": ("Gelu", {}),
}


@dataclass(frozen=True, slots=True)
class Mlp:
    """A gated feed-forward layer.

    Attributes:
        width: Of the hidden layer.
        bias: Whether its projections have biases.
        names: Of gate, up and down; a checkpoint may also hold gate and up as "gate_up_proj".
    """

    width: int
    bias: bool = False
    names: tuple[str, str, str] = ("gate_proj", "up_proj", "down_proj")


def gated_mlp(site: Site, x: str, mlp: Mlp) -> str:
    """down(activation(gate(x)) * up(x)).

        x -- gate_up_proj -- Split --+-- activation --+
                                     +----------------*-- down_proj --> y

    Gate and up are one product where their forms agree, else two.

    Args:
        site: Place of the layer.
        x: [batch, sequence, hidden].
        mlp: What it is like.

    Returns:
        [batch, sequence, hidden].
    """
    g, hidden, width = site.g, site.config.hidden, mlp.width
    fine = site.config.is_fine_mlp(site.layer)
    gate_name, up_name, down_name = mlp.names
    if site.has("gate_up_proj.weight"):
        both_weights = site.weight("gate_up_proj", 2 * width, hidden)
        weights = (both_weights.sliced(0, width), both_weights.sliced(width, 2 * width))
    else:
        weights = (site.weight(gate_name, width, hidden), site.weight(up_name, width, hidden))
    biases = [site.bias(name, width) for name in (gate_name, up_name)] if mlp.bias else []
    if same_form(weights, site.precision):
        both = linear(g.at("gate_up_proj"), x, weights, site.precision, biases, fine=fine)
        gate, up = g.nodes(
            "Split", [both], ["gate", "up"], attributes={"axis": -1, "num_outputs": 2}
        )
    else:
        gate, up = (
            linear(g.at(name), x, [weight], site.precision, biases[i : i + 1], fine=fine)
            for i, (name, weight) in enumerate(zip(mlp.names, weights, strict=False))
        )
    product = g.node("Mul", [activate(g, gate, site.config.activation), up])
    down = site.weight(down_name, hidden, width)
    down_bias = [site.bias(down_name, hidden)] if mlp.bias else []
    return linear(g.at("down_proj"), product, [down], site.precision, down_bias, fine=fine)


def activate(g: Graph, x: str, activation: Activation) -> str:
    """The activation of x, element by element; same shape."""
    operator, attributes = _OPERATORS[activation]
    return g.node(operator, [x], domain=MICROSOFT, attributes=attributes)
