"""Block-wise integer weights, made from floats or taken over from GGUF blocks.

A weight row is cut into blocks of `block_size` along the input dimension; in each,
`weight = (value - half) * scale` with half 8 (4 bits) or 128 (8 bits), as MatMulNBits and
GatherBlockQuantized read unsigned values without zero points. A third number, the offset, may be
added to every weight of a block; the graph computes that part from the sums of the inputs.

Taking over is exact:

    Q4_0   (q - 8) * d         4 bits, the same numbers
    Q8_0   q * d               8 bits, the same numbers
    Q4_1   q * d + m           4 bits: (q - 8) * d, offset m + 8 d
    Q4_K   q * d s - e t       4 bits: (q - 8) * d s, offset 8 d s - e t (s, t: 6 bits a block)
    MXFP4  e2m1 * 2^e          8 bits: twice the e2m1 value, which is whole, and half the scale
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
        offsets: float32 [rows, blocks] added to each weight of a block, None for none.
        bits: 4 or 8.
    """

    values: NDArray[np.uint8]
    scales: NDArray[np.float32]
    offsets: NDArray[np.float32] | None
    bits: IntBits

    def dequantized(self) -> NDArray[np.float32]:
        """The floats these rows stand for, padding included: [rows, blocks * block_size]."""
        rows, blocks = self.scales.shape
        values = self.values.reshape(rows, blocks, -1).astype(np.float32)
        floats = (values - (1 << (self.bits - 1))) * self.scales[..., None]
        if self.offsets is not None:
            floats += self.offsets[..., None]
        return floats.reshape(rows, -1)

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


_BLOCK_BYTES: Final = {"Q4_0": 18, "Q4_1": 20, "Q8_0": 34, "Q4_K": 144, "MXFP4": 17}
TAKEN_OVER: Final = frozenset(_BLOCK_BYTES)
WITH_OFFSETS: Final = frozenset(("Q4_1", "Q4_K"))


def from_ggml(stored: NDArray[np.uint8], kind: str, tensor: str) -> QuantizedRows:
    """Take over rows of GGUF blocks of a kind in `TAKEN_OVER`, [rows, bytes].

    Raises:
        BadCheckpoint: A scale or an offset is not finite.
    """
    rows = stored.shape[0]
    parts = stored.reshape(rows, -1, _BLOCK_BYTES[kind])
    if kind == "MXFP4":
        return _from_mxfp4(parts)
    scales = _halves(parts[..., 0:2], tensor)
    if kind == "Q4_K":
        return _from_q4_k(parts, scales, _halves(parts[..., 2:4], tensor))
    if kind == "Q8_0":
        values = (parts[..., 2:] ^ np.uint8(0x80)).reshape(rows, -1)  # int8 + 128
        return QuantizedRows(values, scales, None, 8)
    if kind == "Q4_0":
        return QuantizedRows(_nibbles(parts[..., 2:]).reshape(rows, -1), scales, None, 4)
    offsets = _halves(parts[..., 2:4], tensor) + np.float32(8) * scales
    return QuantizedRows(_nibbles(parts[..., 4:]).reshape(rows, -1), scales, offsets, 4)


_DOUBLED_E2M1: Final = np.array([0, 1, 2, 3, 4, 6, 8, 12], np.uint8)


def _from_mxfp4(parts: NDArray[np.uint8]) -> QuantizedRows:
    """Blocks [rows, blocks, 17]: an exponent (bias 127), then sign and magnitude in four bits.

    OCP Microscaling Formats 1.0, sections 5.3.3 and 5.4.1.
    """
    codes = _nibbles(parts[..., 1:]).reshape(parts.shape[0], -1)
    sizes = _DOUBLED_E2M1[codes & 7]
    values = np.where(codes < 8, 128 + sizes, 128 - sizes).astype(np.uint8)
    scales = np.ldexp(np.float32(1), parts[..., 0].astype(np.int32) - 128)
    return QuantizedRows(values, scales, None, 8)


def _from_q4_k(
    parts: NDArray[np.uint8], scales: NDArray[np.float32], minima: NDArray[np.float32]
) -> QuantizedRows:
    """Super-blocks of 8 blocks: parts [rows, super, 144], scales and minima [rows, super].

    Twelve bytes hold eight 6-bit scales and eight 6-bit minima: the first four of each in the low
    six bits of bytes 0-3 and 4-7, the last four in the halves of bytes 8-11 with their two upper
    bits above the first four (ggml-quants.c, get_scale_min_k4).
    """
    rows, supers = scales.shape
    low, mid, last = parts[..., 4:8], parts[..., 8:12], parts[..., 12:16]
    steps = np.concatenate((low & 63, (last & 15) | (low >> 6 << 4)), axis=-1)
    shifts = np.concatenate((mid & 63, (last >> 4) | (mid >> 6 << 4)), axis=-1)
    values = _nibbles(parts[..., 16:].reshape(rows, supers, 4, 32))
    block_scales = scales[..., None] * steps
    offsets = np.float32(8) * block_scales - minima[..., None] * shifts
    return QuantizedRows(
        values.reshape(rows, -1),
        block_scales.reshape(rows, -1).astype(np.float32),
        offsets.reshape(rows, -1).astype(np.float32),
        4,
    )


def _nibbles(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Values of bytes [..., n] as ggml orders them: all low halves, then all high halves."""
    return np.concatenate((packed & np.uint8(15), packed >> np.uint8(4)), axis=-1)


def _halves(pairs: NDArray[np.uint8], tensor: str) -> NDArray[np.float32]:
    values = np.ascontiguousarray(pairs).view("<f2")[..., 0].astype(np.float32)
    if not np.isfinite(values).all():
        raise BadCheckpoint(reason="not_finite", tensor=tensor)
    return values
