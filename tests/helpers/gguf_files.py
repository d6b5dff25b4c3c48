"""GGUF files from Hugging Face folders, as llama.cpp's converters lay them out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize
from numpy.typing import NDArray

from tests.helpers.gguf_encoders import encode
from tests.helpers.gguf_keys import gguf_keys
from tests.helpers.gguf_layout import ARCHITECTURES, gguf_tensors
from tests.helpers.parity import FIXTURES

_ALWAYS_FLOAT = ("ffn_gate_inp", "ffn_gate_inp_shexp", "ssm_conv1d", "shortconv.conv")

_WIDTHS = (
    "head_dim",
    "hidden_size",
    "intermediate_size",
    "kv_lora_rank",
    "linear_key_head_dim",
    "linear_value_head_dim",
    "moe_intermediate_size",
    "q_lora_rank",
    "qk_nope_head_dim",
    "qk_rope_head_dim",
    "query_pre_attn_scalar",
    "v_head_dim",
)
_FIXED_ROWS = (
    "embed_tokens.weight",
    "lm_head.weight",
    ".gate.weight",
    ".router.weight",
    "in_proj_a.weight",
    "in_proj_b.weight",
)
_FIXED = ("sinks", "router.bias", "e_score_correction_bias", "A_log", "dt_bias")


Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Model:
    """A reference checkpoint on its way into a GGUF file.

    Attributes:
        config: Body of config.json, or the text part of it.
        weights: Hugging Face names, as float32.
        changes: Metadata that no converter writes, for options that GGUF files take for granted.
    """

    config: dict[str, Any]
    weights: Weights
    changes: dict[str, Any]


def reference_model(name: str) -> Model:
    """A reference checkpoint by its folder."""
    body = json.loads((FIXTURES / name / "config.json").read_text())
    config = body.get("text_config", body)
    weights = {
        key.replace("model.language_model.", "model."): values
        for key, values in folder_weights(FIXTURES / name).items()
    }
    changes = {}
    if config["model_type"] == "gemma3_text":  # two layers in turns; real models have five to one
        slides = [kind == "sliding_attention" for kind in config["layer_types"]]
        changes["attention.sliding_window_pattern"] = slides
    return Model(config, weights, changes)


def folder_weights(folder: Path) -> Weights:
    """All tensors of model.safetensors as float32; float types only."""
    data = (folder / "model.safetensors").read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    kinds: dict[str, Any] = {"BF16": ml_dtypes.bfloat16, "F16": np.float16, "F32": np.float32}
    weights = {}
    for name, entry in json.loads(data[8:start]).items():
        if name == "__metadata__":
            continue
        begin, end = (start + offset for offset in entry["data_offsets"])
        values = np.frombuffer(data[begin:end], kinds[entry["dtype"]])
        weights[name] = values.reshape(entry["shape"]).astype(np.float32)
    return weights


def widened(
    config: Mapping[str, Any], weights: Mapping[str, NDArray[np.float32]], factor: int = 8
) -> tuple[dict[str, Any], Weights]:
    """The same model, wider, with random weights: super-blocks of 256 values fit its rows.

    Numbers of heads, experts, tokens and layers stay.
    """
    random = np.random.default_rng(7)
    wide = {
        key: value * factor if key in _WIDTHS and value else value for key, value in config.items()
    }
    tensors = {}
    for name, values in weights.items():
        shape = _wider(name, values.shape, factor)
        centre, scale = (1.0, 0.1) if name.endswith("norm.weight") else (0.0, shape[-1] ** -0.5)
        tensors[name] = np.asarray(centre + scale * random.standard_normal(shape), np.float32)
    return wide, tensors


def _wider(name: str, shape: tuple[int, ...], factor: int) -> tuple[int, ...]:
    joint_experts = ".experts." in name and not re.search(r"\.experts\.\d", name)
    if name.endswith(_FIXED):
        return shape
    if name.endswith("conv1d.weight"):
        return (shape[0] * factor, *shape[1:])
    rest = tuple(size * factor for size in shape[1:])
    fixed = joint_experts or name.endswith(_FIXED_ROWS)
    return (shape[0] if fixed else shape[0] * factor, *rest)


def write_gguf(
    path: Path,
    config: Mapping[str, Any],
    weights: Mapping[str, NDArray[np.float32]],
    kind: str = "F32",
    *,
    decoded: bool = False,
    changes: Mapping[str, Any] | None = None,
    rearrange: Callable[[Weights], None] | None = None,
    others: Mapping[str, str] | None = None,
    tensors_per_file: int = 0,
) -> Path:
    """Write a GGUF file.

    Args:
        path: The file.
        config: Body of config.json.
        weights: Hugging Face names and contents.
        kind: Type of all matrices that converters quantize and that its blocks divide.
        decoded: Store, as float32, what the library decodes from those blocks.
        changes: Metadata keys, without prefix, to write otherwise; None to leave one out.
        others: Types of tensors whose GGUF names end so.
        tensors_per_file: How many tensors go into each part; 0 for one file.
        rearrange: Changes what is stored, by GGUF name, as other converters would have it.
    """
    architecture = ARCHITECTURES[config["model_type"]]
    writer = GGUFWriter(path, architecture, split_max_tensors=tensors_per_file)
    for key, value in {**gguf_keys(config), **(changes or {})}.items():
        if value is not None:
            _add(writer, f"{architecture}.{key}", value)
    tokens = ["a", "b", "ab", *(f"<|{index}|>" for index in range(3, config["vocab_size"]))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.NORMAL] * 3 + [TokenType.CONTROL] * (len(tokens) - 3))
    writer.add_token_merges(["a b"])
    tensors = gguf_tensors(config, weights)
    if rearrange:
        rearrange(tensors)
    for name, values in tensors.items():
        wanted = [other for ending, other in (others or {}).items() if name.endswith(ending)]
        stored = _kind_of(name, values, (*wanted, kind)[0])
        blocks = encode(values, stored)
        if decoded:
            writer.add_tensor(name, np.asarray(dequantize(blocks, stored), np.float32))
        else:
            writer.add_tensor(name, blocks, raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _kind_of(name: str, values: NDArray[np.float32], kind: str) -> GGMLQuantizationType:
    stem = name.split(".", 2)[-1].removesuffix(".weight")
    plain = values.ndim < 2 or not name.endswith(".weight") or stem in _ALWAYS_FLOAT
    wanted = GGMLQuantizationType[kind]
    if plain or stem.endswith("norm") or values.shape[-1] % GGML_QUANT_SIZES[wanted][0]:
        return GGMLQuantizationType.F32
    return wanted


def _add(writer: GGUFWriter, key: str, value: object) -> None:
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    elif isinstance(value, list):
        writer.add_array(key, value)
    else:
        raise TypeError(key)
