"""GGUF files as other versions of the converters wrote them, and files that lie."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from engine.builder import build_model
from engine.builder.checkpoint import DEQUANTIZED, Checkpoint
from engine.builder.families import open_family
from engine.builder.readers import open_checkpoint
from engine.builder.readers.gguf_architectures import ARCHITECTURES
from engine.builder.readers.gguf_header import read_header
from engine.bundle import GRAPH_NAME
from engine.errors import BadCheckpoint, EngineError, UnsupportedFamily
from tests.helpers.gguf_files import Weights, reference_model, write_gguf
from tests.helpers.gguf_layout import ARCHITECTURES as NAMES

ONE_OF_EACH = (
    "deepseek_v3",
    "ernie4_5",
    "ernie4_5_moe",
    "gemma2",
    "gemma3_text",
    "gemma4_moe",
    "glm4",
    "glm4_moe",
    "gpt_oss",
    "hunyuan_v1_dense",
    "hunyuan_v1_moe",
    "lfm2_moe",
    "llama",
    "olmoe",
    "phi3",
    "qwen2",
    "qwen2_moe",
    "qwen3",
    "qwen3_5",
    "qwen3_5_moe",
    "qwen3_moe",
    "qwen3_next",
    "smollm3",
)


def opened(name: str, folder: Path, **options: Any) -> Checkpoint:
    """A reference checkpoint as a GGUF file with something changed."""
    model = reference_model(name)
    changes = {**model.changes, **options.pop("changes", {})}
    path = folder / "m.gguf"
    return open_checkpoint(
        write_gguf(path, model.config, model.weights, changes=changes, **options)
    )


def same_tensors(checkpoint: Checkpoint, name: str) -> None:
    for key, values in reference_model(name).weights.items():
        assert np.abs(checkpoint.tensor(key).whole() - values).max() <= 1e-6, key


def test_one_of_each() -> None:
    """`lfm2` has a test of its own below."""
    covered = {NAMES[reference_model(name).config["model_type"]] for name in ONE_OF_EACH}
    assert covered | {"lfm2"} == set(ARCHITECTURES)


def test_latent_attention_before_absorption(tmp_path: Path) -> None:
    """Until April 2025: one matrix for keys and values, the real widths, no groups."""
    model = reference_model("deepseek_v3")
    joint = "self_attn.kv_b_proj.weight"

    def rearrange(tensors: Weights) -> None:
        for layer in (0, 1):
            tensors[f"blk.{layer}.attn_kv_b.weight"] = model.weights[
                f"model.layers.{layer}.{joint}"
            ]
            del tensors[f"blk.{layer}.attn_k_b.weight"], tensors[f"blk.{layer}.attn_v_b.weight"]

    changes = {
        "attention.key_length_mla": None,
        "attention.value_length_mla": None,
        "attention.key_length": 48,
        "attention.value_length": 32,
        "attention.head_count_kv": 4,
        "expert_gating_func": None,
    }
    checkpoint = opened("deepseek_v3", tmp_path, changes=changes, rearrange=rearrange)
    assert checkpoint.config["model_type"] == "deepseek_v3"  # by its correction biases
    for key in ("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim", "num_key_value_heads"):
        assert checkpoint.config[key] == model.config[key], key
    same_tensors(checkpoint, "deepseek_v3")


def test_latent_attention_in_both_forms(tmp_path: Path) -> None:
    joint = reference_model("deepseek_v2").weights["model.layers.1.self_attn.kv_b_proj.weight"]
    checkpoint = opened(
        "deepseek_v2",
        tmp_path,
        rearrange=lambda tensors: tensors.update({"blk.1.attn_kv_b.weight": joint}),
    )
    same_tensors(checkpoint, "deepseek_v2")


def test_groups_that_older_files_leave_out(tmp_path: Path) -> None:
    """The reader knows DeepSeek-V3 by its 61 layers and 256 experts."""
    changes = {"block_count": 61, "expert_count": 256}
    without = {"expert_group_count": None, "expert_group_used_count": None}
    known = opened("deepseek_v3", tmp_path, changes={**changes, **without})
    assert (known.config["n_group"], known.config["topk_group"]) == (8, 4)
    unknown = opened("deepseek_v3", tmp_path, changes=without)
    assert (unknown.config["n_group"], unknown.config["topk_group"]) == (1, 1)


def test_blocks_that_predict_further_tokens_are_left_out(tmp_path: Path) -> None:
    def rearrange(tensors: Weights) -> None:
        tensors["blk.2.nextn.eh_proj.weight"] = np.zeros((64, 128), np.float32)
        tensors["blk.2.attn_norm.weight"] = np.zeros(64, np.float32)

    changes = {"block_count": 3, "nextn_predict_layers": 1}
    checkpoint = opened("glm4_moe", tmp_path, changes=changes, rearrange=rearrange)
    assert checkpoint.config["num_hidden_layers"] == 2
    assert set(checkpoint.names()) == set(reference_model("glm4_moe").weights)


@pytest.mark.parametrize("name", ["qwen3_5_moe", "qwen3_next", "mixtral"])
def test_experts_whose_gate_and_up_are_one(name: str, tmp_path: Path) -> None:
    def rearrange(tensors: Weights) -> None:
        for gate in [key for key in tensors if key.endswith("ffn_gate_exps.weight")]:
            up = gate.replace("gate_exps", "up_exps")
            both = np.concatenate([tensors.pop(gate), tensors.pop(up)], axis=1)
            tensors[gate.replace("gate_exps", "gate_up_exps")] = both

    same_tensors(opened(name, tmp_path, rearrange=rearrange), name)


def test_mixtral_with_a_tensor_for_each_expert(tmp_path: Path) -> None:
    def rearrange(tensors: Weights) -> None:
        for key in [key for key in tensors if "_exps" in key]:
            for index, expert in enumerate(tensors.pop(key)):
                tensors[key.replace("_exps.", f".{index}.")] = expert

    same_tensors(opened("mixtral", tmp_path, rearrange=rearrange), "mixtral")


def test_delta_rule_with_one_input_projection(tmp_path: Path) -> None:
    """The first Qwen3-Next files kept Hugging Face's order."""
    model = reference_model("qwen3_next")

    def rearrange(tensors: Weights) -> None:
        for layer in (0, 1, 2):
            del tensors[f"blk.{layer}.attn_qkv.weight"], tensors[f"blk.{layer}.attn_gate.weight"]
            name = f"model.layers.{layer}.linear_attn.in_proj_qkvz.weight"
            tensors[f"blk.{layer}.ssm_in.weight"] = model.weights[name]

    same_tensors(opened("qwen3_next", tmp_path, rearrange=rearrange), "qwen3_next")


def test_types_that_differ_within_a_projection(tmp_path: Path) -> None:
    """Queries, keys and values of Qwen3-Next in one type, gates in another: rows become floats.

    The builder is told when they were blocks, so that they take 8 bits and not 32.
    """
    name = "model.layers.0.linear_attn.in_proj_qkvz.weight"
    assert opened("qwen3_next", tmp_path, kind="F16").tensor(name).type == "F16"
    mixed = opened("qwen3_next", tmp_path, kind="F16", others={"attn_gate.weight": "F32"})
    assert mixed.tensor(name).type == "F32"
    assert not mixed.tensor(name).quantized
    expected = reference_model("qwen3_next").weights[name]
    assert np.abs(mixed.tensor(name).whole() - expected).max() <= 1e-6
    blocks = opened("qwen3_next", tmp_path, kind="Q4_0", others={"attn_gate.weight": "F32"})
    assert blocks.tensor(name).type == DEQUANTIZED
    assert blocks.tensor(name).quantized
    assert (blocks.tensor(name).whole() == expected).all()
    bundle = build_model(tmp_path / "m.gguf", tmp_path / "bundle")
    graph = onnx.load(bundle / GRAPH_NAME, load_external_data=False).graph
    names = {weight.name for weight in graph.initializer}
    assert "model.layers.0.linear_attn.in_proj.weight_quantized" in names


def test_dense_lfm2(tmp_path: Path) -> None:
    """Made of LFM2-MoE's fixture: its dense first layer, and attention before the same MLP."""
    model = reference_model("lfm2_moe")
    weights = {}
    for name, values in model.weights.items():
        if "layers.0." in name or ".layers." not in name:
            weights[name] = values
            if "feed_forward" in name:
                weights[name.replace("layers.0.", "layers.1.")] = values
        elif "layers.2." in name and "feed_forward" not in name:
            weights[name.replace("layers.2.", "layers.1.")] = values
    config = {
        key: value
        for key, value in model.config.items()
        if "expert" not in key and key not in ("num_dense_layers", "moe_intermediate_size")
    }
    kinds = ["conv", "full_attention"]
    config |= {"model_type": "lfm2", "num_hidden_layers": 2, "layer_types": kinds}
    checkpoint = open_checkpoint(write_gguf(tmp_path / "m.gguf", config, weights))
    assert set(checkpoint.names()) == set(weights)
    for key, values in weights.items():
        assert (checkpoint.tensor(key).whole() == values).all(), key
    assert checkpoint.config["layer_types"] == kinds
    assert open_family(checkpoint.config).config.ffn == 96


def test_windows_of_the_first_phi3(tmp_path: Path) -> None:
    """Its files had no key for the window of 2047 tokens."""
    changes = {"attention.sliding_window": None, "context_length": 4096}
    assert opened("phi3", tmp_path, changes=changes).config["sliding_window"] == 2047
    longer = {**changes, "context_length": 131072}
    assert opened("phi3", tmp_path, changes=longer).config["sliding_window"] is None


def test_wide_queries_of_the_largest_gemma(tmp_path: Path) -> None:
    changes = {"block_count": 62, "attention.sliding_window_pattern": None}
    config = opened("gemma3_text", tmp_path, changes=changes).config
    assert config["query_pre_attn_scalar"] == 64 // 4
    assert config["layer_types"][4:7] == [
        "sliding_attention",
        "full_attention",
        "sliding_attention",
    ]


def test_scaled_positions_of_gemma3_reach_full_attention_only(tmp_path: Path) -> None:
    changes = {"rope.scaling.type": "linear", "rope.scaling.factor": 8.0}
    rope = opened("gemma3_text", tmp_path, changes=changes).config["rope_parameters"]
    assert rope["full_attention"] == {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6}
    assert rope["sliding_attention"] == {"rope_type": "default", "rope_theta": 1e4}


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """A model in several files."""
    model = reference_model("qwen3_moe")
    path = tmp_path / "Some-Model.Q4_0.gguf"
    write_gguf(path, model.config, model.weights, "Q4_0", tensors_per_file=9)
    return sorted(tmp_path.glob("*-of-*.gguf"))


def test_a_model_in_parts_is_opened_by_any_of_them(parts: list[Path]) -> None:
    assert len(parts) > 2
    checkpoints = [open_checkpoint(path) for path in parts]
    for checkpoint in checkpoints:
        assert checkpoint.name == "Some-Model"
        same_tensors(checkpoint, "qwen3_moe")
        assert checkpoint.text().vocab_size == 128
    hashes = {checkpoint.source(lambda: None)["sha256"] for checkpoint in checkpoints}
    assert len(hashes) == 1
    assert checkpoints[0].source(lambda: None)["file"] == parts[0].name


def test_a_missing_or_misnamed_part_is_named(parts: list[Path], tmp_path: Path) -> None:
    parts[1].rename(tmp_path / "elsewhere.gguf")
    for path in (parts[0], parts[2]):
        with pytest.raises(BadCheckpoint) as caught:
            open_checkpoint(path)
        assert caught.value.params == {"reason": "missing_shard", "file": parts[1].name}
    with pytest.raises(BadCheckpoint, match="missing_shard"):
        open_checkpoint(tmp_path / "elsewhere.gguf")
    parts[2].rename(parts[1])
    with pytest.raises(BadCheckpoint, match="split"):
        open_checkpoint(parts[0])


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_keys_and_tensors_nobody_knows_are_refused_by_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFamily) as caught:
        opened(name, tmp_path, changes={"attention.novelty": 1.5})
    assert str(caught.value.params["option"]).endswith(".attention.novelty")
    opened(name, tmp_path, changes={"attention.novelty": 0})  # says that there is none

    def rearrange(tensors: Weights) -> None:
        tensors["blk.1.attn_novelty.weight"] = np.ones((4, 64), np.float32)

    with pytest.raises(UnsupportedFamily) as caught:
        opened(name, tmp_path, rearrange=rearrange)
    assert caught.value.params["option"] == "tensor blk.1.attn_novelty.weight"


def test_types_that_the_library_cannot_decode_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFamily) as caught:
        opened("llama", tmp_path, others={"blk.0.attn_q.weight": "Q8_1"})
    assert caught.value.params["option"] == "Q8_1"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("llama", {"attention.head_count": 0}),
        ("llama", {"attention.head_count": 2**31 - 1}),
        ("llama", {"attention.head_count_kv": 3}),
        ("llama", {"attention.head_count_kv": [2, 1]}),
        ("llama", {"block_count": 0}),
        ("llama", {"block_count": 2**32 - 1}),
        ("llama", {"block_count": "two"}),
        ("llama", {"nextn_predict_layers": 2}),
        ("llama", {"rope.dimension_count": 1 << 20}),
        ("llama", {"rope.freq_base": float("nan")}),
        ("llama", {"vocab_size": 7}),
        ("llama", {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0}),  # and divisors
        ("deepseek_v3", {"rope.dimension_count": 4096}),
        ("deepseek_v3", {"expert_gating_func": 3}),
        ("deepseek_v3", {"expert_weights_norm": "yes"}),
        ("gemma4", {"attention.head_count_kv": [1, 2, 3, 4]}),
        ("gemma4", {"attention.sliding_window_pattern": [True]}),
        ("gemma4", {"feed_forward_length": [96, 97, 98, 99]}),
        ("gemma4", {"rope.dimension_count": 64}),
        ("gpt_oss", {"attention.sliding_window_pattern": ["x", "y"]}),
        ("lfm2_moe", {"attention.head_count_kv": [0, 0, 0, 0]}),
        ("lfm2_moe", {"attention.head_count_kv": [0, 0]}),
        ("qwen2_moe", {"expert_group_count": 4}),
        ("qwen3_moe", {"expert_weights_norm": False}),
        ("qwen3_5", {"ssm.time_step_rank": 2**30}),
        ("qwen3_5", {"ssm.group_count": 2**30}),
        ("qwen3_5", {"ssm.group_count": 3}),
        ("qwen3_5", {"ssm.inner_size": 2**30}),
        ("qwen3_5", {"ssm.state_size": 2**30}),
        ("qwen3_next", {"ssm.time_step_rank": 2**30, "ssm.inner_size": 2**30}),
        ("qwen3_next", {"ssm.group_count": 2**30}),
        ("qwen3_next", {"ssm.state_size": 2**30}),
        ("glm4", {"rope.dimension_sections": [8, 8, 8, 0]}),
    ],
)
def test_metadata_that_cannot_be(name: str, changes: dict[str, Any], tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises((BadCheckpoint, UnsupportedFamily)):
        opened(name, tmp_path, changes=changes)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "name", ["deepseek_v3", "gemma4_moe", "gpt_oss", "lfm2_moe", "qwen3_5_moe"]
)
def test_flipped_bits_give_errors_of_ours(name: str, tmp_path: Path) -> None:
    model = reference_model(name)
    path = write_gguf(tmp_path / "m.gguf", model.config, model.weights)
    data = bytearray(path.read_bytes())
    header = min(entry.offset for entry in read_header(path).tensors.values())
    random = np.random.default_rng(5)
    outcomes = set()
    for position in random.integers(header, size=150):
        bit = 1 << int(random.integers(8))
        data[position] ^= bit
        path.write_bytes(data)
        try:
            checkpoint = open_checkpoint(path)
            for key in checkpoint.names():
                tensor = checkpoint.tensor(key)
                tensor.read(0, min(tensor.rows, 2))
            outcomes.add("opened")
        except EngineError:
            outcomes.add("refused")
        data[position] ^= bit
    assert outcomes == {"opened", "refused"}
