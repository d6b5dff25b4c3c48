"""What the C library has given out (Linux only)."""

from __future__ import annotations

import ctypes


class _Mallinfo(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


def heap_mb() -> list[float]:
    """What the C library has given out, in small and in large blocks, and what it holds free."""
    ask = ctypes.CDLL(None).mallinfo2
    ask.restype = _Mallinfo
    info = ask()
    return [round(n / 2**20, 2) for n in (info.uordblks, info.hblkhd, info.fordblks)]
