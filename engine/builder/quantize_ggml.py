"""Blocks of GGUF files and of MXFP4 as our own integer blocks, without rounding them again.

Q4_0   (q - 8) * d         4 bits, the same numbers
Q8_0   q * d               8 bits, the same numbers
Q4_1   q * d + m           4 bits with a minimum, the same numbers
Q4_K   q * d s - e t       4 bits with a minimum: scale d s, minimum -e t (s, t: 6 bits a block)
Q6_K   (q - 32) * d s       8 bits in blocks of 16, the same numbers (s: 8 bits a block)
MXFP4  e2m1 * 2^e          8 bits: twice the e2m1 value, which is whole, and half the scale
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.builder.quantize import QuantizedRows
from engine.errors import BadCheckpoint

GGML_BLOCK: Final = 32
_BLOCK_BYTES: Final = {
    "Q4_0": 18,
    "Q4_1": 20,
    "Q8_0": 34,
    "Q5_0": 22,
    "Q4_K": 144,
    "Q6_K": 210,
    "MXFP4": 17,
}

TAKEN_OVER: Final = {kind: 16 if kind == "Q6_K" else GGML_BLOCK for kind in _BLOCK_BYTES}
"""Types that we have a form for, and the weights that share a scale in them."""

WITH_MINIMA: Final = frozenset(("Q4_1", "Q4_K"))
WIDE_SCALES: Final = frozenset(("Q4_K", "Q6_K", "MXFP4"))
"""Types whose scales no float16 can hold."""


def from_ggml(stored: NDArray[np.uint8], kind: str, tensor: str) -> QuantizedRows:
    """Take over rows of GGUF blocks of a kind in `TAKEN_OVER`, [rows, bytes].

    Raises:
        BadCheckpoint: A scale or an offset is not finite.
    """
    rows = stored.shape[0]
    parts = stored.reshape(rows, -1, _BLOCK_BYTES[kind])
    if kind in _READERS:
        return _READERS[kind](parts, tensor)
    scales = _halves(parts[..., 0:2], tensor)
    values = _VALUES[kind](parts).reshape(rows, -1)
    if kind == "Q4_1":
        return QuantizedRows(values, scales, 4, minima=_halves(parts[..., 2:4], tensor))
    return QuantizedRows(values, scales, 4 if kind == "Q4_0" else 8)


_DOUBLED_E2M1: Final = np.array([0, 1, 2, 3, 4, 6, 8, 12], np.uint8)


def _from_mxfp4(parts: NDArray[np.uint8], _tensor: str) -> QuantizedRows:
    """Blocks [rows, blocks, 17]: an exponent (bias 127), then sign and magnitude in four bits.

    OCP Microscaling Formats 1.0, sections 5.3.3 and 5.4.1.
    """
    codes = _nibbles(parts[..., 1:]).reshape(parts.shape[0], -1)
    sizes = _DOUBLED_E2M1[codes & 7]
    values = np.where(codes < 8, 128 + sizes, 128 - sizes).astype(np.uint8)
    scales = np.ldexp(np.float32(1), parts[..., 0].astype(np.int32) - 128)
    return QuantizedRows(values, scales, 8)


def _from_q4_k(parts: NDArray[np.uint8], tensor: str) -> QuantizedRows:
    """Super-blocks of 8 blocks, [rows, super, 144]: a scale and a minimum for all of them first.

    Twelve bytes hold eight 6-bit scales and eight 6-bit minima: the first four of each in the low
    six bits of bytes 0-3 and 4-7, the last four in the halves of bytes 8-11 with their two upper
    bits above the first four (ggml-quants.c, get_scale_min_k4).
    """
    scales, minima = _halves(parts[..., 0:2], tensor), _halves(parts[..., 2:4], tensor)
    rows, supers = scales.shape
    low, mid, last = parts[..., 4:8], parts[..., 8:12], parts[..., 12:16]
    steps = np.concatenate((low & 63, (last & 15) | (low >> 6 << 4)), axis=-1)
    shifts = np.concatenate((mid & 63, (last >> 4) | (mid >> 6 << 4)), axis=-1)
    values = _nibbles(parts[..., 16:].reshape(rows, supers, 4, 32))
    block_scales = scales[..., None] * steps
    return QuantizedRows(
        values.reshape(rows, -1),
        block_scales.reshape(rows, -1).astype(np.float32),
        4,
        minima=(minima[..., None] * -shifts.astype(np.float32)).reshape(rows, -1),
    )


def _from_q6_k(parts: NDArray[np.uint8], tensor: str) -> QuantizedRows:
    """Super-blocks of 256 weights, [rows, super, 210], their scale last.

    Each half of a super-block has 64 bytes of low nibbles and 32 bytes with four pairs of upper
    bits each, then 16 block scales (int8) follow (ggml-quants.c, dequantize_row_q6_K).
    """
    scales, rows = _halves(parts[..., 208:210], tensor), parts.shape[0]
    low = _nibbles(parts[..., :128].reshape(rows, -1, 2, 64))  # [rows, super, 2, 128]
    packed = parts[..., 128:192].reshape(rows, -1, 2, 1, 32)
    shifts = np.array([0, 2, 4, 6], np.uint8)[:, None]
    high = ((packed >> shifts) & np.uint8(3)).reshape(low.shape)
    values = (low | (high << np.uint8(4))) + np.uint8(128 - 32)
    steps = np.ascontiguousarray(parts[..., 192:208]).view(np.int8).astype(np.float32)
    block_scales = scales[..., None] * steps  # [rows, super, 16]
    return QuantizedRows(values.reshape(rows, -1), block_scales.reshape(rows, -1), 8)


def _fives(parts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Q5_0's values + 112: 32 fifth bits in four bytes, then the nibbles."""
    fifth = np.unpackbits(parts[..., 2:6], axis=-1, bitorder="little")
    return _nibbles(parts[..., 6:]) + (fifth << np.uint8(4)) + np.uint8(128 - 16)


def _nibbles(packed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Values of bytes [..., n] as ggml orders them: all low halves, then all high halves."""
    return np.concatenate((packed & np.uint8(15), packed >> np.uint8(4)), axis=-1)


def _halves(pairs: NDArray[np.uint8], tensor: str) -> NDArray[np.float32]:
    values = np.ascontiguousarray(pairs).view("<f2")[..., 0].astype(np.float32)
    if not np.isfinite(values).all():
        raise BadCheckpoint(reason="not_finite", tensor=tensor)
    return values


_READERS: Final[Mapping[str, Callable[[NDArray[np.uint8], str], QuantizedRows]]] = {
    "Q4_K": _from_q4_k,
    "Q6_K": _from_q6_k,
    "MXFP4": _from_mxfp4,
}
_VALUES: Final[Mapping[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]]] = {
    "Q4_0": lambda parts: _nibbles(parts[..., 2:]),
    "Q4_1": lambda parts: _nibbles(parts[..., 4:]),
    "Q5_0": _fives,
    "Q8_0": lambda parts: parts[..., 2:] ^ np.uint8(0x80),  # int8 + 128
}
