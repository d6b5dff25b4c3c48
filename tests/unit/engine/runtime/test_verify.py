from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from engine.bundle import WEIGHTS_NAME, read_manifest
from engine.errors import BadBundle
from engine.runtime import verify
from engine.runtime.control import Control
from tests.helpers.tiny_bundle import tiny_bundle


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALCOVE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(verify, "ALWAYS_HASHED_BYTES", 100)
    return Path(shutil.copytree(tiny_bundle(), tmp_path / "bundle"))


def bytes_read(bundle: Path) -> int:
    read = 0

    def count(progress: object) -> None:
        nonlocal read
        read = progress.done  # type: ignore[attr-defined]

    verify.verify_bundle(bundle, read_manifest(bundle), Control(), count)
    return read


def test_large_files_are_hashed_once(copy: Path) -> None:
    assert bytes_read(copy) > 1000
    assert bytes_read(copy) == 0
    names = [path.name for path in (copy.parent / "cache" / "verified").iterdir()]
    assert all(set(name) <= set("0123456789abcdef") for name in names)


def test_a_touched_file_is_hashed_again(copy: Path) -> None:
    bytes_read(copy)
    weights = copy / WEIGHTS_NAME
    data = bytearray(weights.read_bytes())
    data[0] ^= 1
    weights.write_bytes(data)
    os.utime(weights, ns=(1, 1))
    with pytest.raises(BadBundle) as caught:
        bytes_read(copy)
    assert caught.value.params == {"reason": "wrong_hash", "file": WEIGHTS_NAME}


def test_no_cache_directory_is_no_trouble(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = copy.parent / "file"
    blocked.write_text("")
    monkeypatch.setenv("ALCOVE_CACHE_DIR", str(blocked / "below"))
    assert bytes_read(copy) == bytes_read(copy) > 1000


def test_the_cache_directory_follows_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALCOVE_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    monkeypatch.setattr(verify.sys, "platform", "linux")
    assert verify.cache_directory() == Path("/x/alcove")
