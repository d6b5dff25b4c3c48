"""Configs: both spellings, ranges, and refusal of what nobody read."""

from __future__ import annotations

import pytest

from engine.builder.config import MAX_CONTEXT, Fields, read_rope
from engine.builder.families import find_family
from engine.builder.families.llama import read_config
from engine.errors import BadCheckpoint, UnsupportedFamily
from tests.helpers.models import tiny_config

_LLAMA3 = {
    "factor": 8.0,
    "high_freq_factor": 4.0,
    "low_freq_factor": 1.0,
    "original_max_position_embeddings": 64,
    "rope_type": "llama3",
}


def test_both_spellings_of_rope_mean_the_same() -> None:
    older = {"rope_theta": 5e5, "rope_scaling": _LLAMA3}
    newer = {"rope_parameters": {**_LLAMA3, "rope_theta": 5e5}}
    assert read_rope(Fields(older), 32) == read_rope(Fields(newer), 32)
    oldest = {"rope_theta": 5e5, "rope_scaling": {"type": "linear", "factor": 2}}
    assert read_rope(Fields(oldest), 32).kind == "linear"


def test_null_scaling_is_none() -> None:
    assert read_rope(Fields({"rope_theta": 1e4, "rope_scaling": None}), 32).kind == "default"


@pytest.mark.parametrize(
    ("change", "option"),
    [
        ({"residual_multiplier": 0.2}, "residual_multiplier"),
        ({"sliding_window": 4096}, "sliding_window"),
        ({"hidden_act": "gelu"}, "hidden_act"),
        ({"rope_interleaved": True}, "rope_interleaved"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 2.0}}, "rope_type=yarn"),
        ({"rope_scaling": {"rope_type": "linear", "factor": 2.0, "beta": 3}}, "beta"),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor"),
        ({"quantization_config": {"bits": 4}}, "quantization_config"),
    ],
)
def test_what_changes_the_mathematics_is_refused_by_name(
    change: dict[str, object], option: str
) -> None:
    with pytest.raises(UnsupportedFamily) as caught:
        read_config(Fields(tiny_config(**change)))
    assert caught.value.params == {"family": "llama", "option": option}


def test_harmless_and_null_keys_are_ignored() -> None:
    harmless = {"torch_dtype": "bfloat16", "_name_or_path": "x", "pretraining_tp": 1}
    config = read_config(Fields(tiny_config(**harmless, sliding_window=None)))
    assert config == read_config(Fields(tiny_config()))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hidden_size", 0),
        ("hidden_size", "64"),
        ("hidden_size", 1 << 40),
        ("hidden_size", True),
        ("num_hidden_layers", 100_000),
        ("num_attention_heads", 3),
        ("num_key_value_heads", 3),
        ("rms_norm_eps", float("nan")),
        ("rope_theta", -1),
        ("tie_word_embeddings", "yes"),
        ("rope_scaling", [1]),
        ("rope_scaling", {"rope_type": "llama3", "factor": 8.0}),
        ("rope_scaling", {**_LLAMA3, "high_freq_factor": 1.0}),
        ("partial_rotary_factor", 1.5),
    ],
)
def test_values_out_of_range_are_refused(key: str, value: object) -> None:
    with pytest.raises(BadCheckpoint):
        read_config(Fields(tiny_config(**{key: value})))


def test_missing_size_is_named() -> None:
    with pytest.raises(BadCheckpoint, match="hidden_size"):
        read_config(Fields(tiny_config(hidden_size=None)))


def test_longest_context_is_bounded() -> None:
    config = read_config(Fields(tiny_config(max_position_embeddings=1 << 23)))
    assert config.context_length == MAX_CONTEXT


def test_unknown_family_is_named() -> None:
    with pytest.raises(UnsupportedFamily, match="mamba9"):
        find_family({"model_type": "mamba9"})


def test_only_small_models_read_float_activations() -> None:
    small = read_config(Fields(tiny_config(num_hidden_layers=30)))
    assert [layer for layer in range(30) if small.is_fine_mlp(layer)] == [26, 27, 28, 29]
    wide = read_config(Fields(tiny_config(hidden_size=2048)))
    assert not wide.is_small
    assert not wide.is_fine_mlp(1)
