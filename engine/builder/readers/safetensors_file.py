"""The table of one safetensors file, read with suspicion.

The library checks the header (its length, overlapping or missing stretches, overflow, file size);
the bytes are mapped here because its NumPy side does not know bfloat16 and float8.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from engine.errors import BadCheckpoint


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a tensor lies.

    Attributes:
        data: The mapped file.
        offset: Position of the first byte.
        size_bytes: Stored size.
        type: Type name as safetensors spells it.
        shape: As stored; may be empty or hold zeros.
    """

    data: NDArray[np.uint8]
    offset: int
    size_bytes: int
    type: str
    shape: tuple[int, ...]

    def rows(self, data_type: np.dtype[Any]) -> NDArray[Any]:
        """The mapped values, [product of leading dimensions, last dimension]."""
        values = self.data[self.offset : self.offset + self.size_bytes].view(data_type)
        return values.reshape(math.prod(self.shape[:-1]), self.shape[-1])

    def same_bytes(self, other: Entry, chunk_bytes: int = 1 << 24) -> bool:
        """Whether two tensors are equal in type, shape and every byte."""
        if (self.type, self.shape) != (other.type, other.shape):
            return False
        for start in range(0, self.size_bytes, chunk_bytes):
            stop = min(start + chunk_bytes, self.size_bytes)
            mine = self.data[self.offset + start : self.offset + stop]
            if not np.array_equal(mine, other.data[other.offset + start : other.offset + stop]):
                return False
        return True


def read_table(path: Path) -> dict[str, Entry]:
    """Every tensor of a file by name. Raises BadCheckpoint."""
    try:
        with safe_open(path, framework="np") as file:
            names = set(file.keys())
        with path.open("rb") as raw:
            header_bytes = int.from_bytes(raw.read(8), "little")
            header = json.loads(raw.read(header_bytes), object_pairs_hook=_unique)
        data = np.memmap(path, np.uint8, "r")
    except (SafetensorError, OSError, ValueError, RecursionError) as exc:
        raise BadCheckpoint(reason="bad_safetensors", file=path.name) from exc
    entries: dict[str, Entry] = {}
    for name in names:
        body = header[name]
        start, stop = body["data_offsets"]
        offset = 8 + header_bytes + start
        entries[name] = Entry(data, offset, stop - start, body["dtype"], tuple(body["shape"]))
    return entries


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different: two readers must not see two tensors in one name."""
    body = dict(pairs)
    if len(body) != len(pairs):
        raise ValueError("duplicate key")
    return body
