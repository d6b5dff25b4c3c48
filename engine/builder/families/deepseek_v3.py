"""DeepSeek-V3, V3.1 and R1 (DeepSeek-AI 2024-2025); Moonlight and Kimi K2 (Moonshot 2025).

Latent attention whose queries have a latent too; a sigmoid router with a correction bias chooses
among the best groups of experts. What V3.2 adds, an indexer that picks the tokens to attend to, has
another `model_type`. Reference: transformers, modeling_deepseek_v3.py.
"""

from __future__ import annotations

from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.experts import Experts, mixture
from engine.builder.blocks.latent_attention import LatentAttention, latent_layers
from engine.builder.blocks.layers import Block, dense
from engine.builder.blocks.mlp import Mlp
from engine.builder.config import ModelConfig
from engine.builder.families.deepseek_v2 import (
    read_dense_first,
    read_latent_attention,
    read_shared_experts,
)
from engine.builder.families.glm4_moe import read_corrected_routing
from engine.builder.fields import Fields


def read(fields: Fields) -> Decoder:
    """Read a deepseek_v3 config. Raises BadCheckpoint, UnsupportedFamily."""
    config, attention, sparse = read_latent_mixture(fields, width=2048)
    plain = dense(Mlp(config.ffn))
    return Decoder(config, latent_layers(attention, read_dense_first(fields, plain, sparse, 3)))


def read_latent_mixture(
    fields: Fields, *, width: int
) -> tuple[ModelConfig, LatentAttention, Block]:
    """Sizes, attention and mixture; `width` is that of an expert where a config is silent.

    Raises BadCheckpoint, UnsupportedFamily.
    """
    interleaved = fields.flag("rope_interleave", default=True)
    config, attention = read_latent_attention(fields, interleaved=interleaved)
    fields.choice("scoring_func", "sigmoid")
    fields.choice("topk_method", "noaux_tc")
    width = fields.integer("moe_intermediate_size", width)
    shared = read_shared_experts(fields, width, default=1)
    return config, attention, mixture(Experts(read_corrected_routing(fields), width), shared)
