"""Repair through the service, of open chats and of chats that could not be opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.errors import AppError, Corrupt, DamagedFile, KeyUnavailable, StoreError
from app.core.keeping import Imported, RepairReport
from app.core.paths import Paths
from app.services.vault import UnlockService
from app.store import Store
from app.store.keys import KeyVault
from tests.helpers.keeping_recorder import KeepingRecorder

WAIT_MS = 20_000


@pytest.fixture
def code(paths: Paths) -> str:
    """Chats on the disk, locked by a passphrase; the recovery code."""
    new = KeyVault(paths.keys, None).create("open sesame", use_keyring=False)
    store = Store.open(paths.database, new.data_key)
    chat = store.chats.create("kept").result()
    for number in range(40):
        store.messages.ask(chat.id, None, f"question {number} " + "x" * 3000).result()
    store.close()
    return new.recovery_code


def spoil(path: Path, page: int) -> None:
    data = bytearray(path.read_bytes())
    data[page * 4096 + 100 : page * 4096 + 160] = os.urandom(60)
    path.write_bytes(data)


def open_chats(qtbot: QtBot, unlock: UnlockService) -> list[tuple[Store, str]]:
    opened: list[tuple[Store, str]] = []
    asked: list[str] = []
    unlock.opened.connect(lambda store, mode: opened.append((store, mode)))
    unlock.passphrase_needed.connect(asked.append)
    unlock.begin()
    qtbot.waitUntil(lambda: bool(asked), timeout=WAIT_MS)
    unlock.provide_passphrase("open sesame")
    qtbot.waitUntil(lambda: bool(opened), timeout=WAIT_MS)
    return opened


def test_open_chats_are_checked(
    qtbot: QtBot, keeping: KeepingRecorder, unlock: UnlockService, code: str
) -> None:
    [(store, mode)] = open_chats(qtbot, unlock)
    assert mode == "stored"
    keeping.service.attach(store, mode)
    keeping.service.repair()
    assert keeping.end() == RepairReport("sound", 1, 80)
    assert len(store.chats.list().result()) == 1


def test_open_chats_that_are_damaged_go_on_in_the_same_store(
    qtbot: QtBot, keeping: KeepingRecorder, unlock: UnlockService, paths: Paths, code: str
) -> None:
    spoil(paths.database, 40)
    [(store, _)] = open_chats(qtbot, unlock)
    keeping.service.attach(store, "stored")
    keeping.service.repair()
    report = keeping.end()
    assert isinstance(report, RepairReport)
    assert report.state == "rescued"
    assert report.damaged_file is not None
    assert report.damaged_file.parent == paths.data
    store.chats.rename(1, "goes on").result()
    assert [c.title for c in store.chats.list().result()] == ["goes on"]


def test_chats_that_could_not_be_opened_come_back_with_what_was_said_meanwhile(
    qtbot: QtBot, keeping: KeepingRecorder, unlock: UnlockService, paths: Paths, code: str
) -> None:
    backup = paths.data / "backups" / "update-from-1-20260101-000000-000000"
    backup.mkdir(parents=True)
    (backup / paths.database.name).write_bytes(paths.database.read_bytes())
    spoil(paths.database, 0)
    errors: list[AppError] = []
    unlock.error_raised.connect(errors.append)
    opened = open_chats(qtbot, unlock)
    [(temporary, mode)] = opened
    assert (mode, [type(e) for e in errors]) == ("temporary", [Corrupt])
    assert unlock.damaged
    keeping.service.attach(temporary, mode)
    unlock.opened.connect(keeping.service.attach)
    said = temporary.chats.create("meanwhile").result()
    temporary.messages.ask(said.id, None, "hello").result()
    keeping.service.repair()
    report = keeping.end()
    assert isinstance(report, RepairReport)
    assert (report.state, report.chats, report.messages) == ("restored", 2, 82)
    assert not unlock.damaged
    store, mode = opened[1]
    assert mode == "stored"
    assert [c.title for c in store.chats.list().result()] == ["meanwhile", "kept"]
    keeping.service.repair()
    keeping.done.clear()
    assert keeping.end() == RepairReport("sound", 2, 82)


def test_chats_that_are_lost_stay_where_they_are(
    qtbot: QtBot, keeping: KeepingRecorder, unlock: UnlockService, paths: Paths, code: str
) -> None:
    spoil(paths.database, 0)
    before = paths.database.read_bytes()
    opened = open_chats(qtbot, unlock)
    keeping.service.repair()
    assert keeping.end() == RepairReport("lost", 0, 0)
    assert paths.database.read_bytes() == before
    assert len(opened) == 1
    assert unlock.damaged


def test_a_temporary_store_has_nothing_to_repair(keeping: KeepingRecorder) -> None:
    keeping.service.repair()
    assert isinstance(keeping.end(), StoreError)


def test_a_backup_comes_back_beside_what_is_here(
    qtbot: QtBot, keeping: KeepingRecorder, unlock: UnlockService, tmp_path: Path, code: str
) -> None:
    [(store, _)] = open_chats(qtbot, unlock)
    folder = store.backup(tmp_path / "stick").result()
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    store.chats.delete(1).result()
    store.chats.destroy(1).result()
    store.chats.create("newer").result()
    keeping.service.attach(store, "stored")
    assert keeping.bring(folder) == Imported(1, 80, 0)
    assert keeping.bring(folder / "alcove.db") == Imported(0, 0, 1)
    assert sorted(c.title for c in store.chats.list().result()) == ["kept", "newer"]
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert list(tmp_path.rglob(".restore-*")) == []


def test_a_backup_of_another_computer_needs_its_code(
    keeping: KeepingRecorder, store: Store, tmp_path: Path
) -> None:
    new = KeyVault(tmp_path / "keys.json", None).create("their phrase", use_keyring=False)
    theirs = Store.open(tmp_path / "alcove.db", new.data_key)
    theirs.messages.ask(theirs.chats.create("theirs").result().id, None, "hello").result()
    folder = theirs.backup(tmp_path / "stick").result()
    theirs.close()
    for secret in ("", "wrong"):
        error = keeping.bring(folder, secret)
        assert isinstance(error, KeyUnavailable)
        assert error.params == {"reason": "wrong"}
    assert keeping.bring(folder, new.recovery_code.lower()) == Imported(1, 2, 0)
    assert keeping.bring(folder, "their phrase") == Imported(0, 0, 1)
    assert [c.title for c in store.chats.list().result()] == ["theirs"]
    spoil(folder / "alcove.db", 0)
    assert isinstance(keeping.bring(folder, "their phrase"), Corrupt | DamagedFile)
