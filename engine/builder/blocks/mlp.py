"""Feed-forward layers."""

from __future__ import annotations

from engine.builder.blocks.linear import linear, same_form
from engine.builder.blocks.storage import Precision
from engine.builder.checkpoint import Tensor
from engine.builder.graph import MICROSOFT, Graph


def swiglu_mlp(
    g: Graph,
    x: str,
    gate: Tensor,
    up: Tensor,
    down: Tensor,
    *,
    precision: Precision,
    biases: tuple[tuple[Tensor, ...], tuple[Tensor, ...], tuple[Tensor, ...]] = ((), (), ()),
    fine: bool = False,
) -> str:
    """down(silu(gate(x)) * up(x)) (Shazeer 2020).

        x -- gate_up_proj -- Split --+-- silu --+
                                     +----------*-- down_proj --> y

    Gate and up are one product where their forms agree, else two.

    Args:
        g: Place of the layer.
        x: [batch, sequence, hidden].
        gate: [ffn, hidden].
        up: [ffn, hidden].
        down: [hidden, ffn].
        precision: What was asked for.
        biases: Of gate, up and down, where there are any.
        fine: Float32 activations, see `linear`.

    Returns:
        [batch, sequence, hidden].
    """
    if same_form((gate, up), precision):
        both = linear(
            g.at("gate_up_proj"), x, [gate, up], precision, (*biases[0], *biases[1]), fine=fine
        )
        gated, raised = g.nodes(
            "Split", [both], ["gate", "up"], attributes={"axis": -1, "num_outputs": 2}
        )
    else:
        gated = linear(g.at("gate_proj"), x, [gate], precision, biases[0], fine=fine)
        raised = linear(g.at("up_proj"), x, [up], precision, biases[1], fine=fine)
    active = g.node("QuickGelu", [gated], domain=MICROSOFT, attributes={"alpha": 1.0})
    product = g.node("Mul", [active, raised])
    return linear(g.at("down_proj"), product, [down], precision, biases[2], fine=fine)
