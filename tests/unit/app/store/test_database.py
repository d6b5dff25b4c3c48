"""Damage, locks and life cycle of the file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.errors import Corrupt, Locked, StoreError
from app.core.records import ReplyDetails
from app.store import Store
from tests.helpers.heap import heap_mb

_HOLD = """
import sys
from pathlib import Path
from app.store import Store
store = Store.open(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
store.chats.create("held").result()
print("open", flush=True)
sys.stdin.read()
store.close()
"""


def fill(path: Path, key: bytes, count: int = 40) -> None:
    store = Store.open(path, key)
    chat = store.chats.create("chat").result()
    for number in range(count):
        _, reply = store.messages.ask(chat.id, None, f"question {number} " * 50).result()
        store.messages.finish(reply.id, "answer " * 200, ReplyDetails(), "complete").result()
    store.close()


def read_everything(path: Path, key: bytes) -> None:
    store = Store.open(path, key)
    try:
        for chat in store.chats.list().result():
            store.chats.open(chat.id).result()
        store.search.rebuild().result()
    finally:
        store.close()


def test_the_file_says_nothing_and_nothing_lies_beside_it(path: Path, key: bytes) -> None:
    fill(path, key, 2)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert not path.read_bytes().startswith(b"SQLite format 3")


def test_a_wrong_key_is_refused_and_changes_nothing(path: Path, key: bytes) -> None:
    fill(path, key, 2)
    before = path.read_bytes()
    with pytest.raises(Corrupt) as caught:
        Store.open(path, os.urandom(32))
    assert caught.value.__cause__ is not None
    assert path.read_bytes() == before
    read_everything(path, key)


def test_the_key_has_32_bytes(path: Path) -> None:
    with pytest.raises(ValueError, match="32"):
        Store.open(path, b"short")
    assert not path.exists()


def cut_in_half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def cut_inside_a_page(data: bytes) -> bytes:
    return data[:-1000]


def flip_first(data: bytes) -> bytes:
    return data[:40] + bytes([data[40] ^ 1]) + data[41:]


def flip_everywhere(data: bytes) -> bytes:
    changed = bytearray(data)
    for place in range(100, len(data), 4096):
        changed[place] ^= 4
    return bytes(changed)


@pytest.mark.parametrize(
    "damage",
    [
        cut_in_half,
        cut_inside_a_page,
        flip_first,
        flip_everywhere,
        lambda data: data[:0],
        lambda data: b"\0" * len(data),
        lambda data: b"SQLite format 3\0" + data[16:],
        lambda data: b"this is no database at all" + data[:0],
        lambda data: os.urandom(len(data)),
    ],
)
def test_damage_is_said_and_left_alone(
    path: Path, key: bytes, damage: Callable[[bytes], bytes]
) -> None:
    fill(path, key)
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(Corrupt):
        read_everything(path, key)
    assert len(path.read_bytes()) == len(damaged)


def test_a_second_process_is_told_that_it_is_locked(path: Path, key: bytes) -> None:
    command = [sys.executable, "-c", _HOLD, str(path), key.hex()]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(Locked):
            Store.open(path, key)
        holder.communicate("")
    store = Store.open(path, key)
    assert [c.title for c in store.chats.list().result()] == ["held"]
    store.close()


def test_a_second_store_in_this_process_is_locked_out_too(
    store: Store, path: Path, key: bytes
) -> None:
    with pytest.raises(Locked):
        Store.open(path, key)
    store.chats.create("still works").result()


def test_a_folder_in_its_place_is_an_error(path: Path, key: bytes) -> None:
    path.mkdir()
    with pytest.raises(StoreError):
        Store.open(path, key)


def test_a_missing_folder_is_an_error(tmp_path: Path, key: bytes) -> None:
    with pytest.raises(StoreError):
        Store.open(tmp_path / "no" / "alcove.db", key)


def test_a_log_left_by_a_database_taken_away_is_not_read_into_a_new_one(
    path: Path, key: bytes
) -> None:
    log = path.with_name(path.name + "-wal")
    store = Store.open(path, key)
    store.chats.create("old").result()
    old_log = log.read_bytes()
    store.close()
    path.unlink()
    log.write_bytes(old_log)
    store = Store.open(path, key)
    assert store.chats.list().result() == ()
    store.close()


def test_an_unfinished_creation_is_cleared_away(path: Path, key: bytes) -> None:
    leftover = path.with_name(f".{path.name}.{os.getpid()}.new")
    leftover.write_bytes(b"half")
    Store.open(path, key).close()
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_after_closing_every_call_fails_softly(path: Path, key: bytes) -> None:
    store = Store.open(path, key)
    pending = [store.chats.create(str(n)) for n in range(50)]
    store.close()
    store.close()
    assert [p.result().title for p in pending] == [str(n) for n in range(50)]
    with pytest.raises(StoreError) as caught:
        store.chats.list().result()
    assert caught.value.params == {"reason": "closed"}


def test_the_work_is_done_on_one_thread_that_is_not_the_callers(store: Store) -> None:
    names = {
        store._database.submit(lambda _: threading.current_thread().name).result() for _ in range(5)
    }
    assert len(names) == 1
    assert names.isdisjoint({threading.main_thread().name})


def test_an_error_inside_a_transaction_undoes_all_of_it(store: Store) -> None:
    def work(connection: object) -> None:
        connection.exec_driver_sql("DELETE FROM chats")  # type: ignore[attr-defined]
        raise ZeroDivisionError

    store.chats.create("kept").result()
    with pytest.raises(ZeroDivisionError):
        store._database.submit(work).result()
    assert [c.title for c in store.chats.list().result()] == ["kept"]


def test_errors_of_the_database_never_quote_what_was_written(store: Store) -> None:
    def work(connection: object) -> None:
        sql = "INSERT INTO meta (key, value) VALUES (?, NULL)"
        connection.exec_driver_sql(sql, ("SECRET-MARKER",))  # type: ignore[attr-defined]

    with pytest.raises(StoreError) as caught:
        store._database.submit(work).result()
    chain = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__cause__}"
    assert "SECRET-MARKER" not in chain


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("locking_mode", "exclusive"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("temp_store", 2),
        ("trusted_schema", 0),
    ],
)
def test_the_connection_is_set_up(store: Store, pragma: str, value: str | int) -> None:
    query = f"PRAGMA {pragma}"
    found = store._database.submit(lambda c: c.exec_driver_sql(query).scalar_one()).result()
    assert found == value


@pytest.mark.skipif(sys.platform != "linux", reason="asks GNU's C library")
def test_decrypted_pages_are_given_back(
    path: Path, key: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the process holds after everything was read, when it rests and when it does not."""

    def held_mb(rest_every_s: float) -> float:
        monkeypatch.setattr("app.store.database._REST_EVERY_S", rest_every_s)
        store = Store.open(path, key)
        before_mb, *_ = heap_mb()
        store.search.rebuild().result()
        for _ in range(2):  # the second is done after what the first left was given back
            store.chats.list().result()
        after_mb, *_ = heap_mb()
        store.close()
        return after_mb - before_mb

    fill(path, key, 300)
    assert held_mb(0.0) < held_mb(3600.0) / 2
