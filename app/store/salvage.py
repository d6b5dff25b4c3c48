"""Reads what can be read of a damaged database into a new one.

Tables are read by ranges of row numbers. A range that cannot be read is halved until the damage is
a single row; of that row the columns are tried one by one. A message whose text is damaged stays,
empty, so that what follows it keeps its place; one that is gone altogether is bridged.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlcipher3 import dbapi2

from app.store.connecting import connect_file
from app.store.database import Database
from app.store.repositories.search import rebuild_search

_RANGE = 512
_ROLES = ("system", "user", "assistant")
_STATES = ("complete", "generating", "interrupted", "stopped", "failed")
_Row = dict[str, Any]

# Column by column: what stands for one that cannot be read; None where the row is nothing without.
_TABLES: dict[str, _Row] = {
    "folders": {"id": None, "name": ""},
    "assistants": {
        "id": None, "key": "", "name": "", "picture": b"", "instructions": "", "model": "",
        "manner": "",
    },
    "chats": {
        "id": None, "title": "", "pinned": 0, "created_at": 0, "updated_at": 0, "deleted_at": 0,
        "active_leaf_id": 0, "draft": "", "folder_id": 0, "assistant_id": 0,
    },
    "messages": {
        "id": None, "chat_id": None, "parent_id": 0, "role": "", "text": "", "state": "",
        "created_at": 0, "finish_reason": "", "error_code": "", "model_hash": "", "duration_ms": 0,
        "spans": "", "token_ids": b"", "logprobs": b"", "thinking_ms": 0, "token_ends": b"",
    },
    "attachments": {
        "id": None, "message_id": None, "name": "", "media_type": "", "size_bytes": None,
        "sha256": None, "created_at": 0, "content": None,
    },
}  # fmt: skip


def salvage(damaged: Path, new: Path, key: bytes, step: Callable[[float], None]) -> int | None:
    """Build `new`, complete and with its search, from what `damaged` still gives.

    Args:
        damaged: Is only read.
        new: Must not exist.
        key: The data key of both.
        step: Is told the share that is done.

    Returns:
        How many messages could not be kept whole; None when nothing can be read at all.
    """
    database = Database.open_file(new, key)
    try:
        return database.submit(lambda c: _salvage(c, damaged, key, step)).result()
    finally:
        database.close()


def _salvage(
    connection: Connection, damaged: Path, key: bytes, step: Callable[[float], None]
) -> int | None:
    reader = _Reader(damaged, key)
    try:
        if not reader.begin():
            return None
        writer = _Writer(connection)
        for number, table in enumerate(_TABLES):
            step(number / (len(_TABLES) + 1))
            for row in reader.rows(table):
                writer.add(table, row)
        for name, value in reader.meta():
            writer.add_meta(name, value)
    finally:
        reader.close()
    writer.tidy()
    step(len(_TABLES) / (len(_TABLES) + 1))
    rebuild_search(connection)
    return reader.damaged_messages + writer.bridged


class _Reader:
    """Rows of a damaged file, as many as there are.

    A page that cannot be decrypted leaves a connection that fails from then on, so that after each
    failure there is a new one.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        self._raw: dbapi2.Connection | None = None
        self._known: dict[str, list[str]] = {}
        self.damaged_messages = 0

    def begin(self) -> bool:
        """Whether the file says at all what is in it."""
        try:
            for table, columns in _TABLES.items():
                there = [str(row[1]) for row in self._ask(f"PRAGMA table_info({table})")]
                self._known[table] = [name for name in columns if name in there]
        except dbapi2.Error:
            return False
        return bool(self._known["messages"])

    def close(self) -> None:
        """Let go of the file."""
        if self._raw is not None:
            raw, self._raw = self._raw, None
            with contextlib.suppress(dbapi2.Error):
                raw.close()

    def rows(self, table: str) -> Iterator[_Row]:
        """The rows of a table, by their numbers."""
        if not self._known[table]:
            return
        for start in range(1, self._last(table) + 1, _RANGE):
            yield from self._between(table, start, start + _RANGE - 1)

    def meta(self) -> Iterator[tuple[str, str]]:
        """The small values, up to the first that cannot be read."""
        with contextlib.suppress(dbapi2.Error):
            yield from self._ask("SELECT key, value FROM meta")

    def _last(self, table: str) -> int:
        last = 0
        for query in (
            f"SELECT max(rowid) FROM {table}",  # noqa: S608  a name of ours
            f"SELECT seq FROM sqlite_sequence WHERE name = '{table}'",  # noqa: S608
        ):
            with contextlib.suppress(dbapi2.Error):
                found = self._ask(query)
                last = max(last, int(found[0][0] or 0) if found else 0)
        return last

    def _between(self, table: str, first: int, last: int) -> Iterator[_Row]:
        columns = self._known[table]
        query = (
            f"SELECT {', '.join(columns)} FROM {table} NOT INDEXED "  # noqa: S608
            "WHERE rowid BETWEEN ? AND ?"
        )
        try:
            found = self._ask(query, (first, last))
        except dbapi2.Error:
            if first == last:
                yield from self._by_columns(table, first)
                return
            middle = (first + last) // 2
            yield from self._between(table, first, middle)
            yield from self._between(table, middle + 1, last)
            return
        for values in found:
            yield _complete(table, dict(zip(columns, values, strict=True)))

    def _by_columns(self, table: str, rowid: int) -> Iterator[_Row]:
        row: _Row = {}
        for name in self._known[table]:
            query = f"SELECT {name} FROM {table} NOT INDEXED WHERE rowid = ?"  # noqa: S608
            with contextlib.suppress(dbapi2.Error):
                found = self._ask(query, (rowid,))
                if not found:
                    return  # no such row
                row[name] = found[0][0]
        row["id"] = rowid
        needed = (name for name, otherwise in _TABLES[table].items() if otherwise is None)
        if all(name in row for name in needed):
            self.damaged_messages += table == "messages"
            yield _complete(table, row)

    def _ask(self, query: str, values: tuple[int, ...] = ()) -> list[Any]:
        found: list[Any] = []
        try:
            found += self._connected().execute(query, values).fetchall()
        except dbapi2.Error:
            self.close()
            raise
        return found

    def _connected(self) -> dbapi2.Connection:
        if self._raw is None:
            self._raw = connect_file(self._path, self._key)
            self._raw.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._raw.execute("PRAGMA query_only = ON")
            self._raw.execute("PRAGMA cell_size_check = ON")
        return self._raw


def _complete(table: str, row: _Row) -> _Row:
    """A row in which every value is one that the table allows."""
    whole = {}
    for name, otherwise in _TABLES[table].items():
        value = row.get(name)
        is_fit = otherwise is None or isinstance(value, type(otherwise))
        whole[name] = value if is_fit else otherwise
    return whole


class _Writer:
    """Puts rows into the new file so that everything belongs to something."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ids: dict[str, set[int]] = {table: set() for table in _TABLES}
        self._newest: dict[int, list[int]] = {}
        self.bridged = 0

    def add(self, table: str, row: _Row) -> None:
        """Keep a row, unless what it belongs to is gone."""
        fit = getattr(self, f"_fit_{table}", None)
        if not isinstance(row["id"], int) or row["id"] in self._ids[table]:
            return
        if fit is not None and not fit(row):
            return
        columns = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        self._connection.exec_driver_sql(
            f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608
            tuple(row.values()),
        )
        self._ids[table].add(row["id"])

    def add_meta(self, name: str, value: str) -> None:
        """Keep a small value, unless the new file made its own."""
        self._connection.exec_driver_sql(
            "INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)", (name, value)
        )

    def tidy(self) -> None:
        """Chats whose shown branch is gone show their newest message."""
        self._connection.exec_driver_sql(_SHOW_THE_NEWEST)
        self._connection.exec_driver_sql(_BORN_WITH_THE_FIRST)

    def _fit_chats(self, row: _Row) -> bool:
        row["deleted_at"] = row["deleted_at"] or None
        row["pinned"] = int(bool(row["pinned"]))
        for name, table in (("folder_id", "folders"), ("assistant_id", "assistants")):
            row[name] = row[name] if row[name] in self._ids[table] else None
        row["active_leaf_id"] = row["active_leaf_id"] or None
        return True

    def _fit_messages(self, row: _Row) -> bool:
        chat_id = row["chat_id"]
        if not isinstance(chat_id, int):
            return False
        if chat_id not in self._ids["chats"]:
            self.add("chats", {**_complete("chats", {}), "id": chat_id})
        here = self._newest.setdefault(chat_id, [])
        if row["parent_id"] not in self._ids["messages"]:
            gone = bool(row["parent_id"])
            self.bridged += gone
            row["parent_id"] = here[-1] if gone and here else None
        row["role"] = row["role"] if row["role"] in _ROLES else "assistant"
        row["state"] = row["state"] if row["state"] in _STATES else "interrupted"
        here.append(row["id"])
        return True

    def _fit_attachments(self, row: _Row) -> bool:
        return row["message_id"] in self._ids["messages"]


_SHOW_THE_NEWEST = """
UPDATE chats SET active_leaf_id = (SELECT max(id) FROM messages WHERE chat_id = chats.id)
WHERE active_leaf_id IS NULL OR active_leaf_id NOT IN (
    SELECT id FROM messages WHERE chat_id = chats.id
)
"""
_BORN_WITH_THE_FIRST = """
UPDATE chats SET
    created_at = coalesce((SELECT min(created_at) FROM messages WHERE chat_id = chats.id), 0),
    updated_at = coalesce((SELECT max(created_at) FROM messages WHERE chat_id = chats.id), 0)
WHERE created_at = 0
"""
