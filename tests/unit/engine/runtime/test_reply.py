from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from tokenizers import Tokenizer

from engine.runtime.reply import ReplyText
from engine.text.reasoning import Reasoning
from engine.types import Channel, FinishReason, GenerationEvent
from tests.helpers.reasoning import PUBLISHED, letters_tokenizer, reasoning_of
from tests.helpers.tokenizers import starter_tokenizer


def reply_of(name: str, prompt: str, *stop: str) -> tuple[Tokenizer, ReplyText]:
    tokenizer, _, reasoning = reasoning_of(PUBLISHED[name])
    return tokenizer, ReplyText(tokenizer, stop, reasoning, prompt, 3, time.perf_counter())


def push_all(text: ReplyText, ids: Sequence[int]) -> list[GenerationEvent]:
    events: list[GenerationEvent] = []
    for token_id in ids:
        if text.stopped:
            break
        events += text.push(token_id, -0.5)
    return [*events, *text.finish("stop")]


def segments(events: Sequence[GenerationEvent]) -> list[tuple[Channel, str]]:
    """The text of neighbouring events of one channel, joined."""
    joined: list[tuple[Channel, str]] = []
    for event in events:
        if event.text and joined and joined[-1][0] == event.channel:
            joined[-1] = (event.channel, joined[-1][1] + event.text)
        elif event.text:
            joined.append((event.channel, event.text))
    return joined


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_token_is_told_once(name: str) -> None:
    tokenizer, text = reply_of(name, "")
    ids = tokenizer.encode(PUBLISHED[name].reply, add_special_tokens=False).ids
    events = push_all(text, ids)
    assert [token for event in events for token in event.token_ids] == ids
    assert all(len(event.logprobs) == len(event.token_ids) for event in events)
    assert [event.finish_reason for event in events] == [None] * (len(events) - 1) + ["stop"]
    assert events[-1].prompt_tokens == 3
    assert all(event.text for event in events[:-1])


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_character_has_its_token(name: str) -> None:
    tokenizer, text = reply_of(name, "")
    events = push_all(text, tokenizer.encode(PUBLISHED[name].reply, add_special_tokens=False).ids)
    said = "".join(event.text for event in events)
    ids = [token for event in events for token in event.token_ids]
    ends = [end for event in events for end in event.token_ends]
    assert len(ends) == len(ids)
    assert ends == sorted(ends)
    assert ends[-1] == len(said)
    pieces = [said[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    for token_id, end, piece in zip(ids, ends, pieces, strict=True):
        letter = tokenizer.decode([token_id])
        # What could begin the closing tag, and the line break before it, wait for what comes.
        waited = end < len(said) - len(PUBLISHED[name].said) and piece in ("\n" + letter, "< ")
        assert waited or piece in ("", letter), "one token, one letter"


def test_a_token_that_is_kept_back_ends_where_the_next_one_does() -> None:
    tokenizer, text = reply_of("Qwen3", "assistant\n", "XY")
    ids = tokenizer.encode("abXXYc", add_special_tokens=False).ids
    events = push_all(text, ids)
    assert "".join(event.text for event in events) == "abX"
    assert [end for event in events for end in event.token_ends] == [1, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("reply", "expected", "stopped"),
    [
        ("<think>a.b</think>c.d", [("thinking", "a.b"), ("answer", "c")], True),
        ("<think>a.</think>", [("thinking", "a.")], False),
        ("<think>.a</think>.b", [("thinking", ".a")], True),
        ("a.b", [("answer", "a")], True),
        ("<think>a.b", [("thinking", "a.b")], False),
    ],
)
def test_stop_strings_count_in_the_answer(
    reply: str, expected: list[tuple[Channel, str]], stopped: bool
) -> None:
    tokenizer, text = reply_of("Qwen3", "assistant\n", ".")
    ids = tokenizer.encode(reply, add_special_tokens=False).ids
    assert segments(push_all(text, ids)) == expected
    assert text.stopped == stopped


def test_what_waits_for_a_stop_string_stays_before_later_thoughts() -> None:
    tokenizer, text = reply_of("Magistral", "[INST]q[/INST]", "XY")
    ids = tokenizer.encode("aX[THINK]b[/THINK]Yc", add_special_tokens=False).ids
    assert segments(push_all(text, ids)) == [
        ("answer", "aX"), ("thinking", "b"), ("answer", "Yc"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "rest"), [("stop", "\ufffd"), ("length", ""), ("context", ""), ("cancelled", "")]
)
def test_a_character_that_was_cut_in_the_middle_is_left_out(
    reason: FinishReason, rest: str
) -> None:
    tokenizer = starter_tokenizer()
    text = ReplyText(tokenizer, (), Reasoning(tokenizer), "", 3, time.perf_counter())
    first, *others = tokenizer.encode("👩").ids
    assert others
    events = [*text.push(first, -0.5), *text.finish(reason)]
    assert "".join(event.text for event in events) == rest
    assert [token for event in events for token in event.token_ids] == [first]


def test_whether_it_thinks_is_known_at_every_token() -> None:
    tokenizer, text = reply_of("gpt-oss", "<|start|>assistant")
    known = []
    for token_id in tokenizer.encode(PUBLISHED["gpt-oss"].reply, add_special_tokens=False).ids:
        text.push(token_id, 0.0)
        known.append(text.thinking)
    thought = len(PUBLISHED["gpt-oss"].thought)
    assert known.count(True) == thought + 1  # from the end of the header to the end of the thought
    assert not known[-1]


def test_long_thoughts_cost_no_more_for_each_token() -> None:
    tokenizer = letters_tokenizer(words=("<think>", "</think>"))
    text = ReplyText(tokenizer, ("END", "\n\n\n"), Reasoning(tokenizer), "", 0, 0.0)
    ids = tokenizer.encode(
        "<think>" + "So 3.\n</" * 3750 + "</think>3", add_special_tokens=False
    ).ids
    start = time.process_time()
    events = push_all(text, ids)
    assert time.process_time() - start < 2.0
    assert segments(events) == [("thinking", "So 3.\n</" * 3750), ("answer", "3")]
