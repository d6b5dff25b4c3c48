"""A full disk and a read-only one, for real."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.core.errors import DiskFull, ReadOnly
from app.core.records import ReplyDetails
from app.store import Store
from app.store.database import Database
from app.store.keys import KeyVault
from app.store.migrations import STEPS
from tests.helpers.small_disk import fill, make_read_only, small_disk
from tests.helpers.sqlcipher_pages import decrypted

SIZE = 2 * 1024 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", SIZE) as folder:
        yield folder


def test_a_full_disk_loses_nothing_and_the_next_write_works(disk: Path, key: bytes) -> None:
    store = Store.open(disk / "alcove.db", key)
    chat = store.chats.create("chat").result()
    _, reply = store.messages.ask(chat.id, None, "before").result()
    store.messages.checkpoint(reply.id, "half a rep", ReplyDetails()).result()
    before = store.chats.open(chat.id).result()
    filler = fill(disk)
    for _ in range(3):
        with pytest.raises(DiskFull):
            store.messages.ask(chat.id, reply.id, os.urandom(50_000).hex()).result()
        with pytest.raises(DiskFull):
            store.messages.finish(reply.id, "x" * 200_000, ReplyDetails(), "complete").result()
        assert store.chats.open(chat.id).result() == before
    filler.unlink()
    finished = store.messages.finish(reply.id, "half a reply", ReplyDetails(), "complete").result()
    store.messages.ask(chat.id, reply.id, "after").result()
    store.close()
    store = Store.open(disk / "alcove.db", key)
    texts = [m.text for m in store.chats.open(chat.id).result().messages]
    assert texts == ["before", finished.text, "after", ""]
    assert [h.text for h in store.search.find("after").result().hits] == ["after"]
    store.close()


def test_what_was_committed_survives_a_disk_that_fills_up_and_a_close_without_room(
    disk: Path, key: bytes
) -> None:
    store = Store.open(disk / "alcove.db", key)
    chat = store.chats.create("chat").result()
    kept = []
    futures = [store.messages.ask(chat.id, None, os.urandom(5_000).hex()) for _ in range(400)]
    assert any(isinstance(f.exception(), DiskFull) for f in futures)
    kept = [f.result()[0] for f in futures if f.exception() is None]
    filler = fill(disk)
    store.close()
    filler.unlink()
    store = Store.open(disk / "alcove.db", key)
    assert len(kept) > 5
    assert [store.messages.get(m.id).result().text for m in kept] == [m.text for m in kept]
    store.close()


def test_no_room_to_create_leaves_nothing_behind(disk: Path, key: bytes) -> None:
    filler = fill(disk, leave_bytes=8192)
    with pytest.raises(DiskFull):
        Store.open(disk / "alcove.db", key)
    assert [p.name for p in disk.iterdir()] == ["filler"]
    filler.unlink()
    Store.open(disk / "alcove.db", key).close()


def test_at_every_amount_of_room_a_database_is_made_whole_or_not_at_all(
    disk: Path, key: bytes
) -> None:
    path = disk / "alcove.db"
    made = failed = 0
    for leave in range(0, 480 * 1024, 24 * 1024):
        filler = fill(disk, leave_bytes=leave)
        try:
            Store.open(path, key).close()
            made += 1
        except DiskFull:
            failed += 1
            assert [p.name for p in disk.iterdir()] == ["filler"]
        filler.unlink()
        store = Store.open(path, key)
        store.chats.create("works").result()
        store.close()
        path.unlink()
    assert made
    assert failed


def test_a_purge_without_room_is_finished_by_the_next_one(disk: Path, key: bytes) -> None:
    store = Store.open(disk / "alcove.db", key)
    chat = store.chats.create("chat").result()
    store.messages.ask(chat.id, None, "Zqxmarker " * 100).result()
    store.chats.delete(chat.id).result()
    later = datetime.now(UTC) + timedelta(seconds=1)
    filler = fill(disk)
    future = store.chats.purge_deleted(later)
    assert future.exception() is None or isinstance(future.exception(), DiskFull)
    filler.unlink()
    store.chats.purge_deleted(later).result()
    assert store.chats.deleted().result() == ()
    assert b"Zqxmarker" not in decrypted(disk / "alcove.db", key)
    store.close()


def test_no_room_for_the_backup_means_no_migration(disk: Path, key: bytes) -> None:
    path = disk / "alcove.db"
    store = Store.open(path, key)
    store.chats.create("kept").result()
    store.close()
    filler = fill(disk, leave_bytes=40_000)
    step = ("ALTER TABLE chats ADD COLUMN colour TEXT",)
    with pytest.raises(DiskFull):
        Database.open_file(path, key, (*STEPS, step))
    filler.unlink()
    store = Store.open(path, key)
    assert [c.title for c in store.chats.list().result()] == ["kept"]
    assert list((disk / "backups").iterdir()) == []
    store.close()


def test_a_backup_onto_a_full_disk_fails_and_leaves_nothing(disk: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    new = KeyVault(home / "keys.json", None).create("passphrase", use_keyring=False)
    store = Store.open(home / "alcove.db", new.data_key)
    fill(disk, leave_bytes=16_384)
    with pytest.raises(DiskFull):
        store.backup(disk).result()
    assert [p.name for p in disk.iterdir()] == ["filler"]
    store.chats.create("still works").result()
    store.close()


def test_keys_are_not_made_or_changed_without_room(disk: Path) -> None:
    vault = KeyVault(disk / "keys.json", None)
    filler = fill(disk)
    with pytest.raises(DiskFull):
        vault.create("passphrase", use_keyring=False)
    assert not vault.exists
    filler.unlink()
    new = vault.create("passphrase", use_keyring=False)
    fill(disk)
    with pytest.raises(DiskFull):
        vault.set_passphrase(new.data_key, "another")
    assert vault.unlock_with_passphrase("passphrase") == new.data_key


def test_a_read_only_disk_is_said_and_left_alone(disk: Path, key: bytes) -> None:
    Store.open(disk / "alcove.db", key).close()
    (disk / "folder").mkdir()
    make_read_only(disk)
    with pytest.raises(ReadOnly):
        Store.open(disk / "alcove.db", key)
    with pytest.raises(ReadOnly):
        Store.open(disk / "other.db", key)
    with pytest.raises(ReadOnly):
        KeyVault(disk / "folder" / "keys.json", None).create("p", use_keyring=False)


def test_a_read_only_disk_with_a_log_left_by_a_kill_is_said_too(
    disk: Path, tmp_path: Path, key: bytes
) -> None:
    store = Store.open(tmp_path / "alcove.db", key)
    store.chats.create("in the log").result()
    for name in ("alcove.db", "alcove.db-wal"):
        (disk / name).write_bytes((tmp_path / name).read_bytes())
    store.close()
    make_read_only(disk)
    with pytest.raises(ReadOnly):
        Store.open(disk / "alcove.db", key)
