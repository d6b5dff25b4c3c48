"""OLMoE (Muennighoff et al. 2024): 64 small experts, the weights of the chosen left as they are.

Queries and keys are normed over all heads at once; some checkpoints clip queries, keys and values.
Reference: transformers, modeling_olmoe.py.
"""

from __future__ import annotations

from dataclasses import replace

from engine.builder.blocks.attention import Attention, QueryKeyNorm
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.experts import Experts, mixture
from engine.builder.blocks.layers import pre_norm_layers
from engine.builder.blocks.routing import Routing, read_experts
from engine.builder.config import read_decoder
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope


def read(fields: Fields) -> Decoder:
    """Read an olmoe config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields)
    bias = fields.flag("attention_bias", default=False)
    attention = replace(
        Attention.of(config, read_rope(fields, config.head_dim)),
        bias=bias,
        output_bias=bias,
        norm=QueryKeyNorm(whole=True),
        clip=fields.number_or_zero("clip_qkv"),
    )
    routing = Routing(
        read_experts(fields, 64),
        fields.integer("num_experts_per_tok", 8),
        renormalize=fields.flag("norm_topk_prob", default=False),
    )
    layers = (attention,) * config.layers
    return Decoder(config, pre_norm_layers(layers, mixture(Experts(routing, config.ffn))))
