"""Rotary position embedding as configs write it, in either spelling and with every scaling rule.

older   rope_theta: 1e6, rope_scaling: {"type": "yarn", "factor": 4, ...}
newer   rope_parameters: {"rope_theta": 1e6, "rope_type": "yarn", "factor": 4, ...}
newest  rope_parameters: {"full_attention": {...}, "sliding_attention": {...}}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.builder.fields import Fields
from engine.errors import BadCheckpoint, UnsupportedFamily

_WITH_ORIGINAL_CONTEXT: Final = ("llama3", "yarn", "longrope")


@dataclass(frozen=True, slots=True)
class RopeConfig:
    """Rotary position embedding (Su et al. 2021) of one kind of layer.

    Attributes:
        theta: Base of the frequencies.
        kind: "default", "linear", "llama3", "yarn", "longrope", "proportional" or "factors" (one
            divisor per frequency, a tensor).
        rotary_dim: Leading dimensions of a head that rotate.
        interleaved: Whether pairs are neighbours (2i, 2i + 1) rather than halves (i, i + d/2).
        factor: Context extension factor of "linear", "llama3", "yarn".
        low_freq_factor: "llama3" only.
        high_freq_factor: "llama3" only.
        original_context: Context before extension: "llama3", "yarn", "longrope".
        beta_fast: "yarn" only: rotations above which a frequency is kept.
        beta_slow: "yarn" only: rotations below which it is divided by `factor`.
        truncate: "yarn" only: whether the bounds between those are rounded to whole dimensions.
        mscale_all_dim: "yarn" only, 0 when absent; latent attention scales its scores by it.
        attention_factor: Multiplies cosines and sines.
        short_factors: "longrope": divisors up to `original_context` tokens.
        long_factors: "longrope": divisors beyond.
        turning: "proportional": frequencies that are not zero.
        factors_tensor: "factors": name of the tensor.
    """

    theta: float
    kind: str
    rotary_dim: int
    interleaved: bool = False
    factor: float = 1.0
    low_freq_factor: float = 1.0
    high_freq_factor: float = 1.0
    original_context: int = 0
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    truncate: bool = True
    mscale_all_dim: float = 0.0
    attention_factor: float = 1.0
    short_factors: tuple[float, ...] = ()
    long_factors: tuple[float, ...] = ()
    turning: int = 0
    factors_tensor: str = ""


def read_rope(
    fields: Fields,
    head_dim: int,
    *,
    layer_type: str = "",
    interleaved: bool = False,
    theta: float = 10000.0,
    theta_key: str = "rope_theta",
    partial: bool = False,
    share: float = 1.0,
    aliases: Mapping[str, str] | None = None,
    harmless: Sequence[str] = (),
) -> RopeConfig:
    """Read the rotary embedding of a config.

    Args:
        fields: The config.
        head_dim: Width of the heads that rotate.
        layer_type: Key of `rope_parameters` where it is nested by kind of layer.
        interleaved: See `RopeConfig`.
        theta: Default base.
        theta_key: Key of the base in the older spelling.
        partial: Whether this family can rotate a part of each head only.
        share: Default part of a head that rotates.
        aliases: Names that this family's older configs use for a kind, for example "su".
        harmless: Keys beside the scaling that change nothing for text.

    Raises:
        BadCheckpoint: A value is out of range.
        UnsupportedFamily: A scaling nobody wrote yet.
    """
    newer = fields.mapping("rope_parameters")
    older = fields.mapping("rope_scaling")
    if layer_type and layer_type in newer:
        if not isinstance(newer[layer_type], Mapping):
            raise BadCheckpoint(reason="bad_config", key="rope_parameters")
        newer = newer[layer_type]
    base = fields.number(theta_key, theta)
    share = fields.number("partial_rotary_factor", share)
    original = _original_context(fields)
    rope = Fields({**older, **newer, "model_type": fields.family})
    rope.ignore(*harmless)
    base = rope.number("rope_theta", base)
    kind = _kind(rope, older, newer, aliases or {})
    share = rope.number("partial_rotary_factor", share)
    rotary_dim = head_dim if kind == "proportional" else int(head_dim * share)
    if base <= 1:
        raise BadCheckpoint(reason="bad_config", key="rope_theta")
    if share != 1 and not partial and kind != "proportional":
        raise UnsupportedFamily(family=fields.family, option="partial_rotary_factor")
    if share > 1 or rotary_dim < 2 or rotary_dim % 2:
        raise BadCheckpoint(reason="bad_config", key="partial_rotary_factor")
    config = RopeConfig(base, kind, rotary_dim, interleaved)
    if kind in _WITH_ORIGINAL_CONTEXT:
        found = rope.integer("original_max_position_embeddings", original, low=2)
        # a key beside the scaling wins over one inside it, as in the reference
        outside = fields.has("original_max_position_embeddings")
        config = replace(config, original_context=original if outside else found)
    else:
        rope.ignore("original_max_position_embeddings")
    config = _read_kind(rope, config, head_dim, share, fields)
    rope.finish()
    return config


def _original_context(fields: Fields) -> int:
    longest = fields.integer("max_position_embeddings")
    return fields.integer("original_max_position_embeddings", longest, low=2)


def _kind(
    rope: Fields, older: Mapping[str, Any], newer: Mapping[str, Any], aliases: Mapping[str, str]
) -> str:
    # Older files say "type"; transformers writes both for a while.
    word = newer.get("rope_type") or newer.get("type")
    word = word or older.get("rope_type") or older.get("type") or "default"
    if not isinstance(word, str):
        raise BadCheckpoint(reason="bad_config", key="rope_type")
    rope.ignore("rope_type", "type")
    return aliases.get(word, word)


def _read_kind(
    rope: Fields, config: RopeConfig, head_dim: int, share: float, fields: Fields
) -> RopeConfig:
    if config.kind == "proportional":
        turning = int(share * head_dim // 2)
        return replace(config, turning=turning, factor=rope.number("factor", 1.0))
    read = _KINDS.get(config.kind)
    if read is None:
        raise UnsupportedFamily(family=fields.family, option=f"rope_type={config.kind}"[:80])
    longest = fields.integer("max_position_embeddings")
    return read(rope, config, longest)


def _read_default(_rope: Fields, config: RopeConfig, _longest: int) -> RopeConfig:
    return config


def _read_linear(rope: Fields, config: RopeConfig, _longest: int) -> RopeConfig:
    return replace(config, factor=rope.number("factor"))


def _read_factors(rope: Fields, config: RopeConfig, _longest: int) -> RopeConfig:
    return replace(config, factors_tensor=str(rope.mapping("factors").get("tensor", "")))


def _read_dynamic(rope: Fields, config: RopeConfig, _longest: int) -> RopeConfig:
    """NTK scaling (bloc97, emozilla 2023).

    It changes nothing up to `max_position_embeddings`, the longest context of a bundle. Hunyuan's
    variant with a fixed `alpha` stretches the base at once.
    """
    rope.ignore("factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim")
    theta = config.theta
    if rope.has("alpha") and config.rotary_dim > 2:
        theta *= min(rope.number("alpha"), 1e9) ** (config.rotary_dim / (config.rotary_dim - 2))
    return replace(config, kind="default", theta=theta)


def _read_llama3(rope: Fields, config: RopeConfig, _longest: int) -> RopeConfig:
    config = replace(
        config,
        factor=rope.number("factor"),
        low_freq_factor=rope.number("low_freq_factor"),
        high_freq_factor=rope.number("high_freq_factor"),
    )
    if config.high_freq_factor <= config.low_freq_factor:
        raise BadCheckpoint(reason="bad_config", key="high_freq_factor")
    return config


def _read_yarn(rope: Fields, config: RopeConfig, longest: int) -> RopeConfig:
    """YaRN (Peng et al. 2023) with DeepSeek's mscale.

    Reference: transformers, modeling_rope_utils.py, `_compute_yarn_parameters`.
    """
    factor = rope.number("factor", longest / config.original_context)
    mscale = rope.number("mscale", 0.0) if rope.has("mscale") else 0.0
    all_dim = rope.number("mscale_all_dim") if rope.has("mscale_all_dim") else 0.0
    rope.ignore("mscale", "mscale_all_dim")
    if mscale and all_dim:
        attention = yarn_mscale(factor, mscale) / yarn_mscale(factor, all_dim)
    else:
        attention = yarn_mscale(factor, 1.0)
    return replace(
        config,
        factor=factor,
        beta_fast=rope.number("beta_fast", 32.0),
        beta_slow=rope.number("beta_slow", 1.0),
        truncate=rope.flag("truncate", default=True),
        mscale_all_dim=all_dim,
        attention_factor=rope.number("attention_factor", attention),
    )


def yarn_mscale(factor: float, mscale: float) -> float:
    """DeepSeek's growth of attention scores with the extension factor (YaRN, section 3.4)."""
    return 1.0 if factor <= 1 else 0.1 * mscale * math.log(factor) + 1.0


def _read_longrope(rope: Fields, config: RopeConfig, longest: int) -> RopeConfig:
    """LongRoPE (Ding et al. 2024).

    Reference: transformers, modeling_rope_utils.py, `_compute_longrope_parameters`.
    """
    factor = rope.number("factor", longest / config.original_context)
    attention = 1.0
    if factor > 1:
        attention = math.sqrt(1 + math.log(factor) / math.log(config.original_context))
    short, long = rope.numbers("short_factor"), rope.numbers("long_factor")
    if not len(short) == len(long) == config.rotary_dim // 2:
        raise BadCheckpoint(reason="bad_config", key="long_factor")
    return replace(
        config,
        short_factors=short,
        long_factors=long,
        attention_factor=rope.number("attention_factor", attention),
    )


_KINDS: Final[Mapping[str, Callable[[Fields, RopeConfig, int], RopeConfig]]] = {
    "default": _read_default,
    "dynamic": _read_dynamic,
    "factors": _read_factors,
    "linear": _read_linear,
    "llama3": _read_llama3,
    "longrope": _read_longrope,
    "yarn": _read_yarn,
}
