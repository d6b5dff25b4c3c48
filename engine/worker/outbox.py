"""Sends events without ever making the one who computes wait for a slow reader.

A thread of its own writes. Whatever piles up while the pipe is full is merged: tokens of one reply
become one event, only the newest progress and the newest heartbeat are kept. The queue is therefore
short however long the other side sleeps.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from dataclasses import replace

from engine.protocol import Heartbeat, ProgressEvent, TokenEvent, WorkerMessage, encode
from engine.worker.guards import leave_at_once

_MERGED_TEXT_CHARS = 65_536


class Outbox:
    """Queue and writer thread for one descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[WorkerMessage] = deque()
        self._changed = threading.Condition()
        self._writing = False
        self._thread = threading.Thread(target=self._write_forever, name="outbox", daemon=True)
        self._thread.start()

    def post(self, message: WorkerMessage) -> None:
        """Queue a message; returns at once."""
        with self._changed:
            if self._waiting and (merged := merge(self._waiting[-1], message)) is not None:
                self._waiting[-1] = merged
            else:
                self._waiting.append(message)
            self._changed.notify_all()

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything is written; False when the reader was too slow."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._waiting or self._writing), timeout_s)

    def _write_forever(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                message = self._waiting.popleft()
                self._writing = True
            try:
                self._write(encode(message))
            except OSError:
                leave_at_once()  # nobody reads any more
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _write(self, line: bytes) -> None:
        view = memoryview(line)
        while view:
            view = view[os.write(self._descriptor, view) :]


def merge(old: WorkerMessage, new: WorkerMessage) -> WorkerMessage | None:
    """One message that says what both say, None when they must stay apart."""
    if isinstance(old, TokenEvent) and isinstance(new, TokenEvent):
        same = (old.id, old.channel) == (new.id, new.channel)
        if not same or len(old.text) + len(new.text) > _MERGED_TEXT_CHARS:
            return None
        return replace(
            old,
            text=old.text + new.text,
            token_ids=old.token_ids + new.token_ids,
            logprobs=old.logprobs + new.logprobs,
            token_ends=old.token_ends + new.token_ends,
            time_ms=new.time_ms,
        )
    if isinstance(old, ProgressEvent) and isinstance(new, ProgressEvent):
        return new if (old.id, old.stage) == (new.id, new.stage) else None
    if isinstance(old, Heartbeat) and isinstance(new, Heartbeat):
        return new
    return None
