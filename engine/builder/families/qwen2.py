"""Qwen2 and Qwen2.5 (Yang et al. 2024), and DeepSeek's R1 distillations of them.

Llama's block with biases on query, key and value; later layers may slide. Reference: transformers,
modeling_qwen2.py.
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
    """Read a qwen2 config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields)
    fields.expect("use_mrope", False)  # DeepSeek's distillations write it down
    windows = read_qwen_windows(fields, config.layers)
    attention = replace(Attention.of(config, read_rope(fields, config.head_dim)), bias=True)
    layers = tuple(replace(attention, window=window) for window in windows)
    return Decoder(config, pre_norm_layers(layers, dense(Mlp(config.ffn))))


def read_qwen_windows(fields: Fields, layers: int) -> tuple[int, ...]:
    """Qwen's windows: layers from `max_window_layers` on slide, when `use_sliding_window` says so.

    Raises BadCheckpoint, UnsupportedFamily.
    """
    full = fields.integer("max_window_layers", 28, low=0)
    if not fields.flag("use_sliding_window", default=False):
        fields.ignore("sliding_window", "layer_types")
        return (0,) * layers
    slides = fields.has("sliding_window")
    return read_windows(fields, layers, tuple(slides and i >= full for i in range(layers)))
