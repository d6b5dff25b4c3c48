"""Rotary embeddings as configs write them."""

from __future__ import annotations

import math

import pytest

from engine.builder.fields import Fields
from engine.builder.rope_config import read_rope
from engine.errors import BadCheckpoint, UnsupportedFamily

_LLAMA3 = {
    "factor": 8.0,
    "high_freq_factor": 4.0,
    "low_freq_factor": 1.0,
    "original_max_position_embeddings": 64,
    "rope_type": "llama3",
}
_LONG = {"type": "longrope", "short_factor": [1.0] * 16, "long_factor": [2.0] * 16}


def fields(**config: object) -> Fields:
    return Fields({"max_position_embeddings": 256, **config})


def test_both_spellings_mean_the_same() -> None:
    older = fields(rope_theta=5e5, rope_scaling=_LLAMA3)
    newer = fields(rope_parameters={**_LLAMA3, "rope_theta": 5e5})
    assert read_rope(older, 32) == read_rope(newer, 32)
    oldest = fields(rope_theta=5e5, rope_scaling={"type": "linear", "factor": 2})
    assert read_rope(oldest, 32).kind == "linear"


def test_null_scaling_is_none() -> None:
    assert read_rope(fields(rope_theta=1e4, rope_scaling=None), 32).kind == "default"


def test_nested_by_kind_of_layer() -> None:
    nested = {"full_attention": {"rope_theta": 1e6}, "sliding_attention": {"rope_theta": 1e4}}
    config = fields(rope_parameters=nested)
    assert read_rope(config, 32, layer_type="full_attention").theta == 1e6
    assert read_rope(config, 32, layer_type="sliding_attention").theta == 1e4


def test_yarn_attention_factor() -> None:
    yarn = {"rope_type": "yarn", "factor": 40.0, "original_max_position_embeddings": 64}
    plain = read_rope(fields(rope_scaling=yarn), 32)
    assert plain.attention_factor == pytest.approx(0.1 * math.log(40) + 1)
    both = read_rope(fields(rope_scaling={**yarn, "mscale": 1.0, "mscale_all_dim": 1.0}), 32)
    assert (both.attention_factor, both.mscale_all_dim) == (1.0, 1.0)
    given = read_rope(fields(rope_scaling={**yarn, "attention_factor": 0.5}), 32)
    assert given.attention_factor == 0.5


def test_original_context_beside_the_scaling_wins() -> None:
    config = fields(rope_scaling=_LONG, original_max_position_embeddings=64)
    rope = read_rope(config, 32)
    assert rope.original_context == 64
    assert rope.attention_factor == pytest.approx(math.sqrt(1 + math.log(4) / math.log(64)))
    assert read_rope(fields(rope_scaling=_LONG), 32).attention_factor == 1


def test_other_names_of_longrope() -> None:
    config = fields(rope_scaling={**_LONG, "type": "su"})
    assert read_rope(config, 32, aliases={"su": "longrope"}).kind == "longrope"


def test_dynamic_changes_nothing_within_the_context_but_alpha_does() -> None:
    dynamic = {"rope_type": "dynamic", "factor": 4.0}
    assert read_rope(fields(rope_scaling=dynamic), 32) == read_rope(fields(), 32)
    alpha = read_rope(fields(rope_scaling={**dynamic, "alpha": 1000.0}), 32)
    assert alpha.theta == pytest.approx(1e4 * 1000 ** (32 / 30))


def test_parts_of_a_head_only_where_the_family_can() -> None:
    config = fields(partial_rotary_factor=0.5)
    assert read_rope(config, 32, partial=True).rotary_dim == 16
    with pytest.raises(UnsupportedFamily):
        read_rope(config, 32)
    proportional = {"rope_type": "proportional", "partial_rotary_factor": 0.25}
    rope = read_rope(fields(rope_parameters=proportional), 64)
    assert (rope.rotary_dim, rope.turning) == (64, 8)


@pytest.mark.parametrize(
    ("scaling", "option"),
    [
        ({"rope_type": "linear", "factor": 2.0, "beta": 3}, "beta"),
        ({"rope_type": "spiral"}, "rope_type=spiral"),
        ({"rope_type": "default", "mrope_section": [1]}, "mrope_section"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(scaling: dict[str, object], option: str) -> None:
    with pytest.raises(UnsupportedFamily) as caught:
        read_rope(fields(rope_scaling=scaling), 32)
    assert caught.value.params["option"] == option


@pytest.mark.parametrize(
    "config",
    [
        {"rope_theta": -1},
        {"rope_theta": 1},
        {"rope_scaling": [1]},
        {"rope_scaling": {"rope_type": 3}},
        {"rope_scaling": {"rope_type": "llama3", "factor": 8.0}},
        {"rope_scaling": {**_LLAMA3, "high_freq_factor": 1.0}},
        {"rope_scaling": {"rope_type": "yarn", "original_max_position_embeddings": 1}},
        {"rope_scaling": {**_LONG, "long_factor": [1.0]}},
        {"partial_rotary_factor": 1.5},
        {"rope_parameters": {"full_attention": 3}},
    ],
)
def test_values_out_of_range_are_refused(config: dict[str, object]) -> None:
    with pytest.raises(BadCheckpoint):
        read_rope(fields(**config), 32, partial=True, layer_type="full_attention")
