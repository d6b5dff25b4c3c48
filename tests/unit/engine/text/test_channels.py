from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
import pytest

from engine.text.channels import (
    MARKS,
    BlockSplitter,
    BlockTags,
    ChannelSplitter,
    MessageSplitter,
    MessageTags,
    Segment,
)
from engine.types import Channel


def merged(pieces: Iterable[Sequence[Segment]]) -> list[Segment]:
    """Segments with neighbours of one channel joined."""
    joined: list[Segment] = []
    for channel, text in (segment for segments in pieces for segment in segments):
        assert text
        before = joined.pop()[1] if joined and joined[-1][0] == channel else ""
        joined.append((channel, before + text))
    return joined


def feed(splitter: ChannelSplitter, pieces: Iterable[str]) -> list[Segment]:
    return merged([*map(splitter.push, pieces), splitter.flush()])


def run(pieces: Iterable[str], splitter: ChannelSplitter | None = None) -> dict[Channel, str]:
    texts: dict[Channel, str] = {"thinking": "", "answer": ""}
    for channel, text in feed(splitter or BlockSplitter(), pieces):
        texts[channel] += text
    return texts


REPLY = "<think>\nLet me see: 2 < 3.\n</think>\n\nIt is 3."
SPLIT = {"thinking": "Let me see: 2 < 3.", "answer": "It is 3."}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_thinking_and_answer(size: int) -> None:
    assert run(REPLY[at : at + size] for at in range(0, len(REPLY), size)) == SPLIT


def test_a_prompt_that_opens_the_tag() -> None:
    rest = list(REPLY.removeprefix("<think>"))
    assert run(rest, BlockSplitter(begins="thinking")) == SPLIT


def test_no_tags() -> None:
    assert run(list(" \n plain <b>text</b>")) == {"thinking": "", "answer": " \n plain <b>text</b>"}


def test_text_passes_at_once_when_no_tag_can_follow() -> None:
    splitter = BlockSplitter()
    assert splitter.push("He") == [("answer", "He")]
    assert splitter.push("<think>") == [("answer", "<think>")]


def test_a_tag_that_is_never_closed() -> None:
    splitter = BlockSplitter()
    assert splitter.push("<think>hmm</thi") == [("thinking", "hmm")]
    assert splitter.flush() == [("thinking", "</thi")]
    assert splitter.channel == "thinking"


@pytest.mark.parametrize("reply", ["<thi", "<", "\n", "  <think", "</thin"])
def test_a_reply_that_ends_within_the_opening_tag_is_an_answer(reply: str) -> None:
    assert run(list(reply)) == {"thinking": "", "answer": reply}


@pytest.mark.parametrize("begun", ["thinking", "open"])
def test_a_reply_that_is_nothing_but_tags(begun: str) -> None:
    reply = "<think></think>" if begun == "open" else "</think>"
    splitter = BlockSplitter(begins="open" if begun == "open" else "thinking")
    assert feed(splitter, [reply]) == []
    assert splitter.channel == "answer"


@pytest.mark.parametrize(
    ("reply", "thought", "said"),
    [
        ("Write <think> and </think>.", "", "Write <think> and </think>."),
        ("Well. <think>a</think>b", "", "Well. <think>a</think>b"),
        ("<think>\n\n</think>\n\nYes", "", "Yes"),
        ("<think>a</think>\n<think>b</think>c", "ab", "c"),
        ("<think>a <think> b</think>c</think>d", "a <think> b", "c</think>d"),
        ("<think>a</think></think>b", "a", "b"),
        ("</think>b", "", "b"),
        ("</thinking>b", "", "</thinking>b"),
        ("<think>a\n\n</think>b", "a\n", "b"),
        ("<think>a</ think></think>b", "a</ think>", "b"),
        ("<think>a<</</think>b", "a<</", "b"),
        ("<think>\r\n a \r\n</think>\r\n\r\n b", " a \r", " b"),
        ("<think>a</think>\n<answer>\nb\n</answer>\n", "a", "b"),
        ("<think>a</think><answer>b</answer>c", "a", "bc"),
        ("<think>a</think><answer>b", "a", "b"),
        ("<think>a</think><answer>b</ans", "a", "b</ans"),
        ("<think>a</think><response>b</answer></response>", "a", "b</answer>"),
        ("<think>a</think>b<answer>c</answer>", "a", "b<answer>c</answer>"),
        ("<answer>b</answer>", "", "<answer>b</answer>"),
    ],
)
def test_tags_in_odd_places(reply: str, thought: str, said: str) -> None:
    assert run([reply]) == {"thinking": thought, "answer": said}
    assert run(list(reply)) == {"thinking": thought, "answer": said}


def test_a_wrapper_follows_thoughts_that_the_prompt_closed() -> None:
    splitter = BlockSplitter(begins="closed")
    assert run(["\n<answer>b</answer>"], splitter) == {"thinking": "", "answer": "b"}


def test_a_wrapper_that_the_prompt_speaks_of_is_text() -> None:
    splitter = BlockSplitter(begins="closed", prompt="Answer within <answer> tags.")
    reply = "<answer>b</answer>"
    assert run([reply], splitter) == {"thinking": "", "answer": reply}


LABELLED = BlockTags(MARKS[0], MARKS[1], label="thought\n", anywhere=True)
MESSAGES = MessageTags(
    MARKS[2], MARKS[3], MARKS[4], (MARKS[5], MARKS[6]), frozenset({"analysis"}), " to="
)


@pytest.mark.parametrize(
    ("reply", "thought", "said"),
    [
        ("[thought\na\n]b", "a", "b"),
        ("[thoughts]b", "thoughts", "b"),
        ("[thought", "thought", ""),
        ("a[thought\nb]c[d]e]", "bd", "ace"),
        ("]]a[[b", "b", "a"),
    ],
)
def test_control_tokens_count_everywhere_and_are_never_text(
    reply: str, thought: str, said: str
) -> None:
    reply = reply.replace("[", MARKS[0]).replace("]", MARKS[1])
    for pieces in ([reply], list(reply)):
        splitter = BlockSplitter(LABELLED)
        assert run(pieces, splitter) == {"thinking": thought, "answer": said}


SPLITTERS: dict[str, tuple[Callable[[], ChannelSplitter], list[str]]] = {
    "block": (
        BlockSplitter,
        ["<think>", "</think>", "<answer>", "</answer>", "<thi", "</", "\n", " ", "A", "<"],
    ),
    "opened": (
        lambda: BlockSplitter(begins="thinking"),
        ["</think>", "<think>", "<response>", "</response>", "nk>", "\r\n", "\n", "B"],
    ),
    "labelled": (
        lambda: BlockSplitter(LABELLED),
        [MARKS[0], MARKS[1], "thought\n", "thou", "\n", "C"],
    ),
    "messages": (
        lambda: MessageSplitter(MESSAGES, "assistant"),
        [*MARKS[2:7], "assistant", "analysis", "final", " to=f", "\n", "D", "E" * 60],
    ),
}


@pytest.mark.parametrize("kind", SPLITTERS)
def test_cuts_make_no_difference_and_nothing_is_lost(kind: str) -> None:
    make, words = SPLITTERS[kind]
    generator = np.random.default_rng(11)
    for _ in range(400):
        reply = "".join(generator.choice(words, size=generator.integers(1, 16)))
        whole = feed(make(), list(reply))
        cuts = [0, *sorted(generator.integers(0, len(reply) + 1, size=6).tolist()), len(reply)]
        assert feed(make(), [reply[a:b] for a, b in pairwise(cuts)]) == whole, reply
        rest = iter(reply)  # what comes out stands in the reply, in this order
        assert all(char in rest for _, text in whole for char in text), reply
        assert not any(mark in text for _, text in whole for mark in MARKS)
        if kind != "messages":  # a header may hold anything
            said = "".join(text for _, text in whole)
            assert [c for c in said if c.isupper()] == [c for c in reply if c.isupper()], reply


@pytest.mark.parametrize("kind", SPLITTERS)
@pytest.mark.parametrize("run_of", ["\n", " ", "<", "x", "</think", "\n<", MARKS[0], MARKS[3]])
def test_long_runs_cost_no_more_for_each_character(kind: str, run_of: str) -> None:
    """30,000 pieces: what starts over at each of them would need minutes."""
    splitter = SPLITTERS[kind][0]()
    start = time.process_time()
    feed(splitter, [run_of] * 30_000)
    assert time.process_time() - start < 2.0
