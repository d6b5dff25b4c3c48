"""GLM-4 0414 (Zhipu 2025): norms before and after each layer, interleaved partial rotation.

Reference: transformers, modeling_glm4.py.
"""

from __future__ import annotations

from dataclasses import replace

from engine.builder.blocks.attention import Attention, grouped_query_attention
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.mlp import Mlp, gated_mlp
from engine.builder.blocks.norm import Stream, rms_norm
from engine.builder.blocks.site import Site
from engine.builder.config import read_decoder
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope


def read(fields: Fields) -> Decoder:
    """Read a glm4 config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields, head_dim=128)
    rope = read_rope(fields, config.head_dim, interleaved=True, partial=True)
    bias = fields.flag("attention_bias", default=True)
    attention = replace(Attention.of(config, rope), bias=bias)
    mlp = Mlp(config.ffn)

    def layer(site: Site, stream: Stream) -> Stream:
        x, stream = stream.norm(site.at("input_layernorm"))
        y = grouped_query_attention(site.at("self_attn", "attn"), x, attention)
        stream = stream.add(rms_norm(site.at("post_self_attn_layernorm"), y))
        x, stream = stream.norm(site.at("post_attention_layernorm"))
        y = gated_mlp(site.at("mlp"), x, mlp)
        return stream.add(rms_norm(site.at("post_mlp_layernorm"), y))

    return Decoder(config, layer)
