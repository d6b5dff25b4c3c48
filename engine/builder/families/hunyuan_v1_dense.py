"""Hunyuan dense (Tencent 2025): Llama's block, queries and keys normed after the rotation.

Reference: transformers, modeling_hunyuan_v1_dense.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from engine.builder.blocks.attention import Attention, QueryKeyNorm
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.layers import dense, pre_norm_layers
from engine.builder.blocks.mlp import Mlp
from engine.builder.config import ModelConfig, read_decoder
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope

_NORM: Final = QueryKeyNorm("query_layernorm", "key_layernorm", after_rope=True)


def read(fields: Fields) -> Decoder:
    """Read a hunyuan_v1_dense config. Raises BadCheckpoint, UnsupportedFamily."""
    config, attention = read_hunyuan(fields)
    layers = (attention,) * config.layers
    return Decoder(config, pre_norm_layers(layers, dense(Mlp(config.ffn))))


def read_hunyuan(fields: Fields) -> tuple[ModelConfig, Attention]:
    """Read what all Hunyuan models share; options that no released model uses must be off.

    Raises BadCheckpoint, UnsupportedFamily.
    """
    head_dim = fields.integer("attention_head_dim") if fields.has("attention_head_dim") else None
    for key in ("use_cla", "position_embedding_xdrope", "add_classification_head", "mlp_bias"):
        fields.expect(key, False)
    for key in ("qk_norm", "use_qk_norm", "use_rotary_pos_emb"):
        fields.expect(key, True)
    fields.expect("norm_type", "rms", "hf_rms", "fused")
    fields.ignore(
        "cla_share_factor", "class_num", "dense_list", "eod_token_id", "im_end_id",
        "im_newline_id", "im_start_id", "image_token_id", "mask_init_id", "num_media_embeds",
        "org_vocab_size", "pad_id", "pool_type", "skip_cls_token", "text_end_id", "text_start_id",
        "video_end_id", "video_start_id", "xdrope_section",
    )  # fmt: skip
    config = read_decoder(fields, head_dim=head_dim)
    bias = fields.flag("attention_bias", default=False)
    attention = replace(
        Attention.of(config, read_rope(fields, config.head_dim)),
        bias=bias,
        output_bias=bias,
        norm=_NORM,
    )
    return config, attention
