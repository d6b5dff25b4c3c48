"""A loaded model: the public face of the runtime."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.bundle import TOKENIZER_NAME, Manifest
from engine.errors import BadBundle, ContextTooLong, InvalidRequest, TemplateFailed
from engine.runtime.control import Control
from engine.runtime.conversations.kept import Conversations, common_prefix
from engine.runtime.conversations.saved import binding_of, read_states, write_states
from engine.runtime.executor import Executor, NextSession
from engine.runtime.generator import Limits, RunStats, generate
from engine.runtime.prefill import Pace
from engine.runtime.reply import ReplyText
from engine.runtime.scoring import score_ids
from engine.runtime.session import OpenSession
from engine.runtime.speculation.draft import Draft
from engine.runtime.speculation.guesses import Guesses, Speculation
from engine.runtime.state_sizes import growing_bytes
from engine.runtime.thinking import ThinkingLimit
from engine.sampling.sampler import Sampler
from engine.text.alignment import PromptAligner
from engine.text.prompt import EncodedPrompt, PromptEncoder
from engine.text.reasoning import Reasoning
from engine.text.template import ChatTemplate
from engine.types import (
    GenerationConfig,
    GenerationEvent,
    LoadOptions,
    Message,
    Progress,
    StatesFile,
    Thinking,
)

if TYPE_CHECKING:
    from tokenizers import Tokenizer

OnProgress = Callable[[Progress], None]

_ANY_QUESTION = "?"


@dataclass(frozen=True, slots=True)
class _Request:
    """A reply to be written; everything about it has been checked.

    Attributes:
        chat: Name of the conversation, "" for none.
        prompt: Its tokens [seq].
        shared: How many of them other conversations begin with as well.
        thinking: Ends the thoughts when it is time.
        guesses: What may come next, None where nothing is to be guessed.
    """

    chat: str
    prompt: NDArray[np.int64]
    sampler: Sampler
    text: ReplyText
    limits: Limits
    shared: int
    thinking: ThinkingLimit
    guesses: Guesses | None


class Model:
    """A bundle in memory, ready to answer. Use it as a context manager.

    One reply is written at a time; a second one begun meanwhile is refused.

    Attributes:
        manifest: What the bundle says about itself.
        threads: Threads that share each operator's work.
        last_run: What the last reply cost.
        reasoning: How it marks its thoughts; None without a tokenizer.
    """

    def __init__(
        self,
        manifest: Manifest,
        session: OpenSession,
        tokenizer: Tokenizer | None,
        template: ChatTemplate | None,
        options: LoadOptions = LoadOptions(),
        next_session: NextSession = lambda: None,
        draft: Draft | None = None,
    ) -> None:
        self.manifest = manifest
        self._binding = binding_of(manifest, options)
        self.threads = session.threads
        self.last_run = RunStats()
        self._tokenizer = tokenizer
        self._encoder: PromptEncoder | None = None
        self._aligner: PromptAligner | None = None
        self.reasoning: Reasoning | None = None
        if tokenizer is not None:
            self._aligner = PromptAligner(tokenizer)
            bos = manifest.special_tokens.get("bos", "") if manifest.add_bos else ""
            self.reasoning = Reasoning(tokenizer, template)
            self._encoder = PromptEncoder(tokenizer, template, bos, self.reasoning)
        self._pace = Pace()
        self._speculation = Speculation(draft)
        self._busy = threading.Lock()
        vocab = manifest.sizes.get("vocab", 0)
        if vocab <= 0:
            raise BadBundle(reason="malformed", file="manifest.json")
        short_context = manifest.sizes.get("short_context", 0)
        self._conversations = Conversations(manifest.states, short_context=short_context)
        self._executor: Executor | None = Executor(
            session, self._conversations.scratch, vocab, next_session
        )

    def __enter__(self) -> Model:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the memory back; the model cannot be used any more."""
        self._executor = self._tokenizer = self._encoder = None
        self._speculation = Speculation()
        self._conversations = Conversations(())

    @property
    def placement(self) -> dict[str, int]:
        """Number of nodes by execution provider, of the session that runs now."""
        return self.executor.session.placement

    @property
    def executor(self) -> Executor:
        """The graph and its state, for measurements. Raises InvalidRequest after `close`."""
        if self._executor is None:
            raise InvalidRequest(field="model", reason="closed")
        return self._executor

    def stream(
        self,
        messages: Sequence[Message],
        config: GenerationConfig = GenerationConfig(),
        *,
        chat: str = "",
        cancel: threading.Event | None = None,
        answer_now: threading.Event | None = None,
        deadline_ms: int = 0,
        on_progress: OnProgress | None = None,
    ) -> Iterator[GenerationEvent]:
        """Answer a conversation.

        Everything that can be wrong with the request is checked before this returns.

        Args:
            messages: The conversation so far; the reply follows.
            config: How tokens are chosen.
            chat: Names the conversation: what was read of it is kept for the next call with the
                same name, until `forget` or until the memory is needed. "" keeps nothing.
            cancel: Set it from another thread to stop within one token.
            answer_now: Set it from another thread to end the thinking within one token; the
                answer follows from what was thought so far, without reading anything again.
            deadline_ms: Milliseconds from now until the reply is cut off, 0 for no limit.
            on_progress: Called from this thread while the prompt is read.

        Raises:
            ContextTooLong: The conversation leaves no room for a reply.
            InvalidRequest: A setting is out of range; while iterating: another reply is being
                written.
            TemplateFailed: The model's chat template failed.
            InsufficientMemory: No room for the state; also while iterating.
        """
        control = Control.within(cancel, deadline_ms, answer_now)
        return self.stream_controlled(messages, config, control, on_progress, chat=chat)

    def stream_controlled(
        self,
        messages: Sequence[Message],
        config: GenerationConfig,
        control: Control,
        on_progress: OnProgress | None = None,
        *,
        chat: str = "",
    ) -> Iterator[GenerationEvent]:
        """What `stream` does, under a control whose clock runs already."""
        start = time.perf_counter()
        executor = self.executor
        sampler = Sampler(config)
        begun = datetime.fromtimestamp(self._conversations.begun(chat)).astimezone()
        prompt = self.encode(messages, config.thinking, begun)
        ids = self._aligned(prompt, chat)
        if int(ids.max()) >= executor.vocab:  # the graph would read beyond its table
            raise BadBundle(reason="token_out_of_range", file=TOKENIZER_NAME)
        context = self.manifest.context_length - executor.session.spare_tokens
        if len(ids) >= context:
            raise ContextTooLong(prompt_tokens=len(ids), context_length=context)
        assert self._tokenizer is not None
        assert self.reasoning is not None
        reasoning = self.reasoning
        text = ReplyText(self._tokenizer, config.stop, reasoning, prompt.text, len(ids), start)
        stop_ids = reasoning.stop_ids(self.manifest.stop_ids)
        repetition = config.stop_on_repetition
        limits = Limits(stop_ids, config.max_new_tokens, context, repetition)
        room = min(config.max_new_tokens, context - len(ids))
        thinking = ThinkingLimit(
            text,
            reasoning.closing,
            config.thinking_budget,
            room,
            control.answer_now,
            repetition=repetition,
        )
        self.last_run = stats = RunStats(prompt_tokens=len(ids))
        known = not chat or len(self._conversations.ids(chat)) > 0
        shared = 0 if known else self._shared_length(messages, ids, config.thinking)
        guesses = self._guesses(ids, sampler) if self._speculates(config) else None
        request = _Request(chat, ids, sampler, text, limits, shared, thinking, guesses)
        return self._alone(request, control, stats, on_progress)

    def _speculates(self, config: GenerationConfig) -> bool:
        if config.speculate is None:
            return config.temperature > 0 or self.executor.session.keeps_ties
        return config.speculate

    def _guesses(self, prompt: NDArray[np.int64], sampler: Sampler) -> Guesses:
        rereads = not self.executor.states.can_rewind
        return Guesses(self._speculation, prompt.tolist(), sampler, rereads=rereads)

    def forget(self, chat: str) -> None:
        """Give back what is kept of a conversation; unknown ones are ignored.

        Raises InvalidRequest while a reply is being written.
        """
        with self._exclusive():
            self._conversations.forget(chat)

    def save(self, chat: str, file: StatesFile, control: Control = Control()) -> int:
        """Write what is kept of a conversation; returns the file's size, 0 when nothing is.

        Raises:
            InvalidRequest: The file's salt or key are not of their form, or a reply is being
                written.
            DiskFull: No room. Nothing is left of the file, and the one before is untouched.
            OSError: Anything else the system says; the same.
            Interrupted: `control` said so; the same.
        """
        with self._exclusive():
            states, ids = self._conversations.states(chat), self._conversations.ids(chat)
            if states is None or not states.length or not self._conversations.reads_alike(chat):
                return 0
            begun = self._conversations.begun(chat)
            return write_states(file, states, ids, begun, self._binding, control)

    def restore(self, chat: str, file: StatesFile, control: Control = Control()) -> bool:
        """Take a conversation from where `save` put it; returns whether it is kept now.

        A file that is damaged, or was written with another model or other options, is removed.

        Raises InvalidRequest as `save`, and Interrupted.
        """
        with self._exclusive():
            if len(self._conversations.ids(chat)):
                return True
            states = self._conversations.new_states()
            found = read_states(file, states, self._binding, control)
            if found is not None:
                self._conversations.put(chat, states, *found)
            return found is not None

    def read_again_s(self, chat: str) -> float:
        """Estimated seconds that it would take to read a kept conversation again; 0: unknown."""
        return self._pace.seconds_for(len(self._conversations.ids(chat))) or 0.0

    def kept_bytes(self, chat: str) -> int:
        """About how large a file `save` would write; 0 when nothing is kept."""
        states = self._conversations.states(chat)
        return growing_bytes(states.specs, states.length) if states is not None else 0

    def _alone(
        self,
        request: _Request,
        control: Control,
        stats: RunStats,
        on_progress: OnProgress | None,
    ) -> Iterator[GenerationEvent]:
        """Write a reply while no other one is being written."""
        with self._exclusive():
            executor, conversations = self.executor, self._conversations
            executor.attach(conversations.begin(request.chat, request.prompt))
            reply: list[int] = []
            events = generate(
                executor,
                request.prompt,
                request.sampler,
                request.text,
                request.limits,
                control=control,
                pace=self._pace,
                stats=stats,
                steering=request.thinking,
                guesses=request.guesses,
                marks=(request.shared,),
                on_progress=on_progress,
            )
            try:
                with contextlib.closing(events):
                    for event in events:
                        reply += event.token_ids
                        yield event
            finally:
                conversations.end(request.chat, request.prompt, reply, request.shared)
                executor.attach(conversations.scratch)

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        if not self._busy.acquire(blocking=False):
            raise InvalidRequest(field="model", reason="busy")
        try:
            yield
        finally:
            self._busy.release()

    def _aligned(self, prompt: EncodedPrompt, chat: str) -> NDArray[np.int64]:
        """The prompt's ids [seq], in the tokens that the conversation was read and written in."""
        kept = self._conversations.ids(chat)
        if not len(kept) or self._aligner is None:
            return np.array(prompt.ids, np.int64)
        return np.array(self._aligner.align(kept.tolist(), prompt.ids), np.int64)

    def _shared_length(
        self, messages: Sequence[Message], ids: NDArray[np.int64], thinking: Thinking
    ) -> int:
        """How many tokens every conversation with the same system prompt begins with."""
        system = [message for message in messages[:1] if message.role == "system"]
        try:
            other = self.encode([*system, Message("user", _ANY_QUESTION)], thinking)
        except TemplateFailed:  # an unusual template; then nothing is known to be shared
            return 0
        return common_prefix(np.array(other.ids, np.int64), ids[:-1])

    def score(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits [seq, vocab] at every position of `ids` [seq].

        Raises InvalidRequest, ContextTooLong, InsufficientMemory.
        """
        return self.score_controlled(ids, Control())

    def score_controlled(
        self, ids: NDArray[np.int64], control: Control, on_progress: OnProgress | None = None
    ) -> NDArray[np.float32]:
        """What `score` does, under a control. Raises Interrupted as well."""
        context = self.manifest.context_length
        return score_ids(self.executor, ids, context, control, on_progress)

    def encode(
        self,
        messages: Sequence[Message],
        thinking: Thinking = "auto",
        begun: datetime | None = None,
    ) -> EncodedPrompt:
        """The conversation as the model reads it, as text and as ids.

        A template may write a date: that of `begun`, or today's.

        Raises InvalidRequest, TemplateFailed, or BadBundle without a tokenizer.
        """
        if self._encoder is None:
            raise BadBundle(reason="missing", file=TOKENIZER_NAME)
        prompt = None
        if messages:
            prompt = self._encoder.encode(messages, thinking=thinking, begun=begun)
        if prompt is None or not prompt.ids:
            raise InvalidRequest(field="messages", reason="empty")
        return prompt
