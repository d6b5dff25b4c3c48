"""Stored tensors under other names, in another order or undone arithmetic, always lazily.

Rows stay as they are stored (quantized blocks included) wherever a change only moves whole rows or
whole blocks; what must be computed becomes float32, a few rows at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
from gguf.quants import dequantize
from numpy.typing import NDArray

from engine.builder.checkpoint import DEQUANTIZED, FLOAT_TYPES, Tensor
from engine.builder.readers.gguf_header import TensorEntry
from engine.errors import BadCheckpoint

Order = NDArray[np.intp]
Compute = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def stored(entry: TensorEntry, data: NDArray[np.uint8]) -> Tensor:
    """A tensor as it lies in the file.

    Args:
        entry: Where it lies.
        data: All bytes of the file, mapped.
    """

    def rows(start: int, stop: int) -> NDArray[Any]:
        begin = entry.offset + start * entry.row_bytes
        end = entry.offset + stop * entry.row_bytes
        stored_rows = np.asarray(data[begin:end].reshape(stop - start, entry.row_bytes))
        if entry.type in FLOAT_TYPES:
            return stored_rows.view(FLOAT_TYPES[entry.type])
        return stored_rows

    return Tensor(entry.name, entry.shape, entry.type, rows)


@cache
def can_dequantize(type_name: str) -> bool:
    """Whether the library can turn rows of a GGML type into numbers."""
    kind = GGMLQuantizationType[type_name]
    try:
        dequantize(np.zeros((1, GGML_QUANT_SIZES[kind][1]), np.uint8), kind)
    except NotImplementedError:
        return False
    return True


def renamed(tensor: Tensor, name: str, shape: tuple[int, ...] | None = None) -> Tensor:
    """The same rows under another name; `shape` may add or drop dimensions of one."""
    shape = tensor.shape if shape is None else shape
    new = replace(tensor, name=name, shape=shape)
    if (new.rows, new.columns) != (tensor.rows, tensor.columns):
        raise wrong_shape(tensor, shape)
    return new


def computed(tensor: Tensor, compute: Compute) -> Tensor:
    """Every number of a tensor replaced by a function of it, as float32."""
    kind = _type_of_floats(tensor)
    return replace(tensor, type=kind, read=lambda start, stop: compute(tensor.floats(start, stop)))


def _type_of_floats(*tensors: Tensor) -> str:
    return DEQUANTIZED if any(tensor.quantized for tensor in tensors) else "F32"


def minus_one(tensor: Tensor) -> Tensor:
    """Weights of norms that multiply by 1 + w, from the stored sums."""
    return computed(tensor, lambda sums: sums - 1)


def log_of_negative(tensor: Tensor) -> Tensor:
    """Logarithms of decay rates that are stored as negative numbers."""

    def logs(rates: NDArray[np.float32]) -> NDArray[np.float32]:
        with np.errstate(all="ignore"):  # whoever reads the numbers refuses what is not finite
            return np.log(-rates)

    return computed(tensor, logs)


def kernels(tensor: Tensor) -> Tensor:
    """Kernels of a depthwise convolution: [channels, taps] -> [channels, 1, taps]."""
    return renamed(tensor, tensor.name, (tensor.shape[0], 1, tensor.columns))


def row(tensor: Tensor) -> Tensor:
    """[columns] or [1, columns] -> [1, columns]."""
    return renamed(tensor, tensor.name, (1, tensor.columns))


def reordered(tensor: Tensor, order: Order) -> Tensor:
    """Row i taken from row order[i]; of a one-dimensional tensor, number i from number order[i]."""
    if len(tensor.shape) > 1:
        if len(order) != tensor.rows:
            raise wrong_shape(tensor, (len(order), tensor.columns))
        return tensor.reordered(order)
    if tensor.shape != (len(order),):
        raise wrong_shape(tensor, (len(order),))
    return computed(tensor, lambda numbers: numbers[:, order])


def gathered(name: str, parts: Sequence[Tensor], order: Order) -> Tensor:
    """One tensor of rows of several: row i is row order[i] of all parts laid end to end.

    Rows stay as stored where all parts have one type, and become float32 otherwise.
    """
    columns = parts[0].columns
    if any(part.columns != columns for part in parts):
        raise wrong_shape(parts[-1], (parts[-1].rows, columns))
    ends = np.cumsum([part.rows for part in parts])
    if len(order) and not 0 <= int(order.min()) <= int(order.max()) < ends[-1]:
        raise wrong_shape(parts[-1], (len(order), columns))
    same_type = len({part.type for part in parts}) == 1

    def rows(start: int, stop: int) -> NDArray[Any]:
        wanted = order[start:stop]
        breaks = np.flatnonzero(np.diff(wanted) != 1) + 1
        bounds = np.searchsorted(ends, wanted, side="right")
        breaks = np.union1d(breaks, np.flatnonzero(np.diff(bounds)) + 1)
        pieces = []
        for run in np.split(wanted, breaks):
            part = int(np.searchsorted(ends, run[0], side="right")) if len(run) else 0
            first = int(run[0] - (ends[part] - parts[part].rows)) if len(run) else 0
            read = parts[part].read if same_type else parts[part].floats
            pieces.append(read(first, first + len(run)))
        return np.concatenate(pieces)

    kind = parts[0].type if same_type else _type_of_floats(*parts)
    return Tensor(name, (len(order), columns), kind, rows)


def columns_reordered(tensor: Tensor, order: Order) -> Tensor:
    """Columns in as many groups as `order` has numbers, group i taken from group order[i].

    Blocks of quantized rows move as they are where groups consist of whole blocks; otherwise rows
    become float32.
    """
    groups, width = len(order), tensor.columns // len(order)

    def move(values: NDArray[Any]) -> NDArray[Any]:
        moved: NDArray[Any] = values.reshape(len(values), groups, -1)[:, order]
        return moved.reshape(len(values), -1)

    if tensor.quantized and width % GGML_QUANT_SIZES[GGMLQuantizationType[tensor.type]][0]:
        return computed(tensor, move)
    return replace(tensor, read=lambda start, stop: move(tensor.read(start, stop)))


def joined_key_value(name: str, keys: Tensor, values: Tensor) -> Tensor:
    """`kv_b_proj` of latent attention from its two halves.

    Args:
        name: Of the result.
        keys: [heads, latent, key width], every head transposed for absorption.
        values: [heads, value width, latent].

    Returns:
        [heads * (key width + value width), latent] in float32: DeepSeek's order, head by head.
    """
    if len(keys.shape) != 3 or len(values.shape) != 3 or keys.shape[0] != values.shape[0]:
        raise wrong_shape(values, keys.shape)
    heads, latent, wide = keys.shape
    if values.columns != latent:
        raise wrong_shape(values, (heads, values.shape[1], latent))
    each = wide + values.shape[1]

    def rows(start: int, stop: int) -> NDArray[np.float32]:
        pieces = []
        for head in range(start // each, -(-stop // each)):
            key = keys.floats(head * latent, (head + 1) * latent).T
            value = values.floats(head * (each - wide), (head + 1) * (each - wide))
            begin = max(start - head * each, 0)
            pieces.append(np.concatenate([key, value])[begin : stop - head * each])
        return np.concatenate(pieces) if pieces else np.zeros((0, latent), np.float32)

    return Tensor(name, (heads * each, latent), _type_of_floats(keys, values), rows)


def wrong_shape(tensor: Tensor, expected: Sequence[int]) -> BadCheckpoint:
    """The error that names a tensor and both shapes."""
    return BadCheckpoint(
        reason="wrong_shape",
        tensor=tensor.name,
        expected=str(list(expected)),
        found=str(list(tensor.shape)),
    )
