"""Hunyuan dense (Tencent 2025): Llama's block, queries and keys normed after the rotation.

Reference: transformers, modeling_hunyuan_v1_dense.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from engine.builder.blocks.attention import Attention, QueryKeyNorm
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.layers import dense, pre_norm_layers
from engine.builder.blocks.mlp import Mlp
from engine.builder.config import Fields, read_decoder
from engine.builder.rope_config import read_rope

HUNYUAN_NORM: Final = QueryKeyNorm("query_layernorm", "key_layernorm", after_rope=True)


def read(fields: Fields) -> Decoder:
    """Read a hunyuan_v1_dense config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields)
    fields.ignore("eod_token_id")
    bias = fields.flag("attention_bias", default=False)
    attention = replace(
        Attention.of(config, read_rope(fields, config.head_dim)),
        bias=bias,
        output_bias=bias,
        norm=HUNYUAN_NORM,
    )
    layers = (attention,) * config.layers
    return Decoder(config, pre_norm_layers(layers, dense(Mlp(config.ffn))))
