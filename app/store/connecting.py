"""Connections to encrypted files, and the files that SQLite keeps beside them."""

from __future__ import annotations

from pathlib import Path

from sqlcipher3 import dbapi2

BUSY_TIMEOUT_MS = 300
COMPANIONS = ("-wal", "-shm", "-journal")


def connect_file(path: Path, key: bytes) -> dbapi2.Connection:
    """A connection that has been given its key. The caller's thread owns it.

    SQLCipher's wiping of its own memory (cipher_memory_security) stays off: the same text is in
    Python's and Qt's memory anyway, and locking memory fails under small limits.
    """
    raw = dbapi2.connect(str(path), isolation_level=None, timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        raw.execute("PRAGMA cipher_log_level = NONE")  # else it writes to stderr
        raw.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    except BaseException:
        raw.close()
        raise
    return raw


def remove_with_companions(path: Path) -> None:
    """Remove a database, if it is there, with its log."""
    for suffix in ("", *COMPANIONS):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
