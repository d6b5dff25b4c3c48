"""SmolLM3 (Hugging Face 2025): Llama's block, every fourth layer without positions (NoPE).

Reference: transformers, modeling_smollm3.py.
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
from engine.errors import BadCheckpoint


def read(fields: Fields) -> Decoder:
    """Read a smollm3 config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields, tied=True)
    fields.ignore("max_window_layers")
    turning = _read_turning(fields, config.layers)
    windows = _read_windows(fields, turning)
    bias = fields.flag("attention_bias", default=False)
    rope = read_rope(fields, config.head_dim, theta=2_000_000.0)
    attention = replace(Attention.of(config, rope), bias=bias, output_bias=bias)
    layers = tuple(
        replace(attention, rope=rope if turns else None, window=window)
        for turns, window in zip(turning, windows, strict=True)
    )
    mlp = Mlp(config.ffn, bias=fields.flag("mlp_bias", default=False))
    return Decoder(config, pre_norm_layers(layers, dense(mlp)))


def _read_turning(fields: Fields, layers: int) -> tuple[bool, ...]:
    """For each layer, whether it rotates."""
    interval = fields.integer("no_rope_layer_interval", 4)
    flags = fields.integers("no_rope_layers")  # 1 for layers that do have positions
    flags = flags or tuple(int((i + 1) % interval != 0) for i in range(layers))
    if len(flags) != layers:
        raise BadCheckpoint(reason="bad_config", key="no_rope_layers")
    return tuple(bool(flag) for flag in flags)


def _read_windows(fields: Fields, turning: tuple[bool, ...]) -> tuple[int, ...]:
    slides = fields.flag("use_sliding_window", default=False) and fields.has("sliding_window")
    return read_windows(fields, len(turning), tuple(slides and not turns for turns in turning))
