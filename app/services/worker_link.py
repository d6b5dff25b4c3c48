"""One worker process: its birth, the lines it speaks, the signs that it lives, its end.

Knows the protocol and the process, neither models nor policies: `engine_host` decides what to ask
and whether to start another one.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

import engine
from engine.errors import Crashed, EngineError, ProtocolError, Stalled
from engine.protocol import (
    MAX_LINE_BYTES,
    PROTOCOL_VERSION,
    ClientMessage,
    Heartbeat,
    Hello,
    WorkerMessage,
    decode_worker_message,
    encode,
)

log = logging.getLogger(__name__)

START_SILENCE_MS = 60_000
"""Until the first line: a cold disk and a virus scanner may take that long."""
SILENCE_MS = 15_000
"""Afterwards a heartbeat comes every second, even while the worker computes."""
_CHECK_MS = 1_000
_START_MS = 1_000
_KEPT_VARIABLES = re.compile(
    r"PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|SYSTEMROOT|WINDIR|COMSPEC|PATHEXT|NUMBER_OF_PROCESSORS"
    r"|USERPROFILE|LOCALAPPDATA|APPDATA|PROGRAMDATA|XDG_CACHE_HOME|XDG_RUNTIME_DIR|LD_LIBRARY_PATH"
    r"|VIRTUAL_ENV|VK_\w+|CUDA_\w+|ORT_WEBGPU_\w+",
    re.IGNORECASE,
)
_LOG_LINE = re.compile(rb"worker: [a-z ]{1,40}(?: [a-z_]+=[\w.,:/+-]{0,80}){1,8}")


class WorkerLink(QObject):
    """A worker process and the conversation with it.

    Signals:
        greeted: The worker said hello in a version we speak.
        received: Every other message except heartbeats.
        ended: It is gone, with the reason; None when we asked it to go. Comes exactly once.
    """

    greeted = Signal()
    received = Signal(object)
    ended = Signal(object)

    def __init__(
        self,
        silence_ms: int = SILENCE_MS,
        parent: QObject | None = None,
        *,
        cache: Path | None = None,
    ) -> None:
        """Prepare a worker that is not started yet.

        Args:
            silence_ms: How long it may say nothing before it counts as stalled.
            parent: Qt parent.
            cache: Where it keeps what can be made again; None lets it choose.
        """
        super().__init__(parent)
        self._silence_ms = silence_ms
        self._buffer = bytearray()
        self._greeted = False
        self._finished = False
        self._wanted_end = False
        self._reason: EngineError | None = None
        self._heard_at = self._checked_at = time.monotonic()
        self._process = QProcess(self)
        self._process.setProcessEnvironment(worker_environment(cache))
        self._process.readyReadStandardOutput.connect(self._read_output)
        self._process.readyReadStandardError.connect(self._read_log)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        self._watch = QTimer(self, interval=_CHECK_MS)
        self._watch.timeout.connect(self._check_silence)

    @property
    def pid(self) -> int:
        """The process id, 0 when there is no process."""
        return int(self._process.processId())

    def start(self, *first: ClientMessage) -> None:
        """Start the process, in a few milliseconds.

        Args:
            first: Sent right behind our hello, so that the worker need not wait for an event loop
                that is busy building a window.
        """
        self._heard_at = self._checked_at = time.monotonic()
        self._process.start(sys.executable, ["-m", "engine.worker"])
        for message in (Hello(version=PROTOCOL_VERSION, name="alcove"), *first):
            self._process.write(encode(message))
        if self._process.waitForStarted(_START_MS):
            self._process.waitForBytesWritten(_START_MS)
        self._watch.start()

    def send(self, message: ClientMessage) -> None:
        """Say something; lost without an error when the worker is just going."""
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.write(encode(message))

    def kill(self, reason: EngineError) -> None:
        """End the process at once, for a reason that `ended` will carry."""
        self._reason = self._reason or reason
        self._process.kill()

    def close(self, wait_ms: int = 0) -> None:
        """Ask it to go by closing its input; it must not outlive us.

        Args:
            wait_ms: How long to wait before killing it; 0 leaves it to end by itself.
        """
        self._wanted_end = True
        self._watch.stop()
        self._process.closeWriteChannel()
        if wait_ms and not self._process.waitForFinished(wait_ms):
            self._process.kill()
            self._process.waitForFinished(1000)

    def _read_output(self) -> None:
        self._buffer += bytes(self._process.readAllStandardOutput().data())
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = bytearray(rest)
        if len(rest) > MAX_LINE_BYTES:
            self.kill(ProtocolError(reason="line_too_long"))
            return
        for line in lines:
            self._take(bytes(line))

    def _take(self, line: bytes) -> None:
        self._heard_at = time.monotonic()
        if self._reason is not None:  # being killed: what it still says no longer counts
            return
        try:
            message = decode_worker_message(line)
        except ProtocolError as exc:
            self.kill(exc)
            return
        if isinstance(message, Hello):
            self._greet(message)
        elif not self._greeted:
            self.kill(ProtocolError(reason="no_hello"))
        elif not isinstance(message, Heartbeat):
            self._forward(message)

    def _greet(self, hello: Hello) -> None:
        if hello.version != PROTOCOL_VERSION:
            self.kill(ProtocolError(reason="version"))
        elif not self._greeted:
            self._greeted = True
            self.greeted.emit()

    def _forward(self, message: WorkerMessage) -> None:
        self.received.emit(message)

    def _read_log(self) -> None:
        """Keep the worker's own log lines; anything else on its stderr might hold content."""
        for line in bytes(self._process.readAllStandardError().data()).splitlines():
            if _LOG_LINE.fullmatch(line):
                log.info("%s", line.decode("ascii"))

    def _check_silence(self) -> None:
        now = time.monotonic()
        if (now - self._checked_at) * 1000 > 3 * _CHECK_MS:
            # We slept or were starved ourselves: its signs of life may still be in the pipe.
            self._heard_at = now
        self._checked_at = now
        silent_ms = int((now - self._heard_at) * 1000)
        limit_ms = self._silence_ms if self._greeted else max(self._silence_ms, START_SILENCE_MS)
        if silent_ms > limit_ms:
            log.warning("worker stalled silent_ms=%d", silent_ms)
            self.kill(Stalled(silent_ms=silent_ms))

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._finish(Crashed(exit_code=-1))

    def _on_finished(self, exit_code: int, status: QProcess.ExitStatus) -> None:
        crashed = status == QProcess.ExitStatus.CrashExit
        self._read_output()  # what it said last still counts
        self._finish(Crashed(exit_code=-exit_code if crashed else exit_code))

    def _finish(self, reason: EngineError) -> None:
        if self._finished:
            return
        self._finished = True
        self._watch.stop()
        if self._wanted_end:
            self.ended.emit(None)
            return
        log.warning("worker ended reason=%s", (self._reason or reason).code)
        self.ended.emit(self._reason or reason)


def worker_environment(cache: Path | None = None) -> QProcessEnvironment:
    """The little the worker needs: no display, no session bus, no proxies, no telemetry.

    Args:
        cache: The program's cache folder, so that a program with folders of its own leaves nothing
            anywhere else.
    """
    environment = QProcessEnvironment()
    for name, value in os.environ.items():
        if _KEPT_VARIABLES.fullmatch(name):
            environment.insert(name, value)
    environment.insert("ORT_DISABLE_TELEMETRY", "1")
    if cache is not None:
        environment.insert("ALCOVE_CACHE_DIR", str(cache))
    environment.insert("PYTHONUTF8", "1")
    environment.insert("PYTHONSAFEPATH", "1")
    environment.insert("PYTHONPATH", str(Path(engine.__file__).resolve().parents[1]))
    return environment
