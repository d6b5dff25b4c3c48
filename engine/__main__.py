"""Entry point of `python -m engine`.

Exit codes: 0 success, 2 wrong usage, 1 anything else with one line on stderr. A traceback is never
shown unless $ALCOVE_DEBUG is set.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Sequence

from engine.cli.arguments import build_parser
from engine.cli.text import sentence
from engine.errors import EngineError

_FAILED = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    arguments = build_parser().parse_args(argv)
    try:
        from engine.cli.commands import run  # noqa: PLC0415 - --help stays quick

        run(arguments)
        sys.stdout.flush()
    except EngineError as exc:
        return _fail(sentence(exc))
    except KeyboardInterrupt:
        return _fail("Stopped.")
    except BrokenPipeError:
        _discard_output()
        return _fail("Nobody reads the output any more.")
    except MemoryError:
        return _fail("Not enough memory.")
    except Exception as exc:  # noqa: BLE001 - the top of the process
        return _fail(_bug(exc))
    return 0


def _fail(line: str) -> int:
    if os.environ.get("ALCOVE_DEBUG"):
        traceback.print_exc()
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr)
    return _FAILED


def _bug(exc: Exception) -> str:
    """Where a bug is, without its message, which may quote a prompt."""
    frame = traceback.extract_tb(exc.__traceback__)[-1]
    place = f"{os.path.basename(frame.filename)}:{frame.lineno}"  # noqa: PTH119 - a display name
    return f"Internal error: {type(exc).__name__} at {place}. Please report it."


def _discard_output() -> None:
    """Point stdout elsewhere, or Python complains again when it flushes at exit."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
