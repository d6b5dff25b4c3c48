"""A store on disk, and its key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store import Store


@pytest.fixture
def key() -> bytes:
    return os.urandom(32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alcove.db"


@pytest.fixture
def store(path: Path, key: bytes) -> Iterator[Store]:
    opened = Store.open(path, key)
    yield opened
    opened.close()
