"""The terminal itself: lines in, text out, no model and no conversation."""

from __future__ import annotations

import getpass
import queue
import sys
import threading
import unicodedata
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, Signal

Question = tuple[str, bool]


class Console(QObject):
    """Reads lines in a thread, so that answers can arrive and Ctrl-C be heard meanwhile.

    Signals:
        line_read: What was typed after `ask`.
        ended: Ctrl-D, or the terminal is gone.
    """

    line_read = Signal(str)
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._questions: queue.SimpleQueue[Question] = queue.SimpleQueue()
        self._hint_width = 0
        self._saved = _terminal_state()
        threading.Thread(target=self._read, name="alcove-console", daemon=True).start()

    def ask(self, prompt: str, *, secret: bool = False) -> None:
        """Read one line; `line_read` or `ended` follows."""
        self.clear_hint()
        self._questions.put((prompt, secret))

    def write(self, text: str) -> None:
        """Show text as it comes."""
        self.clear_hint()
        with suppress(BrokenPipeError):
            sys.stdout.write(printable(text))
            sys.stdout.flush()

    def hint(self, text: str) -> None:
        """Show a line that the next output replaces; only on a terminal."""
        if not sys.stderr.isatty():
            return
        self.clear_hint()
        self._hint_width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
        sys.stderr.write(text)
        sys.stderr.flush()

    def clear_hint(self) -> None:
        """Take the hint away."""
        if self._hint_width:
            sys.stderr.write("\r" + " " * self._hint_width + "\r")
            sys.stderr.flush()
            self._hint_width = 0

    def restore(self) -> None:
        """Leave the terminal as it was found, also while a line is being read."""
        self.clear_hint()
        if self._saved is not None:
            import termios  # noqa: PLC0415  not on Windows

            with suppress(termios.error, ValueError, OSError):
                termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._saved)

    def _read(self) -> None:
        with suppress(ImportError):
            import readline  # noqa: F401, PLC0415  line editing for input()
        while True:
            prompt, secret = self._questions.get()
            try:
                line = getpass.getpass(prompt) if secret else input(prompt)
            except (EOFError, OSError, ValueError):
                self.ended.emit()
                return
            except UnicodeDecodeError:
                line = ""
            self.line_read.emit(line)


def printable(text: str) -> str:
    """Without control characters, which could write anywhere on the terminal."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


def _terminal_state() -> list[Any] | None:
    try:
        import termios  # noqa: PLC0415  not on Windows
    except ImportError:
        return None
    try:
        return termios.tcgetattr(sys.stdin.fileno())
    except (termios.error, OSError, ValueError):
        return None
