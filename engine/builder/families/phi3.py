"""Phi-3, Phi-3.5 and Phi-4 (Abdin et al. 2024): fused projections, LongRoPE, partial rotation.

Reference: transformers, modeling_phi3.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from engine.builder.blocks.attention import Attention
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.layers import dense, pre_norm_layers
from engine.builder.blocks.mlp import Mlp
from engine.builder.config import read_decoder
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope

_OLDER_NAMES: Final = {"su": "longrope", "yarn": "longrope"}


def read(fields: Fields) -> Decoder:
    """Read a phi3 config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields)
    for key in ("attention_bias", "lm_head_bias", "mlp_bias"):
        fields.expect(key, False)
    for key in ("full_attn_mod", "interpolate_factor"):
        fields.expect(key, 1)
    rope = read_rope(fields, config.head_dim, partial=True, aliases=_OLDER_NAMES)
    window = fields.integer("sliding_window") if fields.has("sliding_window") else 0
    attention = replace(Attention.of(config, rope), window=window)
    layers = (attention,) * config.layers
    return Decoder(config, pre_norm_layers(layers, dense(Mlp(config.ffn))))
