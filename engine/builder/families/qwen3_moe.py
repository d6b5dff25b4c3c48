"""Qwen3's mixtures of experts (Yang et al. 2025): 30B-A3B, 235B-A22B, Coder.

Qwen3's block, norms on every query and key head, with a mixture for its MLP; no shared expert.
Reference: transformers, modeling_qwen3_moe.py.
"""

from __future__ import annotations

from dataclasses import replace

from engine.builder.blocks.attention import Attention, QueryKeyNorm
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.experts import mixture
from engine.builder.blocks.layers import pre_norm_layers
from engine.builder.config import read_decoder
from engine.builder.families.qwen2_moe import alternate, read_qwen_experts
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope


def read(fields: Fields) -> Decoder:
    """Read a qwen3_moe config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields)
    bias = fields.flag("attention_bias", default=False)
    attention = replace(
        Attention.of(config, read_rope(fields, config.head_dim)),
        window=_read_window(fields),
        bias=bias,
        output_bias=bias,
        norm=QueryKeyNorm(),
    )
    # Qwen3-Coder writes down what Qwen2 had and it has not
    fields.expect("qkv_bias", False)
    fields.expect("use_qk_norm", True)
    fields.expect("shared_expert_intermediate_size", 0)
    fields.ignore("max_window_layers")
    sparse = mixture(read_qwen_experts(fields))
    layers = (attention,) * config.layers
    return Decoder(config, pre_norm_layers(layers, alternate(fields, config, sparse)))


def _read_window(fields: Fields) -> int:
    """One window for all layers; 0 for none."""
    if not fields.flag("use_sliding_window", default=False):
        fields.ignore("sliding_window")
        return 0
    return fields.integer("sliding_window", 4096)
