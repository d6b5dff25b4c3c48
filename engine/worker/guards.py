"""What keeps the worker from harming anything but itself.

The protocol gets a private copy of stdout, so that nothing a library prints can corrupt it. Under
memory pressure the kernel ends the worker first and the window never. Ctrl-C in a terminal is the
parent's business.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

_OOM_FIRST = "800"  # of 1000; the window stays at 0


def claim_standard_streams() -> tuple[int, int]:
    """Take stdin and stdout for the protocol and leave harmless ones behind.

    Returns:
        Descriptors to read requests from and to write events to. Descriptor 0 reads nothing any
        more, and descriptor 1 writes to stderr.
    """
    read_fd, write_fd = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        msvcrt.setmode(read_fd, os.O_BINARY)
        msvcrt.setmode(write_fd, os.O_BINARY)
    return read_fd, write_fd


def protect_the_window() -> None:
    """Make this process the one the kernel picks, note native crashes, ignore Ctrl-C."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        # Raising the score needs no privilege; where even that is forbidden, we live without.
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_OOM_FIRST)


def leave_at_once(code: int = 0) -> NoReturn:
    """End the process without waiting for threads that compute."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)
