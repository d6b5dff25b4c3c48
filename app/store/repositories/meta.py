"""Small values that belong inside the encrypted database."""

from __future__ import annotations

from concurrent.futures import Future

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from app.core.text import storable
from app.store.database import Database
from app.store.tables import meta

RECOVERY_CODE = "recovery_code"
SEARCH_VERSION = "search_version"
NEW_CHAT_DRAFT = "new_chat_draft"
PROGRAM_VERSION = "program_version"


class Meta:
    """A value by its name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> Future[str | None]:
        """The value, None where there is none."""
        return self._database.submit(lambda c: read_value(c, key))

    def set(self, key: str, value: str | None) -> Future[None]:
        """Keep a value; None forgets it."""
        return self._database.submit(lambda c: write_value(c, key, value))


def read_value(connection: Connection, key: str) -> str | None:
    """Inside a transaction: the value, None where there is none."""
    return connection.scalar(select(meta.c.value).where(meta.c.key == key))


def write_value(connection: Connection, key: str, value: str | None) -> None:
    """Inside a transaction: keep a value; None forgets it."""
    if value is None:
        connection.execute(delete(meta).where(meta.c.key == key))
        return
    row = insert(meta).values(key=key, value=storable(value))
    connection.execute(row.on_conflict_do_update(set_={"value": row.excluded.value}))
