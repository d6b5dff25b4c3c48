"""A client of the real worker process, for tests."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from engine.protocol import (
    PROTOCOL_VERSION,
    ClientMessage,
    ErrorEvent,
    Heartbeat,
    Hello,
    ResultEvent,
    WorkerMessage,
    decode_worker_message,
    encode,
)

ROOT = Path(__file__).parents[2]
Answer = ResultEvent | ErrorEvent


class WorkerClient:
    """Starts `python -m engine.worker`, says hello, reads its events on a thread.

    Attributes:
        process: The child.
        events: Everything it said but heartbeats, in order.
        heartbeats: `time.monotonic()` of each heartbeat, and what it said.
    """

    def __init__(self, version: int = PROTOCOL_VERSION, *, greet: bool = True) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            bufsize=0,
        )
        self.events: list[WorkerMessage] = []
        self.heartbeats: list[tuple[float, Heartbeat]] = []
        self.log = b""
        self._new: queue.Queue[WorkerMessage | None] = queue.Queue()
        self._threads = [threading.Thread(target=run) for run in (self._read, self._read_log)]
        for thread in self._threads:
            thread.start()
        if greet:
            self.send(Hello(version=version, name="test"))

    def __enter__(self) -> WorkerClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.finish()

    def send(self, message: ClientMessage) -> None:
        self.send_line(encode(message))

    def send_line(self, line: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line)

    def close_stdin(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def finish(self, timeout_s: float = 10) -> int:
        """Wait for the end and collect the streams."""
        code = self.process.wait(timeout_s)
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code

    def wait_for(
        self, wanted: Callable[[WorkerMessage], bool], timeout_s: float = 60
    ) -> WorkerMessage:
        """The next event that is wanted; others stay in `events`."""
        end = time.monotonic() + timeout_s
        while True:
            message = self._new.get(timeout=max(0.01, end - time.monotonic()))
            assert message is not None, f"the worker ended: {self.log.decode()}"
            if wanted(message):
                return message

    def answer(self, request_id: str, timeout_s: float = 60) -> Answer:
        message = self.wait_for(lambda m: isinstance(m, Answer) and m.id == request_id, timeout_s)
        assert isinstance(message, Answer)
        return message

    def result(self, request_id: str, timeout_s: float = 60) -> dict[str, Any]:
        answer = self.answer(request_id, timeout_s)
        assert isinstance(answer, ResultEvent), answer
        return answer.data

    def error(self, request_id: str, timeout_s: float = 60) -> ErrorEvent:
        answer = self.answer(request_id, timeout_s)
        assert isinstance(answer, ErrorEvent), answer
        return answer

    def of(self, request_id: str, kind: type[Any]) -> list[Any]:
        return [m for m in self.events if isinstance(m, kind) and m.id == request_id]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = decode_worker_message(line)
            if isinstance(message, Heartbeat):
                self.heartbeats.append((time.monotonic(), message))
            else:
                self.events.append(message)
                self._new.put(message)
        self._new.put(None)

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log += line
