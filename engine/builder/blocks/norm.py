"""RMS normalization (Zhang and Sennrich 2019), alone or fused with the residual sum."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.builder.blocks.site import Site
from engine.builder.graph import MICROSOFT, Graph


def rms_norm(site: Site, x: str, width: int | None = None, eps: float | None = None) -> str:
    """X / sqrt(mean(x^2) + eps) * weight over the last axis; same shape as x.

    Args:
        site: Place of the norm, whose weight is `<stem>.weight`.
        x: [..., width].
        width: Width of the last axis, the hidden size by default.
        eps: The model's by default.
    """
    scale = _scale(site, width or site.config.hidden)
    return normalize(site.g, x, scale, eps or site.config.norm_eps)


def normalize(g: Graph, x: str, scale: str, eps: float) -> str:
    """The same with a scale [width] that is a value of the graph already."""
    return g.node("RMSNormalization", [x, scale], attributes={"axis": -1, "epsilon": eps})


@dataclass(frozen=True, slots=True)
class Stream:
    """The residual stream, with a sum that waits to be fused with the next norm.

    Attributes:
        total: [batch, sequence, hidden], what was added up so far.
        pending: What is still to be added, "" for nothing.
    """

    total: str
    pending: str = ""

    def add(self, value: str) -> Stream:
        """The stream with a block's output added."""
        if self.pending:
            raise ValueError("two sums without a norm between them")
        return replace(self, pending=value)

    def norm(self, site: Site) -> tuple[str, Stream]:
        """The normed stream, and the stream.

        total ----+--> sum -----------------> total
        pending --+      +-- RMS norm -----> normed
        """
        if not self.pending:
            return rms_norm(site, self.total), self
        normed, total = site.g.nodes(
            "SkipSimplifiedLayerNormalization",
            [self.pending, self.total, _scale(site, site.config.hidden)],
            ["normed", "", "", "sum"],
            domain=MICROSOFT,
            attributes={"epsilon": site.config.norm_eps},
        )[0::3]
        return normed, Stream(total)

    def settle(self, g: Graph) -> str:
        """The stream's value with everything added."""
        return g.node("Add", [self.total, self.pending]) if self.pending else self.total


def _scale(site: Site, width: int) -> str:
    values = site.weight("", width).whole()
    site.g.count_parameters(values.size)
    return site.g.constant("weight", values + np.float32(site.config.norm_offset))
