"""Tensors and metadata laid out as llama.cpp's converters do, from a Hugging Face checkpoint.

Names come from the gguf library's own map, so that the reader's tables are checked against another
source. What converters change beyond names is done here, straight from the published layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from gguf import MODEL_ARCH_NAMES, get_tensor_name_map
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]
Named = Iterator[tuple[str, NDArray[np.float32]]]

ARCHITECTURES = {
    "deepseek_v2": "deepseek2",
    "deepseek_v3": "deepseek2",
    "ernie4_5": "ernie4_5",
    "ernie4_5_moe": "ernie4_5-moe",
    "gemma2": "gemma2",
    "gemma3_text": "gemma3",
    "gemma4_text": "gemma4",
    "glm4": "glm4",
    "glm4_moe": "glm4moe",
    "glm4_moe_lite": "deepseek2",
    "gpt_oss": "gpt-oss",
    "hunyuan_v1_dense": "hunyuan-dense",
    "hunyuan_v1_moe": "hunyuan-moe",
    "lfm2": "lfm2",
    "lfm2_moe": "lfm2moe",
    "llama": "llama",
    "mistral": "llama",
    "mixtral": "llama",
    "olmoe": "olmoe",
    "phi3": "phi3",
    "qwen2": "qwen2",
    "qwen2_moe": "qwen2moe",
    "qwen3": "qwen3",
    "qwen3_5_moe_text": "qwen35moe",
    "qwen3_5_text": "qwen35",
    "qwen3_moe": "qwen3moe",
    "qwen3_next": "qwen3next",
    "smollm3": "smollm3",
}
"""llama.cpp's name of each model_type."""

_PERMUTED = ("llama", "mistral", "mixtral", "smollm3")
_PLUS_ONE = ("gemma2", "gemma3_text", "qwen3_next", "qwen3_5_text", "qwen3_5_moe_text")


def gguf_tensors(config: Mapping[str, Any], weights: Weights) -> dict[str, NDArray[np.float32]]:
    """GGUF names and contents of all tensors."""
    name = ARCHITECTURES[config["model_type"]]
    arch = {text: kind for kind, text in MODEL_ARCH_NAMES.items()}[name]
    names = get_tensor_name_map(arch, config["num_hidden_layers"])
    tensors = {}
    for key, values in _changed(config, _stacked(weights)):
        found = (
            key if key.startswith(("blk.", "rope_")) else names.get_name(key, (".weight", ".bias"))
        )
        assert found is not None, key
        tensors[found] = np.ascontiguousarray(values, np.float32)
    return tensors


def _stacked(weights: Weights) -> Named:
    """Experts on top of each other, everything else as it is."""
    experts: dict[str, dict[int, NDArray[np.float32]]] = {}
    for name, values in weights.items():
        name = name.replace("model.language_model.", "model.")  # noqa: PLW2901
        found = re.fullmatch(r"(.*\.experts)\.(\d+)\.(.*)", name)
        if found:
            experts.setdefault(f"{found[1]}.{found[3]}", {})[int(found[2])] = values
        else:
            yield name, values
    for name, parts in experts.items():
        # the map knows these experts by the names of older checkpoints only
        name = re.sub(r"^model\.(.*)\.block_sparse_moe\.", r"\1.feed_forward.", name)  # noqa: PLW2901
        name = re.sub(r"^model\.(.*\.feed_forward\.)", r"\1", name)  # noqa: PLW2901
        yield name, np.stack([parts[index] for index in range(len(parts))])


def _changed(config: Mapping[str, Any], named: Named) -> Named:
    family = config["model_type"]
    for name, values in named:
        if family in _PERMUTED and re.search(r"\.[qk]_proj\.", name):
            yield name, _permuted(config, name, values)
        elif family == "gpt_oss" and (".experts." in name or name.endswith("sinks")):
            yield from _gpt_oss(name, values)
        elif name.endswith("kv_b_proj.weight"):
            yield from _latent_halves(config, name, values)
        elif family == "gemma4_text":
            yield _gemma4(name, values)
        elif ".mlp.experts." in name and name.endswith("gate_up_proj"):
            gate, up = np.split(values, 2, axis=1)
            yield name.replace("gate_up_proj", "gate_proj.weight"), gate
            yield name.replace("gate_up_proj", "up_proj.weight"), up
        elif ".linear_attn." in name:
            yield from _delta(config, name, values)
        elif family in _PLUS_ONE and name.endswith("norm.weight"):
            yield name, values + 1
        elif name.endswith("conv.conv.weight"):
            yield name, values.squeeze(1)
        else:
            name = re.sub(r"(\.experts\.down_proj)$", r"\1.weight", name)  # noqa: PLW2901
            yield re.sub(r"(expert|e_score_correction)_bias$", _with_suffix, name), values
    yield from _factors(config)


def _with_suffix(found: re.Match[str]) -> str:
    return "expert_bias.bias" if found[1] == "expert" else "e_score_correction.bias"


def _permuted(
    config: Mapping[str, Any], name: str, values: NDArray[np.float32]
) -> NDArray[np.float32]:
    heads = config["num_key_value_heads" if ".k_proj." in name else "num_attention_heads"]
    halves = values.reshape(heads, 2, -1, *values.shape[1:])
    return halves.swapaxes(1, 2).reshape(values.shape)


def _gpt_oss(name: str, values: NDArray[np.float32]) -> Named:
    if name.endswith("sinks"):
        yield f"{name}.weight", values
        return
    bias = name.endswith("_bias")
    ending = ".bias" if bias else ".weight"
    stem = name.removesuffix("_bias")
    values = values if bias else values.swapaxes(-1, -2)  # [experts, outputs, inputs]
    if stem.endswith("gate_up_proj"):
        yield stem.replace("gate_up_proj", "gate_proj") + ending, values[:, 0::2]
        yield stem.replace("gate_up_proj", "up_proj") + ending, values[:, 1::2]
    else:
        yield stem + ending, values


def _latent_halves(config: Mapping[str, Any], name: str, values: NDArray[np.float32]) -> Named:
    heads, keys = config["num_attention_heads"], config["qk_nope_head_dim"]
    both = values.reshape(heads, -1, values.shape[1])
    yield name.replace("kv_b_proj", "k_b_proj"), both[:, :keys].swapaxes(1, 2)
    yield name.replace("kv_b_proj", "v_b_proj"), both[:, keys:]


def _gemma4(name: str, values: NDArray[np.float32]) -> tuple[str, NDArray[np.float32]]:
    found = re.fullmatch(r"model\.layers\.(\d+)\.router\.(scale|per_expert_scale)", name)
    if found:
        stem = "ffn_gate_inp" if found[2] == "scale" else "ffn_down_exps"
        return f"blk.{found[1]}.{stem}.scale", values
    bare = name.endswith("layer_scalar") or ".experts." in name
    return (f"{name}.weight" if bare else name), values


def _delta(config: Mapping[str, Any], name: str, values: NDArray[np.float32]) -> Named:
    if config["model_type"] == "qwen3_next":
        if name.endswith("in_proj_qkvz.weight"):
            yield from _next_projections(config, name, values)
            return
    else:
        values = _dealt_out(config, name, values)
    if name.endswith("A_log"):
        yield name, -np.exp(values)
    elif name.endswith("dt_bias"):
        yield name.replace("dt_bias", "dt_proj.bias"), values
    else:
        yield name, values.squeeze(1) if "conv1d" in name else values


def _next_projections(config: Mapping[str, Any], name: str, values: NDArray[np.float32]) -> Named:
    keys, width = config["linear_num_key_heads"], config["linear_key_head_dim"]
    wide = config["linear_num_value_heads"] // keys * config["linear_value_head_dim"]
    parts = np.split(
        values.reshape(keys, -1, values.shape[1]), [width, 2 * width, 2 * width + wide], axis=1
    )
    flat = [part.reshape(-1, values.shape[1]) for part in parts]
    layer = name.split(".")[2]
    yield f"blk.{layer}.attn_qkv.weight", np.concatenate(flat[:3])
    yield f"blk.{layer}.attn_gate.weight", flat[3]


def _dealt_out(
    config: Mapping[str, Any], name: str, values: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Value heads in turns: the first of each key head, then the second of each."""
    keys, heads = config["linear_num_key_heads"], config["linear_num_value_heads"]
    if name.endswith("norm.weight"):
        return values
    if ".out_proj." in name:
        return _turns(values.T, keys, heads).T
    before = (
        2 * keys * config["linear_key_head_dim"] if re.search("in_proj_qkv|conv1d", name) else 0
    )
    return np.concatenate([values[:before], _turns(values[before:], keys, heads)])


def _turns(values: NDArray[np.float32], keys: int, heads: int) -> NDArray[np.float32]:
    grouped = values.reshape(keys, heads // keys, -1, *values.shape[1:])
    return grouped.swapaxes(0, 1).reshape(values.shape)


def _factors(config: Mapping[str, Any]) -> Named:
    """Divisors of frequencies that converters compute."""
    scaling = config.get("rope_scaling") or {}
    full = (config.get("rope_parameters") or {}).get("full_attention", {})
    if scaling.get("rope_type") == "llama3":
        yield "rope_freqs.weight", _llama3(config, scaling)
    if full.get("rope_type") == "proportional":
        half = global_head_dim(config) // 2
        turning = int(half * full["partial_rotary_factor"])
        yield "rope_freqs.weight", np.array([1.0] * turning + [1e30] * (half - turning), np.float32)
    for length in ("short", "long"):
        if f"{length}_factor" in scaling:
            yield f"rope_factors_{length}.weight", np.array(scaling[f"{length}_factor"], np.float32)


def _llama3(config: Mapping[str, Any], scaling: Mapping[str, Any]) -> NDArray[np.float32]:
    width = config["head_dim"]
    lengths = 2 * np.pi * config["rope_theta"] ** (np.arange(0, width, 2) / width)
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    share = (scaling["original_max_position_embeddings"] / lengths - low) / (high - low)
    share = np.clip(share, 0, 1)
    return np.asarray(1 / ((1 - share) / scaling["factor"] + share), np.float32)


def global_head_dim(config: Mapping[str, Any]) -> int:
    """Width of the heads of Gemma 4's full attention layers, in either spelling."""
    if "per_layer_config" in config:
        layer = str(config["layer_types"].index("full_attention"))
        return int(config["per_layer_config"][layer]["head_dim"])
    return int(config["global_head_dim"])
