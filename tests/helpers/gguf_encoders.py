"""Encoders for GGUF types that the gguf library can only decode.

Plain rounding to the format's grid, nothing clever: tests compare with what the library decodes
from the very same bytes. Types without an encoder get arbitrary blocks. Formats: ggml's block_q4_K,
block_q6_K and block_mxfp4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import quantize
from numpy.typing import NDArray

_SUPER_BLOCK = 256
# Doubled values of the 4-bit float E2M1, the sign in the highest bit.
_E2M1 = np.array([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12], np.float32)


def encode(values: NDArray[np.float32], kind: GGMLQuantizationType) -> NDArray[np.generic]:
    """Rows in a storage type: [..., columns] -> the same, or [..., bytes] for quantized types."""
    encoder = _ENCODERS.get(kind)
    if encoder is None:
        try:
            return np.asarray(quantize(np.ascontiguousarray(values), kind))
        except NotImplementedError:
            return _any_blocks(values.shape, kind)
    rows = encoder(np.ascontiguousarray(values, np.float32).reshape(-1, values.shape[-1]))
    return rows.reshape(*values.shape[:-1], -1)


def _any_blocks(shape: tuple[int, ...], kind: GGMLQuantizationType) -> NDArray[np.uint8]:
    """Blocks that stand for some numbers, whichever; small bytes, so that all are finite."""
    block, size = GGML_QUANT_SIZES[kind]
    random = np.random.default_rng(shape[-1])
    return random.integers(0, 0x3C, (*shape[:-1], shape[-1] // block * size), np.uint8)


def _q4_k(rows: NDArray[np.float32]) -> NDArray[np.uint8]:
    """8 blocks of 32: `d * scale * q - dmin * minimum`, scales and minima of 6 bits each."""
    blocks = rows.reshape(-1, 8, 32)
    low = np.maximum(-blocks.min(axis=2), 0)  # [super-blocks, 8]
    step = (blocks.max(axis=2) + low) / 15
    d, dmin = (_half(part.max(axis=1, keepdims=True) / 63) for part in (step, low))
    scale, minimum = (_rounded(part / _nonzero(by), 63) for part, by in ((step, d), (low, dmin)))
    unit, shift = (d * scale)[:, :, None], (dmin * minimum)[:, :, None]
    quants = _rounded((blocks + shift) / _nonzero(unit), 15).astype(np.uint8)
    pairs = quants.reshape(-1, 4, 2, 32)
    return _rows(
        rows,
        _bytes(d),
        _bytes(dmin),
        _packed_six(scale.astype(np.uint8), minimum.astype(np.uint8)),
        np.asarray(pairs[:, :, 0] | pairs[:, :, 1] << 4, np.uint8).reshape(-1, 128),
    )


def _packed_six(scale: NDArray[np.uint8], minimum: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Eight scales and eight minima of 6 bits in 12 bytes; the last four of each are split."""
    first = scale[:, :4] | (scale[:, 4:] >> 4) << 6
    second = minimum[:, :4] | (minimum[:, 4:] >> 4) << 6
    third = (scale[:, 4:] & 15) | (minimum[:, 4:] & 15) << 4
    return np.concatenate([first, second, third], axis=1)


def _q6_k(rows: NDArray[np.float32]) -> NDArray[np.uint8]:
    """16 blocks of 16: `d * scale * (q - 32)`, scales of 8 bits, quants of 6 bits."""
    blocks = rows.reshape(-1, 16, 16)
    step = np.abs(blocks).max(axis=2) / 31
    d = _half(step.max(axis=1, keepdims=True) / 127)
    scale = _rounded(step / _nonzero(d), 127)
    unit = (d * scale)[:, :, None]
    quants = np.clip(np.rint(blocks / _nonzero(unit)), -32, 31).astype(np.int8) + 32
    parts = quants.astype(np.uint8).reshape(-1, 2, 4, 32)  # halves of 128, four times 32 each
    low = (parts[:, :, :2] & 15) | (parts[:, :, 2:] & 15) << 4
    shifts = np.array([0, 2, 4, 6], np.uint8)[:, None]
    high = np.bitwise_or.reduce((parts >> 4) << shifts, axis=2)
    return _rows(
        rows,
        low.reshape(-1, 128),
        high.reshape(-1, 64),
        scale.astype(np.int8).view(np.uint8),
        _bytes(d),
    )


def _mxfp4(rows: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Blocks of 32 values E2M1 with a common power of two."""
    blocks = rows.reshape(-1, 32)
    peak = np.abs(blocks).max(axis=1, keepdims=True)
    # ggml halves the exponent's unit because its table holds doubled values.
    exponent = np.clip(np.floor(np.log2(_nonzero(peak))) - 2 + 127, 1, 254)
    unit = np.exp2(exponent - 128)
    nearest = np.abs(blocks[:, :, None] / unit[:, :, None] - _E2M1).argmin(axis=2).astype(np.uint8)
    return _rows(rows, exponent.astype(np.uint8), nearest[:, :16] | nearest[:, 16:] << 4)


def _rows(rows: NDArray[np.float32], *parts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate(parts, axis=1).reshape(len(rows), -1)


def _half(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return values.astype(np.float16).astype(np.float32)


def _bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return values.astype(np.float16).view(np.uint8)


def _nonzero(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(values == 0, np.float32(1), values)


def _rounded(values: NDArray[np.floating[Any]], most: int) -> NDArray[np.float32]:
    return np.asarray(np.clip(np.rint(values), 0, most), np.float32)


_ENCODERS: Mapping[GGMLQuantizationType, Callable[[NDArray[np.float32]], NDArray[np.uint8]]] = {
    GGMLQuantizationType.Q4_K: _q4_k,
    GGMLQuantizationType.Q6_K: _q6_k,
    GGMLQuantizationType.MXFP4: _mxfp4,
}
