"""Metadata as llama.cpp's converters write it, from a Hugging Face config."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tests.helpers.gguf_layout import ARCHITECTURES, global_head_dim

SOFTMAX, SIGMOID = 1, 2

# Config keys that become metadata keys as they are, in whatever family they occur.
_PLAIN = {
    "max_position_embeddings": "context_length",
    "hidden_size": "embedding_length",
    "intermediate_size": "feed_forward_length",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
    "rms_norm_eps": "attention.layer_norm_rms_epsilon",
    "norm_eps": "attention.layer_norm_rms_epsilon",
    "num_local_experts": "expert_count",
    "num_experts": "expert_count",
    "n_routed_experts": "expert_count",
    "moe_num_experts": "expert_count",
    "num_experts_per_tok": "expert_used_count",
    "top_k_experts": "expert_used_count",
    "moe_k": "expert_used_count",
    "moe_topk": "expert_used_count",
    "n_group": "expert_group_count",
    "topk_group": "expert_group_used_count",
}
# Keys that only some converters write.
_OWN: Mapping[str, Mapping[str, str]] = {
    "qwen2moe": {
        "moe_intermediate_size": "expert_feed_forward_length",
        "shared_expert_intermediate_size": "expert_shared_feed_forward_length",
    },
    "qwen3moe": {"moe_intermediate_size": "expert_feed_forward_length"},
    "deepseek2": {
        "first_k_dense_replace": "leading_dense_block_count",
        "q_lora_rank": "attention.q_lora_rank",
        "kv_lora_rank": "attention.kv_lora_rank",
        "v_head_dim": "attention.value_length_mla",
        "moe_intermediate_size": "expert_feed_forward_length",
        "n_shared_experts": "expert_shared_count",
        "routed_scaling_factor": "expert_weights_scale",
        "qk_rope_head_dim": "rope.dimension_count",
        "vocab_size": "vocab_size",
    },
    "ernie4_5-moe": {
        "moe_layer_interval": "interleave_moe_layer_step",
        "moe_layer_start_index": "leading_dense_block_count",
        "moe_intermediate_size": "expert_feed_forward_length",
        "moe_num_shared_experts": "expert_shared_count",
    },
    "glm4moe": {
        "moe_intermediate_size": "expert_feed_forward_length",
        "n_shared_experts": "expert_shared_count",
        "first_k_dense_replace": "leading_dense_block_count",
        "routed_scaling_factor": "expert_weights_scale",
        "norm_topk_prob": "expert_weights_norm",
    },
    "gpt-oss": {
        "sliding_window": "attention.sliding_window",
        "intermediate_size": "expert_feed_forward_length",
    },
    "gemma2": {
        "attn_logit_softcapping": "attn_logit_softcapping",
        "final_logit_softcapping": "final_logit_softcapping",
        "sliding_window": "attention.sliding_window",
    },
    "gemma3": {"sliding_window": "attention.sliding_window"},
    "gemma4": {
        "sliding_window": "attention.sliding_window",
        "final_logit_softcapping": "final_logit_softcapping",
        "num_kv_shared_layers": "attention.shared_kv_layers",
        "hidden_size_per_layer_input": "embedding_length_per_layer_input",
        "moe_intermediate_size": "expert_feed_forward_length",
    },
    "hunyuan-moe": {
        "moe_intermediate_size": "expert_feed_forward_length",
        "intermediate_size": "expert_shared_feed_forward_length",
        "num_shared_expert": "expert_shared_count",
    },
    "lfm2moe": {
        "moe_intermediate_size": "expert_feed_forward_length",
        "num_dense_layers": "leading_dense_block_count",
        "conv_L_cache": "shortconv.l_cache",
        "vocab_size": "vocab_size",
    },
    "lfm2": {"conv_L_cache": "shortconv.l_cache", "vocab_size": "vocab_size"},
    "llama": {"vocab_size": "vocab_size"},
    "phi3": {"original_max_position_embeddings": "rope.scaling.original_context_length"},
    "qwen3next": {
        "moe_intermediate_size": "expert_feed_forward_length",
        "shared_expert_intermediate_size": "expert_shared_feed_forward_length",
    },
}
_OWN = {**_OWN, "qwen35moe": _OWN["qwen3next"]}
_DELTA = {
    "linear_conv_kernel_dim": "ssm.conv_kernel",
    "linear_key_head_dim": "ssm.state_size",
    "linear_num_key_heads": "ssm.group_count",
    "linear_num_value_heads": "ssm.time_step_rank",
}
_SIGMOID = ("glm4_moe", "lfm2_moe", "deepseek_v3", "glm4_moe_lite")


def gguf_keys(config: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata keys, without the architecture's prefix."""
    name = ARCHITECTURES[config["model_type"]]
    keys: dict[str, Any] = {"block_count": config["num_hidden_layers"]}
    for source, target in (*_PLAIN.items(), *_OWN.get(name, {}).items()):
        if config.get(source) is not None:
            keys[target] = config[source]
    if "head_dim" in config and name != "deepseek2":
        keys["attention.key_length"] = keys["attention.value_length"] = config["head_dim"]
    if config["model_type"] in _SIGMOID:
        keys["expert_gating_func"] = SIGMOID
    keys |= _rope(config)
    keys |= _special(name, config)
    return keys


def _rope(config: Mapping[str, Any]) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    nested = config.get("rope_parameters") or {}
    full = nested.get("full_attention", nested)
    scaling = config.get("rope_scaling") or full
    keys["rope.freq_base"] = float(full.get("rope_theta", config.get("rope_theta")))
    if "sliding_attention" in nested:
        keys["rope.freq_base_swa"] = nested["sliding_attention"]["rope_theta"]
    share = config.get("partial_rotary_factor", 1.0)
    width = config.get("head_dim", config["hidden_size"] // config["num_attention_heads"])
    keys["rope.dimension_count"] = int(width * share)
    if "alpha" in scaling:  # Hunyuan
        keys["rope.freq_base"] *= scaling["alpha"] ** (width / (width - 2))
    kind = scaling.get("rope_type", scaling.get("type"))
    if kind in ("linear", "yarn"):
        keys |= {"rope.scaling.type": kind, "rope.scaling.factor": float(scaling["factor"])}
    if kind == "yarn":
        original = scaling["original_max_position_embeddings"]
        keys["rope.scaling.original_context_length"] = original
        for beta in ("beta_fast", "beta_slow"):
            keys[f"rope.scaling.yarn_{beta}"] = float(scaling[beta])
        if "mscale_all_dim" in scaling:
            keys["rope.scaling.yarn_log_multiplier"] = 0.1 * scaling["mscale_all_dim"]
    return keys


def _special(name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """What no table says."""
    if name in ("lfm2", "lfm2moe"):
        counts = config["num_key_value_heads"]
        kinds = config["layer_types"]
        return {"attention.head_count_kv": [counts * (kind != "conv") for kind in kinds]}
    if name == "ernie4_5-moe":
        width = config["moe_intermediate_size"] * config["moe_num_shared_experts"]
        return {"expert_shared_feed_forward_length": width}
    if name == "phi3":
        return _phi3(config)
    larger = {
        "deepseek2": _latent,
        "gemma4": _gemma4,
        "qwen35": _delta,
        "qwen35moe": _delta,
        "qwen3next": _delta,
    }
    return larger[name](config) if name in larger else {}


def _phi3(config: Mapping[str, Any]) -> dict[str, Any]:
    keys: dict[str, Any] = {"attention.sliding_window": config["sliding_window"] or 0}
    if config.get("rope_scaling"):
        original = config["original_max_position_embeddings"]
        growth = math.log(config["max_position_embeddings"] / original) / math.log(original)
        keys["rope.scaling.attn_factor"] = math.sqrt(1 + growth)
    return keys


def _latent(config: Mapping[str, Any]) -> dict[str, Any]:
    turning, latent = config["qk_rope_head_dim"], config["kv_lora_rank"]
    keys = {
        "attention.head_count_kv": 1,
        "attention.key_length": latent + turning,
        "attention.value_length": latent,
        "attention.key_length_mla": config["qk_nope_head_dim"] + turning,
        "rope.dimension_count": turning,
        "leading_dense_block_count": config.get("first_k_dense_replace", 1),
    }
    return keys | ({"expert_weights_norm": True} if config["norm_topk_prob"] else {})


def _delta(config: Mapping[str, Any]) -> dict[str, Any]:
    inner = config["linear_value_head_dim"] * config["linear_num_value_heads"]
    keys = {target: config[source] for source, target in _DELTA.items()}
    keys |= {"ssm.inner_size": inner, "full_attention_interval": 4}
    if config["model_type"] != "qwen3_next":
        keys["rope.dimension_sections"] = [11, 11, 10, 0]
    return keys


def _gemma4(config: Mapping[str, Any]) -> dict[str, Any]:
    wide, narrow = global_head_dim(config), config["head_dim"]
    slides = [kind == "sliding_attention" for kind in config["layer_types"]]
    keys = {
        "attention.sliding_window_pattern": slides,
        "attention.key_length": wide,
        "attention.value_length": wide,
        "attention.key_length_swa": narrow,
        "attention.value_length_swa": narrow,
        "rope.dimension_count": wide,
        "rope.dimension_count_swa": narrow,
    }
    full = config.get("num_global_key_value_heads")
    if full is not None:
        shared = config["num_key_value_heads"]
        keys["attention.head_count_kv"] = [shared if slide else full for slide in slides]
    if config.get("use_double_wide_mlp"):
        layers, width = config["num_hidden_layers"], config["intermediate_size"]
        first = layers - config["num_kv_shared_layers"]
        keys["feed_forward_length"] = [width * (1 + (i >= first)) for i in range(layers)]
    return keys
