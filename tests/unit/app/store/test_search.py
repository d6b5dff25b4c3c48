from __future__ import annotations

import pytest

from app.core.records import ReplyDetails
from app.store import Store
from app.store.repositories.meta import SEARCH_VERSION


def found(store: Store, text: str) -> list[int]:
    return [hit.message_id for hit in store.search.find(text).result().hits]


@pytest.fixture
def ids(store: Store) -> tuple[int, int]:
    chat = store.chats.create("title").result()
    question, reply = store.messages.ask(chat.id, None, "昨晚路灯亮了吗？ Le café d'ÉLISE").result()
    store.messages.finish(reply.id, "Street lamps were on; 東京タワー", ReplyDetails(), "complete")
    return question.id, reply.id


@pytest.mark.parametrize(
    "query",
    [
        "路灯",
        "灯",
        "路",
        "灯亮",
        "昨晚路灯亮了",
        "吗",
        "cafe",
        "CAFÉ",
        "elis",
        "café 路灯",
        "路灯 elise",
    ],
)
def test_the_question_is_found(store: Store, ids: tuple[int, int], query: str) -> None:
    assert found(store, query) == [ids[0]]


@pytest.mark.parametrize("query", ["lamp", "LAMPS", "street on", "ﾀﾜｰ", "京タ", "lam str"])
def test_the_reply_is_found(store: Store, ids: tuple[int, int], query: str) -> None:
    assert found(store, query) == [ids[1]]


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "?!",
        "😀",
        "灯路",
        "amps",
        "lamp cafe",
        'NOT "',
        "*",
        "lamps NEAR(x",
        "tokens:xy",
        "\0",
    ],
)
def test_what_is_not_there_is_not_found_and_nothing_is_a_command(
    store: Store, ids: tuple[int, int], query: str
) -> None:
    assert found(store, query) == []


def test_hits_are_the_newest_first_and_limited(store: Store) -> None:
    chat = store.chats.create("t").result()
    asked = [store.messages.ask(chat.id, None, f"apple {n}").result()[0].id for n in range(5)]
    results = store.search.find("apple", 3).result()
    hits = results.hits
    assert results.more
    assert [hit.message_id for hit in hits] == asked[:1:-1]
    assert (hits[0].chat.title, hits[0].role, hits[0].text) == ("t", "user", "apple 4")


def test_a_reply_is_findable_when_it_is_final(store: Store) -> None:
    chat = store.chats.create().result()
    _, reply = store.messages.ask(chat.id, None, "q").result()
    store.messages.checkpoint(reply.id, "banana", ReplyDetails()).result()
    assert found(store, "banana") == []
    store.messages.finish(reply.id, "banana split", ReplyDetails(), "stopped").result()
    assert found(store, "banana") == [reply.id]


def test_the_search_can_be_rebuilt(store: Store, ids: tuple[int, int]) -> None:
    store._database.submit(  # a search that was lost
        lambda c: c.exec_driver_sql("INSERT INTO search (search) VALUES ('delete-all')")
    ).result()
    assert found(store, "路灯") == []
    assert store.search.rebuild().result() == 2
    assert found(store, "路灯") == [ids[0]]
    assert found(store, "lamps") == [ids[1]]


def test_other_rules_lead_to_a_rebuild(store: Store, ids: tuple[int, int]) -> None:
    assert store.search.ensure_current().result() == 0
    store.meta.set(SEARCH_VERSION, "0/old").result()
    assert store.search.ensure_current().result() == 2
    assert store.search.ensure_current().result() == 0
    assert found(store, "灯") == [ids[0]]


def test_the_bin_is_not_searched_and_what_leaves_it_is_again(
    store: Store, ids: tuple[int, int]
) -> None:
    other = store.chats.create("other").result()
    kept, _ = store.messages.ask(other.id, None, "昨晚路灯亮了").result()
    chat = store.messages.get(ids[0]).result().chat_id
    assert found(store, "路灯") == [kept.id, ids[0]]
    store.chats.delete(chat).result()
    assert found(store, "路灯") == [kept.id]
    store.chats.delete(other.id).result()
    assert found(store, "路灯") == []
    store.chats.restore(chat).result()
    assert found(store, "路灯") == [ids[0]]
    store.chats.destroy(other.id).result()
    assert found(store, "路灯") == [ids[0]]


def test_words_are_found_after_every_repair(store: Store, ids: tuple[int, int]) -> None:
    # The file was closed meanwhile: what the old connection had in memory is gone, though the new
    # one may lie at the same address.
    for _ in range(30):
        assert found(store, "路灯") == [ids[0]]
        assert store.repair(lambda _: None).result().state == "sound"


def test_chats_are_found_by_their_titles(store: Store) -> None:
    made = [store.chats.create(f"Street lamps {n}").result() for n in range(25)]
    store.chats.delete(made[-1].id).result()
    results = store.search.find("LAMP str").result()
    assert [c.id for c in results.chats] == [c.id for c in made[-2:-22:-1]]
    assert store.search.find("amps").result().chats == ()
