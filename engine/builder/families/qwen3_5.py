"""Qwen3.5 and 3.6 (Qwen team 2026), the language model: Qwen3-Next's layers with dense MLPs.

Published inside a multimodal wrapper. Its rotary embedding turns parts of a head by time, height
and width (`mrope_section`); for text the three are the same position, so that it is the usual one.
Reference: transformers, modeling_qwen3_5.py.
"""

from __future__ import annotations

from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.layers import dense
from engine.builder.blocks.mlp import Mlp
from engine.builder.config import read_decoder
from engine.builder.families.qwen3_next import HEAD_DIM, hybrid_layers
from engine.builder.fields import Fields


def read(fields: Fields) -> Decoder:
    """Read a qwen3_5_text config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_decoder(fields, head_dim=HEAD_DIM, norm_offset=1.0)
    fields.ignore("mlp_only_layers")  # published, but all layers are dense
    return Decoder(config, hybrid_layers(fields, config, dense(Mlp(config.ffn))))
