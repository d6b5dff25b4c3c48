"""The door to everything that is kept."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlcipher3 import dbapi2

from app.core.errors import StoreError
from app.core.keeping import RepairReport
from app.core.paths import KEYS_NAME
from app.store.backup import write_backup
from app.store.database import Database
from app.store.keys import read_keys
from app.store.repair import Outcome, repair_file
from app.store.repositories.assistants import Assistants
from app.store.repositories.attachments import Attachments
from app.store.repositories.chats import Chats
from app.store.repositories.folders import Folders
from app.store.repositories.messages import Messages
from app.store.repositories.meta import Meta
from app.store.repositories.search import Search, rebuild_search
from app.store.repositories.transfer import Transfer
from app.store.tables import chats, messages
from app.store.wrapping import derived_key


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
    def open(cls, path: Path, key: bytes) -> Store:
        """Open the file, or make it; an older layout is copied to `backups/` and migrated.

        Raises:
            Locked: Another process holds it.
            Corrupt: Not a database, damaged, or not opened by this key.
            TooNew: Written by a newer version. Params: found, known.
            DiskFull: No room; what was stored stays.
            ReadOnly: The folder cannot be written.
        """
        return cls(Database.open_file(path, key))

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

    def close(self) -> None:
        """Finish what is queued and release the file. May be called twice."""
        self._database.close()


def _report(connection: Connection, outcome: Outcome) -> RepairReport:
    rebuild_search(connection)
    return RepairReport(
        outcome.state,
        int(connection.execute(select(func.count()).select_from(chats)).scalar_one()),
        int(connection.execute(select(func.count()).select_from(messages)).scalar_one()),
        outcome.lost,
        outcome.damaged_file,
    )
