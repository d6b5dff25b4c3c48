"""Llama (Touvron et al. 2023; Llama 3: Dubey et al. 2024) and what is built just like it.

Pre-norm decoder, grouped-query attention with rotary positions, SwiGLU, RMS norms, biases where the
config says so, embedding tied to the LM head or not. Reference: transformers, modeling_llama.py.
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
    """Read a llama config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields)
    fields.expect("rope_interleaved", False)  # SmolLM2 writes it down
    bias = fields.flag("attention_bias", default=False)
    attention = replace(
        Attention.of(config, read_rope(fields, config.head_dim)), bias=bias, output_bias=bias
    )
    mlp = Mlp(config.ffn, bias=fields.flag("mlp_bias", default=False))
    return Decoder(config, pre_norm_layers((attention,) * config.layers, dense(mlp)))
