"""Decoders that are not attention alone: Qwen3-Next, Qwen3.5 and LFM2.

Sources: llama.cpp, conversion/{qwen,lfm2}.py, src/models/.
"""

from __future__ import annotations

from typing import Final

from engine.builder.readers import gguf_tensors as change
from engine.builder.readers.gguf_architectures.base import (
    ATTENTION,
    MLP,
    OUTER,
    QKV,
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
    shared_expert_rules,
    ungrouped,
)
from engine.builder.readers.gguf_architectures.mixtures import (
    fixed_routing,
    shared_width,
    sparse_everywhere,
)
from engine.builder.readers.gguf_metadata import Metadata
from engine.builder.readers.gguf_rules import (
    VALUE_WIDTH,
    Rules,
    as_row,
    by_key_head,
    chained,
    less_one,
    rename,
    taken_elsewhere,
    value_head_columns,
    value_heads,
)
from engine.errors import BadCheckpoint


def _qwen_hybrid(m: Metadata, model_type: str) -> Config:
    """Three layers of linear attention to one of full attention, with gates."""
    m.ignore("rope.dimension_sections")  # positions of pictures; text has one position only
    config = decoder(m, model_type)
    config |= heads(m, config["hidden_size"])
    values = m.integer("ssm.time_step_rank")
    inner = m.integer("ssm.inner_size")
    if inner % values:
        raise BadCheckpoint(reason="bad_config", key="ssm.inner_size")
    m.ignore("full_attention_interval")  # the tensors say it layer by layer
    states = m.layers_with("ssm_out.weight")
    linear = tuple(layer in states for layer in range(m.layers))
    return {
        **config,
        **rope(m, config["head_dim"]),
        "attention_bias": has_bias(m),
        "linear_conv_kernel_dim": m.integer("ssm.conv_kernel"),
        "linear_key_head_dim": m.integer("ssm.state_size"),
        "linear_num_key_heads": m.integer("ssm.group_count"),
        "linear_num_value_heads": values,
        "linear_value_head_dim": inner // values,
        "layer_types": layer_kinds(linear, "linear_attention", "full_attention"),
    }


def _qwen_mixture(m: Metadata) -> Config:
    fixed_routing(m, SOFTMAX, renormalized=True)
    return {
        "num_experts": m.integer("expert_count"),
        "num_experts_per_tok": m.integer("expert_used_count"),
        "moe_intermediate_size": expert_width(m),
        "shared_expert_intermediate_size": shared_width(m),
    }


def _qwen3next(m: Metadata) -> Config:
    return {
        **_qwen_hybrid(m, "qwen3_next"),
        **_qwen_mixture(m),
        **sparse_everywhere(m),
        "intermediate_size": m.same_everywhere("feed_forward_length", expert_width(m)),
        "norm_topk_prob": True,
    }


def _qwen35(m: Metadata) -> Config:
    config = _qwen_hybrid(m, "qwen3_5_text")
    return {**config, "intermediate_size": m.same_everywhere("feed_forward_length")}


def _qwen35moe(m: Metadata) -> Config:
    m.ignore("feed_forward_length")  # every layer has experts
    return {**_qwen_hybrid(m, "qwen3_5_moe_text"), **_qwen_mixture(m)}


def _lfm2(m: Metadata) -> Config:
    config = _lfm2_common(m, "lfm2")
    return {
        **config,
        "block_ff_dim": config["intermediate_size"],
        "block_auto_adjust_ff_dim": False,  # the converter stores the adjusted width
    }


def _lfm2moe(m: Metadata) -> Config:
    ungrouped(m)
    m.expect("expert_gating_func", SIGMOID)
    return {
        **_lfm2_common(m, "lfm2_moe"),
        "moe_intermediate_size": expert_width(m),
        "num_experts": m.integer("expert_count"),
        "num_experts_per_tok": m.integer("expert_used_count"),
        "num_dense_layers": m.integer("leading_dense_block_count", 0, low=0),
        "use_expert_bias": bool(m.layers_with("exp_probs_b.bias")),
        "norm_topk_prob": m.flag("expert_weights_norm", default=True),
        "routed_scaling_factor": m.number("expert_weights_scale", 1.0),
    }


def _lfm2_common(m: Metadata, model_type: str) -> Config:
    """Layers without key and value heads are short convolutions."""
    config = decoder(m, model_type)
    count = m.same_everywhere("attention.head_count")
    width = m.integer("attention.key_length", config["hidden_size"] // count)
    if m.integer("attention.value_length", width) != width:
        raise BadCheckpoint(reason="bad_config", key="attention.value_length")
    shared = m.each_layer("attention.head_count_kv", low=0)
    groups = set(shared) - {0}
    if len(groups) != 1:
        raise m.unsupported("attention.head_count_kv")
    config["norm_eps"] = config.pop("rms_norm_eps")
    return {
        **config,
        **rope(m, width),
        "num_attention_heads": count,
        "num_key_value_heads": groups.pop(),
        "intermediate_size": m.same_everywhere("feed_forward_length"),
        "conv_L_cache": m.integer("shortconv.l_cache"),
        "conv_bias": False,
        "layer_types": layer_kinds(
            tuple(number > 0 for number in shared), "full_attention", "conv"
        ),
    }


_GATED_ATTENTION: Final[Rules] = {
    **ATTENTION,
    "attn_norm": less_one("input_layernorm"),
    "attn_q_norm": less_one("self_attn.q_norm"),
    "attn_k_norm": less_one("self_attn.k_norm"),
    "post_attention_norm": less_one("post_attention_layernorm"),
}
_OUTER_PLUS_ONE: Final[Rules] = {**OUTER, "output_norm": less_one("model.norm")}
_QWEN_MIXTURE: Final[Rules] = {
    "ffn_gate_inp": "mlp.gate",
    **expert_rules("mlp.experts.{}"),
    "ffn_gate_inp_shexp": as_row("mlp.shared_expert_gate"),
    **shared_expert_rules("mlp.shared_expert"),
}
_DELTA_NEXT: Final[Rules] = {
    "attn_qkv": by_key_head("linear_attn.in_proj_qkvz"),
    "attn_gate": taken_elsewhere,
    "ssm_in": "linear_attn.in_proj_qkvz",
    "ssm_ba": "linear_attn.in_proj_ba",
    "ssm_conv1d": chained(rename("linear_attn.conv1d"), change.kernels),
    "ssm_a": chained(rename("linear_attn.A_log"), change.log_of_negative),
    "ssm_dt.bias": "linear_attn.dt_bias",
    "ssm_norm": "linear_attn.norm",
    "ssm_out": "linear_attn.out_proj",
}
_DELTA_3_5: Final[Rules] = {
    "attn_qkv": value_heads("linear_attn.in_proj_qkv", VALUE_WIDTH, skipped=2),
    "attn_gate": value_heads("linear_attn.in_proj_z", VALUE_WIDTH),
    "ssm_alpha": value_heads("linear_attn.in_proj_a"),
    "ssm_beta": value_heads("linear_attn.in_proj_b"),
    "ssm_conv1d": chained(
        value_heads("linear_attn.conv1d", VALUE_WIDTH, skipped=2), change.kernels
    ),
    "ssm_a": chained(value_heads("linear_attn.A_log"), change.log_of_negative),
    "ssm_dt.bias": value_heads("linear_attn.dt_bias"),
    "ssm_norm": "linear_attn.norm",
    "ssm_out": value_head_columns("linear_attn.out_proj"),
}
_SHORT_CONV: Final[Rules] = {
    "attn_norm": "operator_norm",
    "ffn_norm": "ffn_norm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.out_proj",
    "attn_q_norm": "self_attn.q_layernorm",
    "attn_k_norm": "self_attn.k_layernorm",
    "shortconv.conv": chained(rename("conv.conv"), change.kernels),
    "shortconv.in_proj": "conv.in_proj",
    "shortconv.out_proj": "conv.out_proj",
    "ffn_gate": "feed_forward.w1",
    "ffn_up": "feed_forward.w3",
    "ffn_down": "feed_forward.w2",
}
_OUTER_LFM2: Final[Rules] = {
    "token_embd": "model.embed_tokens",
    "token_embd_norm": "model.embedding_norm",  # behind the last layer, whatever it is called
    "output": "lm_head",
}

QWEN3NEXT: Final = Architecture(
    _qwen3next, {**_GATED_ATTENTION, **MLP, **_DELTA_NEXT, **_QWEN_MIXTURE}, _OUTER_PLUS_ONE, QKV
)
QWEN35: Final = Architecture(
    _qwen35, {**_GATED_ATTENTION, **MLP, **_DELTA_3_5}, _OUTER_PLUS_ONE, QKV
)
QWEN35MOE: Final = Architecture(
    _qwen35moe, {**_GATED_ATTENTION, **_DELTA_3_5, **_QWEN_MIXTURE}, _OUTER_PLUS_ONE, QKV
)
LFM2: Final = Architecture(_lfm2, _SHORT_CONV, _OUTER_LFM2)
LFM2MOE: Final = Architecture(
    _lfm2moe,
    {
        **_SHORT_CONV,
        "ffn_gate_inp": "feed_forward.gate",
        "exp_probs_b.bias": "feed_forward.expert_bias",
        **expert_rules("feed_forward.experts.{}", "w1", "w3", "w2"),
    },
    _OUTER_LFM2,
)
