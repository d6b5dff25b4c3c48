"""Runs the graph over new tokens: the state is kept, the logits come back.

Bindings are made once for each buffer layout and each small number of tokens, and a decode step
only overwrites a few integers in place, so the Python part of a step is a few microseconds.

When a device fails, the next one is opened, reads what the conversation held, and the run is made
there: whoever called notices a pause.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadBundle, DeviceUnavailable, EngineError
from engine.runtime.control import Control
from engine.runtime.ort import load_onnxruntime, memory_failure, ort_failures
from engine.runtime.session import OpenSession
from engine.runtime.state_buffers import HOST, Buffer, bind_input, bind_output
from engine.runtime.states import StateSet

log = logging.getLogger(__name__)

NextSession = Callable[[], OpenSession | None]

_READ_AGAIN = 256  # tokens at a time after a device failed
_KNOWN_INPUTS = frozenset(
    {
        "input_ids",
        "seqlens_k",
        "total_sequence_length",
        "position_ids",
        "final_length",
        "logits_to_keep",
    }
)


_MOST_KEPT = 40  # longest runs whose bindings are kept


@dataclass
class _Step:
    """Buffers and bindings for runs over one number of tokens.

    Attributes:
        ids: [1, seq] int64.
        positions: [1, seq] int64.
        seqlens: [1] int32, total length - 1.
        total: [] int32, total length.
        final: [1] int64, length the text is going to have.
        keep: [1] int64, last positions that get logits.
        logits: [1, kept, vocab] float32, written by the graph.
        bindings: One for each parity of the states.
        states: What the bindings point at; they hold addresses and keep nothing alive.
        window: Tokens the bindings have room for.
    """

    ids: NDArray[np.int64]
    positions: NDArray[np.int64]
    seqlens: NDArray[np.int32]
    total: NDArray[np.int32]
    final: NDArray[np.int64]
    keep: NDArray[np.int64]
    logits: NDArray[np.float32]
    states: tuple[Buffer, ...]
    window: int
    bindings: tuple[Any, ...] = ()


class Executor:
    """A session and the state of one conversation.

    Attributes:
        states: The state tensors; `states.length` tokens have been read.
        vocab: Width of the logits.
    """

    def __init__(
        self,
        session: OpenSession,
        states: StateSet,
        vocab: int,
        next_session: NextSession = lambda: None,
    ) -> None:
        """Make an executor.

        Args:
            session: What runs the graph.
            states: The conversation to begin with.
            vocab: Width of the logits.
            next_session: Asked for another session when this one's device has failed; None ends it.
        """
        self.states = states
        self.vocab = vocab
        self._session = session
        self._next_session = next_session
        self._resident = states
        self._steps: dict[tuple[int, int], _Step] = {}  # by tokens read and logits kept
        self._rows: NDArray[np.float32] | None = None
        self._final_length = 0
        known = _KNOWN_INPUTS | {spec.input_name for spec in states.specs}
        unknown = sorted(session.inputs - known)
        if unknown:
            raise BadBundle(reason="unknown_input", file=unknown[0])

    @property
    def session(self) -> OpenSession:
        """What runs the graph now."""
        return self._session

    def reset(self) -> None:
        """Forget the conversation, keep the buffers."""
        self.rewind(0)

    def rewind(self, length: int) -> int:
        """Forget all tokens after the first `length`, or more of them; see `StateSet.rewind`."""
        self._final_length = 0
        return self.states.rewind(length)

    def attach(self, states: StateSet) -> None:
        """Go on with another conversation of the same model; the old set stays as it is."""
        if states is not self.states:
            self.states = states
            self._steps.clear()
            self._final_length = 0

    def reserve(self, tokens: int) -> None:
        """Make room for `tokens` more, which are about to come. Raises InsufficientMemory."""
        needed = self.states.length + tokens
        self._final_length = max(needed, self._final_length)
        needed += self._session.spare_tokens
        if needed <= self.states.capacity and self.states.memory is self._session.memory:
            return
        self._steps.clear()  # they are bound to buffers that will be gone
        try:
            self._settle()
            self.states.reserve(needed)
        except ort_failures() as exc:
            self._go_down(exc)
            self.states.reserve(needed)

    def extend(
        self,
        ids: NDArray[np.int64],
        keep: int = 1,
        control: Control = Control(),
    ) -> NDArray[np.float32]:
        """Read `ids` [seq] after what was read before.

        Args:
            ids: The new tokens.
            keep: How many of the last positions get logits.
            control: Asked while several tokens are read; then none of them counts as read.

        Returns:
            Logits [keep, vocab]. For few tokens they live in a buffer that the next call
            overwrites.

        Raises:
            InsufficientMemory: No room for the longer state.
            BadBundle: The graph failed on valid input.
            DeviceUnavailable: The device failed, and there is no other.
            Interrupted: `control` said so.
        """
        self.reserve(len(ids))
        step = self._bound(len(ids), keep) or self._prepare(len(ids), keep)
        step.ids[0, :] = ids
        return cast("NDArray[np.float32]", self._run(step, len(ids), control)[0])

    def step(self, token_id: int) -> NDArray[np.float32]:
        """Read one token, return its logits [vocab] in a buffer that the next call overwrites."""
        step = self._bound(1, 1)
        if step is None:
            return cast("NDArray[np.float32]", self.extend(np.array([token_id], np.int64))[0])
        step.ids[0, 0] = token_id
        return cast("NDArray[np.float32]", self._run(step, 1)[0, 0])

    def _bound(self, count: int, keep: int) -> _Step | None:
        """Bindings that were made before and still fit."""
        step = self._steps.get((count, keep))
        fits = step is not None and step.window == self._window(count)
        return step if fits else None

    def _run(self, step: _Step, count: int, control: Control | None = None) -> NDArray[np.float32]:
        states = self.states
        start, end = states.length, states.length + count
        step.seqlens[0] = end - 1
        step.total[...] = end
        step.final[0] = max(end, self._final_length)
        step.positions[0, :] = start if count == 1 else np.arange(start, end)
        binding = step.bindings[states.parity if states.alternates else 0]
        if self._session.device != "cpu":
            self._bind_inputs(binding, step)  # a device gets its copy when an input is bound
        states.begin_run()
        try:
            if control is None:
                self._session.ort.run_with_iobinding(binding)
            else:
                self._run_until_stopped(binding, control)
        except ort_failures() as exc:
            self._go_down(exc)
            return self.extend(step.ids[0].copy(), int(step.keep[0]), control or Control())[None]
        states.advance(step.ids[0])
        return step.logits

    def _settle(self) -> None:
        """Bring the states to the session's memory; a device holds one conversation at a time."""
        if self._resident is not self.states:
            if self._resident.length:
                self._resident.move_to(HOST)
            elif self._resident.memory is not HOST:
                self._resident.restart(HOST)
            self._resident = self.states
        self.states.move_to(self._session.memory)

    def _go_down(self, failure: Exception) -> None:
        """Go on with the next session. Raises what `failure` means where there is none."""
        failed, ids, final_length = self._session, self.states.ids.copy(), self._final_length
        if failed.device == "cpu":
            raise (memory_failure(failure) or _failed()) from failure
        self._steps.clear()
        self.states.restart(HOST)  # the device's memory is wanted for the next one
        session = self._next_session()
        if session is None:
            raise DeviceUnavailable(device=failed.device, reason="run_failed") from failure
        log.warning("device failed device=%s next=%s", failed.device, session.device)
        self._session = session
        self._resident = self.states
        for start in range(0, len(ids), _READ_AGAIN):
            self.extend(ids[start : start + _READ_AGAIN])
        self._final_length = final_length

    def _run_until_stopped(self, binding: Any, control: Control) -> None:  # noqa: ANN401
        """Run, but leave after the operator at work when `control` asks to. Raises Interrupted."""
        options = load_onnxruntime().RunOptions()

        def stop() -> None:
            options.terminate = True

        with control.calling(stop):
            try:
                self._session.ort.run_with_iobinding(binding, options)
            except ort_failures():
                control.check()
                raise

    def _prepare(self, count: int, keep: int) -> _Step:
        step = _Step(
            ids=np.zeros((1, count), np.int64),
            positions=np.zeros((1, count), np.int64),
            seqlens=np.zeros(1, np.int32),
            total=np.zeros((), np.int32),
            final=np.zeros(1, np.int64),
            keep=np.array([keep], np.int64),
            logits=self._logits_for(count, keep),
            states=self.states.buffers(),
            window=self._window(count),
        )
        parities = (0, 1) if self.states.alternates else (0,)
        step.bindings = tuple(self._bind(step, parity) for parity in parities)
        if count <= _MOST_KEPT:
            self._steps[count, keep] = step
        return step

    def _window(self, count: int) -> int:
        """Room for tokens that a run over `count` of them needs."""
        return self.states.window(self.states.length + count + self._session.spare_tokens)

    def _logits_for(self, count: int, keep: int) -> NDArray[np.float32]:
        """Room for logits [1, keep, vocab]; all runs whose bindings are kept share theirs."""
        if count > _MOST_KEPT:
            return np.empty((1, keep, self.vocab), np.float32)
        if self._rows is None:  # the system provides a row when it is first written
            self._rows = np.empty((_MOST_KEPT, self.vocab), np.float32)
        return self._rows[None, :keep]

    def _bind(self, step: _Step, parity: int) -> Any:  # noqa: ANN401
        binding = self._session.ort.io_binding()
        try:
            self._bind_inputs(binding, step)
            self.states.bind(binding, parity, step.window)
            bind_output(binding, "logits", step.logits)
        except ort_failures() as exc:
            raise (memory_failure(exc) or _failed()) from exc
        return binding

    def _bind_inputs(self, binding: Any, step: _Step) -> None:  # noqa: ANN401
        inputs: dict[str, NDArray[Any]] = {
            "input_ids": step.ids,
            "seqlens_k": step.seqlens,
            "total_sequence_length": step.total,
            "position_ids": step.positions,
            "final_length": step.final,
            "logits_to_keep": step.keep,
        }
        for name in self._session.inputs & inputs.keys():
            bind_input(binding, name, inputs[name])


def _failed() -> EngineError:
    return BadBundle(reason="run_failed", file="model.onnx")
