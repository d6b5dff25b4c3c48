"""Qwen3.5 and 3.6 mixtures (Qwen team 2026): Qwen3.5's layers, every MLP a mixture of experts.

Experts are routed as in Qwen3-Next, and published one below the other in one tensor.
Reference: transformers, modeling_qwen3_5_moe.py.
"""

from __future__ import annotations

from engine.builder.blocks.decoder import Decoder
from engine.builder.config import read_decoder
from engine.builder.families.qwen3_next import HEAD_DIM, hybrid_layers, read_mixture
from engine.builder.fields import Fields


def read(fields: Fields) -> Decoder:
    """Read a qwen3_5_moe_text config. Raises BadCheckpoint, UnsupportedFamily."""
    width = fields.integer("moe_intermediate_size", 512)
    config = read_decoder(fields, head_dim=HEAD_DIM, norm_offset=1.0, ffn=width)
    fields.expect("norm_topk_prob", True)
    fields.expect("mlp_only_layers", [])
    fields.expect("decoder_sparse_step", 1)
    return Decoder(config, hybrid_layers(fields, config, read_mixture(fields)))
