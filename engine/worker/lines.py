"""Splits a byte stream into lines without ever holding an endless one."""

from __future__ import annotations

import os
from collections.abc import Iterator

from engine.protocol import MAX_LINE_BYTES

_PIECE_BYTES = 65_536


def read_lines(descriptor: int, limit: int = MAX_LINE_BYTES) -> Iterator[bytes | None]:
    """Yield each line without its newline, None for one longer than `limit`, until the stream ends.

    An unfinished last line is dropped: whoever wrote it is gone.
    """
    pieces: list[bytes] = []
    size = 0
    while piece := os.read(descriptor, _PIECE_BYTES):
        *ends, rest = piece.split(b"\n")
        for end in ends:
            too_long = size + len(end) > limit
            yield None if too_long else b"".join([*pieces, end])
            pieces, size = [], 0
        size += len(rest)
        if size <= limit:
            pieces.append(rest)
        else:
            pieces = []
