"""Mixtures of experts with grouped-query attention.

Sources: llama.cpp, conversion/{qwen,ernie,glm,hunyuan,gpt_oss}.py and src/models/.
"""

from __future__ import annotations

from typing import Final

from engine.builder.readers.gguf_architectures.base import (
    ATTENTION,
    DENSE,
    QKV,
    QKVO,
    SIGMOID,
    SOFTMAX,
    Architecture,
    Config,
    decoder,
    expert_rules,
    expert_width,
    has_bias,
    heads,
    layer_kinds,
    rope,
    rope_scaling,
    shared_expert_rules,
    ungrouped,
)
from engine.builder.readers.gguf_metadata import Metadata
from engine.builder.readers.gguf_rules import Rules, as_row, rename
from engine.errors import BadCheckpoint

_QK_NORMS: Final[Rules] = {
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
}


def _attention(m: Metadata, model_type: str) -> Config:
    config = decoder(m, model_type)
    config |= heads(m, config["hidden_size"])
    return config | rope(m, config["head_dim"])


def _experts(m: Metadata) -> Config:
    return {
        "num_experts": m.integer("expert_count"),
        "num_experts_per_tok": m.integer("expert_used_count"),
        "moe_intermediate_size": expert_width(m),
    }


def sparse_everywhere(m: Metadata) -> Config:
    """Keys of Qwen's mixtures: every layer but those listed has experts."""
    sparse = m.layers_with("ffn_gate_inp.weight")
    return {
        "decoder_sparse_step": 1,
        "mlp_only_layers": [layer for layer in range(m.layers) if layer not in sparse],
    }


def shared_width(m: Metadata) -> int:
    """Width of the shared expert; older files do not say it. Raises BadCheckpoint."""
    layers = m.layers_with("ffn_down_shexp.weight")
    if not layers:
        raise BadCheckpoint(reason="missing_tensor", tensor="ffn_down_shexp.weight")
    width = m.tensor(f"blk.{layers[0]}.ffn_down_shexp.weight").columns
    return m.integer("expert_shared_feed_forward_length", width)


def fixed_routing(m: Metadata, scoring: int, *, renormalized: bool) -> None:
    """Refuse keys that ask for another routing than llama.cpp's code for the architecture has."""
    ungrouped(m)
    m.expect("expert_gating_func", scoring)
    m.expect("expert_weights_norm", renormalized)
    m.expect("expert_weights_scale", 1.0, 0.0)


def _qwen2moe(m: Metadata) -> Config:
    fixed_routing(m, SOFTMAX, renormalized=False)
    return {
        **_attention(m, "qwen2_moe"),
        **_experts(m),
        **sparse_everywhere(m),
        "intermediate_size": m.same_everywhere("feed_forward_length"),
        "shared_expert_intermediate_size": shared_width(m),
        "norm_topk_prob": False,
    }


def _qwen3moe(m: Metadata) -> Config:
    fixed_routing(m, SOFTMAX, renormalized=True)
    m.ignore("expert_shared_feed_forward_length")  # written, but there is no shared expert
    return {
        **_attention(m, "qwen3_moe"),
        **_experts(m),
        **sparse_everywhere(m),
        "attention_bias": has_bias(m),
        "intermediate_size": m.same_everywhere("feed_forward_length"),
        "norm_topk_prob": True,
    }


def _ernie4_5_moe(m: Metadata) -> Config:
    fixed_routing(m, SOFTMAX, renormalized=True)
    m.ignore("expert_shared_feed_forward_length")  # the converter's guess; nobody uses it
    return {
        **_attention(m, "ernie4_5_moe"),
        "use_bias": has_bias(m),
        "intermediate_size": m.same_everywhere("feed_forward_length"),
        "moe_intermediate_size": expert_width(m),
        "moe_num_experts": m.integer("expert_count"),
        "moe_k": m.integer("expert_used_count"),
        "moe_num_shared_experts": m.integer("expert_shared_count", 0, low=0),
        "moe_layer_start_index": m.integer("leading_dense_block_count", 0, low=0),
        "moe_layer_end_index": m.layers - 1,
        "moe_layer_interval": m.integer("interleave_moe_layer_step", 1),
    }


def _glm4moe(m: Metadata) -> Config:
    m.expect("expert_gating_func", SIGMOID)
    config = _attention(m, "glm4_moe")
    return {
        **config,
        "attention_bias": has_bias(m),
        "use_qk_norm": m.has_tensor("blk.0.attn_q_norm.weight"),
        "partial_rotary_factor": config.get("partial_rotary_factor", 1.0),
        "intermediate_size": m.same_everywhere("feed_forward_length"),
        "moe_intermediate_size": expert_width(m),
        "n_routed_experts": m.integer("expert_count"),
        "num_experts_per_tok": m.integer("expert_used_count"),
        "n_shared_experts": m.integer("expert_shared_count"),
        "first_k_dense_replace": m.integer("leading_dense_block_count", 0, low=0),
        "n_group": m.integer("expert_group_count", 1),
        "topk_group": m.integer("expert_group_used_count", 1),
        "routed_scaling_factor": m.number("expert_weights_scale", 1.0),
        "norm_topk_prob": m.flag("expert_weights_norm", default=True),
    }


def _hunyuan_moe(m: Metadata) -> Config:
    fixed_routing(m, SOFTMAX, renormalized=True)
    m.ignore("expert_shared_feed_forward_length")  # the width of the layer itself
    shared = m.integer("expert_shared_count", 0, low=0)
    return {
        **_attention(m, "hunyuan_v1_moe"),
        "attention_bias": has_bias(m),
        "intermediate_size": m.same_everywhere("feed_forward_length"),
        "moe_intermediate_size": expert_width(m),
        "num_experts": m.integer("expert_count"),
        "moe_topk": m.integer("expert_used_count"),
        "num_shared_expert": shared,
        "use_mixed_mlp_moe": shared > 0,
    }


def _gpt_oss(m: Metadata) -> Config:
    ungrouped(m)
    m.ignore("feed_forward_length")  # experts are all there is
    config = decoder(m, "gpt_oss")
    config |= heads(m, config["hidden_size"])
    scaling = rope_scaling(m)
    if scaling.get("rope_type") == "yarn":
        scaling["truncate"] = False  # as published; GGUF has no key for it
    slides = m.marks("attention.sliding_window_pattern", 2)
    return {
        **config,
        **rope(m, config["head_dim"], scaling),
        "attention_bias": has_bias(m),
        "intermediate_size": expert_width(m),
        "num_local_experts": m.integer("expert_count"),
        "num_experts_per_tok": m.integer("expert_used_count"),
        "sliding_window": m.integer("attention.sliding_window"),
        "layer_types": layer_kinds(slides, "sliding_attention", "full_attention"),
    }


QWEN2MOE: Final = Architecture(
    _qwen2moe,
    {
        **DENSE,
        "ffn_gate_inp": "mlp.gate",
        **expert_rules("mlp.experts.{}"),
        "ffn_gate_inp_shexp": as_row("mlp.shared_expert_gate"),
        **shared_expert_rules("mlp.shared_expert"),
    },
    biased=QKV,
)
QWEN3MOE: Final = Architecture(
    _qwen3moe,
    {**DENSE, **_QK_NORMS, "ffn_gate_inp": "mlp.gate", **expert_rules("mlp.experts.{}")},
    biased=QKVO,
)
ERNIE4_5_MOE: Final = Architecture(
    _ernie4_5_moe,
    {
        **DENSE,
        "ffn_gate_inp": "mlp.gate",
        "exp_probs_b.bias": as_row("mlp.moe_statics.e_score_correction_bias"),
        **expert_rules("mlp.experts.{}"),
        **shared_expert_rules("mlp.shared_experts"),
    },
    biased=QKVO | {"ffn_gate", "ffn_up", "ffn_down"},
)
GLM4MOE: Final = Architecture(
    _glm4moe,
    {
        **DENSE,
        **_QK_NORMS,
        "post_attention_norm": "post_attention_layernorm",
        "ffn_gate_inp": "mlp.gate",
        "exp_probs_b.bias": "mlp.gate.e_score_correction_bias",
        **expert_rules("mlp.experts.{}"),
        **shared_expert_rules("mlp.shared_experts"),
    },
    biased=QKV,
)
HUNYUAN_MOE: Final = Architecture(
    _hunyuan_moe,
    {
        **DENSE,
        "attn_q_norm": "self_attn.query_layernorm",
        "attn_k_norm": "self_attn.key_layernorm",
        "ffn_gate_inp": "mlp.gate.wg",
        **expert_rules("mlp.experts.{}"),
        **shared_expert_rules("mlp.shared_mlp"),
    },
    biased=QKVO,
)
GPT_OSS: Final = Architecture(
    _gpt_oss,
    {
        **ATTENTION,
        "attn_sinks.weight": rename("self_attn.sinks"),
        "post_attention_norm": "post_attention_layernorm",
        "ffn_gate_inp": "mlp.router",
        **expert_rules("mlp.experts.{}"),
    },
    biased=QKVO | {"ffn_gate_inp", "ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"},
)
