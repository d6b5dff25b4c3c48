"""Writes GPT4All's .chat files, by Qt itself: what the importer reads must be what Qt writes.

The order of the fields is that of gpt4all-chat/src, versions 1 to 12.
"""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QDataStream, QIODevice

MAGIC = 0xF5D553CC


def gpt4all_file(version: int, created: int) -> bytes:
    """A conversation of two questions with everything that a version can have."""
    data = QByteArray()
    stream = QDataStream(data, QIODevice.OpenModeFlag.WriteOnly)
    stream.setVersion(QDataStream.Version.Qt_6_2)
    stream.writeUInt32(MAGIC)
    stream.writeInt32(version)
    stream.writeInt64(created)
    for text in ("an-id", "Lamps 路灯", "", "model.gguf"):
        stream.writeQString(text)
    if version >= 3:
        _write_list(stream, ["a collection", "another"])
    if version < 11:
        _write_state(stream, version)
    stream.writeInt32(4)
    _write_item(stream, version, "Prompt: ", "Which lamps?")
    _write_item(stream, version, "Response: ", "Gas.")
    _write_item(stream, version, "Prompt: ", "Sure?")
    _write_item(stream, version, "Response: ", "Yes 👩‍🚒", thinks=True)
    return bytes(data.data())


def _write_state(stream: QDataStream, version: int) -> None:
    with_state = version != 10
    if version >= 6:
        stream.writeBool(with_state)
    if version >= 2:
        stream.writeInt32(1)
        stream.writeInt32(0)
    stream.writeQString("last answer")
    stream.writeQString("its name")
    stream.writeUInt32(77)
    if not with_state:
        return
    if version < 4:
        stream.writeInt32(0)
    stream.writeInt32(9)
    if version >= 7:
        stream.writeInt32(2048)
    for size in (3, 2) if version < 9 else (2,):
        stream.writeUInt64(size)
        stream.writeRawData(b"\x01" * 4 * size)
    _write_bytes(stream, b"state" * 1000)


def _write_item(
    stream: QDataStream, version: int, name: str, value: str, *, thinks: bool = False
) -> None:
    if version < 12:
        stream.writeInt32(3)
    stream.writeQString(name)
    stream.writeQString(value)
    if version < 10:
        stream.writeQString("the prompt again")
    stream.writeQString("")
    for _ in range(4):
        stream.writeBool(False)
    if version >= 11 and name == "Response: ":
        stream.writeBool(False)
    _write_sources(stream, version)
    if version >= 10:
        attached = value == "Which lamps?"
        stream.writeInt64(1 if attached else 0)
        if attached:
            _write_bytes(stream, b"file:///home/x/a%20page.txt")
            _write_bytes(stream, b"content")
    if version >= 12:
        _write_parts(stream, thinks)


def _write_sources(stream: QDataStream, version: int) -> None:
    if version >= 8:
        stream.writeInt64(1)
        for number in range(7):
            stream.writeQString(f"source {number}")
        for _ in range(3):
            stream.writeInt32(-1)
    elif version >= 3:
        stream.writeQString("1. a reference")
        _write_list(stream, ["its context"])


def _write_parts(stream: QDataStream, thinks: bool) -> None:
    if not thinks:
        stream.writeInt64(0)
        return
    stream.writeInt64(1)
    stream.writeQString("Response: ")
    stream.writeQString("")
    stream.writeInt64(2)
    stream.writeQString("Think: ")
    stream.writeQString("<think>Hm.</think>")
    stream.writeInt32(1234)
    stream.writeInt64(0)
    stream.writeQString("ToolCall: ")
    stream.writeQString("code()")
    stream.writeQString("javascript_interpret")
    stream.writeInt64(1)
    stream.writeQString("code")
    stream.writeInt32(0)
    stream.writeQVariant("1 + 1")
    stream.writeQString("2")
    stream.writeInt32(0)
    stream.writeQString("")
    stream.writeInt64(0)


def _write_list(stream: QDataStream, texts: list[str]) -> None:
    stream.writeUInt32(len(texts))
    for text in texts:
        stream.writeQString(text)


def _write_bytes(stream: QDataStream, content: bytes) -> None:
    stream.writeUInt32(len(content))
    stream.writeRawData(content)
