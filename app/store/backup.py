"""Copies of the database, always encrypted, always checked, always with the wrapped key.

The copy is made by SQLite's backup interface: every page is decrypted, its checksum verified, and
encrypted again, so that damage in the original cannot pass into a copy unnoticed.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlcipher3 import dbapi2

from app.core.errors import Corrupt, StoreError
from app.core.jsonfile import JsonObject, storage_error, sync_folder, write_json
from app.core.paths import KEYS_NAME
from app.store._sqlite_errors import store_error
from app.store.keys import read_keys

AUTOMATIC_DAYS = 7
_PAGES = 2_000  # 8 MB between two words of progress
_COPYING = 0.6  # of the time; checking takes the rest
STAMP = "%Y%m%d-%H%M%S-%f"


def copy_database(
    source: dbapi2.Connection,
    destination: Path,
    key: bytes,
    step: Callable[[float], None] | None = None,
) -> None:
    """Write a complete copy of `source` to `destination` under the same key.

    It appears under its name only when it is whole and has been checked.

    Args:
        source: What is copied.
        destination: The new file.
        key: The data key.
        step: Is told the share that is done, 0 to 1; whatever it raises ends the copying.

    Raises:
        Corrupt: The database is damaged, or the copy does not pass the checks.
        DiskFull: No room for the copy; nothing is left of it.
        ReadOnly: The destination cannot be written.
    """
    temporary = destination.with_name(f".{destination.name}.new")
    try:
        _copy(source, temporary, key, step)
        temporary.replace(destination)
        sync_folder(destination.parent)
    except BaseException as exc:
        for suffix in ("", "-journal", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                temporary.with_name(temporary.name + suffix).unlink(missing_ok=True)
        if isinstance(exc, dbapi2.Error):
            raise store_error(exc, destination.parent) from exc
        if isinstance(exc, OSError):
            raise storage_error(exc) from exc
        raise


def _copy(
    source: dbapi2.Connection,
    temporary: Path,
    key: bytes,
    step: Callable[[float], None] | None,
) -> None:
    def progressed(_status: int, remaining: int, total: int) -> None:
        if step is not None:
            step(_COPYING * (1 - remaining / max(total, 1)))

    temporary.unlink(missing_ok=True)
    copy = dbapi2.connect(str(temporary), isolation_level=None)
    with contextlib.closing(copy):
        copy.execute("PRAGMA cipher_log_level = NONE")
        copy.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        source.backup(copy, pages=_PAGES, progress=progressed)
        copy.execute("PRAGMA journal_mode = DELETE")
        broken = copy.execute("PRAGMA cipher_integrity_check").fetchall()
        if broken or copy.execute("PRAGMA quick_check").fetchall() != [("ok",)]:
            raise Corrupt(reason="backup")


def backup_before_update(source: dbapi2.Connection, path: Path, key: bytes, version: str) -> Path:
    """Copy the database into `backups/` beside it; returns the folder.

    Args:
        source: The open database.
        path: Its file.
        key: The data key.
        version: Of the layout or of the program from which is updated.
    """
    try:
        keys = read_keys(path.with_name(KEYS_NAME))
    except StoreError:
        keys = None  # better a copy that opens only here than none
    folder = path.parent / "backups"
    return write_backup(source, path, key, folder, name=f"update-from-{version}", keys=keys)


def write_backup(
    source: dbapi2.Connection,
    path: Path,
    key: bytes,
    destination: Path,
    *,
    name: str,
    keys: JsonObject | None,
    step: Callable[[float], None] | None = None,
) -> Path:
    """Write a folder with the database and the wrapped key, which opens on another computer.

    Args:
        source: The open database.
        path: Its file.
        key: The data key.
        destination: The folder that gets the new folder.
        name: Beginning of the new folder's name; the time follows.
        keys: The key file's content; None leaves it out.
        step: As for `copy_database`.

    Returns:
        The new folder.
    """
    stamp = datetime.now(UTC).strftime(STAMP)
    folder = destination / f"{name}-{stamp}"
    folder.mkdir(mode=0o700, parents=True)
    try:
        if keys is not None:
            write_json(folder / KEYS_NAME, keys)
        copy_database(source, folder / path.name, key, step)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def remove_old_automatic(path: Path, now: datetime) -> int:
    """Remove automatic copies of the database at `path` that are older than AUTOMATIC_DAYS.

    A deleted chat must not live on in them.

    Returns:
        How many were removed.
    """
    limit = now - timedelta(days=AUTOMATIC_DAYS)
    removed = 0
    for folder in sorted((path.parent / "backups").glob("update-from-*")):
        made = _time_of(folder.name)
        if made is not None and made < limit:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def backups_of(path: Path) -> tuple[Path, ...]:
    """The automatic copies of the database at `path`, the newest first."""
    folders = (path.parent / "backups").glob("update-from-*")
    dated = [(made, folder) for folder in folders if (made := _time_of(folder.name)) is not None]
    copies = (folder / path.name for _, folder in sorted(dated, reverse=True))
    return tuple(copy for copy in copies if copy.is_file())


def _time_of(name: str) -> datetime | None:
    try:
        return datetime.strptime("-".join(name.split("-")[-3:]), STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
