from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication

from app.core.records import ReplyDetails
from app.services import generation
from app.services.engine_host import EngineHost
from app.store import Store
from engine.errors import ContextTooLong
from tests.helpers.chat_recorder import ChatRecorder
from tests.helpers.tiny_bundle import talking_bundle


@pytest.fixture(scope="module")
def talking_host(qapp: QCoreApplication) -> Iterator[EngineHost]:
    """A worker whose replies can be read back."""
    made = EngineHost(threads=1)
    made.load(talking_bundle("llama"))
    yield made
    made.shutdown()


def test_a_full_context_does_not_mean_reading_everything_with_every_question(
    record: Callable[[EngineHost], ChatRecorder],
    talking_host: EngineHost,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(generation, "MAX_NEW_TOKENS", 20)
    chat = record(talking_host)
    chat.service.attach(store, "temporary")
    chat.service.start()
    results: list[dict[str, Any]] = []
    talking_host.request_finished.connect(lambda _, data: results.append(data))
    for number in range(16):  # of about 740 tokens each; 8,192 is all there is
        chat.ask(f"question {number} " + "and on " * 100)
    read_anew = [r["reused_tokens"] < r["prompt_tokens"] / 2 for r in results[1:]]
    assert chat.shortened == 1
    assert max(r["prompt_tokens"] for r in results) > 5000, "most of the context is used"
    assert 0 < sum(read_anew) <= 3
    assert (True, True) not in pairwise(read_anew)


def test_of_a_very_long_chat_only_what_may_fit_is_sent(
    record: Callable[[EngineHost], ChatRecorder],
    talking_host: EngineHost,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(generation, "MAX_NEW_TOKENS", 4)
    parent_id: int | None = None
    chat_id = store.chats.create("A long one").result().id
    for number in range(60):
        _, reply = store.messages.ask(chat_id, parent_id, f"question {number}").result()
        parent_id = reply.id
        store.messages.finish(reply.id, "and on " * 1_500, ReplyDetails(), "complete").result()
    chat = record(talking_host)
    chat.service.attach(store, "temporary")
    chat.service.start()
    chat.service.open_chat(chat_id)
    chat.wait(lambda: chat.service.chat_id == chat_id)
    refused: list[ContextTooLong] = []
    talking_host.request_failed.connect(lambda _, error: refused.append(error))
    sent: list[int] = []
    for text in ("first", "second"):
        assert chat.ask(text).state == "complete"
        sent.append(chat.service._generator._left_out[chat_id])
    assert chat.shortened == 1
    assert sent[0] == sent[1] >= 50, "what was left out stays left out"
    assert all(int(e.params["prompt_tokens"]) < 150_000 for e in refused), "of 630,000 letters"
