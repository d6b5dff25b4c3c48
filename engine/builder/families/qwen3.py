"""Qwen3 (Yang et al. 2025): Llama's block with RMS norms on every query and key head.

Reference: transformers, modeling_qwen3.py.
"""

from __future__ import annotations

from dataclasses import replace

from engine.builder.blocks.attention import Attention, QueryKeyNorm
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.layers import dense, pre_norm_layers
from engine.builder.blocks.mlp import Mlp
from engine.builder.config import read_decoder
from engine.builder.families.qwen2 import read_qwen_windows
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope


def read(fields: Fields) -> Decoder:
    """Read a qwen3 config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields, head_dim=128)
    windows = read_qwen_windows(fields, config.layers)
    bias = fields.flag("attention_bias", default=False)
    attention = replace(
        Attention.of(config, read_rope(fields, config.head_dim)),
        bias=bias,
        output_bias=bias,
        norm=QueryKeyNorm(),
    )
    layers = tuple(replace(attention, window=window) for window in windows)
    return Decoder(config, pre_norm_layers(layers, dense(Mlp(config.ffn))))
