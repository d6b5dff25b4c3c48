"""DeepSeek-V2, V2-Lite, V2.5 and Coder-V2 (DeepSeek-AI 2024): latent attention, many small experts.

A softmax router takes the best experts of all, or of the best groups; several shared experts are
published as one wide one; the first layers are dense. Reference: transformers,
modeling_deepseek_v2.py.
"""

from __future__ import annotations

from dataclasses import replace

from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.experts import Experts, SharedExpert, mixture
from engine.builder.blocks.latent_attention import LatentAttention, latent_layers
from engine.builder.blocks.layers import Block, dense
from engine.builder.blocks.mlp import Mlp
from engine.builder.blocks.routing import Routing
from engine.builder.blocks.site import Site
from engine.builder.config import ModelConfig, read_decoder
from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope
from engine.errors import UnsupportedFamily

_TRAINING = ("aux_loss_alpha", "seq_aux", "ep_size")
_GUESSES = ("num_nextn_predict_layers", "num_mtp_layers")


def read(fields: Fields) -> Decoder:
    """Read a deepseek_v2 config. Raises BadCheckpoint, UnsupportedFamily."""
    config, attention = read_latent_attention(fields, interleaved=True)
    # published as false everywhere, and the reference never reads it
    fields.ignore("norm_topk_prob")
    bias = fields.flag("mlp_bias", default=False)
    width = fields.integer("moe_intermediate_size", 1407)
    shared = read_shared_experts(fields, width, default=2, bias=bias)
    sparse = mixture(Experts(_read_routing(fields), width), shared)
    plain = dense(Mlp(config.ffn, bias=bias))
    return Decoder(config, latent_layers(attention, read_dense_first(fields, plain, sparse, 0)))


def read_latent_attention(
    fields: Fields, *, interleaved: bool
) -> tuple[ModelConfig, LatentAttention]:
    """What every family with latent attention has.

    Args:
        fields: The config.
        interleaved: Whether neighbouring dimensions of queries and keys rotate together.

    Raises:
        BadCheckpoint: A size that cannot be.
        UnsupportedFamily: Fewer key heads than query heads, which latents make meaningless.
    """
    nope = fields.integer("qk_nope_head_dim", 128)
    rotary = fields.integer("qk_rope_head_dim", 64, low=2)
    config = read_decoder(fields, head_dim=rotary)
    if config.kv_heads != config.heads:
        raise UnsupportedFamily(family=fields.family, option="num_key_value_heads")
    fields.ignore("qk_head_dim", *_TRAINING, *_GUESSES)
    attention = LatentAttention(
        config.heads,
        nope,
        read_rope(fields, rotary, interleaved=interleaved),
        value=fields.integer("v_head_dim", 128),
        lora=fields.integer("kv_lora_rank", 512),
        query_lora=fields.integer("q_lora_rank", 0, low=0),
        bias=fields.flag("attention_bias", default=False),
    )
    return replace(config, head_dim=nope + rotary), attention


def read_shared_experts(
    fields: Fields, width: int, *, default: int, bias: bool = False
) -> SharedExpert | None:
    """The experts every token goes to, None for none. Raises BadCheckpoint."""
    count = fields.integer("n_shared_experts", default, low=0)
    return SharedExpert("shared_experts", count * width, bias=bias) if count else None


def read_dense_first(fields: Fields, plain: Block, sparse: Block, default: int) -> Block:
    """Dense layers first, then a mixture every `moe_layer_freq` layers. Raises BadCheckpoint."""
    first = fields.integer("first_k_dense_replace", default, low=0)
    step = fields.integer("moe_layer_freq", 1)

    def feed_forward(site: Site, x: str) -> str:
        is_sparse = site.layer >= first and site.layer % step == 0
        return (sparse if is_sparse else plain)(site, x)

    return feed_forward


def _read_routing(fields: Fields) -> Routing:
    fields.choice("scoring_func", "softmax")
    routing = Routing(
        fields.integer("n_routed_experts", 64),
        fields.integer("num_experts_per_tok"),
        scale=fields.number("routed_scaling_factor", 1.0),
    )
    if fields.choice("topk_method", "greedy", "group_limited_greedy") == "greedy":
        fields.ignore("n_group", "topk_group")
        return routing
    groups, best = fields.integer("n_group"), fields.integer("topk_group")
    return replace(routing, groups=groups, top_groups=best, group_score="max")
