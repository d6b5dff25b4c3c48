"""Gemma 4 (Google 2026), the language model: dense, with per-layer inputs, or with experts.

Layers that see everything have wider heads, few of which turn, and may take their keys as values;
values are normed, scores are not scaled, and each block's output is multiplied by a number. Beyond
that the sizes differ: the smallest give every layer an embedding of its own and let the last layers
read the caches of earlier ones; the mixture puts experts beside the dense feed-forward layer.
Reference: transformers, modeling_gemma4.py and configuration_gemma4.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from engine.builder.blocks.attention import Attention, QueryKeyNorm, share_caches
from engine.builder.blocks.decoder import Decoder
from engine.builder.blocks.experts import Experts, routed_experts
from engine.builder.blocks.layers import sandwiched_attention
from engine.builder.blocks.mlp import Mlp, gated_mlp
from engine.builder.blocks.norm import Stream, normalize, rms_norm
from engine.builder.blocks.per_layer_inputs import add_per_layer_input, per_layer_inputs
from engine.builder.blocks.routing import Routing, route
from engine.builder.blocks.site import Site
from engine.builder.config import ModelConfig, read_decoder, read_windows
from engine.builder.fields import Fields
from engine.builder.rope_config import RopeConfig, read_rope
from engine.errors import BadCheckpoint

_DEFAULTS: Final[dict[str, Any]] = {
    "vocab_size": 262144,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "head_dim": 256,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": True,
    "sliding_window": 512,
    "hidden_size_per_layer_input": 256,
    "rope_parameters": {
        "full_attention": {"rope_type": "proportional", "partial_rotary_factor": 0.25},
    },
}
# The 12B, whose images and sounds go into the same layers, says less.
_UNIFIED: Final[dict[str, Any]] = {
    "max_position_embeddings": 262144,
    "sliding_window": 1024,
    "hidden_size_per_layer_input": 0,
}
_FULL_THETA, _SLIDING_THETA, _FULL_HEAD_DIM = 1e6, 1e4, 512


def read(fields: Fields) -> Decoder:
    """Read a gemma4_text config. Raises BadCheckpoint, UnsupportedFamily."""
    if fields.family.startswith("gemma4_unified"):
        fields.assume(_UNIFIED)
    fields.assume(_DEFAULTS)
    config = read_decoder(
        fields, activation_key="hidden_activation", activation="gelu_pytorch_tanh"
    )
    # Between images everything sees everything; text is causal all the same.
    fields.expect("use_bidirectional_attention", "vision", False)
    attentions = _attentions(fields, config)
    wide = 2 if fields.flag("use_double_wide_mlp", default=False) else 1
    mlps = [Mlp(config.ffn * (1 if one.cache_of is None else wide)) for one in attentions]
    experts = _experts(fields)
    width = fields.integer("hidden_size_per_layer_input", 0, low=0)
    vocab = fields.integer("vocab_size_per_layer_input", config.vocab)
    if width and vocab < config.vocab:
        raise BadCheckpoint(reason="bad_config", key="vocab_size_per_layer_input")
    told: list[str] = []  # what each layer is told, made with the first one

    def layer(site: Site, stream: Stream) -> Stream:
        if width and site.layer == 0:
            told[:] = per_layer_inputs(site, stream.total, width, vocab)
        stream = sandwiched_attention(site, stream, attentions[site.layer])
        x, stream = stream.norm(site.at("pre_feedforward_layernorm"))
        y = gated_mlp(site.at("mlp"), x, mlps[site.layer])
        if experts:
            y = _beside_experts(site, y, stream.total, experts)
        else:
            y = rms_norm(site.at("post_feedforward_layernorm"), y)
        stream = stream.add(y)
        if width:
            stream = add_per_layer_input(site, stream, told[site.layer], width)
        return _scaled(site, stream)

    return Decoder(
        config,
        layer,
        embedding_scale=math.sqrt(config.hidden),
        logit_softcap=fields.number_or_zero("final_logit_softcapping"),
    )


def _attentions(fields: Fields, config: ModelConfig) -> list[Attention]:
    slides = tuple((layer + 1) % 6 != 0 for layer in range(config.layers))
    windows = (*read_windows(fields, config.layers, slides)[:-1], 0)  # the last one sees all
    sizes = _sizes(fields, config, windows)
    bias = fields.flag("attention_bias", default=False)
    keys_are_values = fields.flag("attention_k_eq_v", default=False)
    attentions = []
    for window, (head_dim, kv_heads) in zip(windows, sizes, strict=True):
        if not 0 < kv_heads <= config.heads or config.heads % kv_heads:
            raise BadCheckpoint(reason="bad_config", key="num_key_value_heads")
        attentions.append(
            Attention(
                config.heads,
                kv_heads,
                head_dim,
                _rope(fields, head_dim, slides=window > 0),
                window=window,
                scale=1.0,
                bias=bias,
                output_bias=bias,
                norm=QueryKeyNorm(),
                value_norm=True,
                keys_are_values=keys_are_values and not window,
            )
        )
    return share_caches(attentions, fields.integer("num_kv_shared_layers", 0, low=0))


def _sizes(
    fields: Fields, config: ModelConfig, windows: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Width of heads, and number of key and value heads, for each layer.

    Published as `global_head_dim` and `num_global_key_value_heads`, by newer transformers as
    `per_layer_config`, which wins.
    """
    full = {"head_dim": fields.integer("global_head_dim", _FULL_HEAD_DIM, low=2)}
    kv_heads = fields.integer("num_global_key_value_heads", config.kv_heads)
    if fields.flag("attention_k_eq_v", default=False):
        full["num_key_value_heads"] = kv_heads
    own: Mapping[str, Any] = {str(i): full for i, window in enumerate(windows) if not window}
    if fields.has("per_layer_config"):
        own = fields.mapping("per_layer_config")
    known = own.keys() <= {str(index) for index in range(config.layers)}
    if not known or not all(isinstance(one, Mapping) for one in own.values()):
        raise BadCheckpoint(reason="bad_config", key="per_layer_config")
    for index in range(config.layers):
        layer = Fields({"model_type": fields.family, **own.get(str(index), {})})
        yield (
            layer.integer("head_dim", config.head_dim, low=2),
            layer.integer("num_key_value_heads", config.kv_heads),
        )
        layer.finish()


def _rope(fields: Fields, head_dim: int, *, slides: bool) -> RopeConfig:
    kind = "sliding_attention" if slides else "full_attention"
    if slides and kind not in fields.mapping("rope_parameters"):
        return RopeConfig(_SLIDING_THETA, "default", head_dim)
    theta = _SLIDING_THETA if slides else _FULL_THETA
    return read_rope(fields, head_dim, layer_type=kind, theta=theta)


def _experts(fields: Fields) -> Experts | None:
    keys = ("num_experts", "top_k_experts", "moe_intermediate_size", "expert_intermediate_size")
    fields.ignore(*keys)
    if not fields.flag("enable_moe_block", default=False):
        return None
    count = fields.integer("num_experts")
    top_k = fields.integer("top_k_experts")
    if top_k > count:
        raise BadCheckpoint(reason="bad_config", key="top_k_experts")
    older = fields.has("expert_intermediate_size") and not fields.has("moe_intermediate_size")
    routing = Routing(count, top_k, "proj", renormalize=True, expert_scale="per_expert_scale")
    return Experts(routing, fields.integer(keys[3] if older else keys[2]))


def _beside_experts(site: Site, dense: str, residual: str, experts: Experts) -> str:
    """Dense layer and experts, each normed, summed, and normed again.

    dense -------------------------------- norm_1 --+
    residual --+-- norm * scale -- router --+       +-- norm --> y
               +-- norm_2 ------------ experts -- norm_2 --+
    """
    g, config = site.g.at("moe"), site.config
    dense = rms_norm(site.at("post_feedforward_layernorm_1"), dense)
    scale = site.tensor("router.scale", config.hidden).whole()
    g.count_parameters(scale.size)
    place = g.at("router_norm")
    weight = place.constant("weight", scale * np.float32(config.hidden**-0.5))
    x = normalize(place, residual, weight, config.norm_eps)
    routed = route(site.at("router", "moe"), x, experts.routing)
    x = rms_norm(site.at("pre_feedforward_layernorm_2"), residual)
    y = routed_experts(site.at("experts", "moe/experts"), x, routed, experts)
    y = rms_norm(site.at("post_feedforward_layernorm_2"), y)
    y, _ = Stream(dense).add(y).norm(site.at("post_feedforward_layernorm"))
    return y


def _scaled(site: Site, stream: Stream) -> Stream:
    scalar = site.tensor("layer_scalar", 1).whole()
    site.g.count_parameters(1)
    factor = site.g.constant("layer_scalar", scalar)
    total = stream.settle(site.g.at("layer_scalar"))
    return Stream(site.g.at("layer_scalar").node("Mul", [total, factor]))
