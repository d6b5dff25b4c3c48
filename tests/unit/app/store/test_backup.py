from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.core.errors import Corrupt, KeyUnavailable, StoreError
from app.store import Store
from app.store.backup import AUTOMATIC_DAYS, remove_old_automatic
from app.store.keys import KeyVault
from tests.helpers.small_disk import fill, small_disk


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def test_a_backup_opens_on_another_computer_by_the_code(home: Path, tmp_path: Path) -> None:
    new = KeyVault(home / "keys.json", None).create("passphrase", use_keyring=False)
    store = Store.open(home / "alcove.db", new.data_key)
    chat = store.chats.create("moved").result()
    store.messages.ask(chat.id, None, "路灯").result()
    folder = store.backup(tmp_path / "stick").result()
    store.chats.create("later").result()
    store.close()
    shutil.rmtree(home)
    assert sorted(p.name for p in folder.iterdir()) == ["alcove.db", "keys.json"]
    elsewhere = KeyVault(folder / "keys.json", None)
    other = Store.open(folder / "alcove.db", elsewhere.unlock_with_recovery(new.recovery_code))
    assert [c.title for c in other.chats.list().result()] == ["moved"]
    assert len(other.search.find("灯").result().hits) == 1
    other.close()
    assert elsewhere.unlock_with_passphrase("passphrase") == new.data_key


def test_each_backup_has_its_own_folder(home: Path, tmp_path: Path) -> None:
    new = KeyVault(home / "keys.json", None).create("passphrase", use_keyring=False)
    store = Store.open(home / "alcove.db", new.data_key)
    folders = {store.backup(tmp_path / "stick").result() for _ in range(3)}
    assert len(folders) == 3
    store.close()


def test_a_copy_that_nothing_would_open_is_refused(
    store: Store, path: Path, tmp_path: Path
) -> None:
    with pytest.raises(KeyUnavailable):
        store.backup(tmp_path / "stick").result()
    assert not (tmp_path / "stick").exists()


def test_damage_does_not_pass_into_a_copy(home: Path, tmp_path: Path) -> None:
    new = KeyVault(home / "keys.json", None).create("passphrase", use_keyring=False)
    path = home / "alcove.db"
    store = Store.open(path, new.data_key)
    chat = store.chats.create().result()
    for _ in range(20):
        store.messages.ask(chat.id, None, "word " * 1000).result()
    store.close()
    data = bytearray(path.read_bytes())
    data[-3000] ^= 1
    path.write_bytes(bytes(data))
    store = Store.open(path, new.data_key)
    with pytest.raises(Corrupt):
        store.backup(tmp_path / "stick").result()
    assert list((tmp_path / "stick").iterdir()) == []
    store.close()


def test_a_temporary_store_has_nothing_to_back_up(tmp_path: Path) -> None:
    store = Store.open_temporary()
    with pytest.raises(StoreError):
        store.backup(tmp_path)
    store.close()


def test_a_purge_removes_old_automatic_copies(store: Store, path: Path) -> None:
    old = path.parent / "backups" / "update-from-1-20200101-000000-000000"
    old.mkdir(parents=True)
    assert store.chats.purge_deleted(datetime.now(UTC)).result() == 0
    store.chats.list().result()
    assert not old.exists()


def test_old_automatic_copies_go_and_other_folders_stay(path: Path) -> None:
    now = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
    backups = path.parent / "backups"
    stamps = {
        "update-from-1-20260501-000000-000000": True,
        f"update-from-2-{now - timedelta(days=AUTOMATIC_DAYS - 1):%Y%m%d-%H%M%S-%f}": False,
        "update-from-x": False,
        "my own copy": False,
    }
    for name in stamps:
        (backups / name).mkdir(parents=True)
        (backups / name / "alcove.db").write_bytes(b"x")
    assert remove_old_automatic(path, now) == 1
    assert {p.name for p in backups.iterdir()} == {n for n, gone in stamps.items() if not gone}


def copies(home: Path) -> list[str]:
    return sorted(p.name.rsplit("-", 3)[0] for p in (home / "backups").glob("*"))


def test_another_program_version_copies_what_it_finds_once(home: Path) -> None:
    key = bytes(range(32))
    Store.open(home / "alcove.db", key, "1.0").close()
    store = Store.open(home / "alcove.db", key, "1.1")
    assert store.chats.create("written by 1.1").result().id == 1  # after the copy, if any
    store.close()
    assert copies(home) == []  # there was nothing in it
    for version in ("1.1", "1.2", "1.2", "1.1"):
        Store.open(home / "alcove.db", key, version).close()
    assert copies(home) == ["update-from-1.1", "update-from-1.2"]
    old = sorted((home / "backups").iterdir())[0]
    kept = Store.open(old / "alcove.db", key, "1.1")
    assert [c.title for c in kept.chats.list().result()] == ["written by 1.1"]
    kept.close()


def test_no_room_for_that_copy_keeps_nobody_out(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2 << 20) as disk:
        key = bytes(32)
        store = Store.open(disk / "alcove.db", key, "1.0")
        store.chats.create("x" * 400_000).result()
        store.close()
        filler = fill(disk, leave_bytes=200_000)
        store = Store.open(disk / "alcove.db", key, "1.1")
        assert len(store.chats.list().result()) == 1
        store.close()
        assert list((disk / "backups").glob("*")) == []
        filler.unlink()
        Store.open(disk / "alcove.db", key, "1.1").close()  # tried again
        assert copies(disk) == ["update-from-1.0"]
