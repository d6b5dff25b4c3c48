"""Folders, pins, the bin, suggested names, through the service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from pytestqt.qtbot import QtBot
from sqlalchemy import Connection, update

from app.core.records import ChatSummary, DeletedFolder, Folder
from app.services.chats import ChatService
from app.services.engine_host import EngineHost
from app.services.saved_chats import SavedChats
from app.services.tasks import Tasks
from app.store import Store
from app.store.tables import chats
from tests.helpers.chat_recorder import ChatRecorder


def test_folders_hold_chats_and_let_them_go(chat: ChatRecorder, store: Store) -> None:
    seen: list[tuple[Folder, ...]] = []
    chat.service.folders_changed.connect(seen.append)
    chat.wait(lambda: bool(seen))  # once at the start
    kept = store.chats.create("kept").result()
    chat.service.add_folder("  Letters ")
    chat.wait(lambda: [f.name for f in seen[-1]] == ["Letters"])
    [folder] = seen[-1]
    chat.service.move_chat(kept.id, folder.id)
    chat.wait(lambda: bool(chat.summaries) and chat.summaries[0].folder_id == folder.id)
    chat.service.add_folder("accounts")
    chat.service.rename_folder(folder.id, "Briefe")
    chat.wait(lambda: [f.name for f in seen[-1]] == ["accounts", "Briefe"])
    chat.service.add_folder("Briefe")
    chat.service.move_chat(kept.id, 999)  # no such folder: shows what there is
    gone: list[DeletedFolder] = []
    chat.service.folder_deleted.connect(gone.append)
    chat.service.delete_folder(folder.id)
    chat.wait(lambda: chat.summaries[0].folder_id is None)
    assert [f.name for f in seen[-1]] == ["accounts"]
    assert [s.title for s in chat.summaries] == ["kept"]
    assert gone == [DeletedFolder("Briefe", (kept.id,))]


def test_a_deleted_folder_is_had_back_with_what_lay_in_it(chat: ChatRecorder, store: Store) -> None:
    first, second, third, binned = (store.chats.create(title).result() for title in "abcd")
    letters = store.folders.add("Letters").result()[0]
    for made in (first, second, third, binned):
        store.chats.move(made.id, letters.id).result()
    store.chats.delete(binned.id).result()
    gone: list[DeletedFolder] = []
    chat.service.folder_deleted.connect(gone.append)
    chat.service.delete_folder(letters.id)
    chat.wait(lambda: bool(gone))
    other = store.folders.add("Other").result()[0]
    store.chats.move(second.id, other.id).result()  # laid elsewhere meanwhile: stays there
    store.chats.destroy(binned.id).result()
    chat.service.restore_folder(gone[0])
    names = {f.id: f.name for f in store.folders.list().result()}
    assert sorted(names.values()) == ["Letters", "Other"]
    lies = {c.title: names.get(c.folder_id or 0) for c in store.chats.list().result()}
    assert lies == {"a": "Letters", "b": "Other", "c": "Letters"}


def test_pinned_chats_come_first(chat: ChatRecorder, store: Store) -> None:
    old, new = (store.chats.create(title).result() for title in ("old", "new"))
    chat.service.pin_chat(old.id, True)
    chat.wait(lambda: [s.title for s in chat.summaries] == ["old", "new"])
    chat.service.pin_chat(old.id, False)
    chat.wait(lambda: [s.title for s in chat.summaries] == ["new", "old"])
    assert new.id


def test_the_bin(chat: ChatRecorder, store: Store) -> None:
    seen: list[tuple[ChatSummary, ...]] = []
    chat.service.bin_changed.connect(seen.append)
    first, second, third = (store.chats.create(title).result() for title in "abc")
    for made in (first, second, third):
        chat.service.delete_chat(made.id)
    chat.service.list_bin()
    chat.wait(lambda: bool(seen) and [s.title for s in seen[-1]] == ["c", "b", "a"])
    assert all(s.deleted_at is not None for s in seen[-1])
    chat.service.destroy_chat(second.id)
    chat.wait(lambda: [s.title for s in seen[-1]] == ["c", "a"])
    chat.service.restore_chat(first.id)
    chat.wait(lambda: [s.title for s in seen[-1]] == ["c"])
    chat.service.destroy_chat(first.id)  # not in the bin: nothing happens to it
    chat.service.empty_bin()
    chat.wait(lambda: seen[-1] == ())
    assert [s.title for s in store.chats.list().result()] == ["a"]
    assert not chat.errors


def test_a_name_is_suggested(chat: ChatRecorder, store: Store) -> None:
    seen: list[tuple[int, str]] = []
    chat.service.title_suggested.connect(lambda *pair: seen.append(pair))
    chat.ask("Hello, could you please tell me about the harbour master?")
    assert chat.service.chat_id is not None
    empty = store.chats.create("x").result()
    chat.service.suggest_title(chat.service.chat_id)
    chat.service.suggest_title(empty.id)
    chat.wait(lambda: len(seen) == 2)
    assert seen == [(chat.service.chat_id, "Harbour master"), (empty.id, "")]


def test_the_bin_is_emptied_after_its_days(
    qtbot: QtBot, tasks: Tasks, shared_host: EngineHost, store: Store
) -> None:
    made = [store.chats.create(title).result() for title in ("old", "new")]
    for days, chat_ in zip((8, 6), made, strict=True):
        store.chats.delete(chat_.id).result()
        then = datetime.now(UTC) - timedelta(days=days)
        row = update(chats).where(chats.c.id == chat_.id).values(deleted_at=then)
        store._database.submit(partial(Connection.execute, statement=row)).result()
    service = ChatService(shared_host, tasks, SavedChats(shared_host, tasks), bin_days=7)
    assert service.bin_days == 7
    service.attach(store, "stored")
    service.start()
    qtbot.waitUntil(lambda: [c.title for c in store.chats.deleted().result()] == ["new"])
    service.shutdown()
