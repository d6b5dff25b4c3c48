from __future__ import annotations

import struct

import pytest

from app.core.packed import Packed


def test_numbers_are_those_that_were_packed() -> None:
    ids: Packed[int] = Packed("I", struct.pack("<3I", 1, 2, 2**32 - 1))
    assert tuple(ids) == (1, 2, 2**32 - 1)
    assert (len(ids), ids[0], ids[-1], ids[1:]) == (3, 1, 2**32 - 1, (2, 2**32 - 1))
    assert list(reversed(ids)) == [2**32 - 1, 2, 1]
    assert 2 in ids
    for index in (3, -4):
        with pytest.raises(IndexError):
            ids[index]
    probabilities: Packed[float] = Packed("f", struct.pack("<2f", -0.5, -1.25))
    assert tuple(probabilities) == (-0.5, -1.25)


def test_equal_to_any_sequence_of_the_same_numbers() -> None:
    ids: Packed[int] = Packed("I", struct.pack("<2I", 7, 8))
    assert ids == (7, 8)
    assert ids == [7, 8]
    assert ids == Packed("I", struct.pack("<2I", 7, 8))
    assert ids != Packed("f", struct.pack("<2I", 7, 8))
    assert ids != (7,)
    assert ids != "ab"
    assert hash(ids) == hash((7, 8))
    assert (7, 8) == ids  # noqa: SIM300  a record compares in either order
    assert "7" not in repr(ids)  # nothing of a chat in a log
