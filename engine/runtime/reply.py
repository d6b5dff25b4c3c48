"""From token ids to the events a reader sees: text, channel, stop strings."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tokenizers import Tokenizer

from engine.text.channels import Segment
from engine.text.reasoning import Reasoning
from engine.text.stops import StopFilter
from engine.text.stream import StreamDecoder
from engine.types import Channel, FinishReason, GenerationEvent


@dataclass
class ReplyText:
    """Turns the tokens of one reply into events.

    Tokens whose text is still uncertain wait for the next event, so that the ids of all events,
    joined, are exactly what was accepted. Stop strings count in the answer only: thoughts are full
    of line breaks and of the words that end an answer.

    Attributes:
        stop: Stop strings.
        reasoning: How the model marks its thoughts.
        prompt: The rendered prompt, which may have begun them.
        prompt_tokens: Length of the prompt, told in the last event.
        start: `time.perf_counter()` when the request began.
        stopped: Whether a stop string was seen.
    """

    tokenizer: Tokenizer
    stop: tuple[str, ...]
    reasoning: Reasoning
    prompt: str
    prompt_tokens: int
    start: float
    stopped: bool = False
    _ids: list[int] = field(default_factory=list)
    _logprobs: list[float] = field(default_factory=list)
    _ends: list[int] = field(default_factory=list)
    _said: int = 0

    def __post_init__(self) -> None:
        self._decoder = StreamDecoder(self.tokenizer, self.reasoning.marks)
        self._stops = StopFilter(self.stop)
        self._channels = self.reasoning.splitter(self.prompt)

    @property
    def thinking(self) -> bool:
        """Whether the next token belongs to the thoughts, as far as is known."""
        return self._channels.channel == "thinking"

    def push(self, token_id: int, logprob: float) -> list[GenerationEvent]:
        """Take an accepted token that is text; return what it made certain."""
        self.note(token_id, logprob)
        text = self._decoder.push((token_id,))
        if not text:
            return []
        return self._events(self._until_stop(self._channels.push(text)))

    def note(self, token_id: int, logprob: float) -> None:
        """Take an accepted token that has no text, such as the one that ends the reply."""
        self._ids.append(token_id)
        self._logprobs.append(logprob)
        self._ends.append(self._said)

    def finish(self, reason: FinishReason) -> list[GenerationEvent]:
        """The rest of the text, then the one event that says why the reply ended.

        Bytes that never became a character are U+FFFD where the model ended so, and nothing where
        it was cut off in the middle of one.
        """
        segments: list[Segment] = []
        if not self.stopped:
            left = self._decoder.flush() if reason == "stop" else ""
            rest = self._channels.push(left) + self._channels.flush()
            segments = self._until_stop(rest)
            segments += _answer(self._stops.flush())
        channel: Channel = self._channels.channel
        *before, last = self._events(segments) or [self._event((channel, ""))]
        last = replace(last, finish_reason=reason, prompt_tokens=self.prompt_tokens)
        return [*before, last]

    def _until_stop(self, segments: Sequence[Segment]) -> list[Segment]:
        """What is left of segments when the answer ends at a stop string."""
        kept: list[Segment] = []
        for channel, text in segments:
            if self.stopped:
                break
            if channel == "thinking":
                kept += [*_answer(self._stops.flush()), (channel, text)]
            else:
                said, self.stopped = self._stops.push(text)
                kept += _answer(said)
        return kept

    def _events(self, segments: Sequence[Segment]) -> list[GenerationEvent]:
        """Tell segments; their text ends with the token that made it certain."""
        self._said += sum(len(text) for _, text in segments)
        if self._ends:
            self._ends[-1] = self._said
        return [self._event(segment) for segment in segments]

    def _event(self, segment: Segment) -> GenerationEvent:
        channel, text = segment
        ids, self._ids = tuple(self._ids), []
        logprobs, self._logprobs = tuple(self._logprobs), []
        ends, self._ends = tuple(self._ends), []
        return GenerationEvent(
            text=text,
            token_ids=ids,
            logprobs=logprobs,
            token_ends=ends,
            channel=channel,
            time_ms=round((time.perf_counter() - self.start) * 1000, 3),
        )


def _answer(text: str) -> list[Segment]:
    return [("answer", text)] if text else []
