"""What the C library holds of memory: how it grows, and what goes back to the system.

GNU's library is asked (Linux); other systems see to it themselves. Left alone it takes ever larger
blocks from one growing piece, where whatever lies behind them keeps their room, and gives each
thread such a piece of its own. See mallopt(3) and malloc_trim(3).
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8

_LARGE_BYTES: Final = 256 * 1024
"""Pictures and long texts: given back the moment they are freed."""
_FREE_BYTES: Final = 1024 * 1024
_PIECES: Final = 2


def keep_small() -> None:
    """Before the first thread is started: few pieces, and large blocks in none of them."""
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt"):
        tell = ctypes.CDLL(None).mallopt
        tell(_M_ARENA_MAX, _PIECES)
        tell(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        tell(_M_TRIM_THRESHOLD, _FREE_BYTES)


def give_back() -> None:
    """Return what was freed and is kept for later: 20 MB of a window in use all day."""
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)
