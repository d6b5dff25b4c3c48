"""Packed weights of safetensors files, as rows of bytes that stand on their own.

A row can be sliced, reordered and dequantized without its neighbours, whatever it was made of:

    float8   [columns x 1 byte | blocks x float32 scale]        type "F8_E4M3_128"
    MXFP4    blocks x [1 byte exponent | 16 bytes of nibbles]   type "MXFP4"

Float8 is how DeepSeek-V3 and Qwen3 are published: one float32 scale (named "inverse", but one
multiplies by it) for each tile of 128 x 128 weights. The tile's scale is repeated in each of its
rows here. MXFP4 (OCP Microscaling Formats 1.0) is how gpt-oss is published. Its files hold value
2i in the low and 2i + 1 in the high nibble of byte i; ggml puts value i and i + 16 there. Rows are
handed out in ggml's order, so that there is one "MXFP4" whatever the source; no bit is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from ml_dtypes import float8_e4m3fn, float8_e5m2
from numpy.typing import NDArray

FLOAT8_TYPES: Final[Mapping[str, type]] = {"F8_E4M3": float8_e4m3fn, "F8_E5M2": float8_e5m2}
MXFP4_BLOCK: Final = 32
MXFP4_BLOCK_BYTES: Final = 17
MXFP4_NAN: Final = 255

_SCALE_BYTES: Final = 4
_VALUES: Final = {
    name: np.arange(256, dtype=np.uint8).view(kind).astype(np.float32)
    for name, kind in FLOAT8_TYPES.items()
}


def float8_type(stored: str, block: int) -> str:
    """Type name of packed float8 rows with `block` columns to a scale."""
    return f"{stored}_{block}"


def is_float8(type_name: str) -> bool:
    """Whether a type name is one of `float8_type`."""
    return type_name.rpartition("_")[0] in FLOAT8_TYPES


def pack_float8(
    values: NDArray[np.uint8], scales: NDArray[np.float32], block: int
) -> NDArray[np.uint8]:
    """Rows of float8 bytes with their scales behind them.

    Args:
        values: Bytes as stored, [rows, columns].
        scales: Scales of each row's tiles, [rows, ceil(columns / block)].
        block: Columns to a scale.

    Returns:
        Packed rows, [rows, columns + 4 x scales].
    """
    rows, columns = values.shape
    packed = np.empty((rows, columns + scales.shape[1] * _SCALE_BYTES), np.uint8)
    packed[:, :columns] = values
    packed[:, columns:] = np.ascontiguousarray(scales, "<f4").view(np.uint8)
    if scales.shape != (rows, -(-columns // block)):
        raise ValueError("one scale for each block of columns")
    return packed


def unpack_float8(packed: NDArray[np.uint8], type_name: str, columns: int) -> NDArray[np.float32]:
    """Packed float8 rows as float32 [rows, columns]."""
    stored, _, block = type_name.rpartition("_")
    values: NDArray[np.float32] = _VALUES[stored][packed[:, :columns]]
    scales = np.ascontiguousarray(packed[:, columns:]).view("<f4")
    for index in range(scales.shape[1]):
        tile = slice(index * int(block), (index + 1) * int(block))
        values[:, tile] *= scales[:, index, None]
    return values


def pack_mxfp4(blocks: NDArray[np.uint8], exponents: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rows of MXFP4 in ggml's order.

    Args:
        blocks: Neighbouring values in the nibbles of a byte, [rows, blocks, 16].
        exponents: E8M0 scales, [rows, blocks].

    Returns:
        Packed rows, [rows, blocks x 17].
    """
    rows, count = exponents.shape
    packed = np.empty((rows, count, MXFP4_BLOCK_BYTES), np.uint8)
    packed[:, :, 0] = exponents
    first, second = blocks[:, :, :8], blocks[:, :, 8:]  # values 0-15 and 16-31
    packed[:, :, 1::2] = (first & 0x0F) | (second << 4)  # values 2i and 2i + 16
    packed[:, :, 2::2] = (first >> 4) | (second & 0xF0)  # values 2i + 1 and 2i + 17
    return packed.reshape(rows, count * MXFP4_BLOCK_BYTES)
