"""Feed-forward layers."""

from __future__ import annotations

from onnx import TensorProto  # noqa: F401

from engine.builder.blocks.linear import linear
from engine.builder.blocks.storage import Precision
from engine.builder.checkpoint import Tensor
from engine.builder.graph import MICROSOFT, Graph


def swiglu_mlp(
    g: Graph,
    x: str,
    gate: Tensor,
    up: Tensor,
    down: Tensor,
    precision: Precision,
    biases: tuple[tuple[Tensor, ...], tuple[Tensor, ...], tuple[Tensor, ...]] = ((), (), ()),
) -> str:
    """down(silu(gate(x)) * up(x)) (Shazeer 2020).

        x --+-- gate_proj -- silu --+
            +-- up_proj ------------*-- down_proj --> y

    Args:
        g: Place of the layer.
        x: [batch, sequence, hidden].
        gate: [ffn, hidden].
        up: [ffn, hidden].
        down: [hidden, ffn].
        precision: What was asked for.
        biases: Of gate, up and down, where there are any.

    Returns:
        [batch, sequence, hidden].
    """
    gated = linear(g.at("gate_proj"), x, [gate], precision, biases[0])
    raised = linear(g.at("up_proj"), x, [up], precision, biases[1])
    active = g.node("QuickGelu", [gated], domain=MICROSOFT, attributes={"alpha": 1.0})
    return linear(g.at("down_proj"), g.node("Mul", [active, raised]), [down], precision, biases[2])
