"""Logs and crash reports that cannot carry what a person wrote.

Our own messages take codes and numbers as arguments. Everything a library says is cut down to its
name, level and place, and an exception to its type, its code when it is one of ours, and the places
in the code it came through: never its message, never a variable.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import logging
import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from app import __version__

LOG_NAME = "alcove.log"
FAULT_NAME = "native-crash.log"

_OURS = ("app", "engine")
_LOG_BYTES = 512 * 1024
_LOG_FILES = 3
_MAX_REPORTS = 20
_MAX_FRAMES = 60

_ROOT = Path(__file__).resolve().parents[2]

ReportCallback = Callable[[Path | None], None]


class PrivateFormatter(logging.Formatter):
    """Writes a line per record, without content."""

    converter = staticmethod(time.gmtime)
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line, and under it where an exception came from."""
        copy = logging.makeLogRecord(record.__dict__)
        copy.exc_info = copy.exc_text = copy.stack_info = None
        if record.name.split(".")[0] not in _OURS:
            copy.msg = f"(withheld) {Path(record.pathname).name}:{record.lineno}"
            copy.args = None
        # One line per record: nothing can pretend to be another record.
        lines = [super().format(copy).replace("\r", " ").replace("\n", " ")]
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            lines += [f"    {line}" for line in describe_error(error)]
        return "\n".join(lines)


def set_up_logging(folder: Path, level: int = logging.INFO) -> logging.Handler:
    """Write logs to `folder`, at most about 2 MB; returns the handler, to be removed or closed.

    Without a writable folder the program goes on without a log.
    """
    handler: logging.Handler
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / LOG_NAME,
            maxBytes=_LOG_BYTES,
            backupCount=_LOG_FILES,
            encoding="utf-8",
            errors="backslashreplace",
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(PrivateFormatter())
    handler.setLevel(level)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    # A full disk must not print tracebacks, with the record's arguments, to a terminal.
    logging.raiseExceptions = False
    return handler


@contextlib.contextmanager
def native_crash_log(folder: Path) -> Iterator[None]:
    """While inside, a native crash writes the places of all threads (no values) to a file."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (folder / FAULT_NAME).open("ab")
    except OSError:
        yield
        return
    with file:
        faulthandler.enable(file)
        try:
            yield
        finally:
            faulthandler.disable()


def describe_error(error: BaseException) -> list[str]:
    """Types, codes and places of an error and of what caused it, newest first."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        code = getattr(type(current), "code", None)
        name = f"{type(current).__module__}.{type(current).__qualname__}"
        lines.append(f"{name} code={code}" if isinstance(code, str) else name)
        lines += [f"  at {place}" for place in _places(current.__traceback__)]
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return lines


def write_crash_report(folder: Path, error: BaseException) -> Path | None:
    """Write a report of a bug to `folder`, keeping the latest 20.

    Returns:
        The file, None when it could not be written.
    """
    moment = datetime.now(UTC)
    report = {
        "version": __version__,
        "time": moment.isoformat(timespec="seconds"),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "thread": threading.current_thread().name,
        "error": describe_error(error),
    }
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"crash-{moment.strftime('%Y%m%d-%H%M%S-%f')}.json"
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        for old in sorted(folder.glob("crash-*.json"))[:-_MAX_REPORTS]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path


def install_crash_hooks(
    folder: Path, on_report: ReportCallback | None = None
) -> Callable[[], None]:
    """Turn what nobody caught, in any thread, into a log line and a local report.

    Args:
        folder: Gets the reports.
        on_report: Told of each report, on the thread that failed; None for the path when it could
            not be written.

    Returns:
        A function that puts the former hooks back.
    """
    log = logging.getLogger(__name__)

    def handle(error: BaseException) -> None:
        log.error("unexpected error", exc_info=error)
        path = write_crash_report(folder, error)
        if on_report is not None:
            on_report(path)

    def on_main(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            former_main(kind, error, trace)
        else:
            handle(error)

    def on_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None and not isinstance(arguments.exc_value, SystemExit):
            handle(arguments.exc_value)

    def restore() -> None:
        sys.excepthook, threading.excepthook = former_main, former_thread

    former_main, former_thread = sys.excepthook, threading.excepthook
    sys.excepthook, threading.excepthook = on_main, on_thread
    return restore


def _places(trace: TracebackType | None) -> list[str]:
    frames = [
        f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(trace)
    ]
    return frames[-_MAX_FRAMES:]


def _short(filename: str) -> str:
    """The part of a source file's path that belongs to the program, not to the person's folders."""
    path = Path(filename)
    if path.is_relative_to(_ROOT):
        return path.relative_to(_ROOT).as_posix()
    if "site-packages" in path.parts:
        return "/".join(path.parts[path.parts.index("site-packages") + 1 :])
    return path.name
