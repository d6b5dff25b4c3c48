"""Qwen1.5-MoE and Qwen2-57B-A14B (Yang et al. 2024): Qwen2's block with a mixture of experts.

Beside the routed experts stands a shared one, scaled by a sigmoid gate of its own. The weights of
the chosen experts are divided by their sum only where the config says so. Reference: transformers,
modeling_qwen2_moe.py.
"""

from __future__ import annotations

from dataclasses import replace

from engine.builder.blocks.attention import Attention
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.experts import Experts, SharedExpert, mixture
from engine.builder.blocks.layers import Block, dense, pre_norm_layers
from engine.builder.blocks.mlp import Mlp
from engine.builder.blocks.routing import Routing, read_experts
from engine.builder.blocks.site import Site
from engine.builder.config import ModelConfig, read_decoder, read_windows
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope


def read(fields: Fields) -> Decoder:
    """Read a qwen2_moe config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields)
    bias = fields.flag("qkv_bias", default=True)
    attention = replace(Attention.of(config, read_rope(fields, config.head_dim)), bias=bias)
    windows = _read_windows(fields, config.layers)
    layers = tuple(replace(attention, window=window) for window in windows)
    shared = SharedExpert(
        "shared_expert",
        fields.integer("shared_expert_intermediate_size", 5632),
        gate="shared_expert_gate",
    )
    experts = read_qwen_experts(fields)
    sparse = mixture(experts, shared)
    return Decoder(config, pre_norm_layers(layers, alternate(fields, config, sparse)))


def read_qwen_experts(fields: Fields) -> Experts:
    """The routed experts of Qwen's mixtures. Raises BadCheckpoint."""
    routing = Routing(
        read_experts(fields),
        fields.integer("num_experts_per_tok"),
        renormalize=fields.flag("norm_topk_prob", default=False),
    )
    return Experts(routing, fields.integer("moe_intermediate_size"))


def alternate(fields: Fields, config: ModelConfig, sparse: Block) -> Block:
    """Mixtures every `decoder_sparse_step` layers, except in `mlp_only_layers`; else dense MLPs.

    Raises BadCheckpoint.
    """
    step = fields.integer("decoder_sparse_step", 1)
    only = fields.integers("mlp_only_layers")
    plain = dense(Mlp(config.ffn))

    def feed_forward(site: Site, x: str) -> str:
        is_sparse = (site.layer + 1) % step == 0 and site.layer not in only
        return (sparse if is_sparse else plain)(site, x)

    return feed_forward


def _read_windows(fields: Fields, layers: int) -> tuple[int, ...]:
    """Every other layer below `max_window_layers` slides, when `use_sliding_window` says so."""
    below = fields.integer("max_window_layers", 28, low=0)
    if not fields.flag("use_sliding_window", default=False):
        fields.ignore("sliding_window", "layer_types")
        return (0,) * layers
    return read_windows(fields, layers, tuple(i % 2 == 0 and i < below for i in range(layers)))
