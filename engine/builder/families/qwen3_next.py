"""Qwen3-Next (Qwen team 2025): three gated delta rule layers to one of gated full attention.

Full attention gates each head's output with a sigmoid that the query projection carries beside it,
and rotates a quarter of each head. Norm weights are stored as w - 1. Feed-forward layers are
mixtures with a gated shared expert, or dense MLPs where the config says so.
Reference: transformers, modeling_qwen3_next.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from engine.builder.blocks.attention import Attention, QueryKeyNorm, grouped_query_attention
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.experts import SharedExpert, mixture
from engine.builder.blocks.gated_delta import (
    gated_delta_net,
    read_gated_delta,
    read_linear_layers,
)
from engine.builder.blocks.layers import Block, Layer, pre_norm_block
from engine.builder.blocks.site import Site
from engine.builder.config import ModelConfig, read_decoder
from engine.builder.families.qwen2_moe import alternate, read_qwen_experts
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope

HEAD_DIM: Final = 256


def read(fields: Fields) -> Decoder:
    """Read a qwen3_next config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields, head_dim=HEAD_DIM, norm_offset=1.0)
    sparse = read_mixture(fields)
    return Decoder(config, hybrid_layers(fields, config, alternate(fields, config, sparse)))


def read_mixture(fields: Fields) -> Block:
    """Renormalized experts beside a gated shared one; also Qwen3.5's. Raises BadCheckpoint."""
    fields.assume({"norm_topk_prob": True})
    shared = SharedExpert(
        "shared_expert",
        fields.integer("shared_expert_intermediate_size", 512),
        gate="shared_expert_gate",
    )
    return mixture(read_qwen_experts(fields), shared)


def hybrid_layers(fields: Fields, config: ModelConfig, feed_forward: Block) -> Layer:
    """Blocks of either kind of attention, with any feed-forward layer; also Qwen3.5's.

    Raises:
        BadCheckpoint: A value that cannot be.
        UnsupportedFamily: An option nobody wrote.
    """
    rope = read_rope(
        fields,
        config.head_dim,
        partial=True,
        share=0.25,
        aliases={"mrope": "default"},
        harmless=("mrope_section", "mrope_interleaved"),
    )
    bias = fields.flag("attention_bias", default=False)
    attention = replace(
        Attention.of(config, rope), bias=bias, output_bias=bias, norm=QueryKeyNorm(), gated=True
    )
    fields.expect("attn_output_gate", True)
    fields.expect("output_gate_type", "swish", "silu")  # of the linear attention's norm
    fields.expect("use_sliding_window", False)
    fields.ignore("sliding_window", "max_window_layers")
    fields.ignore("mtp_num_hidden_layers", "mtp_use_dedicated_embeddings")  # never decoded with
    delta = read_gated_delta(fields)
    linear = read_linear_layers(fields, config.layers)

    def mixer(site: Site, x: str) -> str:
        if linear[site.layer]:
            return gated_delta_net(site.at("linear_attn"), x, delta)
        return grouped_query_attention(site.at("self_attn", "attn"), x, attention)

    return lambda site, stream: pre_norm_block(site, stream, mixer, feed_forward)
