"""Block-wise integer weights, made from floats or taken over from GGUF blocks.

A weight row is cut into blocks of `block_size` along the input dimension; in each,
`weight = (value - zero_point) * scale`, as MatMulNBits and GatherBlockQuantized read it. Values are
unsigned: the symmetric forms have no stored zero point and mean 8 (4 bits) or 128 (8 bits).

Taking over is exact where the formats allow it:

    Q4_0   (q - 8) * d    4 bits, the same numbers
    Q8_0   q * d          8 bits, the same numbers
    Q4_1   q * d + m      8 bits with zero points: scale d / k for a whole k, so that every step
                          is exact and only the offset m is rounded, to d / 2k at most
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadCheckpoint

IntBits = Literal[4, 8]
GGML_BLOCK: Final = 32

# Fractions of the obvious scale that are tried where it loses something.
_SHRINK: Final = (0.97, 0.94, 0.91, 0.88, 0.85, 0.82)


@dataclass(frozen=True, slots=True)
class QuantizedRows:
    """Some rows of a weight.

    Attributes:
        values: uint8 [rows, blocks * block_size], one value each, below 2**bits.
        scales: float32 [rows, blocks].
        zero_points: uint8 [rows, blocks], None for the symmetric form.
        bits: 4 or 8.
    """

    values: NDArray[np.uint8]
    scales: NDArray[np.float32]
    zero_points: NDArray[np.uint8] | None
    bits: IntBits

    def dequantized(self) -> NDArray[np.float32]:
        """The floats these rows stand for, padding included: [rows, blocks * block_size]."""
        rows, blocks = self.scales.shape
        zero = self.zero_points if self.zero_points is not None else np.uint8(1 << (self.bits - 1))
        values = self.values.reshape(rows, blocks, -1).astype(np.float32)
        centred = (
            values
            - np.asarray(zero, np.float32).reshape(-1, blocks if np.ndim(zero) else 1)[..., None]
        )
        floats: NDArray[np.float32] = (centred * self.scales[..., None]).reshape(rows, -1)
        return floats

    def packed(self) -> NDArray[np.uint8]:
        """Values as stored: one byte each, or two in a byte with the first in the low half."""
        if self.bits == 8:
            return self.values
        return self.values[:, 0::2] | (self.values[:, 1::2] << np.uint8(4))


def block_count(columns: int, block_size: int) -> int:
    """Blocks that cover a row; the last may be padded."""
    return -(-columns // block_size)


def quantize_rows(
    weights: NDArray[np.float32], bits: IntBits, block_size: int = 32
) -> QuantizedRows:
    """Round floats [rows, columns] to the symmetric form with the least squared error.

    Weights that lie on a symmetric grid already come out exactly: for such a block the scale is
    max|w| / k for a k in 1..8, and all of those are tried.
    """
    rows, columns = weights.shape
    blocks = block_count(columns, block_size)
    padded = np.zeros((rows, blocks * block_size), np.float32)
    padded[:, :columns] = weights
    cells = padded.reshape(-1, block_size)
    values, scales = _best_symmetric(cells, bits)
    return QuantizedRows(values.reshape(rows, -1), scales.reshape(rows, blocks), None, bits)


def _best_symmetric(
    cells: NDArray[np.float32], bits: IntBits
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Values [n, block] and scales [n]: starts from the obvious scale, improves where it pays."""
    half = 1 << (bits - 1)
    peak_at = np.abs(cells).argmax(axis=1)
    peak = np.take_along_axis(cells, peak_at[:, None], axis=1)[:, 0]
    best = (peak / -half).astype(np.float32)
    values, error = _round(cells, best, half)
    for divisor in _divisors(bits, half):
        open_cells = np.flatnonzero(error > 0)
        if open_cells.size == 0:
            break
        scale = (peak[open_cells] / np.float32(divisor)).astype(np.float32)
        tried, tried_error = _round(cells[open_cells], scale, half)
        better = tried_error < error[open_cells]
        chosen = open_cells[better]
        best[chosen], values[chosen], error[chosen] = (
            scale[better],
            tried[better],
            tried_error[better],
        )
    return values, best


def _divisors(bits: IntBits, half: int) -> list[float]:
    """Scales to try, as divisors of the largest weight; whole ones find grids."""
    if bits == 8:  # a 4-bit grid with largest step k is found at k * (127 // k)
        return [127.0, 126.0, 125.0, 124.0]
    whole = [float(k) for k in range(half - 1, 0, -1)]
    return [*whole, *(half / -shrink for shrink in (*_SHRINK, 1.03))]


def _round(
    cells: NDArray[np.float32], scales: NDArray[np.float32], half: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Nearest values for given scales, and the squared error of each block."""
    safe = np.where(scales == 0, np.float32(1), scales)[:, None]
    steps = np.clip(np.rint(cells / safe), -half, half - 1)
    error = np.square(steps * safe - cells).sum(axis=1)
    return (steps + half).astype(np.uint8), error


def from_ggml(stored: NDArray[np.uint8], kind: str, tensor: str) -> QuantizedRows:
    """Take over rows of Q4_0, Q4_1 or Q8_0 blocks, [rows, bytes].

    Raises:
        BadCheckpoint: A scale or an offset is not finite.
    """
    rows = stored.shape[0]
    parts = stored.reshape(rows, -1, _BLOCK_BYTES[kind])
    scales = _halves(parts[..., 0:2], tensor)
    if kind == "Q8_0":
        values = (parts[..., 2:] ^ np.uint8(0x80)).reshape(rows, -1)  # int8 + 128
        return QuantizedRows(values, scales, None, 8)
    nibbles = parts[..., 2:] if kind == "Q4_0" else parts[..., 4:]
    # ggml keeps values 0..15 in the low halves of 16 bytes and 16..31 in the high halves.
    steps = np.concatenate((nibbles & np.uint8(15), nibbles >> np.uint8(4)), axis=-1)
    if kind == "Q4_0":
        return QuantizedRows(steps.reshape(rows, -1), scales, None, 4)
    return _with_offset(steps, scales, _halves(parts[..., 2:4], tensor))


_BLOCK_BYTES: Final = {"Q4_0": 18, "Q4_1": 20, "Q8_0": 34}
TAKEN_OVER: Final = frozenset(_BLOCK_BYTES)


def _halves(pairs: NDArray[np.uint8], tensor: str) -> NDArray[np.float32]:
    values = np.ascontiguousarray(pairs).view("<f2")[..., 0].astype(np.float32)
    if not np.isfinite(values).all():
        raise BadCheckpoint(reason="not_finite", tensor=tensor)
    return values


def _with_offset(
    steps: NDArray[np.uint8], scales: NDArray[np.float32], offsets: NDArray[np.float32]
) -> QuantizedRows:
    """8 bits for `step * scale + offset`, steps [rows, blocks, 32] of 0..15.

    With s = scale / k, `k * step + low - zero` steps of s are exact but for the rounding of
    offset / s to `low - zero`. The k from 8 to 17 with the least rounding is taken; where an offset
    is too far from zero for any (never in files that llama.cpp wrote), the block is rounded anew.
    """
    best_error = np.full(scales.shape, np.inf, np.float32)
    best_k = np.zeros(scales.shape, np.float32)
    safe = np.where(scales == 0, np.float32(1), scales)
    for k in range(8, 18):
        wanted = offsets * np.float32(k) / safe
        shift = np.rint(wanted)
        error = np.abs(wanted - shift) * np.abs(safe) / k
        fits = (scales != 0) & (shift >= -255) & (shift + 15 * k <= 255) & (error < best_error)
        best_error[fits], best_k[fits] = error[fits], k
    fitted = best_k > 0
    k_safe = np.where(fitted, best_k, np.float32(1))
    shift = np.where(fitted, np.rint(offsets * k_safe / safe), np.float32(0))
    zero = np.maximum(-shift, 0)
    values = steps * k_safe[..., None] + np.maximum(shift, 0)[..., None]
    new_scales = np.where(fitted, safe / k_safe, np.float32(0)).astype(np.float32)
    if not fitted.all():
        floats = steps[~fitted] * scales[~fitted][:, None] + offsets[~fitted][:, None]
        anew, anew_scales = _best_symmetric(floats.astype(np.float32), 8)
        values[~fitted], new_scales[~fitted], zero[~fitted] = anew, anew_scales, 128
    rows = steps.shape[0]
    return QuantizedRows(
        values.astype(np.uint8).reshape(rows, -1), new_scales, zero.astype(np.uint8), 8
    )
