"""LFM2 (Liquid AI 2025): gated short convolutions, with full attention now and then.

Attention norms queries and keys before the rotation; the last norm is called `embedding_norm`.
Older configs speak of blocks (`block_ff_dim`, `full_attn_idxs`) and give the width of the MLP
before it is adjusted.
Reference: transformers, modeling_lfm2.py and configuration_lfm2.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from engine.builder.blocks.attention import Attention, QueryKeyNorm, grouped_query_attention
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.layers import Block, Layer, pre_norm_block
from engine.builder.blocks.mlp import Mlp, gated_mlp
from engine.builder.blocks.short_conv import gated_short_conv
from engine.builder.blocks.site import Site
from engine.builder.config import ModelConfig, read_decoder
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope
from engine.errors import BadCheckpoint

MLP_NAMES: Final = ("w1", "w3", "w2")
NORM: Final = "embedding_norm"
_NORMS: Final = ("operator_norm", "ffn_norm")

_DRAWING: Final = (
    "block_mlp_init_scale",
    "block_out_init_scale",
    "block_use_xavier_init",
    "conv_use_xavier_init",
)
"""How the weights were first drawn."""


def read(fields: Fields) -> Decoder:
    """Read an lfm2 config. Raises BadCheckpoint, UnsupportedFamily."""
    config = read_sizes(fields)
    config = replace(config, ffn=_adjusted(fields, config.ffn))
    for key in ("block_dim", "conv_dim", "conv_dim_out"):
        fields.expect(key, config.hidden)
    fields.expect("num_heads", config.heads)
    fields.expect("block_use_swiglu", True)
    fields.expect("use_pos_enc", True)
    fields.ignore("block_norm_eps", *_DRAWING)  # transformers reads `norm_eps` only
    return Decoder(config, hybrid_layers(fields, config, dense_mlp(config.ffn)), final_norm=NORM)


def read_sizes(fields: Fields) -> ModelConfig:
    """What dense models and mixtures share, in either spelling. Raises BadCheckpoint."""
    config = read_decoder(
        fields, tied=True, eps_key="norm_eps", ffn=fields.integer("block_ff_dim", 12288)
    )
    return replace(
        config,
        ffn=fields.integer("block_ff_dim", config.ffn),
        tied=fields.flag("tie_embedding", default=config.tied),
    )


def dense_mlp(width: int) -> Block:
    """LFM2's gated MLP."""
    mlp = Mlp(width, names=MLP_NAMES)
    return lambda site, x: gated_mlp(site.at("feed_forward", "mlp"), x, mlp)


def hybrid_layers(fields: Fields, config: ModelConfig, feed_forward: Block) -> Layer:
    """Blocks with a short convolution or attention; also those of mixtures.

    Raises:
        BadCheckpoint: A value that cannot be.
        UnsupportedFamily: Another kind of layer.
    """
    attention = replace(
        Attention.of(config, read_rope(fields, config.head_dim, theta=1e6)),
        norm=QueryKeyNorm("q_layernorm", "k_layernorm"),
        output="out_proj",
    )
    kernel = fields.integer("conv_L_cache", 3, low=2)
    bias = fields.flag("conv_bias", default=False)
    attending = _read_attending(fields, config.layers)

    def mixer(site: Site, x: str) -> str:
        if attending[site.layer]:
            return grouped_query_attention(site.at("self_attn", "attn"), x, attention)
        return gated_short_conv(site.at("conv"), x, kernel=kernel, bias=bias)

    return lambda site, stream: pre_norm_block(site, stream, mixer, feed_forward, _NORMS)


def _read_attending(fields: Fields, layers: int) -> tuple[bool, ...]:
    """For each layer, whether it is attention; all are where the config does not say."""
    kinds = fields.choices("layer_types", "conv", "full_attention")
    indices = fields.integers("full_attn_idxs") if fields.has("full_attn_idxs") else range(layers)
    fields.ignore("full_attn_idxs")
    if not kinds:
        return tuple(index in indices for index in range(layers))
    if len(kinds) != layers:
        raise BadCheckpoint(reason="bad_config", key="layer_types")
    return tuple(kind == "full_attention" for kind in kinds)


def _adjusted(fields: Fields, width: int) -> int:
    """Width of the MLP: two thirds of what is written down, rounded up, unless told otherwise."""
    fields.assume({"block_ffn_dim_multiplier": 1.0})
    factor = fields.number_or_zero("block_ffn_dim_multiplier")
    multiple = fields.integer("block_multiple_of", 256)
    if not fields.flag("block_auto_adjust_ff_dim", default=True):
        return width
    width = int(2 * width / 3)
    return -(-int(factor * width) // multiple) * multiple if factor else width
