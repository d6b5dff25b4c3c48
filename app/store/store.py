"""The door to everything that is kept."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlcipher3 import dbapi2

from app import __version__
from app.core.errors import StoreError
from app.core.jsonfile import storage_error
from app.core.keeping import RepairReport
from app.core.paths import DATABASE_NAME, KEYS_NAME
from app.store.backup import backup_before_update, write_backup
from app.store.database import Database
from app.store.keys import backup_key, read_keys
from app.store.repair import Outcome, repair_file
from app.store.repositories.assistants import Assistants
from app.store.repositories.attachments import Attachments
from app.store.repositories.chats import Chats
from app.store.repositories.folders import Folders
from app.store.repositories.messages import Messages
from app.store.repositories.meta import PROGRAM_VERSION, Meta
from app.store.repositories.search import Search, rebuild_search
from app.store.repositories.transfer import Transfer
from app.store.tables import chats, messages
from app.store.wrapping import derived_key

log = logging.getLogger(__name__)


class Store:
    """One open database with its repositories.

    Every method of a repository returns a future at once; the work is done in the order of the
    calls, on the one thread that owns the database, and a future is done once the disk has it.

    Attributes:
        chats: Whole chats.
        folders: Where chats lie together.
        messages: Questions and replies.
        assistants: Who answers.
        attachments: Files of messages.
        search: Finding messages by words.
        meta: Small values.
        transfer: Whole chats, for exports and imports.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.chats = Chats(database)
        self.folders = Folders(database)
        self.messages = Messages(database)
        self.assistants = Assistants(database)
        self.attachments = Attachments(database)
        self.search = Search(database)
        self.meta = Meta(database)
        self.transfer = Transfer(database)
        # First in the queue: an entry made by other rules could not be taken out again.
        self.search.ensure_current()

    @classmethod
    def open(cls, path: Path, key: bytes, program_version: str = __version__) -> Store:
        """Open the file, or make it; an older layout is copied to `backups/` and migrated.

        So is, without haste, what another version of the program left.

        Raises:
            Locked: Another process holds it.
            Corrupt: Not a database, damaged, or not opened by this key.
            TooNew: Written by a newer version. Params: found, known.
            DiskFull: No room; what was stored stays.
            ReadOnly: The folder cannot be written.
        """
        store = cls(Database.open_file(path, key))
        store._back_up_after_update(program_version)
        return store

    @classmethod
    def open_temporary(cls) -> Store:
        """A store that never touches a disk and is gone when it closes."""
        return cls(Database.open_memory())

    @property
    def temporary(self) -> bool:
        """Whether nothing is kept."""
        return self._database.path is None

    def derived_key(self, purpose: str, salt: bytes) -> bytes:
        """32 bytes for one thing outside the database; nothing leads from them to the data key.

        Args:
            purpose: What they are for, unlike any other purpose.
            salt: Random bytes kept beside that thing, b"" where the purpose is enough.

        Raises:
            StoreError: reason "temporary": there is no data key.
        """
        key = self._database.key
        if key is None:
            raise StoreError(reason="temporary")
        return derived_key(key, salt, f"alcove {purpose} 1".encode())

    def backup(
        self, destination_folder: Path, step: Callable[[float], None] | None = None
    ) -> Future[Path]:
        """Write a new folder with the database and the wrapped key into `destination_folder`.

        It opens on another computer by the recovery code or the passphrase.

        Args:
            destination_folder: Gets the new folder.
            step: Is told the share that is done, 0 to 1, on the store's thread; whatever it
                raises ends the backup and leaves nothing of it.

        Returns:
            The new folder. KeyUnavailable in the future: no usable key file to go with it.

        Raises:
            StoreError: reason "temporary": nothing is kept.
        """
        path = self._database.path
        if path is None:
            raise StoreError(reason="temporary")

        def write(raw: dbapi2.Connection, key: bytes) -> Path:
            keys = read_keys(path.with_name(KEYS_NAME))  # without it nothing would open the copy
            return write_backup(
                raw, path, key, destination_folder, name="alcove-backup", keys=keys, step=step
            )

        return self._database.backup(write)

    @contextmanager
    def open_backup(self, folder: Path, secret: str) -> Iterator[Store]:
        """Open a copy of a backup, to read what is in it; the backup itself is left alone.

        Args:
            folder: As `backup` or an update wrote it.
            secret: The recovery code or the passphrase of a backup from another computer; "" for
                one of these chats.

        Raises:
            KeyUnavailable: reason "wrong": it needs another secret. "missing": no key file.
            Corrupt: It is damaged.
            DiskFull: No room for the copy.
        """
        key = backup_key(folder, self._database.key, secret)
        own = self._database.path
        try:
            with tempfile.TemporaryDirectory(
                prefix=".restore-", dir=own.parent if own else None, ignore_cleanup_errors=True
            ) as place:
                copy = Path(place) / DATABASE_NAME
                shutil.copyfile(folder / DATABASE_NAME, copy)
                opened = Store.open(copy, key)
                try:
                    yield opened
                finally:
                    opened.close()
        except OSError as exc:
            raise storage_error(exc) from exc

    def repair(self, step: Callable[[float], None]) -> Future[RepairReport]:
        """Check everything, mend or rescue what is damaged, make the search again.

        Everything else waits meanwhile.

        Args:
            step: Is told the share that is done, on the store's thread; whatever it raises ends
                the work before anything was replaced.

        Returns:
            The report. DiskFull in the future: no room for a new file; nothing was changed.

        Raises:
            StoreError: reason "temporary": nothing is kept.
        """
        done = self._database.submit_closed(lambda path, key: repair_file(path, key, step))
        return self._database.submit(lambda c: _report(c, done.result()))

    def count(self) -> Future[tuple[int, int]]:
        """How many chats there are, and how many messages in them."""
        return self._database.submit(_count)

    def close(self) -> None:
        """Finish what is queued and release the file. May be called twice."""
        self._database.close()

    def _back_up_after_update(self, version: str) -> None:
        """The first thing another version does: what it finds is copied before it is used.

        Without room there is no copy, which must not keep anybody from their chats; it is tried
        again at the next start.
        """
        path, migrated = self._database.path, self._database.migrated
        if path is None:
            return

        def work(raw: dbapi2.Connection, key: bytes) -> None:
            query = "SELECT value FROM meta WHERE key = ?"
            before = raw.execute(query, (PROGRAM_VERSION,)).fetchone()
            if before is not None and before[0] == version:
                return
            in_use = raw.execute("SELECT 1 FROM chats LIMIT 1").fetchone() is not None
            if in_use and not migrated:
                backup_before_update(raw, path, key, str(before[0]) if before else "first")
            raw.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (PROGRAM_VERSION, version))

        self._database.backup(work).add_done_callback(_log_failure)


def _log_failure(done: Future[None]) -> None:
    error = done.exception()
    if isinstance(error, StoreError):
        log.warning("no copy before the update code=%s", error.code)


def _report(connection: Connection, outcome: Outcome) -> RepairReport:
    rebuild_search(connection)
    return RepairReport(outcome.state, *_count(connection), outcome.lost, outcome.damaged_file)


def _count(connection: Connection) -> tuple[int, int]:
    found = (
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (chats, messages)
    )
    return int(next(found)), int(next(found))
