"""The encrypted database and the one thread that owns it.

Journal: WAL with an exclusive lock. One fsync per commit instead of three, a commit cannot be torn
by a kill, and with the lock held the index of the log lives in memory, so that no third file is
needed. The log holds encrypted pages only; it is folded back and removed when the store closes, and
emptied after a purge. Temporary tables stay in memory.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlcipher3 import dbapi2

from app.core.errors import AppError, Corrupt, StoreError
from app.core.jsonfile import put_in_place, storage_error
from app.store import migrations
from app.store._sqlite_errors import store_error
from app.store.backup import backup_before_update, remove_old_automatic
from app.store.connecting import COMPANIONS, connect_file, remove_with_companions

log = logging.getLogger(__name__)

KEY_BYTES = 32
_LOG_LIMIT_BYTES = 4 * 1024 * 1024
_CACHE_KIB = 16 * 1024  # decrypted pages, taken as they are needed; SQLite's own 2 MB decrypt twice
_REST_EVERY_S = 60.0

T = TypeVar("T")


class Database:
    """Runs work on its own thread, each piece in one transaction."""

    def __init__(self, path: Path | None, key: bytes | None) -> None:
        """Prepare; nothing is touched before `open_file` or `open_memory` runs on the thread."""
        self._path = path
        self._key = key
        self._folder = path.parent if path else None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="alcove-store")
        self._engine: Engine | None = None
        self._migrated = False
        self._closing = False
        self._rested_at = time.monotonic()

    @classmethod
    def open_file(
        cls, path: Path, key: bytes, steps: migrations.Steps = migrations.STEPS
    ) -> Database:
        """Open or create the file, and bring it to this version.

        Args:
            path: The database file; its folder exists.
            key: 32 random bytes, given to SQLCipher as they are.
            steps: The migrations; tests pass their own.

        Raises:
            Locked: Another process holds it.
            Corrupt: Not a database, damaged, or not opened by this key.
            TooNew: Written by a newer version.
            DiskFull: No room; what was stored stays.
            ReadOnly: The folder cannot be written.
        """
        if len(key) != KEY_BYTES:
            raise ValueError("the key must have 32 bytes")
        database = cls(path, key)
        database._start(lambda: database._open_file(path, steps))
        return database

    @classmethod
    def open_memory(cls) -> Database:
        """A database that never touches a disk."""
        database = cls(None, None)
        database._start(lambda: database._run(lambda c: migrations.migrate(c, migrations.STEPS)))
        return database

    @property
    def path(self) -> Path | None:
        """The file, None for a database in memory."""
        return self._path

    @property
    def key(self) -> bytes | None:
        """The data key, None for a database in memory."""
        return self._key

    @property
    def migrated(self) -> bool:
        """Whether opening it changed its layout, after a copy was made."""
        return self._migrated

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Run `work` in one transaction; it is committed before the future is done.

        Anything raised rolls the transaction back; the database's own errors arrive as StoreError.
        """
        return self._schedule(lambda: self._run(work))

    def submit_destroying(self, work: Callable[[Connection], T]) -> Future[T]:
        """As `submit`, then empty the log and remove old copies, which still hold what was."""

        def job() -> T:
            result = self._run(work)
            with suppress(StoreError):  # it is done; without room, the next time empties the log
                self._empty_log()
            if self._path is not None:
                remove_old_automatic(self._path, datetime.now(UTC))
            return result

        return self._schedule(job)

    def backup(self, write: Callable[[dbapi2.Connection, bytes], T]) -> Future[T]:
        """Run `write` outside a transaction, on the driver's own connection, with the key."""
        key = self._key or b""
        return self._schedule(lambda: self._run_raw(lambda raw: write(raw, key)))

    def submit_closed(self, work: Callable[[Path, bytes], T]) -> Future[T]:
        """Run `work` while the file is closed; what follows opens it again.

        Raises:
            StoreError: reason "temporary": there is no file.
        """
        path = self._path
        if path is None:
            raise StoreError(reason="temporary")

        def job() -> T:
            self._dispose()
            return work(path, self._key or b"")

        return self._schedule(job)

    def close(self) -> None:
        """Finish what is queued, fold the log back, release the file. May be called twice."""
        self._closing = True  # what is queued must not queue more behind the end
        with suppress(RuntimeError):
            self._thread.submit(self._dispose).result()
        self._thread.shutdown()

    def _schedule(self, job: Callable[[], T]) -> Future[T]:
        if not self._closing:
            with suppress(RuntimeError):
                future = self._thread.submit(job)
                if time.monotonic() - self._rested_at > _REST_EVERY_S:
                    self._rested_at = time.monotonic()
                    self._thread.submit(self._rest)
                return future
        closed: Future[T] = Future()
        closed.set_exception(StoreError(reason="closed"))
        return closed

    def _start(self, job: Callable[[], None]) -> None:
        try:
            self._thread.submit(job).result()
        except BaseException:
            self.close()
            raise

    def _open_file(self, path: Path, steps: migrations.Steps) -> None:
        try:
            if not path.exists():
                self._create(path, steps)
            elif path.stat().st_size == 0:
                # Files are put in place whole, so an empty one was cut by something else.
                raise Corrupt(reason="empty")
        except OSError as exc:
            raise storage_error(exc) from exc
        found = self._run(lambda c: migrations.schema_version(c, steps))
        if found < len(steps):
            key = self._key or b""
            self._run_raw(lambda raw: backup_before_update(raw, path, key, str(found)))
            self._run(lambda c: migrations.migrate(c, steps))
            self._migrated = True
            log.info("database migrated from=%d to=%d", found, len(steps))

    def _create(self, path: Path, steps: migrations.Steps) -> None:
        """Build a new file beside its place and link it in whole, never over another one."""
        new = path.with_name(f".{path.name}.{os.getpid()}.new")
        remove_with_companions(new)
        self._path = new
        try:
            self._run(lambda c: migrations.migrate(c, steps))
            self._empty_log()  # closing would do it too, but not say when there is no room
            self._dispose()
            for suffix in COMPANIONS:  # left by a database that somebody took away
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            put_in_place(new, path)  # if another process was faster, its lock decides
        finally:
            self._dispose()
            self._path = path
            with suppress(OSError):
                remove_with_companions(new)

    def _run(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._connected().begin() as connection:
                return work(connection)
        except (DBAPIError, dbapi2.Error) as exc:
            raise self._failure(exc) from exc

    def _run_raw(self, work: Callable[[dbapi2.Connection], T]) -> T:
        try:
            pooled = self._connected().raw_connection()
            try:
                return work(pooled.dbapi_connection)
            finally:
                pooled.close()
        except (DBAPIError, dbapi2.Error) as exc:
            raise self._failure(exc) from exc
        except OSError as exc:
            raise storage_error(exc) from exc

    def _rest(self) -> None:
        """Let go of the decrypted pages; a window that is open all day would keep all it may."""
        if self._engine is not None:
            self._run_raw(lambda raw: raw.execute("PRAGMA shrink_memory").fetchall())

    def _empty_log(self) -> None:
        """Fold the log back into the file, so that it holds no older pages any more."""
        self._run_raw(lambda raw: raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    def _failure(self, error: DBAPIError | dbapi2.Error) -> AppError:
        failure = store_error(error, self._folder)
        log.warning(
            "database failed code=%s sqlite=%s", failure.code, failure.params.get("sqlite", "-")
        )
        return failure

    def _connected(self) -> Engine:
        if self._engine is None:
            # "begin" is ours: the driver's own handling would leave reads outside a transaction.
            engine = create_engine(
                "sqlite+pysqlite://",
                module=dbapi2,
                creator=self._connect,
                poolclass=StaticPool,
                hide_parameters=True,
            )
            event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
            self._engine = engine
        return self._engine

    def _connect(self) -> dbapi2.Connection:
        if self._path is None:
            raw = dbapi2.connect(":memory:", isolation_level=None)
        else:
            raw = connect_file(self._path, self._key or b"")
        try:
            if self._path is not None:
                raw.execute("PRAGMA locking_mode = EXCLUSIVE")
                raw.execute("PRAGMA journal_mode = WAL")
                raw.execute("PRAGMA synchronous = FULL")
                raw.execute("PRAGMA fullfsync = ON")  # macOS; elsewhere without effect
                raw.execute(f"PRAGMA journal_size_limit = {_LOG_LIMIT_BYTES}")
            raw.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            raw.execute("PRAGMA foreign_keys = ON")
            raw.execute("PRAGMA secure_delete = ON")
            raw.execute("PRAGMA temp_store = MEMORY")
            raw.execute("PRAGMA trusted_schema = OFF")
            raw.execute("PRAGMA cell_size_check = ON")
        except BaseException:
            raw.close()
            raise
        return raw

    def _dispose(self) -> None:
        if self._engine is not None:
            engine, self._engine = self._engine, None
            engine.dispose()
