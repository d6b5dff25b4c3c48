"""Mixtral (Jiang et al. 2024): Mistral's block with a mixture of experts for its MLP.

The two best experts of a token share its weight by the softmax of their logits. Reference:
transformers, modeling_mixtral.py.
"""

from __future__ import annotations

from dataclasses import replace

from engine.builder.blocks.attention import Attention
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.experts import Experts, mixture
from engine.builder.blocks.layers import pre_norm_layers
from engine.builder.blocks.routing import Routing, read_experts
from engine.builder.config import read_decoder, read_windows
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope


def read(fields: Fields) -> Decoder:
    """Read a mixtral config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields)
    slides = fields.has("sliding_window")
    windows = read_windows(fields, config.layers, (slides,) * config.layers)
    rope = read_rope(fields, config.head_dim, theta=1e6)
    attention = Attention.of(config, rope)
    layers = tuple(replace(attention, window=window) for window in windows)
    top_k = fields.integer("num_experts_per_tok", 2)
    routing = Routing(read_experts(fields, 8), top_k, renormalize=True)
    experts = Experts(routing, config.ffn, names=("w1", "w3", "w2"))
    return Decoder(config, pre_norm_layers(layers, mixture(experts, name="block_sparse_moe")))
