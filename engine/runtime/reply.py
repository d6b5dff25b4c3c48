"""From token ids to the events a reader sees: text, channel, stop strings."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tokenizers import Tokenizer

from engine.text.channels import ChannelSplitter, Segment
from engine.text.stops import StopFilter
from engine.text.stream import StreamDecoder
from engine.types import Channel, FinishReason, GenerationEvent


@dataclass
class ReplyText:
    """Turns the tokens of one reply into events.

    Tokens whose text is still uncertain wait for the next event, so that the ids of all events,
    joined, are exactly what was sampled.

    Attributes:
        prompt_tokens: Length of the prompt, told in the last event.
        start: `time.perf_counter()` when the request began.
        stopped: Whether a stop string was seen.
    """

    tokenizer: Tokenizer
    stop: tuple[str, ...]
    prompt: str
    prompt_tokens: int
    start: float
    stopped: bool = False
    _ids: list[int] = field(default_factory=list)
    _logprobs: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._decoder = StreamDecoder(self.tokenizer)
        self._stops = StopFilter(self.stop)
        self._channels = ChannelSplitter(self.prompt)

    def push(self, token_id: int, logprob: float) -> list[GenerationEvent]:
        """Take a sampled token that is text; return what it made certain."""
        self.note(token_id, logprob)
        text, self.stopped = self._stops.push(self._decoder.push((token_id,)))
        return self._events(self._channels.push(text)) if text else []

    def note(self, token_id: int, logprob: float) -> None:
        """Take a sampled token that has no text, such as the one that ends the reply."""
        self._ids.append(token_id)
        self._logprobs.append(logprob)

    def finish(self, reason: FinishReason) -> list[GenerationEvent]:
        """The rest of the text, then the one event that says why the reply ended."""
        text = ""
        if not self.stopped:
            text, self.stopped = self._stops.push(self._decoder.flush())
            text += self._stops.flush()
        segments = [*self._channels.push(text), *self._channels.flush()]
        channel: Channel = self._channels.channel
        if segments:
            channel = segments[-1][0]
        *before, last = segments or [(channel, "")]
        return [*self._events(before), self._event(last, reason)]

    def _events(self, segments: list[Segment]) -> list[GenerationEvent]:
        return [self._event(segment) for segment in segments]

    def _event(self, segment: Segment, reason: FinishReason | None = None) -> GenerationEvent:
        channel, text = segment
        ids, self._ids = tuple(self._ids), []
        logprobs, self._logprobs = tuple(self._logprobs), []
        return GenerationEvent(
            text=text,
            token_ids=ids,
            logprobs=logprobs,
            channel=channel,
            time_ms=round((time.perf_counter() - self.start) * 1000, 3),
            finish_reason=reason,
            prompt_tokens=self.prompt_tokens if reason else 0,
        )
