from __future__ import annotations

import json
import math
import re
import time
from datetime import UTC, datetime

import pytest

from app.core.records import Message, ReplyDetails, Span
from app.services.doubt import Mark, marks_of, needs_note
from app.services.doubt.marks import UNSURE as UNSURE_BELOW
from tests.helpers.tiny_bundle import ROOT

SURE, UNSURE = math.log(0.99), math.log(0.06)


def reply(
    text: str, unsure: str = "", *, spans: tuple[Span, ...] = (), at: float = UNSURE
) -> Message:
    """A reply of one token a word, of which those that hold `unsure` were unlikely."""
    pieces = list(re.finditer(r"\s*\S+|\s+\Z", text))
    hit = set(unsure.split("|")) - {""}
    logprobs = [at if any(part in p[0] for part in hit) else SURE for p in pieces]
    details = ReplyDetails(
        token_ids=tuple(range(len(pieces))),
        logprobs=tuple(logprobs),
        spans=spans,
        token_ends=tuple(p.end() for p in pieces),
    )
    return Message(2, 1, 1, "assistant", text, "complete", datetime.now(UTC), details)


def marked(message: Message, question: str = "") -> list[str]:
    answer = message.text
    if message.details.spans:
        answer = "".join(
            message.text[s.start : s.end] for s in message.details.spans if s.kind == "answer"
        )
    return [answer[mark.start : mark.end] for mark in marks_of(message, question)]


def test_only_what_was_unlikely_is_marked() -> None:
    text = "The capital of Australia is Sydney, founded in 1788."
    assert marked(reply(text)) == []
    assert marked(reply(text, "Sydney")) == ["Sydney"]
    assert marked(reply(text, "Sydney|1788")) == ["Sydney", "1788"]


def test_small_and_ordinary_words_are_never_marked() -> None:
    assert marked(reply("It is the old capital of Peru.", "the|of|old|capital")) == []


def test_words_of_the_question_are_not_marked() -> None:
    text = "Ada Lovelace was born in London."
    assert marked(reply(text, "Lovelace|London")) == ["Ada Lovelace", "London"]
    assert marked(reply(text, "Lovelace|London"), "who was ada lovelace?") == ["London"]
    assert marked(reply("It was Ada.", "Ada"), "What is Adaptation?") == ["Ada"]
    assert marked(reply("首都是巴黎。", "巴黎"), "巴黎是首都吗") == []


def test_the_level_follows_the_probability() -> None:
    assert marks_of(reply("It is Rome.", "Rome", at=math.log(0.06))) == (Mark(6, 10, 1, "name"),)
    assert marks_of(reply("It is Rome.", "Rome", at=math.log(0.001))) == (Mark(6, 10, 2, "name"),)


def test_a_name_is_as_likely_as_its_words_together() -> None:
    half = math.log(0.2)
    assert marked(reply("He met Jacques Cartier.", "Jacques", at=half)) == []
    assert marked(reply("He met Jacques Cartier.", "Jacques|Cartier", at=half)) == [
        "Jacques Cartier"
    ]


def test_marks_count_from_the_beginning_of_the_answer() -> None:
    text = "Sydney? No, Perth.It is Perth, not Rome."
    spans = (Span("thinking", 0, 18), Span("answer", 18, len(text)))
    message = reply(text, "Sydney|Perth,|Rome", spans=spans)
    assert marked(message) == ["Perth", "Rome"]
    assert marks_of(message)[0].start == 6


def test_characters_of_several_tokens_count_all_of_them() -> None:
    details = ReplyDetails(
        token_ids=(1, 2, 3, 4), logprobs=(SURE, UNSURE, SURE, SURE), token_ends=(3, 3, 4, 6)
    )
    text = "首都是巴黎。"
    message = Message(2, 1, 1, "assistant", text, "complete", datetime.now(UTC), details)
    assert marked(message) == ["巴黎"]


@pytest.mark.parametrize("ends", [(), (5,)])
def test_replies_without_ends_have_no_marks(ends: tuple[int, ...]) -> None:
    whole = reply("It is Rome.", "Rome")
    details = ReplyDetails(
        token_ids=whole.details.token_ids, logprobs=whole.details.logprobs, token_ends=ends
    )
    message = Message(2, 1, 1, "assistant", whole.text, "complete", whole.created_at, details)
    assert marks_of(message) == ()


def test_the_threshold_is_the_one_that_was_measured() -> None:
    measured = json.loads((ROOT / "resources" / "benchmarks" / "doubt.json").read_text("utf-8"))
    assert measured["threshold"] == UNSURE_BELOW


def test_a_note_stands_below_many_marks() -> None:
    assert not needs_note(marks_of(reply("It is Rome.", "Rome")))
    assert needs_note(marks_of(reply("Rome is 5, Bonn is 6, Oslo is 7.", "Rome|Bonn|Oslo|5|6|7")))


def test_a_giant_reply_is_not_felt() -> None:
    message = reply("It is Rome. " * 20_000, "Rome")
    start = time.process_time()
    assert len(marks_of(message)) > 1000
    assert time.process_time() - start < 0.4


def test_the_end_of_a_long_reply_is_looked_at_too() -> None:
    text = "It was like that for a long time. " * 2_900 + "The capital is Sydney."
    assert len(text) > 98_000
    assert marked(reply(text, "Sydney")) == ["Sydney"]
