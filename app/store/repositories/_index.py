"""The search entries, kept in step with the messages inside the same transaction.

A message has an entry as soon as its text is final, that is in every state but "generating"; from
then on the text does not change. An entry can only be taken out by the tokens that were put in, so
the same rule must hold for both.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from app.store.tables import messages
from app.store.tokens import tokenize

_ADD = "INSERT INTO search (rowid, tokens) VALUES (?, ?)"
_REMOVE = "INSERT INTO search (search, rowid, tokens) VALUES ('delete', ?, ?)"
_CHUNK = 500


def add_entry(connection: Connection, message_id: int, text: str) -> None:
    """Make a message of final text findable."""
    connection.exec_driver_sql(_ADD, (message_id, tokenize(text)))


def remove_entry(connection: Connection, message_id: int, text: str) -> None:
    """Take a message of final text out, before its row is deleted."""
    connection.exec_driver_sql(_REMOVE, (message_id, tokenize(text)))


def rebuild_entries(connection: Connection) -> int:
    """Make the whole search again from the messages; returns how many there are."""
    connection.exec_driver_sql("INSERT INTO search (search) VALUES ('delete-all')")
    query = select(messages.c.id, messages.c.text).where(messages.c.state != "generating")
    count = 0
    for rows in connection.execute(query).partitions(_CHUNK):
        connection.exec_driver_sql(
            _ADD, [(message_id, tokenize(text)) for message_id, text in rows]
        )
        count += len(rows)
    return count
