"""Finding messages by words."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from sqlalchemy import Connection, Row, Select, column, select, table

from app.core.records import ChatSummary, SearchHit, SearchResults
from app.store.database import Database
from app.store.excerpts import excerpt, matcher
from app.store.repositories import _chats_sql as sql
from app.store.repositories._index import rebuild_entries
from app.store.repositories._rows import SUMMARY_COLUMNS, summary_of
from app.store.repositories.meta import SEARCH_VERSION, read_value, write_value
from app.store.tables import chats, messages
from app.store.tokens import match_expression, tokenizer_version

_MOST_CHATS = 20
_TITLES = "SELECT id, title FROM chats WHERE deleted_at IS NULL ORDER BY updated_at DESC"
_BIN_STATE = """
SELECT count(*), total(id), max(deleted_at) FROM chats WHERE deleted_at IS NOT NULL
"""
_BIN_FILL = """
INSERT INTO temp.bin
SELECT id FROM messages WHERE chat_id IN (SELECT id FROM chats WHERE deleted_at IS NOT NULL)
"""
_BIN_MADE_FROM = "bin made from"
"""Kept with the connection, whose table it is: after a repair there is a new one without."""

_bin = table("bin", column("id"), schema="temp")
_search = table("search", column("rowid"), column("search"))


class Search:
    """The search over all chats outside the bin."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, text: str, limit: int = 50) -> Future[SearchResults]:
        """Messages that hold every word of `text`, or words that begin so; the newest first."""

        def work(connection: Connection) -> SearchResults:
            expression = match_expression(text)
            if not expression:
                return SearchResults(text, (), (), more=False)
            state = _read_bin(connection)
            found = connection.execute(_query(expression, limit + 1)).all()
            hits = tuple(_hit_of(row, text) for row in found[:limit])
            titled = _titled(connection, text)
            _remember_bin(connection, state)
            return SearchResults(text, titled, hits, more=len(found) > limit)

        return self._database.submit(work)

    def prepare(self) -> Future[None]:
        """Do once what the first search would wait for: know the bin, the titles, the index."""

        def work(connection: Connection) -> None:
            state = _read_bin(connection)
            _titled(connection, "a")
            connection.execute(_query('"a" *', 1)).all()
            _remember_bin(connection, state)

        return self._database.submit(work)

    def rebuild(self) -> Future[int]:
        """Make the search again from the messages; returns how many there are."""
        return self._database.submit(rebuild_search)

    def ensure_current(self) -> Future[int]:
        """Rebuild only if the rules of `tokens.py` have changed; returns the messages done."""

        def work(connection: Connection) -> int:
            if read_value(connection, SEARCH_VERSION) == tokenizer_version():
                return 0
            return rebuild_search(connection)

        return self._database.submit(work)


def _read_bin(connection: Connection) -> object:
    """Know the messages of the bin by number, so that no hit of theirs is looked up.

    A word that occurs in every message of a large bin would otherwise read them all. The table is
    in memory, belongs to the connection, and is made again when the bin changes.
    """
    state = connection.exec_driver_sql(_BIN_STATE).one()
    if connection.info.pop(_BIN_MADE_FROM, None) == state:
        return state
    connection.exec_driver_sql("CREATE TEMP TABLE IF NOT EXISTS bin (id INTEGER PRIMARY KEY)")
    connection.exec_driver_sql("DELETE FROM temp.bin")
    connection.exec_driver_sql(_BIN_FILL)
    return state


def _remember_bin(connection: Connection, state: object) -> None:
    """At the end of the work, when nothing can roll the table back any more."""
    connection.info[_BIN_MADE_FROM] = state


def _query(expression: str, limit: int) -> Select[Any]:
    return (
        select(
            *SUMMARY_COLUMNS,
            messages.c.id,
            messages.c.role,
            messages.c.text,
            messages.c.created_at.label("said_at"),
        )
        .join_from(_search, messages, messages.c.id == _search.c.rowid)
        .join(chats, chats.c.id == messages.c.chat_id)
        .where(
            _search.c.search.op("MATCH")(expression),
            _search.c.rowid.not_in(select(_bin.c.id)),
        )
        .order_by(_search.c.rowid.desc())
        .limit(limit)
    )


def _hit_of(row: Row[Any], query: str) -> SearchHit:
    message_id, role, text, said_at = row[len(SUMMARY_COLUMNS) :]
    return SearchHit(summary_of(row), message_id, role, *excerpt(text, query), said_at)


def _titled(connection: Connection, query: str) -> tuple[ChatSummary, ...]:
    """The newest chats whose titles hold all the words; reading all titles takes 10 ms."""
    holds_all = matcher(query)
    cursor = connection.exec_driver_sql(_TITLES)
    found = [chat_id for chat_id, title in cursor if title and holds_all(title)][:_MOST_CHATS]
    return sql.summaries(connection, chats.c.id.in_(found)) if found else ()


def rebuild_search(connection: Connection) -> int:
    """Inside a transaction: make the search again; returns how many messages there are."""
    count = rebuild_entries(connection)
    write_value(connection, SEARCH_VERSION, tokenizer_version())
    return count
