from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import logs
from app.core.errors import DiskFull
from tests.helpers.small_disk import make_read_only, small_disk

MARKER = "SECRET-MARKER-8461"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "logs"


@pytest.fixture
def file(folder: Path) -> Iterator[Path]:
    raised, level = logging.raiseExceptions, logging.getLogger().level
    handler = logs.set_up_logging(folder)
    yield folder / logs.LOG_NAME
    logging.getLogger().removeHandler(handler)
    logging.getLogger().setLevel(level)
    for name in ("app", "engine"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    handler.close()
    logging.raiseExceptions = raised


def fail(marker: str) -> None:
    try:
        int(marker)  # its message quotes what it could not read
    except ValueError as exc:
        raise DiskFull(needed_bytes=7, file=marker) from exc


def caught() -> DiskFull:
    try:
        fail(MARKER)
    except DiskFull as exc:
        exc.add_note(MARKER)
        return exc
    raise AssertionError


def test_our_own_lines_are_written_with_their_numbers(file: Path) -> None:
    logging.getLogger("app.store").info("loaded layers=%d", 12)
    logging.getLogger("app.store").debug("not this")
    line = file.read_text("utf-8")
    assert "INFO app.store loaded layers=12" in line
    assert "not this" not in line
    assert line.split()[1].endswith("Z")


def test_an_exception_is_its_type_its_code_and_its_places(file: Path) -> None:
    logging.getLogger("app.x").error("failed", exc_info=caught())
    text = file.read_text("utf-8")
    assert "app.core.errors.DiskFull code=store.disk_full" in text
    assert "builtins.ValueError" in text
    assert "tests/unit/app/core/test_logs.py" in text
    assert " fail" in text
    assert MARKER not in text
    assert str(Path.cwd()) not in text


def test_the_words_of_libraries_are_withheld(file: Path) -> None:
    logging.getLogger("sqlalchemy.engine").warning("INSERT %s", MARKER)
    logging.getLogger("other").error(f"failed on {MARKER}")  # noqa: G004 - as others do
    text = file.read_text("utf-8")
    assert MARKER not in text
    assert "WARNING sqlalchemy.engine (withheld) test_logs.py:" in text
    assert "ERROR other (withheld)" in text


def test_a_record_is_one_line(file: Path) -> None:
    logging.getLogger("app").warning("a=%s", "x\r\n2026 ERROR forged")
    assert len(file.read_text("utf-8").splitlines()) == 1


def test_logs_do_not_grow_for_ever(file: Path, folder: Path) -> None:
    for _ in range(30_000):
        logging.getLogger("app").info("%s", "x" * 100)
    sizes = [p.stat().st_size for p in folder.iterdir()]
    assert len(sizes) == 4
    assert sum(sizes) < 2.2e6


def test_without_a_writable_folder_there_is_no_log_and_no_trouble(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 65536) as disk:
        make_read_only(disk)
        handler = logs.set_up_logging(disk / "logs")
        assert isinstance(handler, logging.NullHandler)
        logging.getLogger().removeHandler(handler)
        assert logs.write_crash_report(disk / "logs", ValueError()) is None
        with logs.native_crash_log(disk / "logs"):
            pass


def test_a_crash_report_says_where_and_not_what(folder: Path) -> None:
    path = logs.write_crash_report(folder, caught())
    assert path is not None
    text = path.read_text("utf-8")
    report = json.loads(text)
    assert report["version"]
    assert any("code=store.disk_full" in line for line in report["error"])
    assert any("test_logs.py" in line for line in report["error"])
    assert MARKER not in text
    assert "needed_bytes" not in text


def test_only_the_latest_reports_are_kept(folder: Path) -> None:
    made = [logs.write_crash_report(folder, ValueError()) for _ in range(25)]
    assert sorted(p.name for p in folder.iterdir()) == [p.name for p in made[5:] if p]


def test_causes_that_go_round_in_a_circle_end() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert logs.describe_error(first) == ["builtins.ValueError", "builtins.KeyError"]


def test_the_hooks_report_what_nobody_caught(file: Path, folder: Path) -> None:
    reports: list[Path | None] = []
    former = sys.excepthook, threading.excepthook
    restore = logs.install_crash_hooks(folder, reports.append)
    try:
        error = caught()
        sys.excepthook(type(error), error, error.__traceback__)
        thread = threading.Thread(target=fail, args=(MARKER,))
        thread.start()
        thread.join()
    finally:
        restore()
    assert len(reports) == 2
    for path in reports:
        assert path is not None
        assert MARKER not in path.read_text("utf-8")
    assert MARKER not in file.read_text("utf-8")
    assert "unexpected error" in file.read_text("utf-8")
    assert (sys.excepthook, threading.excepthook) == former


def test_ctrl_c_is_no_bug(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", lambda *_: None)  # pytest-qt's would fail the test
    restore = logs.install_crash_hooks(folder)
    try:
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    finally:
        restore()
    assert not folder.exists()


def test_a_native_crash_leaves_its_places(folder: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from app.core import logs\n"
        f"secret = {MARKER!r}\n"
        "with logs.native_crash_log(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGSEGV)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], check=False)
    assert done.returncode < 0
    text = (folder / logs.FAULT_NAME).read_text("utf-8")
    assert "Segmentation fault" in text
    assert MARKER not in text
