from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect

from app.core.errors import StoreError, TooNew
from app.core.jsonfile import read_json
from app.store import Store
from app.store.database import Database
from app.store.keys import KeyVault
from app.store.migrations import STEPS
from app.store.tables import metadata

LATEST = len(STEPS)
ADD_COLUMN = ("ALTER TABLE chats ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'",)
FAILS_LATE = ("DELETE FROM chats", "ALTER TABLE chats ADD COLUMN x TEXT", "CREATE TABLE chats (a)")


def version_of(database: Database) -> int:
    query = "PRAGMA user_version"
    return database.submit(lambda c: c.exec_driver_sql(query).scalar_one()).result()


def titles_of(database: Database) -> list[str]:
    query = "SELECT title FROM chats"
    return database.submit(lambda c: list(c.exec_driver_sql(query).scalars())).result()


@pytest.fixture
def written(path: Path, key: bytes) -> Path:
    """A database of the present version with one chat, closed."""
    store = Store.open(path, key)
    store.chats.create("kept").result()
    store.close()
    return path


def test_the_tables_are_as_they_are_described() -> None:
    database = Database.open_memory()

    def columns(connection: Connection) -> dict[str, set[str]]:
        found = inspect(connection)
        return {t: {c["name"] for c in found.get_columns(t)} for t in metadata.tables}

    described = {name: {c.name for c in table.columns} for name, table in metadata.tables.items()}
    assert database.submit(columns).result() == described
    assert version_of(database) == LATEST
    database.close()


def test_a_new_file_needs_no_backup(written: Path) -> None:
    assert [p.name for p in written.parent.iterdir()] == [written.name]


def test_a_step_copies_the_database_and_the_keys_first(written: Path, key: bytes) -> None:
    vault = KeyVault(written.with_name("keys.json"), None)
    written.rename(written.with_name("aside"))
    vault.create("passphrase", use_keyring=False)
    written.with_name("aside").rename(written)
    database = Database.open_file(written, key, (*STEPS, ADD_COLUMN))
    assert version_of(database) == LATEST + 1
    assert titles_of(database) == ["kept"]
    database.close()
    [folder] = (written.parent / "backups").iterdir()
    assert sorted(p.name for p in folder.iterdir()) == ["alcove.db", "keys.json"]
    assert read_json(folder / "keys.json") == read_json(written.with_name("keys.json"))
    old = Store.open(folder / "alcove.db", key)
    assert [c.title for c in old.chats.list().result()] == ["kept"]
    assert version_of(old._database) == LATEST
    old.close()


def test_steps_run_once(written: Path, key: bytes) -> None:
    for _ in range(2):
        database = Database.open_file(written, key, (*STEPS, ADD_COLUMN))
        database.close()
    assert len(list((written.parent / "backups").iterdir())) == 1


def test_a_step_that_fails_leaves_the_database_as_it_was(written: Path, key: bytes) -> None:
    with pytest.raises(StoreError):
        Database.open_file(written, key, (*STEPS, ADD_COLUMN, FAILS_LATE))
    store = Store.open(written, key)
    assert version_of(store._database) == LATEST
    assert [c.title for c in store.chats.list().result()] == ["kept"]
    store.close()


def test_a_newer_version_is_refused_and_left_alone(written: Path, key: bytes) -> None:
    database = Database.open_file(written, key, (*STEPS, ADD_COLUMN, ADD_COLUMN[:0]))
    database.close()
    before = written.read_bytes()
    with pytest.raises(TooNew) as caught:
        Store.open(written, key)
    assert caught.value.params == {"found": LATEST + 2, "known": LATEST}
    assert written.read_bytes() == before


def test_a_database_without_any_table_is_brought_up(path: Path, key: bytes) -> None:
    Database.open_file(path, key, ()).close()
    store = Store.open(path, key)
    assert store.chats.list().result() == ()
    store.close()
