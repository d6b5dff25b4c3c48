"""The objects of a large JSON file, one at a time, whatever the rest of it is.

Nothing is parsed before its end and its depth are known: a file of any size takes the memory of
its largest object, and nesting that would exhaust the parser's stack never reaches it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import IO, cast

from app.core.errors import DamagedFile, FileTooLarge
from app.core.jsonfile import JsonObject

MOST_BYTES = 64 << 20
"""The largest object that is read: a chat of 10,000 messages has about a third of it."""
DEEPEST = 100
_CHUNK = 1 << 20
# Possessive, so that ten million backslashes leave nothing to go back to. A lone quotation mark is
# a string whose end has not been read yet.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)


def objects(
    file: IO[bytes],
    depth: int,
    on_read: Callable[[int], None] = lambda _: None,
    most_bytes: int = MOST_BYTES,
) -> Iterator[JsonObject]:
    """The objects that lie `depth` levels deep, in their order.

    Args:
        file: Where the JSON begins.
        depth: 1 is the outermost object itself, 2 the objects of a list.
        on_read: Is told how many bytes were read.
        most_bytes: The largest object that is read.

    Raises:
        DamagedFile: It breaks off, goes too deep, or is no JSON.
        FileTooLarge: One of the objects is larger than that.
    """
    scanner = _Scanner(depth, most_bytes)
    while chunk := file.read(max(_CHUNK, scanner.waiting)):
        on_read(len(chunk))
        for piece in scanner.feed(chunk):
            yield parse_object(piece)
    if not scanner.complete:
        raise DamagedFile


def parse_object(data: bytes) -> JsonObject:
    """One object. Raises DamagedFile for anything else."""
    try:
        value = json.loads(data.decode("utf-8-sig"), strict=False)
    except (ValueError, RecursionError):
        raise DamagedFile from None  # the cause would quote the content
    if not isinstance(value, dict):
        raise DamagedFile
    return cast("JsonObject", value)


def too_deep(data: bytes) -> bool:
    """Whether a piece of JSON is nested deeper than anybody's chats."""
    depth = 0
    for match in _TOKEN.finditer(data):
        mark = match.group()
        depth += (mark in b"{[") - (mark in b"}]") if len(mark) == 1 else 0
        if depth > DEEPEST:
            return True
    return False


class _Scanner:
    """Finds where objects begin and end without understanding what is in them."""

    def __init__(self, depth: int, most_bytes: int) -> None:
        self._wanted = depth
        self._most_bytes = most_bytes
        self._depth = 0
        self._begun = False
        self._buffer = b""
        self._start = -1
        self._next = 0

    @property
    def waiting(self) -> int:
        """How many bytes wait for more."""
        return len(self._buffer)

    @property
    def complete(self) -> bool:
        """Whether everything that was opened was closed."""
        return self._begun and self._depth == 0 and self._next == len(self._buffer)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The objects that this chunk completes."""
        self._buffer += chunk
        if len(self._buffer) > self._most_bytes + _CHUNK:
            raise FileTooLarge
        for match in _TOKEN.finditer(self._buffer, self._next):
            mark = match.group()
            if mark == b'"':
                self._next = match.start()
                break
            self._next = match.end()
            if len(mark) == 1 and (piece := self._bracket(mark, match.start())):
                yield piece
        else:
            self._next = len(self._buffer)
        kept = self._start if self._start >= 0 else self._next
        self._buffer = self._buffer[kept:]
        self._next -= kept
        self._start = 0 if self._start >= 0 else -1

    def _bracket(self, mark: bytes, at: int) -> bytes:
        if mark in b"{[":
            self._depth += 1
            self._begun = True
            if self._depth == self._wanted and mark == b"{":
                self._start = at
            if self._depth > DEEPEST:
                raise DamagedFile
            return b""
        self._depth -= 1
        if self._depth < 0:
            raise DamagedFile
        if self._start < 0 or self._depth != self._wanted - 1:
            return b""
        piece, self._start = self._buffer[self._start : at + 1], -1
        return piece
