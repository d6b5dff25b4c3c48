"""The loop that writes a reply: read the prompt, then sample, decode, repeat.

A step reads the tokens that were accepted last, and perhaps a tail that is expected or wanted to
follow, in one run of the graph. The logits after each of them say what comes next: as long as that
is what the tail said, the rest of the run counts as well.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.runtime.control import Control, Interrupted
from engine.runtime.conversations.kept import common_prefix
from engine.runtime.executor import Executor
from engine.runtime.prefill import Pace, ProgressCallback, prefill
from engine.runtime.repetition import Repetition
from engine.runtime.reply import ReplyText
from engine.runtime.speculation.guesses import Guesses
from engine.sampling.sampler import Sampler, log_probability
from engine.sampling.seen import SeenTokens
from engine.types import FinishReason, GenerationEvent

_WATCHED_S: Final = 0.05  # runs that take longer than this are stopped in the middle
_FEW: Final = 40  # tokens that are read at once in hardly more time than one
# No guess reaches beyond a multiple of this: rotary embeddings that depend on the length of the
# text (LongRoPE) change at one, and room for the states is made there.
_BORDER: Final = 256


@dataclass
class RunStats:
    """What one reply cost.

    Attributes:
        prompt_tokens: Tokens of the prompt.
        reused_tokens: How many of them had been read before.
        new_tokens: Tokens accepted, the one that ends the reply included.
        prefill_s: Seconds until the prompt was read.
        decode_s: Seconds from then on.
        proposed_tokens: Tokens that were guessed, to be read in one run with others.
        accepted_tokens: How many of those were right.
    """

    prompt_tokens: int = 0
    reused_tokens: int = 0
    new_tokens: int = 0
    prefill_s: float = 0.0
    decode_s: float = 0.0
    proposed_tokens: int = 0
    accepted_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What ends a reply from outside the text.

    Attributes:
        stop_ids: Tokens that end it.
        max_new_tokens: Most tokens to accept.
        context_length: Most tokens the model can hold, prompt included.
        repetition: Whether an answer that goes round in circles ends.
    """

    stop_ids: frozenset[int]
    max_new_tokens: int
    context_length: int
    repetition: bool = False


class Steering(Protocol):
    """Puts tokens into a reply that were not sampled, such as the end of the thinking."""

    def after(self, token_id: int) -> Sequence[int]:
        """Ids that follow the token, which was just sampled and handed to the text."""


def generate(
    executor: Executor,
    prompt: NDArray[np.int64],
    sampler: Sampler,
    text: ReplyText,
    limits: Limits,
    *,
    control: Control,
    pace: Pace,
    stats: RunStats,
    steering: Steering | None = None,
    guesses: Guesses | None = None,
    marks: Sequence[int] = (),
    on_progress: ProgressCallback | None = None,
) -> Generator[GenerationEvent, None, None]:
    """Write a reply to `prompt` [seq].

    What the executor has read of it already is not read again. `marks` are lengths to which other
    prompts may want to come back. `guesses` know the prompt.

    When it ends, also by an error or because nobody listens any more, the executor's states stand
    for tokens of the prompt and the reply alone, and lack at most the last ones.

    Yields:
        Events whose text and ids, joined, are the reply; the last one has a finish reason.

    Raises:
        InsufficientMemory: No room for the state.
    """
    started = time.perf_counter()
    stats.prompt_tokens = len(prompt)
    common = common_prefix(executor.states.ids, prompt[:-1])
    stats.reused_tokens = executor.rewind(common)
    unread = prompt[stats.reused_tokens :]
    try:
        logits = prefill(executor, unread, pace, control, on_progress, marks=marks)
    except Interrupted as stop:
        stats.prefill_s = time.perf_counter() - started
        yield from text.finish(stop.reason)
        return
    stats.prefill_s = time.perf_counter() - started
    if guesses is not None:
        guesses.costs.reading_s = pace.seconds_for(1) or 0.0
    history = _history(prompt, limits)
    writer = _Writer(executor, sampler, text, limits, control, stats, steering, guesses, history)
    try:
        yield from writer.write(logits)
    finally:
        writer.align()


@dataclass
class _Writer:
    """Writes one reply after its prompt was read.

    Attributes:
        history: Ids of the prompt and the reply, with room for all that may come.
        end: How many of them there are.
        agreed: How many of them the states stand for; a state may have read more that was wrong.
        reason: Why the reply ended, None before.
        forced: Ids that must come next.
        run_s: What the last run took.
        seen: Every id of the conversation once.
        repetition: What the answer has said.
    """

    executor: Executor
    sampler: Sampler
    text: ReplyText
    limits: Limits
    control: Control
    stats: RunStats
    steering: Steering | None
    guesses: Guesses | None
    history: NDArray[np.int64]
    end: int = 0
    agreed: int = 0
    reason: FinishReason | None = None
    forced: Sequence[int] = field(default_factory=tuple)
    run_s: float = 0.0
    seen: SeenTokens = field(init=False)
    repetition: Repetition = field(default_factory=Repetition)

    def __post_init__(self) -> None:
        self.end = self.agreed = self.stats.prompt_tokens
        self.seen = SeenTokens(self.history[: self.end])

    def write(self, logits: NDArray[np.float32]) -> Iterator[GenerationEvent]:
        """Write the reply, given the logits [vocab] after the prompt."""
        started = time.perf_counter()
        self.reason = self.control.stop_reason()
        if self.reason is None:
            yield from self._accept_rows(logits[None], ())
        while self.reason is None:
            self.stats.decode_s = time.perf_counter() - started
            yield from self._step()
        self.stats.decode_s = time.perf_counter() - started
        yield from self.text.finish(self.reason)

    def align(self) -> None:
        """Let the states forget what they read and the reply does not say."""
        if self.executor.states.length > self.agreed:
            self.agreed = self.executor.rewind(self.agreed)

    def _step(self) -> Iterator[GenerationEvent]:
        """Read what was accepted and not read yet and what is to follow, or may; accept more."""
        self.align()
        pending, before = self.end - self.agreed, self.end
        forced = bool(self.forced)
        try:
            tail = self.forced if forced else self._guess(pending)
            rows = self._run(np.array([*self.history[self.agreed : self.end], *tail]), len(tail))
        except Interrupted as stop:
            self.reason = stop.reason
            return
        self.agreed = self.end
        seconds, guessed = self.run_s, 0 if forced else len(tail)
        try:
            yield from self._accept_rows(rows, tail)
        finally:
            self.stats.proposed_tokens += guessed
            self.stats.accepted_tokens += min(self.agreed - before, guessed)
            if self.guesses is not None:
                self.guesses.ran(pending + len(tail), guessed, self.end - before, seconds)

    def _guess(self, pending: int) -> Sequence[int]:
        if self.guesses is None:
            return ()
        new = self.limits.max_new_tokens - self.stats.new_tokens - 1
        room = min(new, self.limits.context_length - self.end - 1, -self.end % _BORDER)
        return self.guesses.guess(pending, room, self.seen, self.control)

    def _run(self, ids: NDArray[np.int64], tail: int) -> NDArray[np.float32]:
        """Read `ids`: logits [tail + 1, vocab]. Raises Interrupted."""
        started = time.perf_counter()
        if self.run_s > _WATCHED_S or len(ids) > _FEW:
            rows = self.executor.extend(ids, keep=tail + 1, control=self.control)
        elif len(ids) == 1:
            rows = self.executor.step(int(ids[0]))[None]
        else:
            rows = self.executor.extend(ids, keep=tail + 1)
        self.run_s = time.perf_counter() - started
        return rows

    def _accept_rows(
        self, rows: NDArray[np.float32], tail: Sequence[int]
    ) -> Iterator[GenerationEvent]:
        """Accept a token for each row, up to the first that `tail` did not say.

        Args:
            rows: Logits [len(tail) + 1, vocab] after the last accepted token and all of `tail`.
            tail: What the states have read behind the last accepted token.
        """
        forced = len(self.forced)
        self.forced = ()
        for index, logits in enumerate(rows):
            if index < forced:
                token_id = tail[index]
                logprob = log_probability(logits, token_id)
            else:
                token_id, logprob = self.sampler.sample(logits, self.seen.ids)
            agrees = index < len(tail) and token_id == tail[index]
            self.agreed += agrees
            yield from self._accept(token_id, logprob)
            if self.reason is not None:
                return
            if index >= forced and self.steering is not None:
                self.forced = self.steering.after(token_id)
            if self.forced and agrees:
                self.agreed -= 1  # read it again: what is forced is judged by the logits after it
            if self.forced or not agrees:
                return

    def _accept(self, token_id: int, logprob: float) -> Iterator[GenerationEvent]:
        """Make a token part of the reply; set the reason if it is the last."""
        self.history[self.end] = token_id
        self.seen.add(token_id)
        self.end += 1
        self.stats.new_tokens += 1
        if self.guesses is not None:
            self.guesses.push(token_id)
        if token_id in self.limits.stop_ids:
            self.text.note(token_id, logprob)
            self.reason = "stop"
            return
        yield from self.text.push(token_id, logprob)
        self.reason = self._limit(token_id) or self.control.stop_reason()

    def _limit(self, token_id: int) -> FinishReason | None:
        if self.text.stopped:
            return "stop"
        watched = self.limits.repetition and not self.text.thinking
        if watched and self.repetition.push(token_id):
            return "repetition"
        if self.stats.new_tokens >= self.limits.max_new_tokens:
            return "length"
        return "context" if self.end >= self.limits.context_length else None


def _history(prompt: NDArray[np.int64], limits: Limits) -> NDArray[np.int64]:
    """Room for every id of the conversation, so that no step allocates."""
    room = min(limits.max_new_tokens, max(0, limits.context_length - len(prompt))) + 1
    history = np.empty(len(prompt) + room, np.int64)
    history[: len(prompt)] = prompt
    return history
