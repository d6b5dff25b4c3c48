from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import AssistantFileBroken, ReadOnly
from app.core.records import Assistant
from app.services.assistant_file import MOST_BYTES, is_picture, read_assistant, write_assistant


def chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png(
    width: int = 2, height: int = 2, *, depth: int = 8, colour: int = 6, rows: bytes | None = None
) -> bytes:
    if rows is None:
        rows = (b"\0" + b"\x10\x20\x30\xff" * width) * height
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


OWN = Assistant(0, "", "Gärtner 🌱", png(), "Talk of plants.\nOn {date}.", "big-model", "warm")


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "one.alcove-assistant"
    write_assistant(path, OWN)
    assert read_assistant(path) == OWN
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReadOnly):
        write_assistant(tmp_path / "missing" / "one", OWN)


def written(path: Path, **changed: Any) -> Path:
    body: dict[str, Any] = {"alcove_assistant": 1, "name": "A", "instructions": "B"} | changed
    path.write_text(json.dumps(body), "utf-8")
    return path


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"alcove_assistant": 2}, "not_assistant"),
        ({"name": ""}, "name"),
        ({"name": "\u0007\u202e"}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"instructions": "x" * 20_001}, "instructions"),
        ({"instructions": {"run": "rm"}}, "instructions"),
        ({"picture": "not base64!"}, "picture"),
        ({"picture": base64.b64encode(b"<svg onload='x'/>").decode()}, "picture"),
        ({"picture": base64.b64encode(png()[:-6]).decode()}, "picture"),
        ({"manner": 5}, "manner"),
    ],
)
def test_what_is_no_assistant_is_refused(
    tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    with pytest.raises(AssistantFileBroken) as caught:
        read_assistant(written(tmp_path / "x", **changed))
    assert caught.value.params == {"reason": reason}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not_json"),
        (b"\xff\xfe\x00", "not_json"),
        (b"[1, 2]", "not_assistant"),
        (b"[" * 200_000, "not_json"),
        (b'{"a": ' * 100_000, "not_json"),
        (b" " * (MOST_BYTES + 1), "too_large"),
    ],
)
def test_files_of_other_kinds_are_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(AssistantFileBroken) as caught:
        read_assistant(path)
    assert caught.value.params == {"reason": reason}


def test_a_folder_or_nothing_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(AssistantFileBroken):
            read_assistant(path)


def test_harmless_oddities_are_mended(tmp_path: Path) -> None:
    path = written(
        tmp_path / "x",
        name="  A\n B ",
        instructions="a\u202eb\ud800c\x1b[2J",
        manner="rude",
        model="../../etc",
        unknown={"nested": True},
    )
    assistant = read_assistant(path)
    assert assistant.name == "A B"
    assert assistant.instructions == "ab\ufffdc[2J"
    assert (assistant.manner, assistant.model, assistant.id, assistant.key) == ("", "", 0, "")


@pytest.mark.parametrize("model", ["..", ".", "a/b", "a\\b", "/etc"])
def test_a_model_is_a_name_and_no_path(tmp_path: Path, model: str) -> None:
    assert read_assistant(written(tmp_path / "x", model=model)).model == ""


@pytest.mark.parametrize(
    ("data", "good"),
    [
        (png(), True),
        (png(256, 256), True),
        (png(colour=2, rows=(b"\0" + b"\x10\x20\x30" * 2) * 2), True),
        (png(257, 1), False),
        (png(100_000, 100_000, rows=b""), False),
        (png(2, 2, rows=b"\0" * 5_000_000), False),
        (png(2, 2, rows=b"\0"), False),
        (png(0, 2, rows=b""), False),
        (png(depth=16), False),
        (png(colour=3), False),
        (png()[:20], False),
        (png() + b"<script>", False),
        (png().replace(b"IDAT", b"IDAX"), False),
        (b"GIF89a", False),
        (b"", False),
    ],
)
def test_only_a_small_plain_png_is_a_picture(data: bytes, good: bool) -> None:
    assert is_picture(data) is good
