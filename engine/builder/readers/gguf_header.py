"""The header of a GGUF file, read with suspicion.

    magic, version, tensor count, key count      fixed
    keys: name, type, value                      strings and arrays carry their own lengths
    tensors: name, dimensions, type, offset      data follows, aligned

Layout: GGUF specification of the ggml project, versions 2 and 3, little-endian. The library's own
reader makes several NumPy objects for every array element and believes every count, so that one
flipped bit can cost gigabytes; here each length is compared with what the file still holds before
anything is allocated. Types and block sizes are the library's.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from gguf.constants import (
    GGML_QUANT_SIZES,
    GGUF_DEFAULT_ALIGNMENT,
    GGUF_MAGIC,
    GGMLQuantizationType,
    GGUFValueType,
)

from engine.errors import BadCheckpoint, NotFound

MAX_KEYS: Final = 65_536
MAX_TENSORS: Final = 1_000_000
MAX_NAME_BYTES: Final = 1024
MAX_HEADER_BYTES: Final = 1 << 29
MAX_ARRAY_ITEMS: Final = 1 << 23
MAX_DIMENSIONS: Final = 4

_SCALARS: Final[Mapping[int, str]] = {
    GGUFValueType.UINT8: "B",
    GGUFValueType.INT8: "b",
    GGUFValueType.UINT16: "H",
    GGUFValueType.INT16: "h",
    GGUFValueType.UINT32: "I",
    GGUFValueType.INT32: "i",
    GGUFValueType.FLOAT32: "f",
    GGUFValueType.BOOL: "?",
    GGUFValueType.UINT64: "Q",
    GGUFValueType.INT64: "q",
    GGUFValueType.FLOAT64: "d",
}


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """Where a tensor lies in the file.

    Attributes:
        name: GGUF name.
        shape: Row-major shape, that is ggml's dimensions reversed.
        type: Name of the GGML type.
        row_bytes: Stored size of one row.
        offset: Absolute position of the first byte.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    row_bytes: int
    offset: int

    @property
    def size_bytes(self) -> int:
        """Stored size of the whole tensor."""
        return math.prod(self.shape[:-1]) * self.row_bytes


@dataclass(frozen=True, slots=True)
class GGUFHeader:
    """Metadata and tensor table of one file."""

    metadata: dict[str, Any]
    tensors: dict[str, TensorEntry]


def read_header(path: Path) -> GGUFHeader:
    """Read and check the header. Raises NotFound, BadCheckpoint."""
    try:
        with path.open("rb") as file:
            return _Parser(file, path.stat().st_size).parse()
    except FileNotFoundError as exc:
        raise NotFound(path=str(path)) from exc
    except OSError as exc:
        raise BadCheckpoint(reason="unreadable", file=path.name) from exc


class _Parser:
    """Walks the header once; every method leaves the file just behind what it read."""

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self._left = min(size_bytes, MAX_HEADER_BYTES)
        self._size_bytes = size_bytes

    def parse(self) -> GGUFHeader:
        magic, version = self._unpack("II")
        if magic != GGUF_MAGIC:
            raise BadCheckpoint(reason="not_gguf")
        if version not in (2, 3):
            raise BadCheckpoint(reason="gguf_version", version=version)
        tensor_count, key_count = self._unpack("QQ")
        if key_count > MAX_KEYS or tensor_count > MAX_TENSORS:
            raise BadCheckpoint(reason="implausible_count")
        metadata: dict[str, Any] = {}
        for _ in range(key_count):
            key = self._string(MAX_NAME_BYTES)
            if key in metadata:
                raise BadCheckpoint(reason="duplicate_key")
            metadata[key] = self._value(self._unpack("I")[0])
        entries = [self._tensor() for _ in range(tensor_count)]
        return GGUFHeader(metadata, self._place(metadata, entries))

    def _take(self, size_bytes: int) -> bytes:
        if size_bytes > self._left:
            raise BadCheckpoint(reason="truncated")
        self._left -= size_bytes
        data = self._file.read(size_bytes)
        if len(data) != size_bytes:
            raise BadCheckpoint(reason="truncated")
        return data

    def _unpack(self, layout: str) -> tuple[Any, ...]:
        layout = "<" + layout
        return struct.unpack(layout, self._take(struct.calcsize(layout)))

    def _string(self, limit_bytes: int = MAX_HEADER_BYTES) -> str:
        (length,) = self._unpack("Q")
        if length > limit_bytes:
            raise BadCheckpoint(reason="string_too_long")
        # Some published token lists hold half characters; names that matter are compared whole.
        return self._take(length).decode("utf-8", "replace")

    def _value(self, kind: int) -> Any:  # noqa: ANN401
        if kind == GGUFValueType.STRING:
            return self._string()
        if kind == GGUFValueType.ARRAY:
            return self._array()
        if kind not in _SCALARS:
            raise BadCheckpoint(reason="unknown_value_type", type=kind)
        return self._unpack(_SCALARS[kind])[0]

    def _array(self) -> list[Any]:
        kind, count = self._unpack("IQ")
        if count > MAX_ARRAY_ITEMS or count > self._left:
            raise BadCheckpoint(reason="implausible_count")
        if kind == GGUFValueType.STRING:
            return [self._string() for _ in range(count)]
        if kind not in _SCALARS:  # arrays of arrays do not occur in models
            raise BadCheckpoint(reason="unknown_value_type", type=kind)
        data_type = np.dtype("<" + _SCALARS[kind])
        values: list[Any] = np.frombuffer(
            self._take(count * data_type.itemsize), data_type
        ).tolist()
        return values

    def _tensor(self) -> TensorEntry:
        name = self._string(MAX_NAME_BYTES)
        (dimensions,) = self._unpack("I")
        if not 1 <= dimensions <= MAX_DIMENSIONS:
            raise BadCheckpoint(reason="implausible_shape", tensor=name)
        shape = self._unpack(f"{dimensions}Q")[::-1]
        kind, offset = self._unpack("IQ")
        if kind not in GGMLQuantizationType._value2member_map_:
            raise BadCheckpoint(reason="unknown_tensor_type", tensor=name)
        block, block_bytes = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
        if min(shape) < 1 or math.prod(shape) > self._size_bytes * block or shape[-1] % block:
            raise BadCheckpoint(reason="implausible_shape", tensor=name)
        type_name = GGMLQuantizationType(kind).name
        return TensorEntry(name, shape, type_name, shape[-1] // block * block_bytes, offset)

    def _place(
        self, metadata: Mapping[str, Any], entries: list[TensorEntry]
    ) -> dict[str, TensorEntry]:
        alignment = metadata.get("general.alignment", GGUF_DEFAULT_ALIGNMENT)
        if (
            type(alignment) is not int
            or not 1 <= alignment <= 1 << 20
            or alignment.bit_count() != 1
        ):
            raise BadCheckpoint(reason="implausible_alignment")
        start = -(-self._file.tell() // alignment) * alignment
        placed: dict[str, TensorEntry] = {}
        for entry in entries:
            offset = start + entry.offset
            if entry.name in placed:
                raise BadCheckpoint(reason="duplicate_tensor", tensor=entry.name)
            if entry.offset % alignment or offset + entry.size_bytes > self._size_bytes:
                raise BadCheckpoint(reason="truncated", tensor=entry.name)
            placed[entry.name] = TensorEntry(
                entry.name, entry.shape, entry.type, entry.row_bytes, offset
            )
        return placed


Scalar = int | float | str | bool


def typed(
    metadata: Mapping[str, Any], key: str, kind: Callable[[Any], Scalar] | type[Scalar]
) -> Any | None:  # noqa: ANN401
    """A metadata value of the wanted type, None when absent. Raises BadCheckpoint otherwise."""
    value = metadata.get(key)
    if value is None:
        return None
    fits = isinstance(value, int | float) if kind is float else type(value) is kind
    if not fits:
        raise BadCheckpoint(reason="bad_metadata", key=key)
    return kind(value)
