"""The worker dies while it loads, reads or writes: the window stays and the next question works."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from app.core.records import Message
from app.store import Store
from app.store.keys import KeyVault
from tests.helpers.window_client import Event, WindowClient
from tests.helpers.window_driver import PASSPHRASE

pytestmark = pytest.mark.starter

STORY = "Tell me a long story about a lighthouse."
LONG = "Please summarise this text. " + " ".join(["The harbour was quiet."] * 250)
SHORT = "What is the capital of France?"
CRASHED = "worker.crashed"


def stored_messages(data: Path) -> tuple[Message, ...]:
    """What the database holds, opened like by anybody who knows the passphrase."""
    key = KeyVault(data / "keys.json", None).unlock_with_passphrase(PASSPHRASE)
    store = Store.open(data / "alcove.db", key)
    try:
        chats = store.chats.list().result()
        assert len(chats) == 1
        return store.chats.open(chats[0].id).result().messages
    finally:
        store.close()


def expect_one_plain_sentence(window: WindowClient, pid: int) -> Event:
    """The reply ended, one error was said, the window answers and another worker is there.

    On a busy computer the signal may come later than it was meant to: then there are words.
    """
    finished = window.wait_for("finished")
    assert finished["state"] == ("interrupted" if finished["text"] else "failed")
    error = window.wait_for("error")
    assert error["code"] == CRASHED
    assert error["sentence"].strip().endswith((".", "。"))
    assert window.look()["visible"]
    window.wait_for("host", lambda e: e["state"] == "ready" and e["pid"] not in (0, pid))
    errors = [e for e in window.events if e["event"] == "error"]
    assert len(errors) == 1, errors
    window.events.clear()
    return finished


def expect_next_question_works(window: WindowClient) -> None:
    window.do("send", text=SHORT)
    finished = window.wait_for("finished")
    assert (finished["state"], finished["error_code"]) == ("complete", "")
    assert "Paris" in finished["text"]
    window.events.clear()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_worker_killed(tmp_path: Path, number: signal.Signals) -> None:
    with WindowClient(tmp_path) as window:
        # While loading: the question was asked before the assistant was there.
        window.wait_for("storage")
        worker = window.look()["pid"]
        os.kill(worker, number)
        window.wait_for("host", lambda e: e["state"] == "loading" and e["pid"] != worker)
        window.do("send", text=STORY)
        window.wait_for("waiting", lambda e: e["stage"] in ("loading", "reading"))
        worker = window.look()["pid"]
        os.kill(worker, number)
        loading = expect_one_plain_sentence(window, worker)
        expect_next_question_works(window)

        # While prefilling.
        window.do("send", text=LONG)
        window.wait_for("waiting", lambda e: e["stage"] == "reading")
        worker = window.look()["pid"]
        os.kill(worker, number)
        reading = expect_one_plain_sentence(window, worker)
        expect_next_question_works(window)

        # While decoding.
        window.do("send", text=STORY)
        window.wait_for("reply", lambda e: e["length"] > 20)
        worker = window.look()["pid"]
        os.kill(worker, number)
        writing = expect_one_plain_sentence(window, worker)
        assert writing["state"] == "interrupted"
        assert len(writing["text"]) > 20
        expect_next_question_works(window)
        assert window.close() == 0

    messages = stored_messages(tmp_path)
    questions = [m.text for m in messages if m.role == "user"]
    assert questions == [STORY, SHORT, LONG, SHORT, STORY, SHORT]
    replies = [m for m in messages if m.role == "assistant"]
    ended = (loading, reading, writing)
    assert [m.state for m in replies] == [s for e in ended for s in (e["state"], "complete")]
    assert [m.text for m in replies[::2]] == [e["text"] for e in ended]
    assert replies[4].details.error_code == CRASHED
