"""Gemma 3 (Google 2025), the language model: Gemma 2 with query and key norms and two rotations.

Five layers with a sliding window and a base of their own come before each one that sees everything;
only the latter are scaled for long contexts. Reference: transformers, modeling_gemma3.py.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

from engine.builder.blocks.attention import Attention, QueryKeyNorm
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.layers import dense, sandwich_layers
from engine.builder.blocks.mlp import Mlp
from engine.builder.config import read_decoder, read_windows
from engine.builder.fields import Fields
from engine.builder.rope_config import RopeConfig, read_rope

# What the published configs of the larger models leave out.
_DEFAULTS: Final[dict[str, Any]] = {
    "vocab_size": 262208,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": True,
    "sliding_window": 4096,
    "query_pre_attn_scalar": 256,
    "rope_theta": 1e6,
    "rope_local_base_freq": 1e4,
}


def read(fields: Fields) -> Decoder:
    """Read a gemma3_text config. Raises BadCheckpoint, UnsupportedFamily."""
    fields.assume(_DEFAULTS)
    config = read_decoder(
        fields,
        norm_offset=1.0,
        activation_key="hidden_activation",
        activation="gelu_pytorch_tanh",
    )
    pattern = fields.integer("sliding_window_pattern", 6)
    slides = tuple((layer + 1) % pattern != 0 for layer in range(config.layers))
    windows = read_windows(fields, config.layers, slides)
    bias = fields.flag("attention_bias", default=False)
    fields.expect("use_bidirectional_attention", False)
    # Scores are capped in Gemma 2 only; the reference passes this key by in Gemma 3.
    fields.ignore("attn_logit_softcapping", "hidden_act", "cache_implementation")
    full = replace(
        Attention.of(config, read_rope(fields, config.head_dim, layer_type="full_attention")),
        scale=fields.number("query_pre_attn_scalar") ** -0.5,
        bias=bias,
        output_bias=bias,
        norm=QueryKeyNorm(),
    )
    sliding = replace(full, rope=_sliding_rope(fields, config.head_dim))
    layers = [replace(sliding, window=window) if window else full for window in windows]
    return Decoder(
        config,
        sandwich_layers(layers, dense(Mlp(config.ffn))),
        embedding_scale=math.sqrt(config.hidden),
        logit_softcap=fields.number_or_zero("final_logit_softcapping"),
    )


def _sliding_rope(fields: Fields, head_dim: int) -> RopeConfig:
    """The rotation of sliding layers, to which `rope_scaling` of older configs does not apply."""
    kind, base = "sliding_attention", "rope_local_base_freq"
    if kind in fields.mapping("rope_parameters"):
        return read_rope(fields, head_dim, layer_type=kind, theta_key=base)
    return RopeConfig(fields.number(base), "default", head_dim)
