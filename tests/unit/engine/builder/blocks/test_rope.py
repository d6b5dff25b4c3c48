"""Frequencies of rotary positions."""

from __future__ import annotations

import numpy as np
import pytest

from engine.builder.blocks.rope import inverse_frequencies
from engine.builder.config import RopeConfig
from engine.errors import BadCheckpoint


def test_plain_and_linear() -> None:
    plain = inverse_frequencies(RopeConfig(100.0, "default", 4))
    np.testing.assert_allclose(plain, [1, 0.1], rtol=1e-6)
    linear = inverse_frequencies(RopeConfig(100.0, "linear", 4, factor=4))
    np.testing.assert_allclose(linear, plain / 4, rtol=1e-6)


def test_llama3_stretches_long_waves_only() -> None:
    config = RopeConfig(5e5, "llama3", 64, 8.0, 1.0, 4.0, 8192)
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
    with pytest.raises(BadCheckpoint):
        inverse_frequencies(config, np.array([1, 0], np.float32))
