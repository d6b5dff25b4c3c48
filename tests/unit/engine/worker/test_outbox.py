from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from engine.protocol import (
    Heartbeat,
    ProgressEvent,
    ResultEvent,
    TokenEvent,
    WorkerMessage,
    decode_worker_message,
)
from engine.worker.outbox import Outbox, merge


def token(text: str, *ids: int, request: str = "a", channel: str = "answer") -> TokenEvent:
    return TokenEvent(
        id=request,
        text=text,
        token_ids=ids,
        logprobs=tuple(-float(i) for i in ids),
        token_ends=tuple(10 * i for i in ids),
        channel=channel,  # type: ignore[arg-type]
        time_ms=float(sum(ids)),
    )


def test_tokens_of_one_reply_merge() -> None:
    merged = merge(token("a", 1), token("b", 2, 3))
    assert merged == TokenEvent(
        id="a",
        text="ab",
        token_ids=(1, 2, 3),
        logprobs=(-1.0, -2.0, -3.0),
        token_ends=(10, 20, 30),
        time_ms=5.0,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (token("a", 1), token("b", 2, request="b")),
        (token("a", 1), token("b", 2, channel="thinking")),
        (token("a", 1), ResultEvent(id="a")),
        (ResultEvent(id="a"), ResultEvent(id="a")),
        (
            ProgressEvent(id="a", stage="read", done=1, total=2),
            ProgressEvent(id="a", stage="write", done=0, total=2),
        ),
    ],
)
def test_what_differs_stays_apart(old: WorkerMessage, new: WorkerMessage) -> None:
    assert merge(old, new) is None


def test_only_the_newest_progress_and_heartbeat_matter() -> None:
    new = ProgressEvent(id="a", stage="read", done=2, total=2)
    assert merge(ProgressEvent(id="a", stage="read", done=1, total=2), new) is new
    beat = Heartbeat(uptime_ms=2)
    assert merge(Heartbeat(uptime_ms=1), beat) is beat


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read_fd, write_fd = os.pipe()
    yield read_fd, write_fd
    os.close(read_fd)
    # The outbox thread lives as long as the process and never writes again; the descriptor goes.
    os.close(write_fd)


def test_a_slow_reader_costs_the_writer_nothing_and_loses_no_token(pipe: tuple[int, int]) -> None:
    read_fd, write_fd = pipe
    outbox = Outbox(write_fd)
    started = time.perf_counter()
    for number in range(20_000):
        outbox.post(token(f"{number} ", number))
    assert time.perf_counter() - started < 10
    assert not outbox.flush(0.05)  # the pipe is full and nobody reads
    assert len(outbox._waiting) < 100
    outbox.post(ResultEvent(id="a"))
    lines, rest = [], b""
    while not any(isinstance(message, ResultEvent) for message in lines):
        *whole, rest = (rest + os.read(read_fd, 65_536)).split(b"\n")
        lines += [decode_worker_message(line) for line in whole]
    assert outbox.flush(5)
    tokens = [message for message in lines if isinstance(message, TokenEvent)]
    assert [i for message in tokens for i in message.token_ids] == list(range(20_000))
    assert "".join(m.text for m in tokens) == "".join(f"{n} " for n in range(20_000))
