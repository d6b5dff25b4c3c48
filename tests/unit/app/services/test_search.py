from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.core.records import SearchResults
from app.services.search import SearchService
from app.services.tasks import Tasks
from app.store import Store

WAIT_MS = 5_000


@pytest.fixture
def results(service: SearchService) -> list[SearchResults]:
    seen: list[SearchResults] = []
    service.found.connect(seen.append)
    return seen


@pytest.fixture
def service(tasks: Tasks) -> Iterator[SearchService]:
    made = SearchService(tasks)
    yield made
    made.deleteLater()


@pytest.fixture
def filled(store: Store) -> Store:
    lamps = store.chats.create("Street lamps").result()
    store.messages.ask(lamps.id, None, "昨晚路灯亮了吗？").result()
    deleted = store.chats.create("lamps, deleted").result()
    store.messages.ask(deleted.id, None, "lamp").result()
    store.chats.delete(deleted.id).result()
    return store


def test_the_newest_text_wins(
    qtbot: QtBot, service: SearchService, results: list[SearchResults], filled: Store
) -> None:
    service.attach(filled)
    for text in ("l", "la", "lam"):
        service.find(text)
    qtbot.waitUntil(lambda: bool(results), timeout=WAIT_MS)
    service.find("路灯")
    qtbot.waitUntil(lambda: len(results) == 2, timeout=WAIT_MS)
    assert [r.text for r in results] == ["lam", "路灯"]
    assert [c.title for c in results[0].chats] == ["Street lamps"]
    assert results[0].hits == ()
    [hit] = results[1].hits
    assert (hit.text, hit.marks) == ("昨晚路灯亮了吗？", ((2, 4),))


def test_an_empty_field_shows_nothing_at_once(
    service: SearchService, results: list[SearchResults], filled: Store
) -> None:
    service.attach(filled)
    service.find("lam")
    service.find(" ")
    assert [(r.text, r.hits, r.chats) for r in results] == [(" ", (), ())]


def test_a_search_typed_before_the_store_is_open(
    qtbot: QtBot, service: SearchService, results: list[SearchResults], filled: Store
) -> None:
    service.find("street")
    qtbot.wait(100)
    assert results == []
    service.attach(filled)
    qtbot.waitUntil(lambda: bool(results), timeout=WAIT_MS)
    assert [c.title for c in results[0].chats] == ["Street lamps"]


def test_typing_during_a_search_brings_the_newest_in_the_end(
    qtbot: QtBot, service: SearchService, results: list[SearchResults], filled: Store
) -> None:
    service.attach(filled)
    service.find("street")
    service._look()
    service.find("lamps")
    service._look()  # waits for the one that runs
    qtbot.waitUntil(lambda: bool(results) and results[-1].text == "lamps", timeout=WAIT_MS)
    assert [r.text for r in results] == ["lamps"]
