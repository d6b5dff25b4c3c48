"""Folders: names under which chats lie together."""

from __future__ import annotations

from concurrent.futures import Future
from itertools import islice

from sqlalchemy import Connection, delete, func, insert, select, update

from app.core.records import DeletedFolder, Folder
from app.core.text import storable
from app.store.database import Database
from app.store.tables import chats, folders

_AT_ONCE = 500
"""Numbers in one statement."""


class Folders:
    """What happens to folders."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> Future[tuple[Folder, ...]]:
        """All of them, by name."""
        return self._database.submit(_all)

    def add(self, name: str) -> Future[tuple[Folder, ...]]:
        """A new folder; a name that is taken makes no second one."""

        def work(connection: Connection) -> tuple[Folder, ...]:
            add_folder(connection, name)
            return _all(connection)

        return self._database.submit(work)

    def rename(self, folder_id: int, name: str) -> Future[tuple[Folder, ...]]:
        """Give it another name."""

        def work(connection: Connection) -> tuple[Folder, ...]:
            row = update(folders).where(folders.c.id == folder_id).values(name=storable(name))
            if connection.execute(row).rowcount == 0:
                raise LookupError(folder_id)
            return _all(connection)

        return self._database.submit(work)

    def delete(self, folder_id: int) -> Future[DeletedFolder]:
        """Remove the folder; its chats stay, those in the bin too."""

        def work(connection: Connection) -> DeletedFolder:
            out = update(chats).where(chats.c.folder_id == folder_id).values(folder_id=None)
            chat_ids = connection.scalars(out.returning(chats.c.id)).all()
            row = delete(folders).where(folders.c.id == folder_id).returning(folders.c.name)
            name = connection.scalar(row)
            if name is None:
                raise LookupError(folder_id)
            return DeletedFolder(name, tuple(sorted(chat_ids)))

        return self._database.submit(work)

    def restore(self, deleted: DeletedFolder) -> Future[None]:
        """Have it back; of its chats those that were not laid elsewhere meanwhile."""

        def work(connection: Connection) -> None:
            folder_id = add_folder(connection, deleted.name)
            chat_ids = iter(deleted.chat_ids)
            while part := tuple(islice(chat_ids, _AT_ONCE)):
                loose = chats.c.id.in_(part) & chats.c.folder_id.is_(None)
                connection.execute(update(chats).where(loose).values(folder_id=folder_id))

        return self._database.submit(work)


def add_folder(connection: Connection, name: str) -> int:
    """Inside a transaction: the id of the folder of this name, made if there is none."""
    kept = storable(name)
    found = connection.scalar(select(folders.c.id).where(folders.c.name == kept))
    if found is not None:
        return int(found)
    row = insert(folders).values(name=kept).returning(folders.c.id)
    return int(connection.execute(row).scalar_one())


def _all(connection: Connection) -> tuple[Folder, ...]:
    query = select(folders.c.id, folders.c.name)
    rows = connection.execute(query.order_by(func.lower(folders.c.name), folders.c.id))
    return tuple(Folder(*row) for row in rows)
