"""How a weight is stored in the bundle, and the streaming of it.

FLOAT32       [rows, columns] float32
FLOAT16       [rows, columns] float16, cast when the graph is loaded
INT4          packed symmetric blocks and scales
INT4_ZERO     the same with whole zero points
INT4_OFFSET   packed blocks, scales and minima; the graph adds the minima's part
INT8          symmetric blocks and scales

Scales and minima are float16 in the file and cast when the graph is loaded, float32 where a source
brings scales that no float16 holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from engine.builder.checkpoint import Tensor
from engine.builder.graph import Graph
from engine.builder.quantize import IntBits, Kind, QuantizedRows, block_count, quantize_rows
from engine.builder.quantize_ggml import GGML_BLOCK, TAKEN_OVER, WIDE_SCALES, WITH_MINIMA, from_ggml
from engine.builder.weights import CHUNK_VALUES, Chunks, Region
from engine.types import Bits

_FLOAT16_MAX: Final = 65504.0
_TAKEN_AS_BYTES: Final = frozenset(("Q8_0", "MXFP4", "Q5_0", "Q6_K"))


class Storage(Enum):
    """Form of a weight in the bundle."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT4 = "int4"
    INT4_ZERO = "int4_zero"
    INT4_OFFSET = "int4_offset"
    INT8 = "int8"

    @property
    def bits(self) -> Bits:
        """Bits of one value."""
        return _BITS[self]

    @property
    def integer(self) -> bool:
        """Whether the weight is block-quantized."""
        return self.bits in (4, 8)


_BITS: Final[Mapping[Storage, Bits]] = {
    Storage.FLOAT32: 32,
    Storage.FLOAT16: 16,
    Storage.INT4: 4,
    Storage.INT4_ZERO: 4,
    Storage.INT4_OFFSET: 4,
    Storage.INT8: 8,
}
_KINDS: Final[Mapping[Storage, tuple[IntBits, Kind]]] = {
    Storage.INT4: (4, "symmetric"),
    Storage.INT4_ZERO: (4, "zero_point"),
    Storage.INT4_OFFSET: (4, "minimum"),
    Storage.INT8: (8, "symmetric"),
}


@dataclass(frozen=True, slots=True)
class Form:
    """All that says how a weight is stored.

    Attributes:
        storage: What its numbers are.
        block_size: Weights that share a scale, in integer forms.
        search: Whether its scales are searched for.
        importance: Mean square of each input, [columns], None where nothing is known.
        common_rows: Leading rows that a table keeps in 8 bits, whatever `storage` says.
    """

    storage: Storage
    block_size: int = GGML_BLOCK
    search: bool = True
    importance: NDArray[np.float32] | None = field(default=None, compare=False)
    common_rows: int = 0

    def quantize(self, weights: NDArray[np.float32]) -> QuantizedRows:
        """Rows of floats in this form."""
        bits, kind = _KINDS[self.storage]
        return quantize_rows(
            weights,
            bits,
            self.block_size,
            kind=kind,
            search=self.search,
            importance=self.importance,
        )

    def bits_per_weight(self, rows: int, columns: int, *, wide: bool = False) -> float:
        """Bits in the file for each weight, scales and padding included."""
        if not self.storage.integer:
            return float(self.storage.bits)
        sizes = _region_bytes(self, rows, columns, wide=wide)
        return sum(sizes) * 8 / (rows * columns)


@dataclass(frozen=True, slots=True)
class AskedWeight:
    """A weight that the graph asked for.

    Attributes:
        path: Where in the graph.
        tensors: Stacked, one below the other.
        form: What it was given.
        value: The value that it multiplies; "" for tables and experts.
        table: Whether rows are looked up.
    """

    path: str
    tensors: tuple[Tensor, ...]
    form: Form
    value: str = ""
    table: bool = False


@dataclass(frozen=True, slots=True)
class Precision:
    """What was asked for.

    Attributes:
        bits: Bits per weight, None to stay close to the source.
        block_size: Weights that share a scale.
        search: Whether scales are searched for.
        forms: Forms that were decided for some tensors, by name.
        asked: Takes note of every weight, None for nobody.
    """

    bits: Bits | None
    block_size: int
    search: bool = True
    forms: Mapping[str, Form] = field(default_factory=dict, compare=False)
    asked: list[AskedWeight] | None = field(default=None, compare=False)

    def form(self, tensor: Tensor, *, embedding: bool = False) -> Form:
        """Form for one weight.

        Unless something else was decided, embeddings and LM heads keep 8 bits when 4 were asked
        for: they decide between close tokens, and they are read once a token.
        """
        decided = self.forms.get(tensor.name) if self.bits == 4 else None
        if decided is not None:
            return decided
        size = self.block_size
        if self.bits is None and size == GGML_BLOCK:
            size = TAKEN_OVER.get(tensor.type, size)
        return Form(self._storage(tensor, embedding, size), size, self.search)

    def note(
        self,
        path: str,
        tensors: Sequence[Tensor],
        form: Form,
        value: str = "",
        *,
        table: bool = False,
    ) -> None:
        """Take note of a weight, for the plan and the report."""
        if self.asked is not None:
            self.asked.append(AskedWeight(path, tuple(tensors), form, value, table))

    def _storage(self, tensor: Tensor, embedding: bool, block_size: int) -> Storage:
        if self.bits in (32, 16):
            return Storage.FLOAT32 if self.bits == 32 else Storage.FLOAT16
        exact = exact_storage(tensor, block_size)
        if self.bits is None:
            return exact or (Storage.INT8 if tensor.quantized else _float_form(tensor))
        if self.bits == 8 or embedding:
            return Storage.INT8
        return exact if exact is Storage.INT4_OFFSET else Storage.INT4


def exact_storage(tensor: Tensor, block_size: int) -> Storage | None:
    """The form that holds exactly the numbers of a tensor's blocks, None without one."""
    if TAKEN_OVER.get(tensor.type) != block_size:
        return None
    if tensor.type in WITH_MINIMA:
        return Storage.INT4_OFFSET
    return Storage.INT8 if tensor.type in _TAKEN_AS_BYTES else Storage.INT4


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
        regions: Values; scales; zero points or minima.
        wide: Whether scales and minima are float32 in the file.
    """

    rows: int
    columns: int
    storage: Storage
    block_size: int
    regions: tuple[Region, ...]
    wide: bool = False

    @property
    def blocks(self) -> int:
        """Blocks in a row."""
        return block_count(self.columns, self.block_size)


def store(g: Graph, tensors: Sequence[Tensor], form: Form) -> StoredWeight:
    """Plan a weight made of the rows of `tensors`, one below the other.

    Args:
        g: The graph.
        tensors: All with equal columns.
        form: How it is stored.
    """
    rows, columns = sum(tensor.rows for tensor in tensors), tensors[0].columns
    if any(tensor.columns != columns for tensor in tensors):
        raise ValueError("stacked weights must have equal columns")
    wide = has_wide_scales(tensors)
    sizes = [rows * columns * form.storage.bits // 8]
    if form.storage.integer:
        sizes = _region_bytes(form, rows, columns, wide=wide)
    regions = g.reserve(sizes, lambda: _chunks(tensors, form, wide))
    g.count_parameters(rows * columns)
    return StoredWeight(rows, columns, form.storage, form.block_size, regions, wide)


def has_wide_scales(tensors: Sequence[Tensor]) -> bool:
    """Whether some tensor brings scales that no float16 holds."""
    return any(tensor.type in WIDE_SCALES for tensor in tensors)


def _region_bytes(form: Form, rows: int, columns: int, *, wide: bool) -> list[int]:
    """Sizes of the values, the scales and what else an integer form has."""
    blocks = block_count(columns, form.block_size)
    scale_bytes = rows * blocks * (4 if wide else 2)
    sizes = [rows * blocks * form.block_size * form.storage.bits // 8, scale_bytes]
    if form.storage is Storage.INT4_OFFSET:
        sizes.append(scale_bytes)
    elif form.storage is Storage.INT4_ZERO:
        sizes.append(rows * block_count(blocks, 2))
    return sizes


def _chunks(tensors: Sequence[Tensor], form: Form, wide: bool) -> Chunks:
    for tensor in tensors:
        step = max(1, CHUNK_VALUES // tensor.columns)
        for start in range(0, tensor.rows, step):
            stop = min(start + step, tensor.rows)
            if form.storage.integer:
                yield stored_rows(tensor, start, stop, form, wide)
            elif form.storage is Storage.FLOAT16:
                floats = tensor.floats(start, stop)
                yield (np.clip(floats, -_FLOAT16_MAX, _FLOAT16_MAX).astype(np.float16),)
            else:
                yield (tensor.floats(start, stop),)


def stored_rows(
    tensor: Tensor, start: int, stop: int, form: Form, wide: bool
) -> tuple[NDArray[Any], ...]:
    """Some rows in an integer form as they lie in the file: values, scales, zeros or minima."""
    rows = integer_rows(tensor, start, stop, form)
    dtype = np.float32 if wide else np.float16
    parts: tuple[NDArray[Any], ...] = (rows.packed(), rows.scales.astype(dtype))
    if rows.minima is not None:
        return (*parts, rows.minima.astype(dtype))
    return parts if rows.zeros is None else (*parts, rows.packed_zeros())


def integer_rows(tensor: Tensor, start: int, stop: int, form: Form) -> QuantizedRows:
    """Some rows of a tensor in an integer form; blocks that already have it are taken over."""
    if exact_storage(tensor, form.block_size) is form.storage:
        return from_ggml(tensor.read(start, stop), tensor.type, tensor.name)
    return form.quantize(tensor.floats(start, stop))


def declare(g: Graph, weight: StoredWeight, name: str, *, table: bool = False) -> list[str]:
    """Declare a stored weight's initializers and return their names.

    Args:
        g: Where the node that reads them stands.
        weight: The weight.
        name: Stem of the names.
        table: Shape as GatherBlockQuantized wants it ([rows, bytes]), not as MatMulNBits does
            ([rows, blocks, bytes]).

    Returns:
        Of floats: the matrix. Of integers: values, scales, and zero points or offsets, which are
        what must be added to (value - 8) * scale.
    """
    storage = weight.storage
    if not storage.integer:
        kind = TensorProto.FLOAT16 if storage is Storage.FLOAT16 else TensorProto.FLOAT
        return [g.weight(name, kind, [weight.rows, weight.columns], weight.regions[0])]
    block_bytes = weight.block_size * storage.bits // 8
    shape = [weight.rows, weight.blocks, block_bytes]
    if table:
        shape = [weight.rows, weight.blocks * block_bytes]
    values = g.weight(f"{name}_quantized", TensorProto.UINT8, shape, weight.regions[0])
    names = [values, _scales(g, weight, f"{name}_scales", 1)]
    if storage is Storage.INT4_ZERO:
        zeros = [weight.rows, block_count(weight.blocks, 2)]
        if not table:
            zeros = [weight.rows * zeros[1]]
        names.append(g.weight(f"{name}_zero_points", TensorProto.UINT8, zeros, weight.regions[2]))
    elif storage is Storage.INT4_OFFSET:
        place = g.at(f"{name}_offsets")
        minima = _scales(g, weight, f"{name}_minima", 2)
        half = place.constant("half", np.float32(8))
        names.append(place.node("Add", [minima, place.node("Mul", [names[1], half])]))
    return names


def _scales(g: Graph, weight: StoredWeight, name: str, region: int) -> str:
    shape = [weight.rows, weight.blocks]
    return declare_scales(g, name, shape, weight.regions[region], wide=weight.wide)


def declare_scales(g: Graph, name: str, shape: Sequence[int], region: Region, *, wide: bool) -> str:
    """Scales in the file as a float32 value; float16 ones are cast when the graph is loaded."""
    stored = g.weight(name, TensorProto.FLOAT if wide else TensorProto.FLOAT16, shape, region)
    if wide:
        return stored
    return g.at(name).node("Cast", [stored], attributes={"to": TensorProto.FLOAT})
