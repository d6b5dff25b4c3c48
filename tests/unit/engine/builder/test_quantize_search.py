"""The search for scales: better than the nearest, exact on grids, led by importance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.builder.quantize import Kind, quantize_rows

Floats = NDArray[np.float32]


def _weights(seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_t(5, (32, 256)).astype(np.float32)


def _error(weights: Floats, share: Floats | float = 1.0, **options: object) -> float:
    rows = quantize_rows(weights, 4, **options)  # type: ignore[arg-type]
    return float((np.square(rows.dequantized() - weights) * share).sum())


@pytest.mark.parametrize("kind", ["symmetric", "zero_point", "minimum"])
def test_searching_loses_less_than_rounding(kind: Kind) -> None:
    weights = _weights()
    searched = _error(weights, kind=kind)
    assert searched < 0.985 * _error(weights, kind=kind, search=False)


def test_more_numbers_for_a_block_lose_less() -> None:
    weights = _weights() + np.float32(0.5)
    symmetric, zero, minimum = (
        _error(weights, kind=kind) for kind in ("symmetric", "zero_point", "minimum")
    )
    assert minimum < zero < symmetric


@pytest.mark.parametrize("kind", ["symmetric", "zero_point", "minimum"])
def test_importance_moves_the_error_where_it_matters_less(kind: Kind) -> None:
    weights = _weights(1)
    share = np.exp(np.random.default_rng(2).normal(0, 2, 256)).astype(np.float32)
    led = _error(weights, share, kind=kind, importance=share)
    assert led < 0.8 * _error(weights, share, kind=kind)


def test_importance_without_any_signal_changes_nothing() -> None:
    weights = _weights(3)
    plain = quantize_rows(weights, 4)
    for share in (np.zeros(256, np.float32), np.full(256, np.inf, np.float32)):
        led = quantize_rows(weights, 4, importance=share)
        assert (led.values == plain.values).all()


@pytest.mark.parametrize("steps", [15, 12, 7, 3])
@pytest.mark.parametrize("led", [False, True])
def test_a_grid_with_minima_survives(steps: int, led: bool) -> None:
    random = np.random.default_rng(steps)
    values = random.integers(0, steps + 1, (16, 4, 32))
    values[..., 0], values[..., 1] = 0, steps
    scales = random.uniform(0.01, 0.1, (16, 4, 1)).astype(np.float16).astype(np.float32)
    minima = random.uniform(-1, 0.5, (16, 4, 1)).astype(np.float16).astype(np.float32)
    weights = (values * scales + minima).astype(np.float32).reshape(16, 128)
    share = random.uniform(0.1, 9, 128).astype(np.float32) if led else None
    rows = quantize_rows(weights, 4, kind="minimum", importance=share)
    np.testing.assert_allclose(rows.dequantized(), weights, rtol=0, atol=2e-6)


def test_a_grid_survives_an_importance() -> None:
    random = np.random.default_rng(5)
    values = random.integers(-8, 8, (16, 128))
    values[:, ::32] = -8
    weights = (values * 2.0**-6).astype(np.float32)
    share = random.uniform(0, 100, 128).astype(np.float32)
    assert (quantize_rows(weights, 4, importance=share).dequantized() == weights).all()


@pytest.mark.parametrize("kind", ["symmetric", "zero_point", "minimum"])
@pytest.mark.parametrize("value", [0.0, 1e-30, 7e4, 3e38])
def test_extreme_blocks_stay_finite(kind: Kind, value: float) -> None:
    weights = np.full((2, 64), value, np.float32)
    weights[0, 0] = -value
    for search in (False, True):
        rows = quantize_rows(weights, 4, kind=kind, search=search)
        assert np.isfinite(rows.dequantized()).all()
        assert rows.values.max() < 16


def test_scales_are_float16_numbers() -> None:
    rows = quantize_rows(_weights(4), 4, kind="minimum")
    assert rows.minima is not None
    for numbers in (rows.scales, rows.minima):
        assert (numbers.astype(np.float16) == numbers).all()


def test_an_odd_number_of_zero_points_is_padded() -> None:
    rows = quantize_rows(_weights()[:, :96], 4, kind="zero_point")
    assert rows.zeros is not None
    assert rows.packed_zeros().shape == (32, 2)
    assert (rows.packed_zeros()[:, 1] == rows.zeros[:, 2]).all()
    assert (rows.packed_zeros()[:, 0] >> 4 == rows.zeros[:, 1]).all()
