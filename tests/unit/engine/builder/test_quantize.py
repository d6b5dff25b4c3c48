"""Block-wise integers: what lies on a grid stays, what comes from GGUF blocks is taken over."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from gguf import GGMLQuantizationType
from gguf.quants import dequantize, quantize

from engine.builder.quantize import IntBits, quantize_rows
from engine.builder.quantize_ggml import from_ggml
from engine.errors import BadCheckpoint


def test_packing_puts_the_first_value_in_the_low_half() -> None:
    rows = quantize_rows(np.array([[-8.0, 7.0, 1.0, 0.0] * 8], np.float32), 4)
    assert rows.packed()[0, :2].tolist() == [0xF0, 0x89]
    assert rows.values[0, :4].tolist() == [0, 15, 9, 8]


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("peak", [1, 2, 3, 5, 7, 8, -5, -7])
def test_any_symmetric_int4_grid_survives(bits: int, peak: int) -> None:
    random = np.random.default_rng(abs(peak))
    steps = random.integers(-min(abs(peak), 8), min(abs(peak), 7) + 1, (20, 64))
    steps[:, ::32] = -8 if peak == 8 else peak
    scales = np.exp2(random.integers(-12, 3, (20, 2))).repeat(32, axis=1)
    weights = (steps * scales).astype(np.float32)
    rows = quantize_rows(weights, cast("IntBits", bits))
    assert (rows.dequantized() == weights).all()


@pytest.mark.parametrize(("bits", "allowed"), [(4, 0.1), (8, 0.006)])
def test_rounding_error_is_what_the_bits_allow(bits: int, allowed: float) -> None:
    weights = np.random.default_rng(0).standard_normal((64, 256)).astype(np.float32)
    rows = quantize_rows(weights, cast("IntBits", bits))
    error = np.sqrt(np.square(rows.dequantized() - weights).mean() / np.square(weights).mean())
    assert error < allowed


def test_searched_scales_beat_the_obvious_one() -> None:
    weights = np.random.default_rng(1).standard_normal((64, 32)).astype(np.float32)
    found = np.square(quantize_rows(weights, 4).dequantized() - weights).sum()
    scale = np.abs(weights).max(axis=1, keepdims=True) / 7
    obvious = np.square(np.rint(weights / scale) * scale - weights).sum()
    assert found < 0.9 * obvious


def test_zeros_and_padding_stay_zero() -> None:
    weights = np.zeros((2, 40), np.float32)
    weights[1, 39] = 3.0
    rows = quantize_rows(weights, 4)
    assert rows.values.shape == (2, 64)
    assert rows.scales.shape == (2, 2)
    expected = np.zeros((2, 64), np.float32)
    expected[1, 39] = 3.0
    assert (rows.dequantized() == expected).all()


@pytest.mark.parametrize("kind", ["Q4_0", "Q4_1", "Q5_0", "Q8_0"])
def test_ggml_blocks_are_taken_over(kind: str) -> None:
    weights = np.random.default_rng(2).standard_normal((8, 128)).astype(np.float32)
    stored = quantize(weights, GGMLQuantizationType[kind])
    expected = dequantize(stored, GGMLQuantizationType[kind])
    rows = from_ggml(stored, kind, "w")
    assert rows.bits == (4 if kind in ("Q4_0", "Q4_1") else 8)
    np.testing.assert_allclose(rows.dequantized(), expected, rtol=0, atol=1e-6)


def test_q4_k_blocks_are_taken_over() -> None:
    stored = np.random.default_rng(3).integers(0, 256, (4, 288), dtype=np.uint8)
    halves = np.array([0.01, 0.02], np.float16).view(np.uint8)
    stored.reshape(4, 2, 144)[..., :4] = halves
    expected = dequantize(stored, GGMLQuantizationType.Q4_K)
    rows = from_ggml(stored, "Q4_K", "w")
    np.testing.assert_allclose(rows.dequantized(), expected, rtol=0, atol=1e-5)


def test_q6_k_blocks_are_taken_over() -> None:
    stored = np.random.default_rng(4).integers(0, 256, (4, 420), dtype=np.uint8)
    stored.reshape(4, 2, 210)[..., 208:] = np.array([0.01], np.float16).view(np.uint8)
    expected = dequantize(stored, GGMLQuantizationType.Q6_K)
    rows = from_ggml(stored, "Q6_K", "w")
    assert (rows.bits, rows.scales.shape) == (8, (4, 512 // 16))
    np.testing.assert_allclose(rows.dequantized(), expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize("kind", ["Q4_0", "Q4_1", "Q8_0", "Q4_K"])
@pytest.mark.parametrize("scale", [np.inf, np.nan])
def test_a_scale_that_is_no_number_is_refused(kind: str, scale: float) -> None:
    size = {"Q4_0": 18, "Q4_1": 20, "Q8_0": 34, "Q4_K": 144}[kind]
    stored = np.zeros((1, size), np.uint8)
    stored[0, :2] = np.array([scale], np.float16).view(np.uint8)
    with pytest.raises(BadCheckpoint, match="not_finite"):
        from_ggml(stored, kind, "w")
