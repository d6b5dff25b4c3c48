"""Finding out whether a database is whole, and building a whole one from what can be read.

    whole ─────────────────────────────▶ "sound"
    an index or the search is wrong ───▶ made again in place: "mended"
    anything else ─────────────────────▶ what can be read goes into a new file: "rescued"
    nothing can be read ───────────────▶ the newest backup takes its place: "restored"
    nor is there a backup ─────────────▶ nothing is touched: "lost"

A damaged file is never removed here: it gets a second name, and only then does the new one,
finished and safe on the disk, take its place. A kill at any moment leaves one of the two there.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlcipher3 import dbapi2

from app.core.jsonfile import storage_error, sync_folder
from app.core.keeping import RepairState
from app.store._sqlite_errors import store_error
from app.store.backup import STAMP, backups_of
from app.store.connecting import COMPANIONS, connect_file, remove_with_companions
from app.store.salvage import salvage

log = logging.getLogger(__name__)

Step = Callable[[float], None]

DAMAGED_NAME = "{stem}-damaged-{stamp}{suffix}"
_INDEX_ONLY = ("missing from index", "wrong # of entries in index", "non-unique entry in index")
_CHECKED = 0.3  # of the time


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done to a file.

    Attributes:
        state: As in RepairReport.
        lost: Messages that could not be read.
        damaged_file: The damaged file under its new name, None where it was not replaced.
    """

    state: RepairState
    lost: int = 0
    damaged_file: Path | None = None


def repair_file(path: Path, key: bytes, step: Step) -> Outcome:
    """Check a file that nobody has open, and replace it if it is damaged.

    Args:
        path: The database.
        key: The data key.
        step: Is told the share that is done; whatever it raises ends the work before anything
            was replaced.

    Raises:
        StoreError: No room for the new file, or it cannot be written; nothing was changed.
    """
    step(0.0)
    try:
        with contextlib.closing(connect_file(path, key)) as raw:
            found = _faults(raw)
            if not found:
                return Outcome("sound")
            log.warning("database faults=%d", len(found))
            if _only_indexes(found) and _made_again(raw):
                return Outcome("mended")
    except dbapi2.Error as exc:
        log.warning("database cannot be checked error=%s", type(exc).__name__)
    step(_CHECKED)
    new = path.with_name(f".{path.name}.{os.getpid()}.mended")
    try:
        return _replaced(path, new, key, lambda share: step(_CHECKED + share * (1 - _CHECKED)))
    except OSError as exc:
        raise storage_error(exc) from exc
    except dbapi2.Error as exc:
        raise store_error(exc, path.parent) from exc
    finally:
        with contextlib.suppress(OSError):
            remove_with_companions(new)


def _replaced(path: Path, new: Path, key: bytes, step: Step) -> Outcome:
    remove_with_companions(new)
    lost = salvage(path, new, key, step)
    if lost is not None:
        return Outcome("rescued", lost, _swap(path, new))
    for backup in backups_of(path):
        if _is_whole(backup, key):
            remove_with_companions(new)
            shutil.copyfile(backup, new)
            _sync(new)
            return Outcome("restored", 0, _swap(path, new))
    return Outcome("lost")


def _faults(raw: dbapi2.Connection) -> list[str]:
    """What the checks of SQLCipher and SQLite find, at most a hundred things of each."""
    raw.execute("PRAGMA locking_mode = EXCLUSIVE")  # a log without its third file
    found = [str(row[0]) for row in raw.execute("PRAGMA cipher_integrity_check").fetchmany(100)]
    checked = [str(row[0]) for row in raw.execute("PRAGMA integrity_check(100)")]
    found += [line for line in checked if line != "ok"]
    found += ["foreign key" for _ in raw.execute("PRAGMA foreign_key_check").fetchmany(100)]
    return found


def _only_indexes(faults: list[str]) -> bool:
    return all(any(sign in fault for sign in _INDEX_ONLY) for fault in faults)


def _made_again(raw: dbapi2.Connection) -> bool:
    """Build every index from its table; whether all is well then."""
    try:
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("REINDEX")
        raw.execute("COMMIT")
        return not _faults(raw)
    except dbapi2.Error:
        with contextlib.suppress(dbapi2.Error):
            raw.execute("ROLLBACK")
        return False


def _is_whole(path: Path, key: bytes) -> bool:
    try:
        with contextlib.closing(connect_file(path, key)) as raw:
            return not _faults(raw)
    except (dbapi2.Error, OSError):
        return False


def _swap(path: Path, new: Path) -> Path:
    """Give the damaged file another name and the new one its place; returns the other name."""
    stamp = datetime.now(UTC).strftime(STAMP)
    name = DAMAGED_NAME.format(stem=path.stem, stamp=stamp, suffix=path.suffix)
    damaged = path.with_name(name)
    for old in _with_companions(path):
        _second_name(old, damaged.with_name(damaged.name + old.name[len(path.name) :]))
    sync_folder(path.parent)
    for old in _with_companions(path):
        if old != path:  # a log beside the new file would be played back into it
            old.unlink()
    new.replace(path)
    sync_folder(path.parent)
    return damaged


def _with_companions(path: Path) -> Iterator[Path]:
    for suffix in ("", *COMPANIONS):
        found = path.with_name(path.name + suffix)
        if found.exists():
            yield found


def _second_name(old: Path, new: Path) -> None:
    try:
        new.hardlink_to(old)
    except OSError:  # no hard links here, as on exFAT
        shutil.copyfile(old, new)
        _sync(new)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
