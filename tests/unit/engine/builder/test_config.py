"""Configs: both spellings, ranges, and refusal of what nobody read."""

from __future__ import annotations

import pytest

from engine.builder.config import MAX_CONTEXT, ModelConfig, read_windows
from engine.builder.families import open_family
from engine.builder.fields import Fields
from engine.errors import BadCheckpoint, UnsupportedFamily
from tests.helpers.models import tiny_config


def read_config(config: dict[str, object]) -> ModelConfig:
    return open_family(config).config


@pytest.mark.parametrize(
    ("change", "option"),
    [
        ({"residual_multiplier": 0.2}, "residual_multiplier"),
        ({"sliding_window": 4096}, "sliding_window"),
        ({"hidden_act": "relu2"}, "hidden_act=relu2"),
        ({"rope_interleaved": True}, "rope_interleaved"),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor"),
        ({"quantization_config": {"bits": 4}}, "quantization_config"),
    ],
)
def test_what_changes_the_mathematics_is_refused_by_name(
    change: dict[str, object], option: str
) -> None:
    with pytest.raises(UnsupportedFamily) as caught:
        read_config(tiny_config(**change))
    assert caught.value.params == {"family": "llama", "option": option}


def test_harmless_and_null_keys_are_ignored() -> None:
    harmless = {"torch_dtype": "bfloat16", "_name_or_path": "x", "pretraining_tp": 1}
    config = read_config(tiny_config(**harmless, sliding_window=None))
    assert config == read_config(tiny_config())


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
        ("rms_norm_eps", 10**400),
        ("rms_norm_eps", True),
        ("rms_norm_eps", 1e-300),
        ("rope_theta", 1e-300),
        ("num_hidden_layers", 10**9),
        ("num_hidden_layers", [2]),
        ("vocab_size", float("inf")),
    ],
)
def test_values_out_of_range_are_refused(key: str, value: object) -> None:
    with pytest.raises(BadCheckpoint):
        read_config(tiny_config(**{key: value}))


def test_missing_size_is_named() -> None:
    with pytest.raises(BadCheckpoint, match="hidden_size"):
        read_config(tiny_config(hidden_size=None))


def test_longest_context_is_bounded() -> None:
    config = read_config(tiny_config(max_position_embeddings=1 << 23))
    assert config.context_length == MAX_CONTEXT


def test_unknown_family_is_named() -> None:
    with pytest.raises(UnsupportedFamily, match="mamba9"):
        open_family({"model_type": "mamba9"})


def test_only_small_models_read_float_activations() -> None:
    small = read_config(tiny_config(num_hidden_layers=30, hidden_size=576))
    assert [layer for layer in range(30) if small.is_fine_mlp(layer)] == [26, 27, 28, 29]
    narrow = read_config(tiny_config(hidden_size=256))
    assert narrow.is_fine_mlp(0)
    wide = read_config(tiny_config(hidden_size=2048))
    assert not wide.is_small
    assert not wide.is_fine_mlp(1)


def test_windows_by_layer() -> None:
    kinds = ["full_attention", "sliding_attention"]
    listed = Fields({"layer_types": kinds, "sliding_window": 8})
    assert read_windows(listed, 2, (True, True)) == (0, 8)
    assert read_windows(Fields({"sliding_window": 8}), 2, (True, False)) == (8, 0)
    assert read_windows(Fields({"sliding_window": None}), 2, (False, False)) == (0, 0)
    with pytest.raises(BadCheckpoint):
        read_windows(listed, 3, (True,) * 3)
    with pytest.raises(BadCheckpoint):  # slides, nobody says how far
        read_windows(Fields({"layer_types": kinds}), 2, (True, True))
    with pytest.raises(UnsupportedFamily, match="chunked"):
        read_windows(Fields({"layer_types": ["chunked_attention"] * 2}), 2, (True, True))


def test_lists_are_checked() -> None:
    fields = Fields({"a": [1, 2], "b": [1.5], "c": "ab", "d": [True], "e": [-1.0]})
    assert fields.integers("a") == (1, 2)
    assert fields.numbers("b") == (1.5,)
    assert fields.integers("missing") == ()
    for key in "bcd":
        with pytest.raises(BadCheckpoint):
            fields.integers(key)
    for key in "cde":
        with pytest.raises(BadCheckpoint):
            fields.numbers(key)


def test_one_is_not_true() -> None:
    Fields({"flag": True}).expect("flag", True)
    with pytest.raises(UnsupportedFamily):
        Fields({"flag": 1}).expect("flag", True)
