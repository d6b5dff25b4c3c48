"""Keeps a worker with the assistant loaded, whatever happens to it.

                 start             hello              loaded
    stopped ───────────▶ starting ───────▶ loading ───────────▶ ready
                            ▲                                     │
                            └────── after a pause ◀── crash ──────┘
                                          │ too many in a row, or a bundle that cannot be loaded
                                          ▼
                                        failed ── the next question or `load` ──▶ starting

Requests made before the assistant is ready wait here. When the worker dies every request of that
moment fails with one error; none is repeated behind the person's back.
"""

from __future__ import annotations

import itertools
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.core.errors import AppError, NoModel
from app.services.generation import Wording
from app.services.instructions import Speaker
from app.services.patience import Patience
from app.services.worker_link import SILENCE_MS, WorkerLink
from engine.errors import Crashed, EngineError, ProtocolError, Stalled, from_wire
from engine.protocol import (
    AnswerNow,
    Cancel,
    ErrorEvent,
    Forget,
    Generate,
    Load,
    ProgressEvent,
    ResultEvent,
    Save,
    TokenEvent,
    WorkerMessage,
)
from engine.types import Device, LoadOptions, Message, StatesFile

log = logging.getLogger(__name__)

Asked = Callable[[], tuple[Message, ...]]
HostState = Literal["stopped", "starting", "loading", "ready", "failed"]

RESTART_PAUSES_MS = (100, 1_000, 5_000)
"""Before each new attempt; after the last one only a person starts another."""
CANCEL_PATIENCE_MS = 10_000
"""A worker that does not stop within this time is replaced."""
DEADLINE_GRACE_MS = 10_000


class EngineHost(QObject):
    """The assistant as the app sees it: questions go in, tokens come out, errors are plain.

    Signals:
        state_changed: The new `HostState`.
        progressed: A `ProgressEvent` of a request or of loading.
        tokens_arrived: A `TokenEvent`.
        request_finished: Id and result data; a cancelled request finishes too.
        request_failed: Id and an `EngineError` or `NoModel`.
        model_loaded: Result data of loading.
        load_failed: The error for which the assistant could not be loaded.
    """

    state_changed = Signal(str)
    progressed = Signal(object)
    tokens_arrived = Signal(object)
    request_finished = Signal(str, dict)
    request_failed = Signal(str, object)
    model_loaded = Signal(dict)
    load_failed = Signal(object)

    def __init__(
        self,
        *,
        device: Device = "auto",
        threads: int = 0,
        silence_ms: int = SILENCE_MS,
        cache: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Make a host without a worker.

        Args:
            device: Where the assistant should run.
            threads: Of the worker's computation; 0 lets it choose.
            silence_ms: After how long a silent worker counts as stalled.
            cache: Where the worker keeps what can be made again; None lets it choose.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._device = device
        self._threads = threads
        self._silence_ms = silence_ms
        self._cache = cache
        self._state: HostState = "stopped"
        self._bundle: Path | None = None
        self._link: WorkerLink | None = None
        self._ids = itertools.count(1)
        self._load_id = ""
        self._waiting: OrderedDict[str, tuple[Generate, Asked, Wording]] = OrderedDict()
        self._running: dict[str, Generate | Save] = {}
        self._failures = 0
        self._restart = QTimer(self, singleShot=True)
        self._restart.timeout.connect(self._start)
        self._patience = Patience(self)
        self._patience.lost.connect(self._on_patience_lost)
        self.loaded_data: dict[str, Any] = {}

    @property
    def state(self) -> HostState:
        """Where the worker stands."""
        return self._state

    @property
    def bundle(self) -> Path | None:
        """The model that is or will be loaded."""
        return self._bundle

    @property
    def worker_pid(self) -> int:
        """Process id of the worker, 0 when there is none."""
        return self._link.pid if self._link is not None else 0

    @property
    def thinks(self) -> bool:
        """Whether the loaded model may think before it answers."""
        return bool(self.loaded_data.get("thinking", {}).get("thinks"))

    @property
    def speaker(self) -> Speaker:
        """What is known of the loaded model's languages and thoughts."""
        languages = self.loaded_data.get("languages", ())
        return Speaker(tuple(str(code) for code in languages), self.thinks)

    def load(self, bundle: Path) -> None:
        """Load a model, replacing the one before; returns at once."""
        self._bundle = bundle
        self._failures = 0
        if self._link is None:
            self._start()
        else:
            self._send_load()

    def generate(
        self,
        messages: tuple[Message, ...] | Callable[[], tuple[Message, ...]],
        wording: Wording,
        *,
        deadline_ms: int = 0,
        chat: str = "",
        saved: StatesFile | None = None,
    ) -> str:
        """Ask for a reply; it waits until the model is loaded.

        Args:
            messages: The conversation, oldest first; a function is asked like `wording`.
            wording: How to choose tokens; asked when it is known what model answers.
            deadline_ms: How long the worker may take once it has the request; 0 is no limit.
            chat: Names the conversation for the next question; "" for one that has none.
            saved: Where `save` wrote it.

        Returns:
            The request's id; signals about it never come before this returns.
        """
        request = Generate(
            id=f"r{next(self._ids)}",
            deadline_ms=deadline_ms,
            messages=(),
            chat=chat,
            saved=saved,
        )
        conversation = messages if callable(messages) else lambda: messages
        self._waiting[request.id] = (request, conversation, wording)
        if self._bundle is None:
            QTimer.singleShot(0, self, lambda: self._fail_waiting(NoModel()))
        elif self._state == "ready":
            self._send_waiting()
        elif self._link is None:
            self._failures = 0
            self._start()
        elif self._state == "failed":
            self._send_load()
        return request.id

    def save(self, chat: str, file: StatesFile) -> str:
        """Write what the worker has read of a conversation, as soon as it has nothing else to do.

        Returns:
            The request's id, see `generate`; "" when the assistant is not ready.
        """
        if self._state != "ready" or self._link is None:
            return ""
        request = Save(id=f"s{next(self._ids)}", chat=chat, file=file)
        self._running[request.id] = request
        self._link.send(request)
        return request.id

    def forget(self, chat: str) -> None:
        """Let the worker forget what it has read of a conversation."""
        if self._link is not None:
            self._link.send(Forget(id=f"f{next(self._ids)}", chat=chat))

    def cancel(self, request_id: str) -> None:
        """Stop a request; it then finishes as cancelled. Unknown ids are ignored."""
        if self._waiting.pop(request_id, None) is not None:
            data = {"finish_reason": "cancelled", "prompt_tokens": 0, "new_tokens": 0}
            QTimer.singleShot(0, self, lambda: self.request_finished.emit(request_id, data))
        elif request_id in self._running and self._link is not None:
            self._link.send(Cancel(id=request_id))
            self._patience.wait(request_id, CANCEL_PATIENCE_MS)

    def answer_now(self, request_id: str) -> None:
        """End the thinking of a reply; ignored unless it thinks just now."""
        if request_id in self._running and self._link is not None:
            self._link.send(AnswerNow(id=request_id))

    def shutdown(self, wait_ms: int = 2_000) -> None:
        """End the worker; nothing is reported afterwards."""
        self._restart.stop()
        self.blockSignals(True)
        link, self._link = self._link, None
        self._waiting.clear()
        self._running.clear()
        self._patience.clear()
        self._state = "stopped"
        if link is not None:
            link.close(wait_ms)

    @Slot()
    def _start(self) -> None:
        self._restart.stop()
        link = WorkerLink(self._silence_ms, self, cache=self._cache)
        link.greeted.connect(self._on_greeted)
        link.received.connect(self._on_message)
        link.ended.connect(self._on_ended)
        self._link = link
        self._set_state("starting")
        link.start(*self._load_request())

    @Slot()
    def _on_greeted(self) -> None:
        if self._state == "starting":
            self._set_state("loading")

    def _send_load(self) -> None:
        if self._link is not None:
            self._set_state("loading")
            for request in self._load_request():
                self._link.send(request)

    def _load_request(self) -> tuple[Load, ...]:
        """A request to load the bundle, which makes answers to earlier ones void."""
        if self._bundle is None:
            return ()
        self._load_id = f"l{next(self._ids)}"
        load = Load(
            id=self._load_id,
            bundle=str(self._bundle),
            options=LoadOptions(device=self._device, threads=self._threads),
        )
        return (load,)

    def _send_waiting(self) -> None:
        while self._waiting and self._link is not None:
            request_id, (request, asked, wording) = self._waiting.popitem(last=False)
            request = replace(request, messages=asked(), config=wording(self.thinks))
            self._running[request_id] = request
            self._link.send(request)
            if request.deadline_ms:
                self._patience.wait(request_id, request.deadline_ms + DEADLINE_GRACE_MS)

    @Slot(object)
    def _on_message(self, message: WorkerMessage) -> None:
        if isinstance(message, TokenEvent):
            if message.id in self._running:
                self.tokens_arrived.emit(message)
        elif isinstance(message, ProgressEvent):
            self.progressed.emit(message)
        elif isinstance(message, ResultEvent):
            self._on_result(message)
        elif isinstance(message, ErrorEvent):
            self._on_error(message.id, from_wire(message.code, message.params))

    def _on_result(self, message: ResultEvent) -> None:
        if message.id == self._load_id:
            self._load_id = ""
            self.loaded_data = message.data
            self._set_state("ready")
            self.model_loaded.emit(message.data)
            self._send_waiting()
        elif self._take_out(message.id):
            self._failures = 0
            self.request_finished.emit(message.id, message.data)

    def _take_out(self, request_id: str) -> bool:
        """A request has ended; False for one that nobody waits for."""
        self._patience.came(request_id)
        return self._running.pop(request_id, None) is not None

    def _on_error(self, request_id: str, error: EngineError) -> None:
        if request_id == self._load_id:
            self._load_id = ""
            self._set_state("failed")
            self.load_failed.emit(error)
            self._fail_waiting(error)
        elif self._take_out(request_id):
            self.request_failed.emit(request_id, error)
        elif not request_id and self._link is not None:
            # It did not understand us: nothing it says next can be trusted.
            self._link.kill(ProtocolError(reason="refused"))

    @Slot(object)
    def _on_ended(self, reason: EngineError | None) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.deleteLater()
        if self._state == "stopped":
            return
        error = reason or Crashed(exit_code=0)
        was_idle = (
            not any(isinstance(r, Generate) for r in self._running.values()) and not self._waiting
        )
        self._load_id = ""
        self._recover(error)
        for request_id in list(self._running):
            self._take_out(request_id)
            self.request_failed.emit(request_id, error)
        self._fail_waiting(error)
        if was_idle and self._state == "failed":
            self.load_failed.emit(error)

    def _recover(self, error: EngineError) -> None:
        wrong_version = isinstance(error, ProtocolError) and error.params.get("reason") == "version"
        if wrong_version or self._failures >= len(RESTART_PAUSES_MS):
            log.error("worker given up failures=%d code=%s", self._failures, error.code)
            self._set_state("failed")
            return
        pause_ms = RESTART_PAUSES_MS[self._failures]
        self._failures += 1
        self._set_state("starting")
        self._restart.start(pause_ms)

    def _fail_waiting(self, error: EngineError | AppError) -> None:
        while self._waiting:
            request_id, _ = self._waiting.popitem(last=False)
            self.request_failed.emit(request_id, error)

    @Slot(str, int)
    def _on_patience_lost(self, request_id: str, patience_ms: int) -> None:
        """Replace a worker that is still busy with a request it should have ended."""
        if self._link is not None and request_id in self._running:
            self._link.kill(Stalled(silent_ms=patience_ms))

    def _set_state(self, state: HostState) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)
