"""GPT4All's .chat files: a conversation each, as Qt's data stream writes it.

The layout is that of versions 1 to 12 as its sources have it (gpt4all-chat/src: chatlistmodel,
chat, chatllm, chatmodel, tool). The model's state, which older versions keep inside, is skipped.
"""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from typing import IO, Literal

from PySide6.QtCore import QUrl

from app.core.errors import DamagedFile, FileTooLarge, UnknownFormat
from app.core.keeping import WholeAttachment, WholeChat
from app.services.keeping.trees import Node, moment, split_thought, whole_chat

MAGIC = 0xF5D553CC
_NEWEST = 12
_MOST_BYTES = 64 << 20
_MOST_ITEMS = 100_000
_DEEPEST = 10
_NULL = 0xFFFFFFFF
_LONG = 0xFFFFFFFE
_BLOCK = 1 << 20


def read_chat(file: IO[bytes], modified: datetime) -> WholeChat:
    """A conversation.

    Args:
        file: Where it begins.
        modified: When the file was written, for times that are missing.

    Raises:
        UnknownFormat: No such file, or of a newer version.
        DamagedFile: It breaks off or contradicts itself.
        FileTooLarge: A part of it is larger than any conversation.
    """
    stream = _Stream(file)
    if stream.number("I") != MAGIC:
        raise UnknownFormat
    version = stream.number("i")
    if not 1 <= version <= _NEWEST:
        raise UnknownFormat
    created = moment(stream.number("q"), modified)
    stream.text()  # id
    title = stream.text()
    stream.text()  # the person's name
    stream.text()  # the model
    if version >= 3:
        for _ in range(stream.count("I")):
            stream.text()  # collections of documents
    if version < 11:
        _skip_model_state(stream, version)
    nodes: list[Node] = []
    for number in range(stream.count("i")):
        at = created + timedelta(seconds=number)
        node = _Item.read(stream, version).node(len(nodes) - 1 if nodes else None, at)
        if node is not None:
            nodes.append(node)
    updated = max(modified, created)
    return whole_chat(title, created, updated, nodes, len(nodes) - 1 if nodes else None)


def _skip_model_state(stream: _Stream, version: int) -> None:
    with_state = version < 6 or bool(stream.number("B"))
    if version >= 2:
        stream.skip(8)  # kind of model, version of its state
    stream.text()  # the last answer
    stream.text()  # the name it gave
    stream.skip(4)  # tokens
    if not with_state:
        return
    stream.skip((4 if version < 4 else 0) + 4 + (4 if version >= 7 else 0))
    if version < 9:
        stream.skip(4 * stream.number("Q"))  # logits
    stream.skip(4 * stream.number("Q"))  # tokens
    stream.data(keep=False)


class _Item:
    """A question or an answer with the parts it was made of."""

    def __init__(self) -> None:
        self.name = ""
        self.value = ""
        self.thinking: list[str] = []
        self.before: list[str] = []
        self.attachments: list[tuple[str, bytes]] = []

    @classmethod
    def read(cls, stream: _Stream, version: int) -> _Item:
        item = cls()
        if version < 12:
            stream.skip(4)
        item.name, item.value = stream.text(), stream.text()
        if version < 10:
            stream.text()  # the prompt
        stream.text()  # another answer that the person wrote
        stream.skip(4)  # current, stopped, thumbs up, thumbs down
        if version >= 11 and item.name.startswith("Response"):
            stream.skip(1)  # whether it failed
        _skip_sources(stream, version)
        if version >= 10:
            for _ in range(stream.count("q")):
                item.attachments.append((stream.data().decode("utf-8", "replace"), stream.data()))
        if version >= 12:
            item._read_parts(stream, 0)
        return item

    def node(self, parent: int | None, at: datetime) -> Node | None:
        """The message it is; None for what is none."""
        role: Literal["user", "assistant"] = "user"
        if self.name.startswith("Response"):
            role = "assistant"
        elif not self.name.startswith("Prompt"):
            return None
        text = "\n\n".join(part for part in (*self.before, self.value) if part.strip())
        thinking = "\n\n".join(self.thinking)
        files = tuple(
            WholeAttachment(_file_name(url), "application/octet-stream", at, content)
            for url, content in self.attachments
        )
        if not text and not thinking and not files:
            return None
        if role == "assistant" and not thinking:
            thinking, text = split_thought(text)
        return Node(parent, role, text, thinking, at, files)

    def _read_parts(self, stream: _Stream, depth: int) -> None:
        if depth > _DEEPEST:
            raise DamagedFile
        for _ in range(stream.count("q")):
            name, value = stream.text(), stream.text()
            if name.startswith("ToolCall"):
                _skip_tool_call(stream)
            elif name.startswith("Think"):
                stream.skip(4)  # how long
                self.thinking.append(split_thought(value)[0] or value)
            elif name.startswith("Text"):
                self.before.append(value)
            self._read_parts(stream, depth + 1)


def _skip_sources(stream: _Stream, version: int) -> None:
    if version >= 8:
        for _ in range(stream.count("q")):
            for _ in range(7):
                stream.text()
            stream.skip(12)  # page, from, to
    elif version >= 3:
        stream.text()
        for _ in range(stream.count("I")):
            stream.text()


def _skip_tool_call(stream: _Stream) -> None:
    stream.text()
    for _ in range(stream.count("q")):
        stream.text()
        stream.skip(4)
        stream.variant()
    stream.text()
    stream.skip(4)
    stream.text()


def _file_name(url: str) -> str:
    return QUrl(url).fileName() or "file"


class _Stream:
    """What Qt's data stream writes, big end first, of which no length is believed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def number(self, code: str) -> int:
        """A number in `struct`'s code."""
        return int(struct.unpack(">" + code, self._take(struct.calcsize(code)))[0])

    def count(self, code: str) -> int:
        """How many of something follow."""
        value = self.number(code)
        if not 0 <= value <= _MOST_ITEMS:
            raise DamagedFile
        return value

    def text(self) -> str:
        """A string; a null one is empty."""
        data = self.data()
        if len(data) % 2:
            raise DamagedFile
        return data.decode("utf-16-be", "replace")

    def data(self, *, keep: bool = True) -> bytes:
        """Bytes after their number; without `keep` they are passed over, however many."""
        length = self.number("I")
        if length == _NULL:
            return b""
        if length == _LONG:
            length = self.number("Q")
        if not keep:
            self.skip(length)
            return b""
        if length > _MOST_BYTES:
            raise FileTooLarge
        return self._take(length)

    def variant(self) -> None:
        """Pass over a value that says its own type."""
        kind, _is_null = self.number("I"), self.number("B")
        if kind == _QSTRING:
            self.text()
        elif kind in _VARIANT_BYTES:
            self.skip(_VARIANT_BYTES[kind])
        else:
            raise DamagedFile

    def skip(self, count: int) -> None:
        """Pass over bytes."""
        while count > 0:
            read = len(self._file.read(min(count, _BLOCK)))
            if not read:
                raise DamagedFile
            count -= read

    def _take(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count > 0:
            part = self._file.read(min(count, _BLOCK))
            if not part:
                raise DamagedFile
            parts.append(part)
            count -= len(part)
        return b"".join(parts)


# QMetaType's numbers: bool, int, uint, long long, unsigned long long, double
_VARIANT_BYTES = {1: 1, 2: 4, 3: 4, 4: 8, 5: 8, 6: 8}
_QSTRING = 10
