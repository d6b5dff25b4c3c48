"""How a weight is stored in the bundle, and the streaming of it.

FLOAT32   [rows, columns] float32
FLOAT16   [rows, columns] float16, cast when the graph is loaded
INT4      packed symmetric blocks and scales
INT8      blocks and scales, with zero points where the source has offsets
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from onnx import TensorProto

from engine.builder.checkpoint import Tensor
from engine.builder.graph import Graph
from engine.builder.quantize import (
    GGML_BLOCK,
    TAKEN_OVER,
    WITH_OFFSETS,
    IntBits,
    QuantizedRows,
    block_count,
    from_ggml,
    quantize_rows,
)
from engine.builder.weights import CHUNK_VALUES, Chunks, Region
from engine.types import Bits

_FLOAT16_MAX: Final = 65504.0


_BITS: Final[Mapping[str, Bits]] = {
    "float32": 32,
    "float16": 16,
    "int8": 8,
    "int4": 4,
    "int4_offset": 4,
}


class Storage(Enum):
    """Form of a weight in the bundle."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT4 = "int4"
    INT8 = "int8"
    INT4_OFFSET = "int4_offset"

    @property
    def bits(self) -> Bits:
        """Bits of one value."""
        return _BITS[self.value]

    @property
    def integer(self) -> bool:
        """Whether the weight is block-quantized."""
        return self.bits in (4, 8)


@dataclass(frozen=True, slots=True)
class Precision:
    """What was asked for.

    Attributes:
        bits: Bits per weight, None to stay close to the source.
        block_size: Weights that share a scale.
    """

    bits: Bits | None
    block_size: int

    def choose(self, tensor: Tensor, *, embedding: bool = False) -> Storage:
        """Form for one weight.

        Embeddings and LM heads keep 8 bits when 4 were asked for: they decide between close
        tokens, and they are read once a token.
        """
        if self.bits in (32, 16):
            return Storage.FLOAT32 if self.bits == 32 else Storage.FLOAT16
        exact = self.exact_form(tensor)
        if embedding and exact is Storage.INT4_OFFSET:
            exact = Storage.INT8  # a table can be looked up without offsets only
        if self.bits is None:
            return exact or (Storage.INT8 if tensor.quantized else _float_form(tensor))
        if self.bits == 8 or embedding:
            return Storage.INT8
        return exact if exact is Storage.INT4_OFFSET else Storage.INT4

    def exact_form(self, tensor: Tensor) -> Storage | None:
        """The form that holds exactly the numbers of a GGUF block format, if there is one."""
        if tensor.type not in TAKEN_OVER or self.block_size != GGML_BLOCK:
            return None
        if tensor.type in WITH_OFFSETS:
            return Storage.INT4_OFFSET
        return Storage.INT4 if tensor.type == "Q4_0" else Storage.INT8


def _float_form(tensor: Tensor) -> Storage:
    return Storage.FLOAT32 if tensor.type in ("F32", "F64") else Storage.FLOAT16


@dataclass(frozen=True, slots=True)
class StoredWeight:
    """A weight in the file: stacked rows of one or more tensors, all in one form.

    Attributes:
        rows: Output width.
        columns: Input width.
        storage: Its form.
        block_size: Of integer forms.
        regions: Values; scales; offsets of INT4_OFFSET.
    """

    rows: int
    columns: int
    storage: Storage
    block_size: int
    regions: tuple[Region, ...]

    @property
    def blocks(self) -> int:
        """Blocks in a row."""
        return block_count(self.columns, self.block_size)


def store(g: Graph, tensors: Sequence[Tensor], storage: Storage, block_size: int) -> StoredWeight:
    """Plan a weight made of the rows of `tensors`, one below the other."""
    rows, columns = sum(tensor.rows for tensor in tensors), tensors[0].columns
    if any(tensor.columns != columns for tensor in tensors):
        raise ValueError("stacked weights must have equal columns")
    blocks = block_count(columns, block_size)
    if storage.integer:
        sizes = [rows * blocks * block_size * storage.bits // 8, rows * blocks * 4]
        if storage is Storage.INT4_OFFSET:
            sizes.append(rows * blocks * 4)
    else:
        sizes = [rows * columns * storage.bits // 8]
    regions = g.reserve(sizes, lambda: _chunks(tensors, storage, block_size))
    g.count_parameters(rows * columns)
    return StoredWeight(rows, columns, storage, block_size, regions)


def _chunks(tensors: Sequence[Tensor], storage: Storage, block_size: int) -> Chunks:
    for tensor in tensors:
        step = max(1, CHUNK_VALUES // tensor.columns)
        for start in range(0, tensor.rows, step):
            stop = min(start + step, tensor.rows)
            if storage.integer:
                rows = _integer_rows(tensor, start, stop, storage, block_size)
                parts = (rows.packed(), rows.scales)
                yield parts if rows.offsets is None else (*parts, rows.offsets)
            elif storage is Storage.FLOAT16:
                floats = tensor.floats(start, stop)
                yield (np.clip(floats, -_FLOAT16_MAX, _FLOAT16_MAX).astype(np.float16),)
            else:
                yield (tensor.floats(start, stop),)


def _integer_rows(
    tensor: Tensor, start: int, stop: int, storage: Storage, block_size: int
) -> QuantizedRows:
    if Precision(None, block_size).exact_form(tensor) is storage:
        return from_ggml(tensor.read(start, stop), tensor.type, tensor.name)
    bits: IntBits = 4 if storage is Storage.INT4 else 8
    return quantize_rows(tensor.floats(start, stop), bits, block_size)


def declare(g: Graph, weight: StoredWeight, name: str, *, table: bool = False) -> list[str]:
    """Declare a stored weight's initializers and return their names.

    Args:
        g: Where the node that reads them stands.
        weight: The weight.
        name: Stem of the names.
        table: Shape as GatherBlockQuantized wants it ([rows, bytes]), not as MatMulNBits does
            ([rows, blocks, bytes]).
    """
    storage = weight.storage
    if not storage.integer:
        kind = TensorProto.FLOAT16 if storage is Storage.FLOAT16 else TensorProto.FLOAT
        return [g.weight(name, kind, [weight.rows, weight.columns], weight.regions[0])]
    block_bytes = weight.block_size * storage.bits // 8
    shape = [weight.rows, weight.blocks, block_bytes]
    if table:
        shape = [weight.rows, weight.blocks * block_bytes]
    blocks = [weight.rows, weight.blocks]
    names = [
        g.weight(f"{name}_quantized", TensorProto.UINT8, shape, weight.regions[0]),
        g.weight(f"{name}_scales", TensorProto.FLOAT, blocks, weight.regions[1]),
    ]
    if storage is Storage.INT4_OFFSET:
        names.append(g.weight(f"{name}_offsets", TensorProto.FLOAT, blocks, weight.regions[2]))
    return names
