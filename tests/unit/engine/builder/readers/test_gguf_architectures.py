"""Every GGUF architecture: what a converter makes of a checkpoint, read back.

The fixtures are the reference checkpoints. Their tensors and metadata are laid out as llama.cpp's
converters do (by helpers that take names from the gguf library), and must come back as published.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGMLQuantizationType
from gguf.constants import MODEL_ARCH_NAMES
from gguf.quants import dequantize
from numpy.typing import NDArray

from engine.builder.checkpoint import Checkpoint
from engine.builder.families import open_family
from engine.builder.readers import open_checkpoint
from engine.builder.readers.gguf_architectures import ARCHITECTURES
from engine.builder.readers.gguf_tensors import can_dequantize
from tests.helpers.gguf_encoders import encode
from tests.helpers.gguf_files import Model, reference_model, widened, write_gguf

FOLDERS = (
    "deepseek_v2",
    "deepseek_v2__groups",
    "deepseek_v3",
    "ernie4_5",
    "ernie4_5_moe",
    "gemma2",
    "gemma3_text",
    "gemma4",
    "gemma4__26b",
    "gemma4__e2b",
    "gemma4_moe",
    "glm4",
    "glm4_moe",
    "glm4_moe__groups",
    "glm4_moe_lite",
    "gpt_oss",
    "hunyuan_v1_dense",
    "hunyuan_v1_dense__alpha",
    "hunyuan_v1_moe",
    "lfm2_moe",
    "llama",
    "mistral",
    "mixtral",
    "olmoe",
    "phi3",
    "phi3__long",
    "phi3__partial",
    "qwen2",
    "qwen2_moe",
    "qwen3",
    "qwen3_5",
    "qwen3_5_moe",
    "qwen3_moe",
    "qwen3_next",
    "smollm3",
)

DECODABLE = tuple(
    kind.name
    for kind in GGMLQuantizationType
    if can_dequantize(kind.name) and kind.name not in ("F32", "F16", "BF16")
)

# Config keys that a GGUF file does not need to give back: the family's own constants, what other
# keys say again, and what does not concern logits.
_IMPLIED = {
    "gemma3_text": {"_sliding_window_pattern", "use_bidirectional_attention"},
    "gemma4_text": {
        "expert_intermediate_size",
        "num_global_key_value_heads",
        "per_layer_config",
        "use_bidirectional_attention",
        "vocab_size_per_layer_input",
    },
    "gpt_oss": {"swiglu_alpha", "swiglu_limit"},
    "glm4_moe_lite": {"mlp_layer_types", "qk_head_dim", "rope_interleave", "model_type"},
    "mistral": {"model_type"},
    "mixtral": {"router_jitter_noise"},
    "phi3": {"embd_pdrop", "resid_pdrop", "partial_rotary_factor"},
    "qwen2_moe": {"qkv_bias"},
    "qwen3_moe": {"num_local_experts"},
    "smollm3": {"no_rope_layers"},
    "ernie4_5_moe": {"moe_norm_min"},
}
_ANYWHERE = {
    "architectures",
    "attention_dropout",
    "bos_token_id",
    "dtype",
    "eod_token_id",
    "eos_token_id",
    "first_k_dense_replace",
    "head_dim",
    "hidden_act",
    "initializer_range",
    "layer_types",
    "max_window_layers",
    "mlp_bias",
    "num_nextn_predict_layers",
    "output_router_logits",
    "pad_token_id",
    "pretraining_tp",
    "qk_head_dim",
    "rope_interleave",
    "rope_parameters",
    "rope_scaling",
    "rope_theta",
    "router_aux_loss_coef",
    "sep_token_id",
    "sliding_window",
    "transformers_version",
    "use_cache",
    "use_sliding_window",
}


def written(model: Model, folder: Path) -> Checkpoint:
    """The model as a GGUF file, opened."""
    return open_checkpoint(
        write_gguf(folder / "m.gguf", model.config, model.weights, changes=model.changes)
    )


def as_published(weights: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Joint experts of gpt-oss one by one, which is how the reader hands them out."""
    published = {}
    for name, values in weights.items():
        stem, _, kind = name.rpartition(".experts.")
        if kind not in ("gate_up_proj", "gate_up_proj_bias", "down_proj", "down_proj_bias") or (
            ".mlp." not in name
        ):
            published[name] = values
            continue
        ending = "bias" if kind.endswith("_bias") else "weight"
        for index, expert in enumerate(values):
            rows = expert if ending == "bias" else expert.T
            for projection, part in _parts(kind, rows):
                published[f"{stem}.experts.{index}.{projection}.{ending}"] = part
    return published


def _parts(kind: str, rows: NDArray[np.float32]) -> list[tuple[str, NDArray[np.float32]]]:
    if kind.startswith("down"):
        return [("down_proj", rows)]
    return [("gate_proj", rows[0::2]), ("up_proj", rows[1::2])]


def test_all_architectures_are_the_librarys() -> None:
    assert set(ARCHITECTURES) <= set(MODEL_ARCH_NAMES.values())


@pytest.mark.parametrize("name", FOLDERS)
def test_tensors_come_back_as_published(name: str, tmp_path: Path) -> None:
    checkpoint = written(reference_model(name), tmp_path)
    expected = as_published(reference_model(name).weights)
    assert set(checkpoint.names()) - {"rope_freqs.weight"} == set(expected)
    for key, values in expected.items():
        found = checkpoint.tensor(key)
        assert found.shape == values.shape, key
        assert np.abs(found.whole() - values).max() <= 1e-6, key


@pytest.mark.parametrize("name", FOLDERS)
def test_config_comes_back_as_published(name: str, tmp_path: Path) -> None:
    model = reference_model(name)
    config, found = model.config, written(model, tmp_path).config
    skipped = _ANYWHERE | _IMPLIED.get(config["model_type"], set())
    for key in config.keys() - skipped:
        assert same(found.get(key), config[key]), key
    decoder = open_family(found)  # which refuses what it does not know
    expected = open_family(config)
    assert decoder.config.sizes() == expected.config.sizes()
    assert decoder.embedding_scale == expected.embedding_scale
    assert decoder.logit_softcap == expected.logit_softcap


def same(found: object, wanted: object) -> bool:
    if isinstance(found, float) and isinstance(wanted, int | float):
        return bool(np.isclose(found, wanted, rtol=1e-6))  # stored as float32
    return found == wanted


@pytest.mark.parametrize("kind", ["Q4_0", "Q8_0", "Q5_1", "MXFP4", "BF16"])
@pytest.mark.parametrize(
    "name", ["llama", "deepseek_v3", "gpt_oss", "gemma4_moe", "qwen3_next", "qwen3_5_moe"]
)
def test_quantized_rows_move_like_floats(name: str, kind: str, tmp_path: Path) -> None:
    model = reference_model(name)
    weights = model.weights
    kept = compare_with_decoded(model.config, weights, kind, tmp_path)
    # Only the transposed keys of latent attention must become floats.
    lost = {"kv_b_proj"} if name == "deepseek_v3" else set()
    matrices = {key for key, values in weights.items() if values.ndim > 1}
    missing = {key.split(".")[-2] for key in matrices - kept if "gate" not in key}
    assert missing & {"q_proj", "o_proj", "down_proj", "out_proj", "kv_b_proj"} == lost


@pytest.mark.parametrize("kind", DECODABLE)
def test_every_type_that_the_library_decodes(kind: str, tmp_path: Path) -> None:
    config, weights = widened(*one_layer("llama"))
    kept = compare_with_decoded(config, weights, kind, tmp_path)
    assert {key for key, values in weights.items() if values.ndim > 1} <= kept


@pytest.mark.parametrize(("kind", "factor", "moves"), [("Q4_K", 8, True), ("Q6_K", 4, False)])
def test_blocks_move_where_heads_are_whole_blocks(
    kind: str, factor: int, moves: bool, tmp_path: Path
) -> None:
    """Qwen 3.5's output projection: its columns go back beside their key heads."""
    config, weights = widened(*one_layer("qwen3_5"), factor)
    kept = compare_with_decoded(config, weights, kind, tmp_path)
    assert "model.layers.0.linear_attn.in_proj_qkv.weight" in kept
    assert ("model.layers.0.linear_attn.out_proj.weight" in kept) is moves


def one_layer(name: str) -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
    model = reference_model(name)
    config, weights = model.config, model.weights
    kept = {key: w for key, w in weights.items() if ".layers." not in key or ".layers.0." in key}
    return {**config, "num_hidden_layers": 1}, kept


@pytest.mark.parametrize(("kind", "error"), [("Q4_K", 0.08), ("Q6_K", 0.02), ("MXFP4", 0.12)])
def test_our_encoders_are_what_the_library_decodes(kind: str, error: float) -> None:
    values = np.random.default_rng(2).standard_normal((64, 512)).astype(np.float32)
    storage = GGMLQuantizationType[kind]
    found = dequantize(encode(values, storage), storage)
    assert np.sqrt(np.mean((found - values) ** 2)) < error


def compare_with_decoded(
    config: dict[str, Any], weights: dict[str, NDArray[np.float32]], kind: str, folder: Path
) -> set[str]:
    """A file of quantized blocks beside one of the floats that the library decodes from them.

    Returns:
        Names of the tensors that are still of that kind.
    """
    quantized = open_checkpoint(write_gguf(folder / "q.gguf", config, weights, kind))
    floats = open_checkpoint(write_gguf(folder / "f.gguf", config, weights, kind, decoded=True))
    assert set(quantized.names()) == set(floats.names())
    kept = set()
    for key in quantized.names():
        tensor = quantized.tensor(key)
        assert (tensor.whole() == floats.tensor(key).whole()).all(), key
        first, last = tensor.rows // 3, tensor.rows - tensor.rows // 4
        assert (tensor.floats(first, last) == tensor.floats()[first:last]).all(), key
        if tensor.type == kind:
            kept.add(key)
    return kept
