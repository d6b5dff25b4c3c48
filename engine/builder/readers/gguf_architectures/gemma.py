"""Gemma 2, 3 and 4.

Sources: llama.cpp, conversion/gemma.py, src/models/gemma{2,3,4}.cpp.
"""

from __future__ import annotations

from typing import Final

from engine.builder.readers.gguf_architectures.base import (
    ATTENTION,
    MLP,
    OUTER,
    ROPE_FACTORS,
    SOFTMAX,
    Architecture,
    Config,
    decoder,
    expert_width,
    has_bias,
    heads,
    layer_kinds,
    rope,
    rope_scaling,
    share_of,
    ungrouped,
)
from engine.builder.readers.gguf_metadata import Metadata
from engine.builder.readers.gguf_rules import Rules, less_one, rename, taken_elsewhere
from engine.errors import BadCheckpoint

_SANDWICH: Final = {
    "attn_norm": "input_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
_QK_NORMS: Final = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
_STORED_PLUS_ONE: Final[Rules] = {
    stem: less_one(name) for stem, name in {**_SANDWICH, **_QK_NORMS}.items()
}
_OUTER_PLUS_ONE: Final[Rules] = {**OUTER, "output_norm": less_one("model.norm")}

# The largest models divide attention scores by the width of a head as if all heads together were
# as wide as the model. llama.cpp tells them by their number of layers too; no key says it.
_WIDE_QUERIES: Final = {"gemma2": 46, "gemma3": 62}

_UNROTATED: Final = 1e20
"""Divisors above this stop a frequency."""


def _common(m: Metadata, model_type: str, period: int) -> Config:
    config = decoder(m, model_type)
    config |= heads(m, config["hidden_size"])
    queries = config["head_dim"]
    if m.layers == _WIDE_QUERIES[m.architecture]:
        queries = config["hidden_size"] // config["num_attention_heads"]
    window = m.integer("attention.sliding_window", 0, low=0)
    slides = m.marks("attention.sliding_window_pattern", period)
    slides = slides if window else (False,) * m.layers
    return {
        **config,
        "attention_bias": has_bias(m),
        "intermediate_size": m.same_everywhere("feed_forward_length"),
        "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": queries,
        "sliding_window": window or None,
        "layer_types": layer_kinds(slides, "sliding_attention", "full_attention"),
    }


def _gemma2(m: Metadata) -> Config:
    config = _common(m, "gemma2", 2)
    return {
        **config,
        **rope(m, config["head_dim"]),
        "attn_logit_softcapping": m.number("attn_logit_softcapping", 50.0) or None,
        "final_logit_softcapping": m.number("final_logit_softcapping", 30.0) or None,
    }


def _gemma3(m: Metadata) -> Config:
    config = _common(m, "gemma3_text", 6)
    if m.integer("rope.dimension_count", config["head_dim"]) != config["head_dim"]:
        raise BadCheckpoint(reason="bad_config", key="rope.dimension_count")
    return {
        **config,
        "final_logit_softcapping": m.number("final_logit_softcapping", 0.0) or None,
        "rope_parameters": {
            "full_attention": {
                "rope_theta": m.number("rope.freq_base", 10000.0),
                **(rope_scaling(m) or {"rope_type": "default"}),
            },
            "sliding_attention": {
                "rope_theta": m.number("rope.freq_base_swa", 10000.0),
                "rope_type": "default",
            },
        },
    }


def _gemma4(m: Metadata) -> Config:
    m.expect("rope.scaling.type", "none", "linear")
    m.expect("rope.scaling.factor", 1.0, 0.0)
    slides = m.marks("attention.sliding_window_pattern", 6)
    narrow = m.integer("attention.key_length_swa")
    wide = m.integer("attention.key_length", narrow)
    for key, width in (("value_length", wide), ("value_length_swa", narrow)):
        if m.integer(f"attention.{key}", width) != width:
            raise BadCheckpoint(reason="bad_config", key=f"attention.{key}")
    return {
        **decoder(m, "gemma4_text"),
        **_gemma4_heads(m, slides),
        **_gemma4_widths(m),
        **_gemma4_experts(m),
        "attention_bias": has_bias(m),
        "head_dim": narrow,
        "global_head_dim": wide,
        "hidden_activation": "gelu_pytorch_tanh",
        "sliding_window": m.integer("attention.sliding_window"),
        "layer_types": layer_kinds(slides, "sliding_attention", "full_attention"),
        "num_kv_shared_layers": m.integer("attention.shared_kv_layers", 0, low=0),
        "final_logit_softcapping": m.number("final_logit_softcapping", 0.0) or None,
        "rope_parameters": {
            "full_attention": _gemma4_full_rope(m, wide),
            "sliding_attention": _gemma4_sliding_rope(m, narrow),
        },
    }


def _gemma4_heads(m: Metadata, slides: tuple[bool, ...]) -> Config:
    shared = m.each_layer("attention.head_count_kv", m.same_everywhere("attention.head_count"))
    counts = [
        {count for count, slide in zip(shared, slides, strict=True) if slide is wanted}
        for wanted in (True, False)
    ]
    if max(len(count) for count in counts) > 1:
        raise m.unsupported("attention.head_count_kv")
    everywhere, globally = (count or other for count, other in (counts, counts[::-1]))
    config: Config = {
        "num_attention_heads": m.same_everywhere("attention.head_count"),
        "num_key_value_heads": min(everywhere),
    }
    if globally != everywhere:
        config["num_global_key_value_heads"] = min(globally)
    # Layers without a projection of their own for values use that of the keys.
    lacking = set(m.layers_with("attn_k.weight")) - set(m.layers_with("attn_v.weight"))
    config["attention_k_eq_v"] = bool(lacking)
    return config


def _gemma4_widths(m: Metadata) -> Config:
    """Width of the MLPs, doubled in layers that share keys and values, and per-layer inputs."""
    widths = m.each_layer("feed_forward_length")
    if set(widths) - {widths[0], 2 * widths[0]}:
        raise m.unsupported("feed_forward_length")
    vocab = "per_layer_token_embd.weight"
    config: Config = {
        "intermediate_size": widths[0],
        "use_double_wide_mlp": widths[-1] != widths[0],
        "hidden_size_per_layer_input": m.integer("embedding_length_per_layer_input", 0, low=0),
    }
    if m.has_tensor(vocab):
        config["vocab_size_per_layer_input"] = m.tensor(vocab).shape[0]
    return config


def _gemma4_experts(m: Metadata) -> Config:
    count = m.integer("expert_count", 0, low=0)
    if not count:
        m.ignore("expert_used_count", "expert_feed_forward_length")
        return {"enable_moe_block": False}
    ungrouped(m)
    m.expect("expert_gating_func", SOFTMAX)
    return {
        "enable_moe_block": True,
        "num_experts": count,
        "top_k_experts": m.integer("expert_used_count"),
        "moe_intermediate_size": expert_width(m),
    }


def _gemma4_full_rope(m: Metadata, width: int) -> Config:
    """Full attention turns the first pairs of a head; divisors stop the others."""
    if m.integer("rope.dimension_count", width) != width:
        raise BadCheckpoint(reason="bad_config", key="rope.dimension_count")
    config: Config = {"rope_theta": m.number("rope.freq_base", 10000.0), "rope_type": "default"}
    if not m.has_tensor(ROPE_FACTORS):
        return config
    divisors = m.values(ROPE_FACTORS)
    turning = sum(divisor == 1 for divisor in divisors)
    stopped = all(divisor > _UNROTATED for divisor in divisors[turning:])
    if len(divisors) != width // 2 or not stopped or set(divisors[:turning]) != {1.0}:
        raise m.unsupported(ROPE_FACTORS)
    share = share_of(2 * turning, width)
    return config | {"rope_type": "proportional", "partial_rotary_factor": share}


def _gemma4_sliding_rope(m: Metadata, width: int) -> Config:
    config: Config = {"rope_theta": m.number("rope.freq_base_swa", 10000.0), "rope_type": "default"}
    turning = m.integer("rope.dimension_count_swa", width)
    if turning != width:
        config["partial_rotary_factor"] = share_of(turning, width)
    return config


GEMMA2: Final = Architecture(_gemma2, {**ATTENTION, **MLP, **_STORED_PLUS_ONE}, _OUTER_PLUS_ONE)
GEMMA3: Final = Architecture(_gemma3, {**ATTENTION, **MLP, **_STORED_PLUS_ONE}, _OUTER_PLUS_ONE)
GEMMA4: Final = Architecture(
    _gemma4,
    {
        **ATTENTION,
        **MLP,
        **_SANDWICH,
        **_QK_NORMS,
        "pre_ffw_norm_2": "pre_feedforward_layernorm_2",
        "post_ffw_norm_1": "post_feedforward_layernorm_1",
        "post_ffw_norm_2": "post_feedforward_layernorm_2",
        "ffn_gate_inp": "router.proj",
        "ffn_gate_inp.scale": rename("router.scale"),
        "ffn_gate_up_exps.weight": rename("experts.gate_up_proj"),
        "ffn_down_exps.weight": rename("experts.down_proj"),
        "ffn_down_exps.scale": rename("router.per_expert_scale"),
        "layer_output_scale.weight": rename("layer_scalar"),
        "inp_gate": "per_layer_input_gate",
        "proj": "per_layer_projection",
        "post_norm": "post_per_layer_input_norm",
    },
    {
        **OUTER,
        "per_layer_token_embd": "model.embed_tokens_per_layer",
        "per_layer_model_proj": "model.per_layer_model_projection",
        "per_layer_proj_norm": "model.per_layer_projection_norm",
        ROPE_FACTORS: taken_elsewhere,
    },
)
