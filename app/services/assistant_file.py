"""One assistant as a file: JSON with its picture inside, nothing else and nothing that runs.

Such files come from anybody. What is read is bounded before it is looked at, every value is checked
for its type and length, and of a picture only a plain PNG of the right size is taken.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
import zlib
from pathlib import Path
from typing import Any, Final

from app.core.errors import AssistantFileBroken, DiskFull, ReadOnly
from app.core.records import Assistant
from app.core.text import storable
from app.services.instructions import MANNERS

ENDING: Final = ".alcove-assistant"
VERSION: Final = 1
MOST_BYTES: Final = 1_000_000
MOST_NAME: Final = 60
MOST_INSTRUCTIONS: Final = 20_000
MOST_PICTURE_BYTES: Final = 400_000
PICTURE_PX: Final = 256
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_CHANNELS: Final = {2: 3, 6: 4}
"""Of colour types: truecolour, and truecolour with transparency."""


def write_assistant(path: Path, assistant: Assistant) -> None:
    """Write a file beside, then put it in place.

    Raises:
        DiskFull: No room.
        ReadOnly: The place cannot be written.
    """
    body = {
        "alcove_assistant": VERSION,
        "name": assistant.name,
        "instructions": assistant.instructions,
        "manner": assistant.manner,
        "model": assistant.model,
        "picture": base64.b64encode(assistant.picture).decode("ascii"),
    }
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", "utf-8")
        part.replace(path)
    except OSError as exc:
        part.unlink(missing_ok=True)
        raise (DiskFull() if exc.errno == 28 else ReadOnly()) from exc


def read_assistant(path: Path) -> Assistant:
    """Read a file; the assistant has no id yet.

    Raises:
        AssistantFileBroken: It cannot be read or is no assistant; reason says why.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as exc:
        raise AssistantFileBroken(reason="unreadable") from exc
    if len(data) > MOST_BYTES:
        raise AssistantFileBroken(reason="too_large")
    try:
        body = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as exc:
        raise AssistantFileBroken(reason="not_json") from exc
    if not isinstance(body, dict) or body.get("alcove_assistant") != VERSION:
        raise AssistantFileBroken(reason="not_assistant")
    name = " ".join(_text(body, "name", MOST_NAME).split())
    if not name:
        raise AssistantFileBroken(reason="name")
    manner = _text(body, "manner", 20)
    return Assistant(
        id=0,
        key="",
        name=name,
        picture=_picture(body),
        instructions=_text(body, "instructions", MOST_INSTRUCTIONS),
        model=_model(body),
        manner=manner if manner in MANNERS else "",
    )


def _text(body: dict[str, Any], key: str, most: int) -> str:
    """A text without control characters that no page should show."""
    value = body.get(key, "")
    if not isinstance(value, str) or len(value) > most:
        raise AssistantFileBroken(reason=key)
    return "".join(c for c in storable(value) if c in "\n\t" or (c.isprintable() or c == "\u200d"))


def _model(body: dict[str, Any]) -> str:
    """The name of a folder among the installed ones, never a way out of it."""
    name = _text(body, "model", 200)
    return "" if name != Path(name).name or name in (".", "..") or "\\" in name else name


def _picture(body: dict[str, Any]) -> bytes:
    try:
        data = base64.b64decode(_text(body, "picture", 2 * MOST_PICTURE_BYTES), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise AssistantFileBroken(reason="picture") from exc
    if data and not is_picture(data):
        raise AssistantFileBroken(reason="picture")
    return data


def is_picture(data: bytes) -> bool:
    """Whether this is a whole, plain PNG of at most 256 pixels that unpacks to just its size."""
    if len(data) > MOST_PICTURE_BYTES or not data.startswith(_PNG):
        return False
    try:
        chunks = list(_chunks(data))
        (first, header), *_ = chunks
        width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", header)
    except (struct.error, ValueError):
        return False
    plain = first == b"IHDR" and depth == 8 and colour in _CHANNELS and rest == [0, 0, 0]
    if not plain or not (0 < width <= PICTURE_PX and 0 < height <= PICTURE_PX):
        return False
    size = height * (1 + width * _CHANNELS[colour])
    unpack = zlib.decompressobj()
    try:
        pixels = unpack.decompress(b"".join(d for kind, d in chunks if kind == b"IDAT"), size + 1)
    except zlib.error:
        return False
    return len(pixels) == size and unpack.eof


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and content of each chunk. Raises ValueError, struct.error for a broken file."""
    found, position = [], len(_PNG)
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        content = data[position + 8 : position + 8 + length]
        (check,) = struct.unpack_from(">I", data, position + 8 + length)
        if zlib.crc32(kind + content) != check:
            raise ValueError("broken chunk")
        found.append((kind, content))
        position += 12 + length
    if not found or found[-1][0] != b"IEND":
        raise ValueError("no end")
    return found
