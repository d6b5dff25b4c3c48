"""ERNIE 4.5 dense (Baidu 2025): Llama's block with interleaved rotation.

Reference: transformers, modeling_ernie4_5.py.
"""

from __future__ import annotations

from dataclasses import replace

from engine.builder.blocks.attention import Attention
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.layers import dense, pre_norm_layers
from engine.builder.blocks.mlp import Mlp
from engine.builder.config import read_decoder
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope


def read(fields: Fields) -> Decoder:
    """Read an ernie4_5 config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields, tied=True)
    fields.expect("compression_ratio", 1.0, 1)
    rope = read_rope(fields, config.head_dim, interleaved=True, theta=500_000.0)
    bias = fields.flag("use_bias", default=False)
    attention = replace(Attention.of(config, rope), bias=bias, output_bias=bias)
    layers = (attention,) * config.layers
    return Decoder(config, pre_norm_layers(layers, dense(Mlp(config.ffn, bias=bias))))
