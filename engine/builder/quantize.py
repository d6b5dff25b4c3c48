"""Block-wise integer weights, made from floats.

A weight row is cut into blocks of `block_size` along the input dimension. A block shares

    symmetric    w = (value - half) * scale     half 8 (4 bits) or 128 (8 bits)
    zero_point   w = (value - zero) * scale     4 bits, zero whole: the operators read it
    minimum      w = value * scale + minimum    4 bits; the graph adds the minimum's part, computed
                                                from the sums of the inputs of a block

MatMulNBits and GatherBlockQuantized read the first two. `quantize_search` finds the scales,
`quantize_ggml` takes over blocks that were integers before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.builder.quantize_search import (
    IntBits,
    Kind,
    fit_minimum,
    fit_symmetric,
    fit_zero_point,
    nearest_steps,
)

__all__ = ["IntBits", "Kind", "QuantizedRows", "block_count", "quantize_rows"]

_PIECE_VALUES: Final = 1 << 15
"""Weights that are searched at a time: they and all temporaries stay in the cache."""

_MOST: Final = np.float32(65504 * 8)

_LEAST_SHARE: Final = np.float32(1e-3)
"""Of importance, so that no weight is free."""


@dataclass(frozen=True, slots=True)
class QuantizedRows:
    """Some rows of a weight.

    Attributes:
        values: uint8 [rows, blocks * block_size], one value each, below 2**bits.
        scales: float32 [rows, blocks].
        bits: 4 or 8.
        zeros: uint8 [rows, blocks], None where they are half of the range.
        minima: float32 [rows, blocks], what the value 0 stands for, None without.
    """

    values: NDArray[np.uint8]
    scales: NDArray[np.float32]
    bits: IntBits
    zeros: NDArray[np.uint8] | None = None
    minima: NDArray[np.float32] | None = None

    def dequantized(self) -> NDArray[np.float32]:
        """The floats these rows stand for, padding included: [rows, blocks * block_size]."""
        rows, blocks = self.scales.shape
        values = self.values.reshape(rows, blocks, -1).astype(np.float32)
        if self.zeros is not None:
            values -= self.zeros[..., None].astype(np.float32)
        elif self.minima is None:
            values -= np.float32(1 << (self.bits - 1))
        values *= self.scales[..., None]
        if self.minima is not None:
            values += self.minima[..., None]
        return values.reshape(rows, -1)

    def packed(self) -> NDArray[np.uint8]:
        """Values as stored: one byte each, or two in a byte with the first in the low half."""
        return self.values if self.bits == 8 else _pairs(self.values)

    def packed_zeros(self) -> NDArray[np.uint8]:
        """Zero points as stored, two in a byte; an odd last one stands alone."""
        if self.zeros is None:
            raise ValueError("these rows have no zero points")
        odd = self.zeros.shape[1] % 2
        return _pairs(np.pad(self.zeros, ((0, 0), (0, odd))))


def block_count(columns: int, block_size: int) -> int:
    """Blocks that cover a row; the last may be padded."""
    return -(-columns // block_size)


def quantize_rows(
    weights: NDArray[np.float32],
    bits: IntBits,
    block_size: int = 32,
    *,
    kind: Kind = "symmetric",
    search: bool = True,
    importance: NDArray[np.float32] | None = None,
) -> QuantizedRows:
    """Round floats to integers with the least squared error that a search finds.

    Weights that lie on a symmetric grid already come out exactly where float16 holds its scales.

    Args:
        weights: [rows, columns].
        bits: 4 or 8; 8 only for the symmetric kind.
        block_size: Weights that share a scale.
        kind: What a block shares, see the module.
        search: Look for better scales than those that reach the largest weight.
        importance: Mean square of each input, [columns]; the error of an output is the weights'
            error times these (Hessian's diagonal, as in OBQ; Frantar and Alistarh 2022).
    """
    rows, columns = weights.shape
    blocks = block_count(columns, block_size)
    weights = _bounded(weights)
    made = QuantizedRows(
        np.empty((rows, blocks * block_size), np.uint8),
        np.empty((rows, blocks), np.float32),
        bits,
        np.empty((rows, blocks), np.uint8) if kind == "zero_point" else None,
        np.empty((rows, blocks), np.float32) if kind == "minimum" else None,
    )
    shares = _shares(importance, blocks, block_size) if search else None
    step = max(1, _PIECE_VALUES // (blocks * block_size))
    for start in range(0, rows, step):
        piece = slice(start, min(start + step, rows))
        cells = _cells(weights[piece], blocks, block_size)
        count = piece.stop - start
        repeated = None if shares is None else np.tile(shares, (count, 1))
        _fill(made, piece, cells, repeated, kind, search)
    return made


def _fill(
    made: QuantizedRows,
    piece: slice,
    cells: NDArray[np.float32],
    importance: NDArray[np.float32] | None,
    kind: Kind,
    search: bool,
) -> None:
    """Quantize the blocks [n, block] of some rows into `made`."""
    shape = made.scales[piece].shape
    half = np.float32(1 << (made.bits - 1))
    if kind == "symmetric":
        scales = fit_symmetric(cells, made.bits, importance, search)
        found = nearest_steps(cells, scales, None, -half, half - 1)
        found += half
    elif made.zeros is not None:
        scales, zeros = fit_zero_point(cells, importance, search)
        found = nearest_steps(cells, scales, None, -zeros[:, None], 15 - zeros[:, None])
        found += zeros[:, None]
        made.zeros[piece] = zeros.reshape(shape)
    elif made.minima is not None:
        scales, minima = fit_minimum(cells, importance, search)
        found = nearest_steps(cells, scales, minima, 0, 15)
        made.minima[piece] = minima.reshape(shape)
    made.scales[piece] = scales.reshape(shape)
    made.values[piece] = found.reshape(shape[0], -1)


def _bounded(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights without any that no float16 scale reaches; no model has them, hostile files do."""
    if weights.size and (weights.max() > _MOST or weights.min() < -_MOST):
        return np.clip(weights, -_MOST, _MOST)
    return weights


def _cells(weights: NDArray[np.float32], blocks: int, block_size: int) -> NDArray[np.float32]:
    """Rows as blocks [n, block], the last of a row padded with zeros."""
    rows, columns = weights.shape
    if columns != blocks * block_size:
        padded = np.zeros((rows, blocks * block_size), np.float32)
        padded[:, :columns] = weights
        weights = padded
    return weights.reshape(-1, block_size)


def _shares(
    importance: NDArray[np.float32] | None, blocks: int, block_size: int
) -> NDArray[np.float32] | None:
    """Importance as blocks [blocks, block]: mean 1, and never so small that a weight is free."""
    if importance is None:
        return None
    mean = float(importance.mean())
    if not 0 < mean < np.inf:
        return None
    shares = np.full(blocks * block_size, _LEAST_SHARE, np.float32)
    shares[: len(importance)] += importance / np.float32(mean)
    return shares.reshape(blocks, block_size)


def _pairs(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return values[:, 0::2] | (values[:, 1::2] << np.uint8(4))
