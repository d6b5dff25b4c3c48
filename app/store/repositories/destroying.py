"""Destroying chats so that nothing of them can be read again, a little at a time.

To overwrite every entry of a long chat in the search takes seconds, in which no question could be
stored. So the chats are doomed in one transaction, which takes them out of the bin, and then taken
apart from their newest messages, some tenths of a second at a time; whatever else waits comes in
between. (Smaller pieces would write the same pages of the search again and again.) A kill leaves
doomed chats, with which the next destruction goes on, at the latest that of the next start.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Row, delete, select, update

from app.store.database import Database
from app.store.repositories._index import remove_entry
from app.store.tables import attachments, chats, messages

T = TypeVar("T")

DOOMED = datetime(1970, 1, 1, microsecond=1, tzinfo=UTC)
"""Stands in `deleted_at` of what is being destroyed: in no list, and not to be restored."""
_MOST_MESSAGES = 200
_MOST_CHARACTERS = 100_000


def destroy(
    database: Database, condition: ColumnElement[bool], *, one: bool = False
) -> Future[int]:
    """Destroy chats of the bin, and those left over from a kill.

    Args:
        database: Where they are.
        condition: Which of the bin.
        one: There must be one, else the future holds a LookupError.

    Returns:
        How many were destroyed, once the log that held them is empty too.
    """
    return _Destruction(database).begin(condition, one=one)


class _Destruction:
    """A chain of transactions: each one asks for the next when it is done."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._result: Future[int] = Future()
        self._waiting: list[int] = []
        self._count = 0

    def begin(self, condition: ColumnElement[bool], *, one: bool) -> Future[int]:
        def doom(connection: Connection) -> list[int]:
            wanted = chats.c.deleted_at.is_not(None) & condition
            row = update(chats).where(wanted).values(deleted_at=DOOMED)
            changed = connection.execute(row).rowcount
            if one and not changed:
                raise LookupError("no such chat in the bin")
            left = select(chats.c.id).where(chats.c.deleted_at == DOOMED)
            return list(connection.scalars(left))

        self._follow(self._database.submit(doom), self._on_doomed)
        return self._result

    def _on_doomed(self, done: Future[list[int]]) -> None:
        self._waiting = done.result()
        self._count = len(self._waiting)
        self._next()

    def _next(self) -> None:
        if not self._waiting:
            last = self._database.submit_destroying(lambda _: self._count)
            self._follow(last, lambda done: self._result.set_result(done.result()))
            return
        chat_id = self._waiting[-1]
        self._follow(self._database.submit(lambda c: _take_apart(c, chat_id)), self._on_taken)

    def _on_taken(self, done: Future[bool]) -> None:
        if done.result():
            self._waiting.pop()
        self._next()

    def _follow(self, future: Future[T], then: Callable[[Future[T]], None]) -> None:
        def settle(done: Future[T]) -> None:
            error = done.exception()
            if error is None:
                then(done)
            else:
                self._result.set_exception(error)

        future.add_done_callback(settle)


def _take_apart(connection: Connection, chat_id: int) -> bool:
    """Destroy the newest messages of a chat; whether the chat is gone now."""
    query = (
        select(messages.c.id, messages.c.text, messages.c.state)
        .where(messages.c.chat_id == chat_id)
        .order_by(messages.c.id.desc())
        .limit(_MOST_MESSAGES)
    )
    found = _few(list(connection.execute(query)))
    if not found:
        connection.execute(delete(chats).where(chats.c.id == chat_id))
        return True
    for row in found:
        if row.state != "generating":
            remove_entry(connection, row.id, row.text)
    ids = [row.id for row in found]
    connection.execute(update(chats).where(chats.c.id == chat_id).values(active_leaf_id=None))
    connection.execute(delete(attachments).where(attachments.c.message_id.in_(ids)))
    connection.execute(delete(messages).where(messages.c.id.in_(ids)))
    return False


def _few(rows: list[Row[tuple[int, str, str]]]) -> list[Row[tuple[int, str, str]]]:
    """As many as one transaction should take; at least one."""
    characters = 0
    for number, row in enumerate(rows):
        characters += len(row.text)
        if characters > _MOST_CHARACTERS:
            return rows[: number + 1]
    return rows
