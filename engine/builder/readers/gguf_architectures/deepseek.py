"""DeepSeek-V2, V3, R1 and what is built like them (Kimi K2, GLM-4.7-Flash): latent attention.

Sources: llama.cpp, conversion/deepseek.py, src/models/deepseek2.cpp.
"""

from __future__ import annotations

from typing import Final

from engine.builder.readers.gguf_architectures.base import (
    MLP,
    SIGMOID,
    SOFTMAX,
    Architecture,
    Config,
    decoder,
    expert_rules,
    expert_width,
    rope,
    rope_scaling,
    shared_expert_rules,
)
from engine.builder.readers.gguf_metadata import Metadata
from engine.builder.readers.gguf_rules import key_value_halves, taken_elsewhere
from engine.errors import BadCheckpoint

# The converter stores a tenth of `mscale_all_dim` for this architecture.
_LOG_UNIT: Final = 10.0

# Files made before November 2025 do not say how experts are grouped. By layers and experts:
# DeepSeek-V2 (236B) and V3.
_GROUPS: Final = {(60, 160): (8, 3), (61, 256): (8, 4)}


def _deepseek2(m: Metadata) -> Config:
    scoring = _scoring(m)
    experts = m.integer("expert_count")
    groups, chosen = _GROUPS.get((m.layers, experts), (1, 1))
    config = {
        **decoder(m, "deepseek_v3" if scoring == SIGMOID else "deepseek_v2"),
        **_attention(m),
        "intermediate_size": m.same_everywhere("feed_forward_length"),
        "moe_intermediate_size": expert_width(m),
        "n_routed_experts": experts,
        "num_experts_per_tok": m.integer("expert_used_count"),
        "n_shared_experts": m.integer("expert_shared_count"),
        "first_k_dense_replace": m.integer("leading_dense_block_count", 0, low=0),
        "n_group": m.integer("expert_group_count", groups),
        "topk_group": m.integer("expert_group_used_count", chosen),
        "routed_scaling_factor": m.number("expert_weights_scale", 1.0),
        "norm_topk_prob": m.flag("expert_weights_norm", default=False),
    }
    if scoring == SOFTMAX:
        grouped = config["n_group"] > 1
        config["topk_method"] = "group_limited_greedy" if grouped else "greedy"
    return config


def _scoring(m: Metadata) -> int:
    """Softmax (V2) or sigmoid (V3); without a key, whether scores are corrected tells."""
    corrected = bool(m.layers_with("exp_probs_b.bias"))
    m.expect("expert_gating_func", 0, SOFTMAX, SIGMOID)
    return m.integer("expert_gating_func", 0, low=0) or (SIGMOID if corrected else SOFTMAX)


def _attention(m: Metadata) -> Config:
    """Sizes of latent attention.

    Files with absorbed projections describe what llama.cpp computes, one key head as wide as the
    latent, and give the real widths in keys of their own; older ones give only the real widths.
    """
    absorbed = m.has("attention.key_length_mla")
    ending = "_length_mla" if absorbed else "_length"
    turning = m.integer("rope.dimension_count")
    key, value = m.integer(f"attention.key{ending}"), m.integer(f"attention.value{ending}")
    m.ignore("attention.key_length", "attention.value_length", "attention.head_count_kv")
    if key <= turning:
        raise BadCheckpoint(reason="bad_config", key="rope.dimension_count")
    heads = m.same_everywhere("attention.head_count")
    return {
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "q_lora_rank": m.integer("attention.q_lora_rank", 0, low=0) or None,
        "kv_lora_rank": m.integer("attention.kv_lora_rank"),
        "qk_nope_head_dim": key - turning,
        "qk_rope_head_dim": turning,
        "v_head_dim": value,
        "attention_bias": False,
        **rope(m, turning, rope_scaling(m, _LOG_UNIT)),
    }


DEEPSEEK2: Final = Architecture(
    _deepseek2,
    {
        "attn_norm": "input_layernorm",
        "attn_q": "self_attn.q_proj",
        "attn_q_a": "self_attn.q_a_proj",
        "attn_q_a_norm": "self_attn.q_a_layernorm",
        "attn_q_b": "self_attn.q_b_proj",
        "attn_kv_a_mqa": "self_attn.kv_a_proj_with_mqa",
        "attn_kv_a_norm": "self_attn.kv_a_layernorm",
        "attn_kv_b": "self_attn.kv_b_proj",
        "attn_k_b": key_value_halves("self_attn.kv_b_proj"),
        "attn_v_b": taken_elsewhere,
        "attn_output": "self_attn.o_proj",
        "ffn_norm": "post_attention_layernorm",
        **MLP,
        "ffn_gate_inp": "mlp.gate",
        "exp_probs_b.bias": "mlp.gate.e_score_correction_bias",
        **expert_rules("mlp.experts.{}"),
        **shared_expert_rules("mlp.shared_experts"),
    },
)
