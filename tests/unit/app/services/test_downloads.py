"""The gate refuses by default; pip is the real one, fed from a folder instead of a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.errors import AppError, DiskFull, HashMismatch, OfflineLock, Unreachable
from app.core.starter import Workplace
from app.services.downloads import NetworkGate, PackageDownload
from tests.helpers.packages import make_wheel, serve_packages
from tests.helpers.small_disk import fill, small_disk


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder from which pip takes packages in these tests."""
    return serve_packages(tmp_path / "shelf", monkeypatch)


class Outcome:
    """How a download ended."""

    def __init__(self, download: PackageDownload) -> None:
        self.words: list[str] = []
        self.errors: list[AppError] = []
        download.finished.connect(lambda: self.words.append("finished"))
        download.cancelled.connect(lambda: self.words.append("cancelled"))
        download.failed.connect(self._on_failed)

    def _on_failed(self, error: AppError) -> None:
        self.words.append("failed")
        self.errors.append(error)


@pytest.fixture
def gate(tmp_path: Path) -> NetworkGate:
    return NetworkGate(tmp_path / "connections.jsonl", lambda: False)


def fetch(qtbot: QtBot, gate: NetworkGate, place: Workplace) -> Outcome:
    download = PackageDownload(gate, place)
    outcome = Outcome(download)
    download.start(asked_by_person=True)
    qtbot.waitUntil(lambda: bool(outcome.words), timeout=30_000)
    return outcome


def test_refuses_by_default_and_writes_it_down(gate: NetworkGate) -> None:
    with pytest.raises(OfflineLock):
        gate.open_once("update", "somewhere")
    (attempt,) = gate.attempts()
    assert (attempt.purpose, attempt.target, attempt.outcome) == ("update", "somewhere", "refused")


def test_the_lock_refuses_what_a_person_asks_for(tmp_path: Path) -> None:
    gate = NetworkGate(tmp_path / "ledger", lambda: True)
    with pytest.raises(OfflineLock):
        gate.open_once("starter", "somewhere", asked_by_person=True)
    assert [a.outcome for a in gate.attempts()] == ["refused"]


def test_a_permit_is_for_one_attempt_and_has_one_outcome(gate: NetworkGate) -> None:
    permit = gate.open_once("starter", "somewhere", asked_by_person=True)
    permit.settle("done")
    permit.settle("failed")
    assert [a.outcome for a in gate.attempts()] == ["started", "done"]


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 64 << 10) as folder:
        fill(folder)
        yield folder


def test_what_cannot_be_written_down_does_not_happen(full: Path) -> None:
    gate = NetworkGate(full / "ledger", lambda: False)
    with pytest.raises(DiskFull):
        gate.open_once("starter", "somewhere", asked_by_person=True)


def test_damaged_ledger_lines_are_skipped(gate: NetworkGate, tmp_path: Path) -> None:
    with pytest.raises(OfflineLock):
        gate.open_once("a", "b")
    with (tmp_path / "connections.jsonl").open("a") as file:
        file.write('{"half a li')
    assert len(gate.attempts()) == 1


def test_pip_brings_the_package_and_nothing_it_requires(
    qtbot: QtBot, gate: NetworkGate, shelf: Path, tmp_path: Path
) -> None:
    place = Workplace(tmp_path / "starter", make_wheel(shelf))
    assert fetch(qtbot, gate, place).words == ["finished"]
    assert place.has_wheel()
    assert [a.outcome for a in gate.attempts()] == ["started", "done"]
    assert {p.name for p in place.folder.iterdir()} == {place.wheel.name, "requirement.txt"}


def test_another_file_under_that_name_is_refused(
    qtbot: QtBot, gate: NetworkGate, shelf: Path, tmp_path: Path
) -> None:
    right = make_wheel(tmp_path / "elsewhere")
    make_wheel(shelf, b"something else entirely")
    place = Workplace(tmp_path / "starter", right)
    outcome = fetch(qtbot, gate, place)
    assert [type(e) for e in outcome.errors] == [HashMismatch]
    assert not place.wheel.exists()


def test_nothing_to_be_found(qtbot: QtBot, gate: NetworkGate, shelf: Path, tmp_path: Path) -> None:
    shelf.mkdir()
    outcome = fetch(qtbot, gate, Workplace(tmp_path / "starter"))
    assert [type(e) for e in outcome.errors] == [Unreachable]
    assert [a.outcome for a in gate.attempts()] == ["started", "failed"]


def test_cancel(qtbot: QtBot, gate: NetworkGate, shelf: Path, tmp_path: Path) -> None:
    place = Workplace(tmp_path / "starter", make_wheel(shelf))
    download = PackageDownload(gate, place)
    outcome = Outcome(download)
    download.start(asked_by_person=True)
    download.cancel()
    qtbot.waitUntil(lambda: bool(outcome.words), timeout=30_000)
    assert outcome.words == ["cancelled"]
    assert [a.outcome for a in gate.attempts()] == ["started", "cancelled"]


def test_refused_download_starts_no_process(
    qtbot: QtBot, gate: NetworkGate, shelf: Path, tmp_path: Path
) -> None:
    place = Workplace(tmp_path / "starter", make_wheel(shelf))
    download = PackageDownload(gate, place)
    with pytest.raises(OfflineLock):
        download.start(asked_by_person=False)
    qtbot.wait(200)
    assert not place.wheel.exists()
