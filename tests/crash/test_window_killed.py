"""The window is killed in the middle of a reply: nothing but the tail is lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.helpers.window_client import WindowClient, process_is_gone

pytestmark = pytest.mark.starter

STORY = "Tell me a long story about a lighthouse."


def test_window_killed_mid_reply(tmp_path: Path) -> None:
    with WindowClient(tmp_path) as window:
        window.wait_for("storage", lambda e: e["mode"] == "stored")
        window.do("send", text=STORY)
        window.wait_for("reply", lambda e: e["length"] > 20)
        worker = window.look()["pid"]
        time.sleep(1.5)  # one checkpoint at least
        window.kill()
        assert process_is_gone(worker), "the worker outlived its window"

    with WindowClient(tmp_path) as again:
        opened = again.wait_for("opened", lambda e: e["messages"])
        question, reply = opened["messages"]
        assert (question["text"], question["state"]) == (STORY, "complete")
        assert reply["state"] == "interrupted"
        assert len(reply["text"]) > 20
        again.do("send", text="What is the capital of France?")
        assert again.wait_for("finished")["state"] == "complete"
        assert again.close() == 0


def test_draft_survives_the_window(tmp_path: Path) -> None:
    with WindowClient(tmp_path) as window:
        window.wait_for("storage")
        window.do("type", text="Dear Sir or Madam, I am writing to")
        time.sleep(1.0)  # saved half a second after the last key
        window.kill()
    with WindowClient(tmp_path) as again:
        draft = again.wait_for("draft")
        assert draft["text"] == "Dear Sir or Madam, I am writing to"
        assert again.look()["composer"] == draft["text"]


def test_window_closed_mid_reply_keeps_it_and_ends_the_worker(tmp_path: Path) -> None:
    with WindowClient(tmp_path) as window:
        window.wait_for("storage")
        window.do("send", text=STORY)
        window.wait_for("reply", lambda e: e["length"] > 20)
        worker = window.look()["pid"]
        assert window.close() == 0
        assert process_is_gone(worker)
    with WindowClient(tmp_path) as again:
        again.wait_for("chats", lambda e: e["titles"] == [STORY.rstrip(".")])
