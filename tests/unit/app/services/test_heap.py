"""Freed memory goes back to the system, seen in processes of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.helpers.window_client import ROOT

linux = pytest.mark.skipif(sys.platform != "linux", reason="GNU's C library")

_BLOCKS_BETWEEN = """
import ctypes, sys
from app.services import heap
from tests.helpers.heap import heap_mb
if sys.argv[1:]:
    heap.keep_small()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.free.argtypes = [ctypes.c_void_p]
library.free(library.malloc(30 << 20))  # the library learns that blocks of this size come and go
large, small = [], []
for _ in range(40):
    large.append(library.malloc(1 << 20))
    small.append(library.malloc(100))
for block in large:
    library.free(block)
print(heap_mb()[2])
"""


def _held_free_mb(*settings: str) -> float:
    command = [sys.executable, "-c", _BLOCKS_BETWEEN, *settings]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


@linux
def test_large_blocks_leave_no_holes_behind_small_ones() -> None:
    assert _held_free_mb() > 30
    assert _held_free_mb("keep small") < 5
