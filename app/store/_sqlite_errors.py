"""From SQLite's result codes to the store's errors."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlcipher3 import dbapi2

from app.core.errors import Corrupt, DiskFull, Locked, ReadOnly, StoreError
from app.core.jsonfile import storage_error

# https://sqlite.org/rescode.html, primary codes
_BY_CODE: dict[int, type[StoreError]] = {
    5: Locked,  # SQLITE_BUSY
    6: Locked,  # SQLITE_LOCKED
    8: ReadOnly,  # SQLITE_READONLY
    11: Corrupt,  # SQLITE_CORRUPT
    13: DiskFull,  # SQLITE_FULL
    26: Corrupt,  # SQLITE_NOTADB
}
# The backup interface of the driver passes on SQLite's sentence without its code.
_BY_SENTENCE = {
    "database is locked": 5,
    "attempt to write a readonly database": 8,
    "disk I/O error": 10,
    "database disk image is malformed": 11,
    "database or disk is full": 13,
    "unable to open database file": 14,
    "file is not a database": 26,
}
_ASK_THE_DISK = {3, 8, 10, 14}  # PERM, READONLY, IOERR, CANTOPEN say too little
_PROBE_BYTES = 256 * 1024


def store_error(error: DBAPIError | dbapi2.Error, folder: Path | None) -> StoreError:
    """The store's error for one of the database's.

    Args:
        error: What was raised, by SQLAlchemy or below it.
        folder: Where was written; tried when SQLite's code leaves the reason open. None
            for a database in memory.
    """
    original = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(original, "sqlite_errorcode", None) or _BY_SENTENCE.get(str(original), 0)
    primary = int(code) & 0xFF
    if primary in _ASK_THE_DISK and folder is not None:
        found = _probe(folder)
        if found is not None:
            return found
    kind = _BY_CODE.get(primary)
    if kind is not None:
        return kind()
    return StoreError(
        sqlite=str(getattr(original, "sqlite_errorname", "") or type(original).__name__)
    )


def _probe(folder: Path) -> StoreError | None:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
    except OSError as exc:
        return storage_error(exc)
    return None
