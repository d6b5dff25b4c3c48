"""Many numbers in few bytes: they become Python's own when somebody looks at them.

The numbers of a long chat's tokens would take a hundred times their size as tuples, and most of
them are never looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Literal, TypeVar, overload

T = TypeVar("T", int, float)

NUMBER_BYTES = 4


class Packed(Sequence[T]):
    """Numbers of four bytes each, little end first; equal to any sequence of the same numbers."""

    __slots__ = ("_code", "_data")

    def __init__(self, code: Literal["I", "f"], data: bytes) -> None:
        """Keep the bytes as they are.

        Args:
            code: "I" for unsigned whole numbers, "f" for real ones.
            data: A multiple of four bytes; what is over is not there.
        """
        self._code = code
        self._data = data

    @property
    def data(self) -> bytes:
        """The bytes."""
        return self._data

    def __len__(self) -> int:
        return len(self._data) // NUMBER_BYTES

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        if isinstance(index, slice):
            return self._values()[index]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(index)
        value: T = struct.unpack_from(f"<{self._code}", self._data, place * NUMBER_BYTES)[0]
        return value

    def __iter__(self) -> Iterator[T]:
        return iter(self._values())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Packed):
            return self._code == other._code and self._data == other._data
        return isinstance(other, tuple | list) and self._values() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        return f"Packed({len(self)})"

    def _values(self) -> tuple[T, ...]:
        count = len(self)
        return struct.unpack_from(f"<{count}{self._code}", self._data)
