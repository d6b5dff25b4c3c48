from __future__ import annotations

import pytest

from engine.text.channels import ChannelSplitter, ChannelTags
from engine.types import Channel


def run(pieces: list[str], prompt: str = "") -> dict[Channel, str]:
    splitter = ChannelSplitter(prompt)
    texts: dict[Channel, str] = {"thinking": "", "answer": ""}
    for segments in [*(splitter.push(piece) for piece in pieces), splitter.flush()]:
        for channel, text in segments:
            assert text
            texts[channel] += text
    return texts


REPLY = "<think>\nLet me see: 2 < 3.\n</think>\n\nIt is 3."
SPLIT = {"thinking": "Let me see: 2 < 3.\n", "answer": "It is 3."}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_thinking_and_answer(size: int) -> None:
    pieces = [REPLY[at : at + size] for at in range(0, len(REPLY), size)]
    assert run(pieces) == SPLIT


@pytest.mark.parametrize("prompt", ["...<think>", "...<think>\n"])
def test_a_template_that_opens_the_tag(prompt: str) -> None:
    assert run(list(REPLY.removeprefix("<think>")), prompt) == SPLIT


def test_a_template_that_closes_the_tag_again() -> None:
    assert run(["Hello"], "...<think>\n\n</think>\n\n") == {"thinking": "", "answer": "Hello"}


def test_no_tags() -> None:
    assert run(list(" \n plain <b>text</b>")) == {"thinking": "", "answer": " \n plain <b>text</b>"}


def test_text_passes_at_once_when_no_tag_can_follow() -> None:
    splitter = ChannelSplitter()
    assert splitter.push("He") == [("answer", "He")]
    assert splitter.push("<think>") == [("answer", "<think>")]


def test_a_tag_that_is_never_closed() -> None:
    splitter = ChannelSplitter()
    assert splitter.push("<think>hmm</thi") == [("thinking", "hmm")]
    assert splitter.flush() == [("thinking", "</thi")]
    assert splitter.channel == "thinking"


@pytest.mark.parametrize("reply", ["<thi", "<", "\n", "  <think"])
def test_a_reply_that_ends_within_the_opening_tag_is_an_answer(reply: str) -> None:
    assert run(list(reply)) == {"thinking": "", "answer": reply}


def test_a_tag_in_the_answer_is_text() -> None:
    assert run(["Write <think> and </think>."])["answer"] == "Write <think> and </think>."


def test_empty_thoughts() -> None:
    assert run(list("<think>\n\n</think>\n\nYes")) == {"thinking": "", "answer": "Yes"}


def test_other_tags() -> None:
    splitter = ChannelSplitter(tags=ChannelTags("[T]", "[/T]"))
    assert splitter.push("[T]a[/T]b") == [("thinking", "a"), ("answer", "b")]
