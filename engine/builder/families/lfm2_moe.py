"""LFM2's mixtures of experts (Liquid AI 2025): LFM2's layers, the MLPs of most of them mixtures.

Experts are scored by a sigmoid and chosen with a bias added that does not count in their weights.
Reference: transformers, modeling_lfm2_moe.py.
"""

from __future__ import annotations

from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.experts import Experts, mixture
from engine.builder.blocks.routing import Routing, read_experts
from engine.builder.blocks.site import Site
from engine.builder.families.lfm2 import MLP_NAMES, NORM, dense_mlp, hybrid_layers, read_sizes
from engine.builder.fields import Fields


def read(fields: Fields) -> Decoder:
    """Read an lfm2_moe config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_sizes(fields)
    biased = fields.flag("use_expert_bias", default=True)
    routing = Routing(
        read_experts(fields),
        fields.integer("num_experts_per_tok"),
        scoring="sigmoid",
        correction="expert_bias" if biased else "",
        renormalize=fields.flag("norm_topk_prob", default=True),
        epsilon=1e-6,
        scale=fields.number("routed_scaling_factor", 1.0),
    )
    experts = Experts(routing, fields.integer("moe_intermediate_size"), names=MLP_NAMES)
    sparse = mixture(experts, name="feed_forward")
    dense, first_sparse = dense_mlp(config.ffn), fields.integer("num_dense_layers", 2, low=0)

    def feed_forward(site: Site, x: str) -> str:
        return (dense if site.layer < first_sparse else sparse)(site, x)

    return Decoder(config, hybrid_layers(fields, config, feed_forward), final_norm=NORM)
