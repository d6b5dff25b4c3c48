"""Assistants: who answers, and how."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from app.core.keeping import Answerer
from app.core.records import Assistant
from app.core.text import storable
from app.store.database import Database
from app.store.tables import assistants, chats


@dataclass(frozen=True, slots=True)
class RemovedAssistant:
    """What has to be kept to take a deletion back: the assistant, and its chats' ids."""

    assistant: Assistant
    chat_ids: tuple[int, ...]


class Assistants:
    """What happens to assistants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, shipped: Sequence[str] = ()) -> Future[tuple[Assistant, ...]]:
        """All of them: shipped ones in the order of their keys, then one's own by age.

        Args:
            shipped: Keys of those that come with the program; what is missing is added.
        """

        def work(connection: Connection) -> tuple[Assistant, ...]:
            known = {assistant.key for assistant in _all(connection)}
            for key in shipped:
                if key not in known:
                    connection.execute(insert(assistants).values(**_values(_shipped(key))))
            order = {key: index for index, key in enumerate(shipped)}
            return tuple(sorted(_all(connection), key=lambda a: order.get(a.key, len(order))))

        return self._database.submit(work)

    def add(self, assistant: Assistant) -> Future[Assistant]:
        """A new one; its id is chosen here."""

        def work(connection: Connection) -> Assistant:
            row = insert(assistants).values(**_values(assistant)).returning(assistants.c.id)
            return _get(connection, connection.execute(row).scalar_one())

        return self._database.submit(work)

    def change(self, assistant: Assistant) -> Future[Assistant]:
        """Keep what it is now; a `LookupError` means that it is gone."""

        def work(connection: Connection) -> Assistant:
            row = update(assistants).where(assistants.c.id == assistant.id)
            connection.execute(row.values(**_values(assistant)))
            return _get(connection, assistant.id)

        return self._database.submit(work)

    def delete(self, assistant_id: int) -> Future[RemovedAssistant]:
        """Remove one; its chats go on with the ordinary assistant."""

        def work(connection: Connection) -> RemovedAssistant:
            assistant = _get(connection, assistant_id)
            own = chats.c.assistant_id == assistant_id
            ids = tuple(connection.scalars(select(chats.c.id).where(own)))
            connection.execute(update(chats).where(own).values(assistant_id=None))
            connection.execute(delete(assistants).where(assistants.c.id == assistant_id))
            return RemovedAssistant(assistant, ids)

        return self._database.submit(work)

    def restore(self, removed: RemovedAssistant) -> Future[Assistant]:
        """Take a deletion back; chats that got another assistant meanwhile keep that one."""

        def work(connection: Connection) -> Assistant:
            one = removed.assistant
            connection.execute(insert(assistants).values(id=one.id, **_values(one)))
            orphans = chats.c.id.in_(removed.chat_ids) & chats.c.assistant_id.is_(None)
            connection.execute(update(chats).where(orphans).values(assistant_id=one.id))
            return _get(connection, one.id)

        return self._database.submit(work)


def find_or_add(connection: Connection, answerer: Answerer) -> int | None:
    """Inside a transaction: id of who answered in a chat that comes in.

    One that is not here becomes its name and nothing else; a shipped one that is not here becomes
    the one for anything, None.
    """
    if answerer.key:
        query = select(assistants.c.id).where(assistants.c.key == answerer.key)
        found = connection.scalars(query).first()
        if found is not None or not answerer.name:
            return None if found is None else int(found)
    name = storable(answerer.name)
    query = select(assistants.c.id).where(assistants.c.name == name, assistants.c.key == "")
    found = connection.scalars(query.order_by(assistants.c.id)).first()
    if found is None:
        row = insert(assistants).values(**_values(Assistant(0, "", name, b"", "", "", "")))
        found = connection.execute(row.returning(assistants.c.id)).scalar_one()
    return int(found)


def _shipped(key: str) -> Assistant:
    return Assistant(0, key, "", b"", "", "", "")


def _values(assistant: Assistant) -> dict[str, Any]:
    return {
        "key": assistant.key,
        "name": storable(assistant.name),
        "picture": assistant.picture,
        "instructions": storable(assistant.instructions),
        "model": storable(assistant.model),
        "manner": assistant.manner,
    }


def _all(connection: Connection) -> tuple[Assistant, ...]:
    rows = connection.execute(select(assistants).order_by(assistants.c.id))
    return tuple(Assistant(*row) for row in rows)


def _get(connection: Connection, assistant_id: int) -> Assistant:
    query = select(assistants).where(assistants.c.id == assistant_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise LookupError(assistant_id)
    return Assistant(*row)
