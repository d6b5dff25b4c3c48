"""The program in a real pseudo-terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[2]


class Terminal:
    """`python -m app` with a terminal and without a screen.

    Attributes:
        shown: Everything that appeared.
    """

    def __init__(self, *arguments: str, environment: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", *arguments],
            cwd=ROOT,
            env=dict(environment),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.shown = ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        os.close(self._master)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, text: str, timeout_s: float = 60) -> str:
        """Wait until `text` appears; returns what came before it and takes both away."""
        end = time.monotonic() + timeout_s
        while text not in self.shown:
            left = end - time.monotonic()
            assert left > 0, f"no {text!r} in {self.shown!r}"
            self._read(min(left, 0.2))
        before, _, self.shown = self.shown.partition(text)
        return before

    def wait(self, timeout_s: float = 20) -> int:
        """The exit code."""
        end = time.monotonic() + timeout_s
        while self.process.poll() is None:
            assert time.monotonic() < end, f"still there after {self.shown!r}"
            self._read(0.05)
        return self.process.wait()

    def _read(self, wait_s: float) -> None:
        ready, _, _ = select.select([self._master], [], [], wait_s)
        if ready:
            with suppress(OSError):
                self.shown += os.read(self._master, 65536).decode("utf-8", "replace")
