"""A reply while it grows: text, spans, tokens and the request that makes it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from app.core.records import Message, MessageState, ReplyDetails, Span
from app.services.history import Conversation
from engine.protocol import TokenEvent


@dataclass(slots=True)
class GrowingReply:
    """Collects what the engine sends for one reply. Lives in the main thread.

    Attributes:
        message: The row as it was committed, still empty.
        conversation: What was sent for it.
        request_id: The engine's request, "" before it was sent.
        shortened: Whether older turns were left out.
    """

    message: Message
    conversation: Conversation
    request_id: str = ""
    shortened: bool = False
    started_at: float = field(default_factory=time.monotonic)
    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _spans: list[Span] = field(default_factory=list)
    _token_ids: list[int] = field(default_factory=list)
    _logprobs: list[float] = field(default_factory=list)
    _token_ends: list[int] = field(default_factory=list)
    _thinking_began: float = 0.0
    _thinking_ended: float = 0.0

    def add(self, event: TokenEvent) -> None:
        """Append what a token event brought."""
        self._token_ids += event.token_ids
        self._logprobs += event.logprobs
        self._token_ends += event.token_ends
        start, self._length = self._length, self._length + len(event.text)
        if event.channel == "thinking":
            self._thinking_ended = time.monotonic()
            self._thinking_began = self._thinking_began or self._thinking_ended
        if not event.text:
            return
        self._parts.append(event.text)
        if self._spans and self._spans[-1].kind == event.channel:
            self._spans[-1] = replace(self._spans[-1], end=self._length)
        else:
            self._spans.append(Span(event.channel, start, self._length))

    @property
    def text(self) -> str:
        """Everything so far."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    @property
    def thinking(self) -> bool:
        """Whether the newest of it is thinking."""
        return bool(self._spans) and self._spans[-1].kind == "thinking"

    @property
    def spans(self) -> tuple[Span, ...]:
        """Thinking and answer so far."""
        return tuple(self._spans)

    def snapshot(
        self,
        state: MessageState = "generating",
        *,
        finish_reason: str = "",
        error_code: str = "",
        model_hash: str = "",
    ) -> Message:
        """The reply as a record, as far as it has come."""
        details = ReplyDetails(
            token_ids=tuple(self._token_ids),
            logprobs=tuple(self._logprobs),
            spans=self.spans,
            finish_reason=finish_reason,
            error_code=error_code,
            model_hash=model_hash,
            duration_ms=int((time.monotonic() - self.started_at) * 1000),
            thinking_ms=int((self._thinking_ended - self._thinking_began) * 1000),
            token_ends=tuple(self._token_ends),
        )
        return replace(self.message, text=self.text, state=state, details=details)
