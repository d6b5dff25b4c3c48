"""gpt-oss (OpenAI 2025): 20b and 120b, in MXFP4 as published or in bfloat16.

Every other layer slides. Attention has sinks: a logit per head that takes part in the softmax and
nothing else. Experts have biases and a clamped SwiGLU with one added to its linear half; their
weights are the softmax over the chosen logits. Reference: transformers, modeling_gpt_oss.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from engine.builder.blocks.attention import Attention
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.expert_weights import Gating
from engine.builder.blocks.experts import Experts, mixture
from engine.builder.blocks.layers import pre_norm_layers
from engine.builder.blocks.routing import Routing, read_experts
from engine.builder.config import read_decoder, read_windows
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope

_ROPE: Final = {
    "rope_type": "yarn",
    "factor": 32.0,
    "original_max_position_embeddings": 4096,
    "truncate": False,
}
"""What a config means that says nothing about it."""


def read(fields: Fields) -> Decoder:
    """Read a gpt_oss config. Raises BadCheckpoint, UnsupportedFamily."""
    if not fields.has("rope_scaling"):
        fields.assume({"rope_parameters": _ROPE})
    config = read_decoder(fields, head_dim=64)
    bias = fields.flag("attention_bias", default=True)
    attention = replace(
        Attention.of(config, read_rope(fields, config.head_dim, theta=150_000.0)),
        bias=bias,
        output_bias=bias,
        sinks="sinks",
    )
    slides = tuple(layer % 2 == 0 for layer in range(config.layers))
    windows = read_windows(fields, config.layers, slides)
    layers = tuple(replace(attention, window=window) for window in windows)
    fields.ignore("initial_context_length", "experts_per_token")  # said again by other keys
    routing = Routing(
        read_experts(fields, 128),
        fields.integer("num_experts_per_tok", 4),
        gate="router",
        bias=True,
        scoring="softmax_of_chosen",
    )
    gating = Gating(
        alpha=fields.number("swiglu_alpha", 1.702),
        beta=1.0,
        limit=fields.number("swiglu_limit", 7.0),
    )
    experts = Experts(routing, config.ffn, bias=True, interleaved=True, gating=gating)
    return Decoder(config, pre_norm_layers(layers, mixture(experts)))
