from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from app.core.errors import DiskFull, ReadOnly, StoreError
from app.core.jsonfile import BadJsonFile, create_json, read_json, storage_error, write_json
from tests.helpers.small_disk import fill, make_read_only, small_disk


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    value = {"b": [1, 2.5, None, True], "a": "é 路 \ufffd", "nested": {"x": {}}}
    write_json(path, value)
    assert read_json(path) == value
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["file.json"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b"null",
        b"\xff\xfe\x00",
        b'{"a": 1} x',
        b"[" * 200_000,
        b'{"a":"' + b"x" * (5 * 1024 * 1024) + b'"}',
    ],
)
def test_what_is_no_object_is_refused_without_quoting_it(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(data)
    with pytest.raises(BadJsonFile) as caught:
        read_json(path)
    assert caught.value.__cause__ is None
    assert str(caught.value) in {"not JSON", "not an object", "too large"}


def test_a_byte_order_mark_of_an_editor_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(path) == {"a": 1}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "none.json")


def test_creating_never_replaces(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    assert create_json(path, {"a": 1})
    assert not create_json(path, {"a": 2})
    assert read_json(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["file.json"]


def test_creating_works_where_there_are_no_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links on this disk")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "file.json"
    assert create_json(path, {"a": 1})
    assert not create_json(path, {"a": 2})
    assert read_json(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["file.json"]


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 256 * 1024) as disk:
        path = disk / "file.json"
        write_json(path, {"a": 1})
        fill(disk)
        for call in (write_json, create_json):
            with pytest.raises(DiskFull):
                call(path, {"a": "x" * 100_000})
        assert read_json(path) == {"a": 1}
        assert sorted(p.name for p in disk.iterdir()) == ["file.json", "filler"]


def test_a_read_only_disk_is_said(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 256 * 1024) as disk:
        write_json(disk / "file.json", {"a": 1})
        make_read_only(disk)
        with pytest.raises(ReadOnly):
            write_json(disk / "file.json", {"a": 2})
        assert read_json(disk / "file.json") == {"a": 1}


def test_a_folder_that_is_gone_is_an_error_of_the_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        write_json(tmp_path / "no" / "file.json", {})


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, ReadOnly),
        (errno.EACCES, ReadOnly),
        (errno.EIO, StoreError),
    ],
)
def test_the_systems_errors(number: int, kind: type[StoreError]) -> None:
    assert type(storage_error(OSError(number, "x"))) is kind
