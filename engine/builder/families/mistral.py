"""Mistral (Jiang et al. 2023): Llama's block, with a sliding window in the first release.

Ministral publishes `layer_types` instead of one window for all layers. Reference: transformers,
modeling_mistral.py.
"""

from __future__ import annotations

from dataclasses import replace

from engine.builder.blocks.attention import Attention
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.layers import dense, pre_norm_layers
from engine.builder.blocks.mlp import Mlp
from engine.builder.config import read_decoder, read_windows
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope


def read(fields: Fields) -> Decoder:
    """Read a mistral config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields)
    slides = fields.has("sliding_window")
    windows = read_windows(fields, config.layers, (slides,) * config.layers)
    attention = Attention.of(config, read_rope(fields, config.head_dim))
    layers = tuple(replace(attention, window=window) for window in windows)
    return Decoder(config, pre_norm_layers(layers, dense(Mlp(config.ffn))))
