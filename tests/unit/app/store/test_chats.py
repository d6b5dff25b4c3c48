from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.core.errors import StoreError
from app.core.records import ReplyDetails
from app.store import Store


def test_the_newest_chat_comes_first_and_pinned_ones_before_it(store: Store) -> None:
    first, second, third = (store.chats.create(name).result() for name in ("1", "2", "3"))
    store.chats.pin(first.id, True).result()
    store.messages.ask(second.id, None, "q").result()
    assert [c.id for c in store.chats.list().result()] == [first.id, second.id, third.id]
    store.chats.pin(first.id, False).result()
    assert [c.id for c in store.chats.list().result()] == [second.id, third.id, first.id]


def test_renaming_keeps_the_place(store: Store) -> None:
    first, second = store.chats.create("a").result(), store.chats.create("b").result()
    renamed = store.chats.rename(first.id, "Ünïcode 标题").result()
    assert (renamed.title, renamed.updated_at) == ("Ünïcode 标题", first.updated_at)
    assert [c.id for c in store.chats.list().result()] == [second.id, first.id]


def test_times_are_utc(store: Store) -> None:
    created = store.chats.create().result().created_at
    assert created.tzinfo is UTC
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)


def test_deleting_moves_to_the_bin_and_back(store: Store) -> None:
    chat = store.chats.create("a").result()
    store.messages.ask(chat.id, None, "the question").result()
    store.chats.delete(chat.id).result()
    assert store.chats.list().result() == ()
    assert [c.id for c in store.chats.deleted().result()] == [chat.id]
    assert store.search.find("question").result().hits == ()
    with pytest.raises(LookupError):
        store.chats.open(chat.id).result()
    store.chats.restore(chat.id).result()
    assert len(store.chats.open(chat.id).result().messages) == 2
    assert len(store.search.find("question").result().hits) == 1


def test_only_what_was_in_the_bin_long_enough_is_purged(store: Store) -> None:
    old, new, kept = (store.chats.create(name).result() for name in ("old", "new", "kept"))
    question, _ = store.messages.ask(old.id, None, "an old question").result()
    store.attachments.add(question.id, "f", "text/plain", b"x").result()
    store.chats.delete(old.id).result()
    moment = datetime.now(UTC)
    store.chats.delete(new.id).result()
    assert store.chats.purge_deleted(moment).result() == 1
    assert [c.id for c in store.chats.deleted().result()] == [new.id]
    assert [c.id for c in store.chats.list().result()] == [kept.id]
    with pytest.raises(LookupError):
        store.messages.get(question.id).result()
    assert store.attachments.list(question.id).result() == ()
    with pytest.raises(LookupError):
        store.chats.restore(old.id).result()


def test_ids_are_never_used_again(store: Store) -> None:
    chat = store.chats.create().result()
    store.chats.delete(chat.id).result()
    store.chats.purge_deleted(datetime.now(UTC) + timedelta(seconds=1)).result()
    assert store.chats.create().result().id > chat.id


def test_drafts_are_kept_per_chat_and_before_there_is_one(store: Store) -> None:
    chat = store.chats.create().result()
    assert store.chats.draft(None).result() == ""
    store.chats.save_draft(None, "new").result()
    store.chats.save_draft(chat.id, "old").result()
    assert store.chats.draft(None).result() == "new"
    assert store.chats.draft(chat.id).result() == "old"
    assert store.chats.open(chat.id).result().draft == "old"


def test_what_is_not_there_is_a_lookup_error(store: Store) -> None:
    for call in (
        lambda: store.chats.open(1),
        lambda: store.chats.rename(1, "x"),
        lambda: store.chats.delete(1),
        lambda: store.chats.restore(1),
        lambda: store.chats.save_draft(1, "x"),
        lambda: store.chats.draft(1),
        lambda: store.messages.get(1),
        lambda: store.attachments.read(1),
        lambda: store.attachments.add(1, "n", "t", b""),
    ):
        with pytest.raises(LookupError):
            call().result()


def test_a_chain_longer_than_sqlites_nesting_limit_is_deleted(store: Store) -> None:
    chat = store.chats.create().result()
    parent = None
    for number in range(700):  # 1,400 messages in one chain; the limit is 1,000
        _, reply = store.messages.ask(chat.id, parent, f"q{number}").result()
        parent = reply.id
    assert len(store.chats.open(chat.id).result().messages) == 1400
    store.chats.delete(chat.id).result()
    assert store.chats.purge_deleted(datetime.now(UTC) + timedelta(seconds=1)).result() == 1
    assert store.search.find("q1").result().hits == ()


def test_a_temporary_store_works_without_a_file() -> None:
    store = Store.open_temporary()
    try:
        assert store.temporary
        chat = store.chats.create("a").result()
        store.messages.ask(chat.id, None, "路灯").result()
        assert len(store.search.find("灯").result().hits) == 1
        store.chats.delete(chat.id).result()
        assert store.chats.purge_deleted(datetime.now(UTC) + timedelta(seconds=1)).result() == 1
    finally:
        store.close()


def long_chat(store: Store, count: int) -> int:
    chat = store.chats.create("long").result()
    parent = None
    for number in range(count):
        _, reply = store.messages.ask(chat.id, parent, f"question {number} " * 40).result()
        store.messages.finish(reply.id, "answer " * 100, ReplyDetails(), "complete").result()
        parent = reply.id
    return chat.id


def test_while_a_long_chat_is_destroyed_others_go_on(store: Store) -> None:
    chat_id = long_chat(store, 120)
    store.chats.delete(chat_id).result()
    destroyed = store.chats.destroy(chat_id)
    assert store.chats.deleted().result() == ()  # it is out of the bin at once
    other = store.chats.create("other").result()
    assert store.messages.ask(other.id, None, "goes on").result()
    assert not destroyed.done()
    with pytest.raises(LookupError):
        store.chats.restore(chat_id).result()
    assert destroyed.result() == 1
    assert store.search.find("question").result().hits == ()
    assert store._database.submit(
        lambda c: c.exec_driver_sql("SELECT count(*) FROM messages").scalar_one()
    ).result() == 2  # fmt: skip


def test_what_a_close_left_half_destroyed_goes_with_the_next_purge(path: Path, key: bytes) -> None:
    store = Store.open(path, key)
    chat_id = long_chat(store, 60)
    store.chats.delete(chat_id).result()
    destroyed = store.chats.destroy(chat_id)
    store.close()
    assert isinstance(destroyed.exception(), StoreError)
    store = Store.open(path, key)
    assert store.chats.deleted().result() == ()
    assert store.chats.list().result() == ()
    assert store.chats.purge_deleted(datetime.now(UTC) - timedelta(days=30)).result() == 1
    count = "SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM chats)"
    left = store._database.submit(lambda c: c.exec_driver_sql(count).scalar_one())
    assert left.result() == 0
    store.close()
