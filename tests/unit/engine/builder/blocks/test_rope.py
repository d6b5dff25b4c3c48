"""Frequencies of rotary positions."""

from __future__ import annotations

import numpy as np
import pytest

from engine.builder.blocks.rope import inverse_frequencies
from engine.builder.rope_config import RopeConfig
from engine.errors import BadCheckpoint


def test_plain_and_linear() -> None:
    plain = inverse_frequencies(RopeConfig(100.0, "default", 4))
    np.testing.assert_allclose(plain, [1, 0.1], rtol=1e-6)
    linear = inverse_frequencies(RopeConfig(100.0, "linear", 4, factor=4))
    np.testing.assert_allclose(linear, plain / 4, rtol=1e-6)


def test_llama3_stretches_long_waves_only() -> None:
    config = RopeConfig(
        theta=5e5,
        kind="llama3",
        rotary_dim=64,
        factor=8.0,
        low_freq_factor=1.0,
        high_freq_factor=4.0,
        original_context=8192,
    )
    plain = inverse_frequencies(RopeConfig(5e5, "default", 64))
    ratio = plain / inverse_frequencies(config)
    waves = 2 * np.pi / plain
    np.testing.assert_allclose(ratio[waves < 8192 / 4], 1, rtol=1e-6)
    np.testing.assert_allclose(ratio[waves > 8192], 8, rtol=1e-6)
    between = (waves >= 8192 / 4) & (waves <= 8192)
    assert between.any()
    assert ((ratio[between] >= 1) & (ratio[between] <= 8)).all()


def test_factors_divide() -> None:
    config = RopeConfig(100.0, "factors", 4, factors_tensor="f")
    found = inverse_frequencies(config, np.array([1, 5], np.float32))
    np.testing.assert_allclose(found, [1, 0.02], rtol=1e-6)
    for absurd in (0.0, 1e-40, -1e-30):
        with pytest.raises(BadCheckpoint):
            inverse_frequencies(config, np.array([1, absurd], np.float32))


def test_yarn_keeps_fast_and_stretches_slow() -> None:
    config = RopeConfig(1e4, "yarn", 64, factor=8.0, original_context=4096)
    ratio = inverse_frequencies(RopeConfig(1e4, "default", 64)) / inverse_frequencies(config)
    assert ratio[0] == pytest.approx(1)
    assert ratio[-1] == pytest.approx(8)
    assert (np.diff(ratio) >= -1e-6).all()


def test_longrope_divides_by_either_list() -> None:
    config = RopeConfig(
        100.0, "longrope", 4, original_context=8, short_factors=(1, 2), long_factors=(4, 5)
    )
    np.testing.assert_allclose(inverse_frequencies(config), [1, 0.05], rtol=1e-6)
    np.testing.assert_allclose(inverse_frequencies(config, long=True), [0.25, 0.02], rtol=1e-6)


def test_proportional_leaves_the_rest_of_a_head_alone() -> None:
    config = RopeConfig(100.0, "proportional", 8, turning=1, factor=2.0)
    np.testing.assert_allclose(inverse_frequencies(config), [0.5, 0, 0, 0])
