"""Llama and its relatives: one block, with or without experts, biases and norms of heads.

Sources: llama.cpp, conversion/{llama,qwen,smollm,phi,olmo,ernie,glm,hunyuan}.py and src/models/.
"""

from __future__ import annotations

from typing import Final

from engine.builder.readers.gguf_architectures.base import (
    ATTENTION,
    DENSE,
    OUTER,
    QKV,
    QKVO,
    ROPE_FACTORS,
    SOFTMAX,
    Architecture,
    Config,
    decoder,
    expert_rules,
    expert_width,
    has_bias,
    heads,
    rope,
    ungrouped,
)
from engine.builder.readers.gguf_metadata import Metadata
from engine.builder.readers.gguf_rules import Rules, half_by_half, taken_elsewhere
from engine.errors import BadCheckpoint

_WITH_ROPE_FACTORS: Final[Rules] = {**OUTER, ROPE_FACTORS: ROPE_FACTORS}
_PERMUTED: Final[Rules] = {
    **DENSE,
    "attn_q": half_by_half("self_attn.q_proj", "num_attention_heads"),
    "attn_k": half_by_half("self_attn.k_proj", "num_key_value_heads"),
}
_FIRST_PHI3: Final = (4096, 2047)
_QK_NORMS: Final[Rules] = {
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
}


def dense(m: Metadata, model_type: str) -> Config:
    """The config of a dense decoder."""
    config = decoder(m, model_type)
    config |= heads(m, config["hidden_size"])
    config |= rope(m, config["head_dim"])
    config["intermediate_size"] = m.same_everywhere("feed_forward_length")
    return config


def _llama(m: Metadata) -> Config:
    """Llama, Mistral and Mixtral: llama.cpp calls all of them llama."""
    if m.integer("expert_count", 0, low=0):
        return _mixtral(m)
    config = dense(m, "llama")
    if "partial_rotary_factor" in config:  # llama.cpp refuses it too
        raise BadCheckpoint(reason="bad_config", key="rope.dimension_count")
    return {**config, "attention_bias": has_bias(m), "mlp_bias": has_bias(m, "ffn_up")}


def _mixtral(m: Metadata) -> Config:
    ungrouped(m)
    m.expect("expert_gating_func", SOFTMAX)
    return {
        **dense(m, "mixtral"),
        "num_local_experts": m.integer("expert_count"),
        "num_experts_per_tok": m.integer("expert_used_count"),
    }


def _smollm3(m: Metadata) -> Config:
    # Every fourth layer has no positions; no key says so, llama.cpp has the number in its code.
    return {
        **dense(m, "smollm3"),
        "attention_bias": has_bias(m),
        "mlp_bias": has_bias(m, "ffn_up"),
        "no_rope_layer_interval": 4,
    }


def _qwen2(m: Metadata) -> Config:
    return dense(m, "qwen2")


def _qwen3(m: Metadata) -> Config:
    return {**dense(m, "qwen3"), "attention_bias": has_bias(m)}


def _ernie4_5(m: Metadata) -> Config:
    return {**dense(m, "ernie4_5"), "use_bias": has_bias(m)}


def _glm4(m: Metadata) -> Config:
    if m.has("rope.dimension_sections"):  # queries and keys of picture models are reordered
        raise m.unsupported("rope.dimension_sections")
    config = dense(m, "glm4")
    share = config.get("partial_rotary_factor", 1.0)
    return {**config, "attention_bias": has_bias(m), "partial_rotary_factor": share}


def _hunyuan(m: Metadata) -> Config:
    # The converter multiplies Hunyuan's fixed NTK stretch (`alpha`) into the base.
    return {**dense(m, "hunyuan_v1_dense"), "attention_bias": has_bias(m)}


def _olmoe(m: Metadata) -> Config:
    ungrouped(m)
    m.expect("expert_gating_func", SOFTMAX)
    m.expect("expert_weights_norm", False)
    m.expect("expert_weights_scale", 1.0, 0.0)
    config = dense(m, "olmoe")
    if expert_width(m) != config["intermediate_size"]:
        raise BadCheckpoint(reason="bad_config", key="expert_feed_forward_length")
    return {
        **config,
        "attention_bias": has_bias(m),
        "norm_topk_prob": False,
        "num_experts": m.integer("expert_count"),
        "num_experts_per_tok": m.integer("expert_used_count"),
        "clip_qkv": m.number("attention.clamp_kqv", 0.0) or None,
    }


def _phi3(m: Metadata) -> Config:
    config = decoder(m, "phi3") | heads(m, m.integer("embedding_length"))
    longest = config["max_position_embeddings"]
    # Files from before there was a key for it: only the first Phi-3, made for 4096 tokens, has a
    # window shorter than its context.
    window = _FIRST_PHI3[1] if longest == _FIRST_PHI3[0] else 0
    return {
        **config,
        **rope(m, config["head_dim"], _longrope(m)),
        "intermediate_size": m.same_everywhere("feed_forward_length"),
        "original_max_position_embeddings": m.integer(
            "rope.scaling.original_context_length", longest
        ),
        "sliding_window": m.integer("attention.sliding_window", window, low=0) or None,
    }


def _longrope(m: Metadata) -> Config:
    m.expect("rope.scaling.type", "longrope", "none")
    if not m.has_tensor("rope_factors_long.weight"):
        return {}
    scaling: Config = {
        "rope_type": "longrope",
        "short_factor": m.values("rope_factors_short.weight"),
        "long_factor": m.values("rope_factors_long.weight"),
    }
    if m.has("rope.scaling.attn_factor"):
        scaling["attention_factor"] = m.number("rope.scaling.attn_factor")
    return scaling


_OLD_MIXTRAL: Final[Rules] = {
    f"{stem}.{expert}": f"block_sparse_moe.experts.{expert}.{name}"
    for stem, name in (("ffn_gate", "w1"), ("ffn_up", "w3"), ("ffn_down", "w2"))
    for expert in range(64)
}
"""Before March 2024 each expert had tensors of its own."""

LLAMA: Final = Architecture(
    _llama,
    {
        **_PERMUTED,
        "ffn_gate_inp": "block_sparse_moe.gate",
        **expert_rules("block_sparse_moe.experts.{}", "w1", "w3", "w2"),
        **_OLD_MIXTRAL,
    },
    _WITH_ROPE_FACTORS,
    QKVO | {"ffn_gate", "ffn_up", "ffn_down"},
)
SMOLLM3: Final = Architecture(
    _smollm3, _PERMUTED, _WITH_ROPE_FACTORS, QKVO | {"ffn_gate", "ffn_up", "ffn_down"}
)
QWEN2: Final = Architecture(_qwen2, DENSE, _WITH_ROPE_FACTORS, QKV)
QWEN3: Final = Architecture(_qwen3, {**DENSE, **_QK_NORMS}, _WITH_ROPE_FACTORS, QKVO)
ERNIE4_5: Final = Architecture(_ernie4_5, DENSE, biased=QKVO | {"ffn_gate", "ffn_up", "ffn_down"})
HUNYUAN_DENSE: Final = Architecture(
    _hunyuan,
    {
        **DENSE,
        "attn_q_norm": "self_attn.query_layernorm",
        "attn_k_norm": "self_attn.key_layernorm",
    },
    biased=QKVO,
)
OLMOE: Final = Architecture(
    _olmoe,
    {
        **ATTENTION,
        **_QK_NORMS,
        "ffn_norm": "post_attention_layernorm",
        "ffn_gate_inp": "mlp.gate",
        **expert_rules("mlp.experts.{}"),
    },
    biased=QKVO,
)
PHI3: Final = Architecture(
    _phi3,
    {
        "attn_norm": "input_layernorm",
        "attn_qkv": "self_attn.qkv_proj",
        "attn_output": "self_attn.o_proj",
        "ffn_norm": "post_attention_layernorm",
        "ffn_up": "mlp.gate_up_proj",
        "ffn_down": "mlp.down_proj",
    },
    {
        **OUTER,
        "rope_factors_short": taken_elsewhere,
        "rope_factors_long": taken_elsewhere,
    },
)
GLM4: Final = Architecture(
    _glm4,
    {
        **ATTENTION,
        "post_attention_norm": "post_self_attn_layernorm",
        "ffn_norm": "post_attention_layernorm",
        "ffn_up": "mlp.gate_up_proj",
        "ffn_down": "mlp.down_proj",
        "post_ffw_norm": "post_mlp_layernorm",
    },
    biased=QKV,
)
