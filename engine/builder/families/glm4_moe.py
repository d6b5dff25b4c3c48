"""GLM-4.5, 4.6 and Air (Zhipu 2025): Llama's block, partial rotation, DeepSeek-V3's routing.

A sigmoid router with a correction bias chooses among groups of experts; a shared expert stands
beside them; the first layers are dense. Reference: transformers, modeling_glm4_moe.py.
"""

from __future__ import annotations

from dataclasses import replace

from engine.builder.blocks.attention import Attention, QueryKeyNorm
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.experts import Experts, SharedExpert, mixture
from engine.builder.blocks.layers import dense, pre_norm_layers
from engine.builder.blocks.mlp import Mlp
from engine.builder.blocks.routing import Routing, read_experts
from engine.builder.blocks.site import Site
from engine.builder.config import read_decoder
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope


def read(fields: Fields) -> Decoder:
    """Read a glm4_moe config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields)
    fields.assume({"partial_rotary_factor": 0.5})
    attention = replace(
        Attention.of(config, read_rope(fields, config.head_dim, partial=True)),
        bias=fields.flag("attention_bias", default=False),
        norm=QueryKeyNorm() if fields.flag("use_qk_norm", default=False) else None,
    )
    fields.ignore("num_nextn_predict_layers", "num_mtp_layers")  # they only guess ahead
    width = fields.integer("moe_intermediate_size", 1408)
    shared = SharedExpert("shared_experts", width * fields.integer("n_shared_experts", 1))
    sparse = mixture(Experts(read_corrected_routing(fields), width), shared)
    plain = dense(Mlp(config.ffn))
    first = fields.integer("first_k_dense_replace", 1, low=0)

    def feed_forward(site: Site, x: str) -> str:
        return (sparse if site.layer >= first else plain)(site, x)

    return Decoder(config, pre_norm_layers((attention,) * config.layers, feed_forward))


def read_corrected_routing(fields: Fields) -> Routing:
    """DeepSeek-V3's "noaux_tc" as GLM writes it. Raises BadCheckpoint."""
    return Routing(
        read_experts(fields, 128, keys=("n_routed_experts", "num_local_experts")),
        fields.integer("num_experts_per_tok", 8),
        scoring="sigmoid",
        correction="gate.e_score_correction_bias",
        groups=fields.integer("n_group", 1),
        top_groups=fields.integer("topk_group", 1),
        renormalize=fields.flag("norm_topk_prob", default=True),
        epsilon=1e-20,
        scale=fields.number("routed_scaling_factor", 1.0),
    )
