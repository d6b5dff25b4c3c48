"""Folders: names under which chats lie together."""

from __future__ import annotations

from concurrent.futures import Future

from sqlalchemy import Connection, delete, func, insert, select, update

from app.core.records import Folder
from app.core.text import storable
from app.store.database import Database
from app.store.tables import chats, folders


class Folders:
    """What happens to folders; every change answers with all of them, by name."""

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

    def delete(self, folder_id: int) -> Future[tuple[Folder, ...]]:
        """Remove the folder; its chats stay, those in the bin too."""

        def work(connection: Connection) -> tuple[Folder, ...]:
            connection.execute(
                update(chats).where(chats.c.folder_id == folder_id).values(folder_id=None)
            )
            connection.execute(delete(folders).where(folders.c.id == folder_id))
            return _all(connection)

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
