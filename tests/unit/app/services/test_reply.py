from __future__ import annotations

from datetime import UTC, datetime

from app.core.records import Message, Span
from app.services.history import Conversation
from app.services.reply import GrowingReply
from engine.protocol import TokenEvent
from engine.types import Channel


def growing() -> GrowingReply:
    row = Message(7, 1, 6, "assistant", "", "generating", datetime.now(UTC))
    return GrowingReply(row, Conversation((), "q"))


def event(text: str, channel: Channel = "answer", *ids: int) -> TokenEvent:
    return TokenEvent(
        id="r1",
        text=text,
        token_ids=ids,
        logprobs=tuple(-0.5 for _ in ids),
        token_ends=tuple(10 * i for i in ids),
        channel=channel,
    )


def test_collects_text_tokens_and_spans() -> None:
    reply = growing()
    for piece in (
        event("Let me", "thinking", 1),
        event(" see", "thinking", 2, 3),
        event("", "thinking", 4),
        event("Ye", "answer", 5),
        event("s.", "answer", 6),
    ):
        reply.add(piece)
    assert reply.text == "Let me seeYes."
    assert reply.spans == (Span("thinking", 0, 10), Span("answer", 10, 14))
    message = reply.snapshot("complete", finish_reason="stop", model_hash="abc")
    assert message.id == 7
    assert message.details.token_ids == (1, 2, 3, 4, 5, 6)
    assert len(message.details.logprobs) == 6
    assert message.details.token_ends == (10, 20, 30, 40, 50, 60)
    assert (message.state, message.details.finish_reason) == ("complete", "stop")


def test_snapshots_do_not_change_afterwards() -> None:
    reply = growing()
    reply.add(event("one", "answer", 1))
    before = reply.snapshot()
    reply.add(event(" two", "answer", 2))
    assert before.text == "one"
    assert before.details.spans == (Span("answer", 0, 3),)
    assert reply.snapshot().text == "one two"
