"""Files that mean harm: one plain error, nothing by halves, little memory, little time."""

from __future__ import annotations

import json
import random
import struct
import time
import zipfile
from pathlib import Path

import pytest

from app.core.errors import (
    AppError,
    DamagedFile,
    FileTooLarge,
    ImportFailed,
    UnknownFormat,
)
from app.core.keeping import Imported
from app.services.keeping import json_objects
from app.services.keeping.gpt4all import MAGIC
from app.store import Store
from tests.helpers.gpt4all_file import gpt4all_file
from tests.helpers.keeping_recorder import KeepingRecorder

GOOD = {
    "title": "good",
    "create_time": 1_700_000_000,
    "mapping": {
        "a": {
            "parent": None,
            "message": {
                "author": {"role": "user"},
                "content": {"content_type": "text", "parts": ["hello"]},
            },
        }
    },
}


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("empty.json", b"", UnknownFormat),
        ("empty.jsonl", b"", UnknownFormat),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(100), UnknownFormat),
        ("other.json", b'{"a": 1}', UnknownFormat),
        ("list.json", b"[]", UnknownFormat),
        ("numbers.json", b"[1, 2, 3]", UnknownFormat),
        ("objects.json", b'[{"a": 1}]', UnknownFormat),
        ("null.json", b"null", UnknownFormat),
        ("nul.json", b"\x00" * 1000, UnknownFormat),
        ("utf16.json", json.dumps([GOOD]).encode("utf-16-le"), DamagedFile),
        ("cut16.json", json.dumps([GOOD]).encode("utf-16")[:-1], DamagedFile),
        ("odd16.json", b"\xff\xfe[\x00{\x00\x00\xd8a\x00" + bytes(40), DamagedFile),
        ("cut.json", json.dumps([GOOD])[:-2].encode(), DamagedFile),
        ("closed.json", json.dumps([GOOD]).encode() + b"]", DamagedFile),
        ("latin.json", json.dumps([GOOD]).replace("good", "g\xf6").encode("latin-1"), DamagedFile),
        ("deep.json", b"[" * 1_000_000, DamagedFile),
        ("deep2.json", b'[{"mapping": ' * 5_000, DamagedFile),
        ("deep.jsonl", b'{"content": ' + b"[" * 1_000_000, DamagedFile),
        ("words.jsonl", b"hello\n", DamagedFile),
        ("backslashes.json", b'["' + b"\\" * 5_000_001, DamagedFile),
        ("bad.zip", b"PK\x03\x04" + bytes(100), UnknownFormat),
        ("gpt4all.chat", struct.pack(">Ii", MAGIC, 99), UnknownFormat),
        ("other.chat", b"hello, I am no such file", UnknownFormat),
        ("short.chat", struct.pack(">Iiq", MAGIC, 9, 1), DamagedFile),
        ("long.chat", struct.pack(">IiqI", MAGIC, 9, 1, 0xFFFFFFFE - 2), FileTooLarge),
        ("longer.chat", struct.pack(">IiqIQ", MAGIC, 9, 1, 0xFFFFFFFE, 1 << 60), FileTooLarge),
    ],
)
def test_one_plain_error(
    keeping: KeepingRecorder,
    store: Store,
    tmp_path: Path,
    name: str,
    content: bytes,
    error: type[AppError],
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    started = time.process_time()
    assert type(keeping.bring(path)) is error
    assert time.process_time() - started < 3
    if error is not DamagedFile:
        assert store.chats.list().result() == ()


def test_what_is_not_there(keeping: KeepingRecorder, tmp_path: Path) -> None:
    assert type(keeping.bring(tmp_path / "nowhere.json")) is ImportFailed
    assert type(keeping.bring(tmp_path)) is UnknownFormat


def test_what_came_before_the_damage_stays(
    keeping: KeepingRecorder, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([GOOD, {**GOOD, "create_time": 1_700_000_001}])[:-20])
    error = keeping.bring(path)
    assert isinstance(error, DamagedFile)
    assert error.params == {"chats": 1}
    assert [c.title for c in store.chats.list().result()] == ["good"]


def test_ten_megabytes_in_one_line(keeping: KeepingRecorder, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text(json.dumps({"role": "user", "content": "x" * 10_000_000}) + "\n")
    assert keeping.bring(path) == Imported(1, 1, 0)
    [chat] = store.chats.list().result()
    assert len(store.chats.open(chat.id).result().messages[0].text) == 10_000_000


def test_larger_than_any_chat(
    keeping: KeepingRecorder, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "big.json"
    with path.open("wb") as file:
        file.write(b'[{"mapping": {}, "x": "')
        file.seek(json_objects.MOST_BYTES + (8 << 20))  # the rest is a hole of NULs
        file.write(b'"}]')
    assert type(keeping.bring(path)) is FileTooLarge


def test_zip_bomb(keeping: KeepingRecorder, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("conversations.json", "w", force_zip64=True) as entry,
    ):
        entry.write(b"[")
        for _ in range(200):
            entry.write(b" " * (1 << 20))
    assert path.stat().st_size < 1 << 20
    assert type(keeping.bring(path)) is FileTooLarge


def test_zip_with_a_password_or_a_hole(keeping: KeepingRecorder, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", json.dumps([GOOD] * 50))
    data = bytearray(path.read_bytes())
    data[60:80] = bytes(20)
    path.write_bytes(data)
    assert type(keeping.bring(path)) is DamagedFile
    data = bytearray(path.read_bytes())
    for flags in (6, data.rindex(b"PK\x01\x02") + 8):
        data[flags] |= 1  # says that it is encrypted
    path.write_bytes(data)
    assert type(keeping.bring(path)) is DamagedFile


def test_text_that_means_harm_is_kept_as_text(
    keeping: KeepingRecorder, store: Store, tmp_path: Path
) -> None:
    nasty = "<script>alert(1)</script> \x00 \u202e \ud800 ﷽ '); drop table chats; --"
    value = json.loads(json.dumps(GOOD))
    value["title"] = nasty + "\n" + "x" * 100_000
    value["mapping"]["a"]["message"]["content"]["parts"] = [nasty, 7, None, {"text": 5}, ["x"]]
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([value]))
    assert keeping.bring(path) == Imported(1, 1, 0)
    [chat] = store.chats.list().result()
    assert len(chat.title) == 300
    [message] = store.chats.open(chat.id).result().messages
    assert message.text == nasty.replace("\ud800", "\ufffd")


@pytest.mark.parametrize("wrong", [None, 5, "x", [], [None], {"parts": 5}, True, 1e400])
def test_wrong_types_anywhere_are_no_crash(
    keeping: KeepingRecorder, tmp_path: Path, wrong: object
) -> None:
    places = ["title", "create_time", "update_time", "current_node", "mapping"]
    for place in places:
        path = tmp_path / f"{place}.json"
        path.write_text(json.dumps([{**GOOD, place: wrong}]))
        assert isinstance(keeping.bring(path), Imported | ImportFailed)
    for inner in ("message", "parent", "children"):
        node = {**GOOD["mapping"]["a"], inner: wrong}  # type: ignore[index]
        path = tmp_path / f"{inner}.json"
        path.write_text(json.dumps([{**GOOD, "mapping": {"a": node, "b": wrong}}]))
        assert isinstance(keeping.bring(path), Imported | ImportFailed)
    for field in ("author", "content", "metadata", "recipient", "create_time"):
        message = {**GOOD["mapping"]["a"]["message"], field: wrong}  # type: ignore[index]
        path = tmp_path / f"m-{field}.json"
        path.write_text(json.dumps([{**GOOD, "mapping": {"a": {"message": message}}}]))
        assert isinstance(keeping.bring(path), Imported | ImportFailed)
    path = tmp_path / "lines.jsonl"
    path.write_text(
        "\n".join(json.dumps({"role": "user", "content": "x", key: wrong}) for key in
                  ("role", "content", "created_at"))
    )  # fmt: skip
    assert isinstance(keeping.bring(path), Imported | ImportFailed)


def test_broken_bytes_anywhere_in_a_chat_file_are_no_crash(
    keeping: KeepingRecorder, tmp_path: Path
) -> None:
    seed = random.Random(3)
    path = tmp_path / "x.chat"
    for version in (1, 7, 12):
        whole = gpt4all_file(version, 1_700_000_000)
        for _ in range(60):
            data = bytearray(whole[: seed.randrange(len(whole))] if seed.random() < 0.3 else whole)
            for _ in range(3):
                if data:
                    data[seed.randrange(len(data))] = seed.choice((0, 1, 0x7F, 0xFF))
            path.write_bytes(data)
            assert isinstance(keeping.bring(path), Imported | ImportFailed)
