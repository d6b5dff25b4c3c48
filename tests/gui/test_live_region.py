"""A screen reader hears how an answer comes along, sentence by sentence, and is not flooded."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.core.records import Message, MessageState, ReplyDetails, Span
from app.services.chat_events import ReplyProgress, Waiting
from app.services.spoken import Sentences
from app.ui.conversation import live_region
from app.ui.conversation.live_region import LiveRegion
from tests.gui.test_hostile_texts import HOSTILE, TURN_S


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Of course. Here it is", ["Of course.", "Here it is"]),
        ("**Bold** and *soft* `code`.", ["Bold and soft code."]),
        ("See [the town hall](https://example.org/a_b) now!", ["See the town hall now!"]),
        ("# A title\n\nWords.", ["A title", "Words."]),
        ("- one\n- two\n1. three", ["one", "two", "1. three"]),
        ("> Dear Sir,\n> hello.", ["Dear Sir,", "hello."]),
        ("| a | b |\n|---|:--|\n| 1 | 2 |", ["a, b", "1, 2"]),
        ("Look:\n```python\nprint('no')\n```\nDone.", ["Look:", "Done."]),
        ("路灯坏了。请修理！", ["路灯坏了。", "请修理！"]),
        ("Dr. Who met M. Dupont. He left.", ["Dr. Who met M. Dupont.", "He left."]),
        ("It costs 3.50 euros. Good?", ["It costs 3.50 euros.", "Good?"]),
        ("a_b stays, _this_ goes.", ["a_b stays, this goes."]),
        ("***", []),
        ("", []),
    ],
)
def test_sentences_are_said_without_marks(text: str, spoken: list[str]) -> None:
    assert list(Sentences().more(text, ended=True)) == spoken


def test_sentences_are_found_while_the_text_grows_however_it_is_cut() -> None:
    text = "# Title\n\nOf **course**. Here it is:\n\n```\ncode. code.\n```\n\n- one. two\n\n好。完"
    whole = list(Sentences().more(text, ended=True))
    for step in (1, 2, 3, 7):
        growing = Sentences()
        found = [s for end in range(0, len(text), step) for s in growing.more(text[:end])]
        assert [*found, *growing.more(text, ended=True)] == whole


def test_a_text_without_sentences_is_cut() -> None:
    found = list(Sentences().more("word " * 1_000))
    assert found
    assert all(len(sentence) <= 400 for sentence in found)


@pytest.mark.parametrize("name", HOSTILE)
def test_sentences_of_a_hostile_text_are_found_one_at_a_time(name: str) -> None:
    sentences = Sentences().more(HOSTILE[name], ended=True)
    worst = 0.0
    for _ in range(1_000):
        started = time.thread_time()
        sentence = next(sentences, None)
        worst = max(worst, time.thread_time() - started)
        if sentence is None:
            break
        assert len(sentence) <= 4_000
    assert worst < TURN_S


@pytest.fixture
def region(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> LiveRegion:
    monkeypatch.setattr(live_region, "_MS_PER_CHARACTER", 1)
    monkeypatch.setattr(live_region, "_LEAST_MS", 20)
    place = QWidget()
    qtbot.addWidget(place)
    return LiveRegion(place)


def listen(region: LiveRegion) -> list[tuple[float, str]]:
    heard: list[tuple[float, str]] = []
    region.announced.connect(lambda words: heard.append((time.monotonic(), words)))
    return heard


def progress(text: str, thought: int = 0) -> ReplyProgress:
    spans = (Span("thinking", 0, thought), Span("answer", thought, len(text)))
    return ReplyProgress(2, text, spans, "generating")


def ended(text: str, state: MessageState = "complete") -> Message:
    details = ReplyDetails(spans=(Span("answer", 0, len(text)),))
    return Message(2, 1, 1, "assistant", text, state, datetime.now(UTC), details)


def test_an_answer_is_announced_from_beginning_to_end(qtbot: QtBot, region: LiveRegion) -> None:
    heard = listen(region)
    text = "Of course. Here is a letter. It is short."
    for end in range(1, len(text) + 1):
        region.show_progress(progress(text[:end]))
    region.finish(ended(text))
    qtbot.waitUntil(lambda: bool(heard) and heard[-1][1].endswith("End of the answer."))
    said = " ".join(words for _, words in heard)
    assert said == f"The assistant is answering. {text} End of the answer."


def test_no_flood(qtbot: QtBot, region: LiveRegion) -> None:
    heard = listen(region)
    text = "The lamp in front of the house is dark. " * 2_500  # 100,000 characters
    for end in range(500, len(text) + 1, 500):
        region.show_progress(progress(text[:end]))
        qtbot.wait(1)
    region.finish(ended(text))
    qtbot.waitUntil(lambda: heard[-1][1].endswith("End of the answer."))
    assert len(heard) < 12
    assert sum(len(words) for _, words in heard) < 1_600
    for (earlier, words), (later, _) in pairwise(heard):
        assert later - earlier >= len(words) * 0.0009, "there was time to say it"


def test_what_takes_long_is_said(qtbot: QtBot, region: LiveRegion) -> None:
    region._soon.setInterval(5)
    heard = listen(region)
    for stage, words in (
        ("loading", "The assistant is waking up."),
        ("reading", "The assistant is reading your question."),
        ("thinking", "The assistant is thinking."),
    ):
        region.show_waiting(Waiting(stage, 20.0))  # type: ignore[arg-type]
        region.show_waiting(Waiting(stage, 19.0))  # type: ignore[arg-type]
        qtbot.waitUntil(lambda words=words: bool(heard) and heard[-1][1] == words)
    region.show_progress(progress("Hm, what do I know", thought=18))
    assert [words for _, words in heard][-1] == "The assistant is thinking."
    assert len(heard) == 3


@pytest.mark.parametrize(
    ("state", "words"),
    [("stopped", "The answer was stopped."), ("failed", "The answer was interrupted.")],
)
def test_other_endings(qtbot: QtBot, region: LiveRegion, state: MessageState, words: str) -> None:
    heard = listen(region)
    region.show_progress(progress("Of course. And"))
    region.finish(ended("Of course. And", state))
    qtbot.waitUntil(lambda: heard[-1][1].endswith(words))


def test_another_conversation_ends_the_talk(qtbot: QtBot, region: LiveRegion) -> None:
    heard = listen(region)
    region.show_progress(progress("One. Two. Three. " * 60))
    region.forget()
    qtbot.wait(300)
    assert len(heard) == 1
