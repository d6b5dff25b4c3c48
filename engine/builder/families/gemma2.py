"""Gemma 2 (Google 2024): norms before and after each layer, GeGLU, capped scores and logits.

Norms are stored as w - 1, embeddings are multiplied by sqrt(hidden), scores are scaled by a number
of their own, and every other layer sees a sliding window. Reference: transformers,
modeling_gemma2.py.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

from engine.builder.blocks.attention import Attention
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.layers import dense, sandwich_layers
from engine.builder.blocks.mlp import Mlp
from engine.builder.config import read_decoder, read_windows
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope

# What configs leave out where it is what the smallest model has.
_DEFAULTS: Final[dict[str, Any]] = {
    "vocab_size": 256000,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": True,
    "sliding_window": 4096,
    "query_pre_attn_scalar": 256,
    "attn_logit_softcapping": 50.0,
    "final_logit_softcapping": 30.0,
}


def read(fields: Fields) -> Decoder:
    """Read a gemma2 config. Raises BadCheckpoint, UnsupportedFamily."""
    fields.assume(_DEFAULTS)
    config = read_decoder(
        fields,
        norm_offset=1.0,
        activation_key="hidden_activation",
        activation="gelu_pytorch_tanh",
    )
    rope = read_rope(fields, config.head_dim)
    slides = tuple(layer % 2 == 0 for layer in range(config.layers))
    windows = read_windows(fields, config.layers, slides)
    bias = fields.flag("attention_bias", default=False)
    fields.expect("use_bidirectional_attention", False)
    fields.ignore("hidden_act", "sliding_window_size", "cache_implementation")
    attention = replace(
        Attention.of(config, rope),
        scale=fields.number("query_pre_attn_scalar") ** -0.5,
        softcap=fields.number_or_zero("attn_logit_softcapping"),
        bias=bias,
        output_bias=bias,
    )
    layers = [replace(attention, window=window) for window in windows]
    return Decoder(
        config,
        sandwich_layers(layers, dense(Mlp(config.ffn))),
        embedding_scale=math.sqrt(config.hidden),
        logit_softcap=fields.number_or_zero("final_logit_softcapping"),
    )
