"""RMS normalization (Zhang and Sennrich 2019), alone or fused with the residual sum."""

from __future__ import annotations

from engine.builder.checkpoint import Tensor
from engine.builder.graph import MICROSOFT, Graph


def rms_norm(g: Graph, x: str, weight: Tensor, eps: float) -> str:
    """X / sqrt(mean(x^2) + eps) * weight over the last axis; same shape as x."""
    return g.node(
        "SimplifiedLayerNormalization",
        [x, _scale(g, weight)],
        attributes={"axis": -1, "epsilon": eps, "stash_type": 1},
    )


def skip_rms_norm(g: Graph, x: str, skip: str, weight: Tensor, eps: float) -> tuple[str, str]:
    """Residual sum and its norm in one node.

        x ----+--> sum -----------------> sum  (new residual stream)
        skip -+      +-- RMS norm -----> normed

    Returns:
        (normed, sum), both shaped like x.
    """
    normed, total = g.nodes(
        "SkipSimplifiedLayerNormalization",
        [x, skip, _scale(g, weight)],
        ["normed", "", "", "sum"],
        domain=MICROSOFT,
        attributes={"epsilon": eps},
    )[0::3]
    return normed, total


def _scale(g: Graph, weight: Tensor) -> str:
    values = weight.whole()
    g.count_parameters(values.size)
    return g.constant("weight", values)
