"""The loop that writes a reply: read the prompt, then sample, decode, repeat."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.runtime.control import Control, Interrupted
from engine.runtime.executor import Executor
from engine.runtime.prefill import Pace, ProgressCallback, prefill
from engine.runtime.reply import ReplyText
from engine.sampling.sampler import Sampler
from engine.types import FinishReason, GenerationEvent


@dataclass
class RunStats:
    """What one reply cost.

    Attributes:
        prompt_tokens: Tokens of the prompt.
        new_tokens: Tokens sampled, the one that ends the reply included.
        prefill_s: Seconds until the prompt was read.
        decode_s: Seconds from then on.
    """

    prompt_tokens: int = 0
    new_tokens: int = 0
    prefill_s: float = 0.0
    decode_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What ends a reply from outside the text.

    Attributes:
        stop_ids: Tokens that end it.
        max_new_tokens: Most tokens to sample.
        context_length: Most tokens the model can hold, prompt included.
    """

    stop_ids: frozenset[int]
    max_new_tokens: int
    context_length: int


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
    on_progress: ProgressCallback | None = None,
) -> Iterator[GenerationEvent]:
    """Write a reply to `prompt` [seq].

    Yields:
        Events whose text and ids, joined, are the reply; the last one has a finish reason.

    Raises:
        InsufficientMemory: No room for the state.
    """
    started = time.perf_counter()
    stats.prompt_tokens = len(prompt)
    executor.reset()
    try:
        logits = prefill(executor, prompt, pace, control, on_progress)
    except Interrupted as stop:
        stats.prefill_s = time.perf_counter() - started
        yield from text.finish(stop.reason)
        return
    decoding = time.perf_counter()
    stats.prefill_s = decoding - started
    history = _history(prompt, limits)
    reason: FinishReason | None = control.stop_reason()
    while reason is None:
        end = len(prompt) + stats.new_tokens
        token_id, logprob = sampler.sample(logits, history[:end])
        history[end] = token_id
        stats.new_tokens += 1
        if token_id in limits.stop_ids:
            text.note(token_id, logprob)
            reason = "stop"
        else:
            yield from text.push(token_id, logprob)
            reason = _reason(text, limits, end + 1, stats.new_tokens) or control.stop_reason()
        if reason is None:
            logits = executor.step(token_id)
        stats.decode_s = time.perf_counter() - decoding
    yield from text.finish(reason)


def _reason(text: ReplyText, limits: Limits, length: int, new: int) -> FinishReason | None:
    if text.stopped:
        return "stop"
    if new >= limits.max_new_tokens:
        return "length"
    return "context" if length >= limits.context_length else None


def _history(prompt: NDArray[np.int64], limits: Limits) -> NDArray[np.int64]:
    """Room for every id of the conversation, so that no step allocates."""
    room = min(limits.max_new_tokens, max(0, limits.context_length - len(prompt))) + 1
    history = np.empty(len(prompt) + room, np.int64)
    history[: len(prompt)] = prompt
    return history
