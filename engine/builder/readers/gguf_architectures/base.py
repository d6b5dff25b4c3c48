"""What GGUF architectures share: an entry's form, common names, common keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.builder.readers.gguf_metadata import Metadata
from engine.builder.readers.gguf_rules import Rules, experts, gate_and_up_experts
from engine.errors import BadCheckpoint

Config = dict[str, Any]

ROPE_FACTORS: Final = "rope_freqs.weight"
_YARN_KEYS: Final[Mapping[str, str]] = {
    "rope.scaling.yarn_beta_fast": "beta_fast",
    "rope.scaling.yarn_beta_slow": "beta_slow",
    "rope.scaling.yarn_attn_factor": "attention_factor",
}

OUTER: Final[Rules] = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}

ATTENTION: Final[Rules] = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
}

MLP: Final[Rules] = {
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}

DENSE: Final[Rules] = {**ATTENTION, "ffn_norm": "post_attention_layernorm", **MLP}

QKV: Final = frozenset(("attn_q", "attn_k", "attn_v"))
QKVO: Final = QKV | {"attn_output"}


@dataclass(frozen=True, slots=True)
class Architecture:
    """One GGUF architecture.

    Attributes:
        config: Makes a Hugging Face config of the metadata; asks for every key that matters.
        layer: Tensors inside a block, by stem ("attn_q") or by whole name ("exp_probs_b.bias").
        outer: Tensors outside the blocks.
        biased: Stems that may have a bias beside the weight.
    """

    config: Callable[[Metadata], Config]
    layer: Rules
    outer: Rules = field(default_factory=lambda: OUTER)
    biased: frozenset[str] = frozenset()


def expert_rules(
    stem: str, gate: str = "gate_proj", up: str = "up_proj", down: str = "down_proj"
) -> Rules:
    """Rules for routed experts under `stem`, which holds `{}` for an expert's number."""
    names = (f"{stem}.{gate}", f"{stem}.{up}", f"{stem}.{down}")
    return {
        "ffn_gate_exps": experts(names[0]),
        "ffn_up_exps": experts(names[1]),
        "ffn_down_exps": experts(names[2]),
        "ffn_gate_up_exps": gate_and_up_experts(names[0], names[1]),
    }


def shared_expert_rules(stem: str) -> Rules:
    """Rules for an MLP that every token passes beside the routed experts."""
    return {
        "ffn_gate_shexp": f"{stem}.gate_proj",
        "ffn_up_shexp": f"{stem}.up_proj",
        "ffn_down_shexp": f"{stem}.down_proj",
    }


def decoder(m: Metadata, model_type: str) -> Config:
    """The keys every decoder has, but for the rotary embedding and the feed-forward width."""
    vocab = m.tensor("token_embd.weight").shape[0]
    if m.integer("vocab_size", vocab) != vocab:
        raise BadCheckpoint(reason="bad_config", key="vocab_size")
    m.expect("attention.causal", True)
    return {
        "model_type": model_type,
        "vocab_size": vocab,
        "num_hidden_layers": m.layers,
        "max_position_embeddings": m.integer("context_length"),
        "hidden_size": m.integer("embedding_length"),
        "rms_norm_eps": m.number("attention.layer_norm_rms_epsilon"),
        "tie_word_embeddings": not m.has_tensor("output.weight"),
    }


def heads(m: Metadata, hidden: int) -> Config:
    """Query heads, key and value heads and their common width."""
    count = m.same_everywhere("attention.head_count")
    width = m.integer("attention.key_length", max(1, hidden // count))
    if m.integer("attention.value_length", width) != width:
        raise BadCheckpoint(reason="bad_config", key="attention.value_length")
    return {
        "num_attention_heads": count,
        "num_key_value_heads": m.same_everywhere("attention.head_count_kv", count),
        "head_dim": width,
    }


def rope(m: Metadata, width: int, scaling: Config | None = None) -> Config:
    """Base, share and scaling of the rotary embedding of heads of some width.

    `scaling` is for families that write theirs in a way of their own.
    """
    config: Config = {"rope_theta": m.number("rope.freq_base", 10000.0)}
    rotary = m.integer("rope.dimension_count", width)
    if rotary > width:
        raise BadCheckpoint(reason="bad_config", key="rope.dimension_count")
    if rotary < width:
        config["partial_rotary_factor"] = share_of(rotary, width)
    scaling = rope_scaling(m) if scaling is None else scaling
    if m.has_tensor(ROPE_FACTORS):
        if scaling:
            raise m.unsupported("rope.scaling.type")
        scaling = {"rope_type": "factors", "factors": {"tensor": ROPE_FACTORS}}
    if scaling:
        config["rope_scaling"] = scaling
    return config


def share_of(part: int, whole: int) -> float:
    """A share from which int(whole * share) gives the part again."""
    share = part / whole
    return share if int(whole * share) == part else math.nextafter(share, 1)


def rope_scaling(m: Metadata, log_unit: float = 1.0) -> Config:
    """`rope_scaling` of a config, empty when nothing is scaled.

    Args:
        m: Where the `rope.scaling.*` keys are.
        log_unit: What `yarn_log_multiplier` must be multiplied with to give DeepSeek's
            `mscale_all_dim`. llama.cpp stores a tenth of it for deepseek2, itself elsewhere.
    """
    m.expect("rope.scale_linear", 1.0)
    factor = m.number("rope.scaling.factor", 1.0) or 1.0  # zero means none
    kind = m.text("rope.scaling.type", "linear")
    m.ignore("rope.scaling.original_context_length")
    if kind == "none" or (kind == "linear" and factor == 1):
        return {}
    if kind == "linear":
        return {"rope_type": "linear", "factor": factor}
    if kind != "yarn":
        raise m.unsupported(f"rope.scaling.type={kind}")
    m.expect("rope.scaling.yarn_ext_factor", 1.0, -1.0)
    scaling: Config = {
        "rope_type": "yarn",
        "factor": factor,
        "original_max_position_embeddings": m.integer(
            "rope.scaling.original_context_length", m.integer("context_length")
        ),
    }
    scaling |= {name: m.number(key) for key, name in _YARN_KEYS.items() if m.has(key)}
    if m.has("rope.scaling.yarn_log_multiplier"):
        # Published configs give both mscales the same value; the multiplier alone is stored.
        mscale = round(log_unit * m.number("rope.scaling.yarn_log_multiplier"), 6)
        scaling |= {"mscale": mscale, "mscale_all_dim": mscale}
    return scaling


def expert_width(m: Metadata, default: int | None = None) -> int:
    """Width of a routed expert; older files do not say it."""
    if default is None and not m.has("expert_feed_forward_length"):
        layers = m.layers_with("ffn_down_exps.weight")
        if not layers:
            raise BadCheckpoint(reason="missing_tensor", tensor="ffn_down_exps.weight")
        default = m.tensor(f"blk.{layers[0]}.ffn_down_exps.weight").shape[-1]
    return m.integer("expert_feed_forward_length", default)


def ungrouped(m: Metadata) -> None:
    """Refuse routing rules that a family without them cannot mean."""
    m.expect("expert_group_count", 1, 0)
    m.expect("expert_group_used_count", 1, 0)


SOFTMAX, SIGMOID = 1, 2
"""Values of `expert_gating_func`."""


def layer_kinds(marked: tuple[bool, ...], yes: str, no: str) -> list[str]:
    """`layer_types` of a config."""
    return [yes if mark else no for mark in marked]


def has_bias(m: Metadata, stem: str = "attn_q") -> bool:
    """Whether a projection has a bias in the first layer that has the projection."""
    layers = m.layers_with(f"{stem}.weight")
    return bool(layers) and m.has_tensor(f"blk.{layers[0]}.{stem}.bias")
