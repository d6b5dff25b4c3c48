"""Backup, export, import and repair as the window asks for them, one at a time, in threads."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal, Slot

from app.core.errors import AppError
from app.core.keeping import BackedUp, ExportKind, ExportWords
from app.services.keeping.job import Cancelled, Job
from app.services.tasks import Tasks
from app.services.vault import UnlockService

if TYPE_CHECKING:
    from app.store import Store

log = logging.getLogger(__name__)

Work = Literal["backup", "export", "import", "repair"]


class KeepingService(QObject):
    """Does one of these at a time; a wish that comes while one runs is ignored.

    Signals:
        started: Which work ("backup", "export", "import" or "repair").
        progressed: Which work, and the share of it that is done, 0 to 1.
        done: Which work, and BackedUp, Exported, Imported or RepairReport.
        failed: Which work, and an AppError.
        cancelled: Which work; it left nothing half done.
    """

    started = Signal(str)
    progressed = Signal(str, float)
    done = Signal(str, object)
    failed = Signal(str, object)
    cancelled = Signal(str)

    def __init__(
        self,
        tasks: Tasks,
        words: Callable[[], ExportWords],
        unlock: UnlockService,
        parent: QObject | None = None,
    ) -> None:
        """Make a service that has no store yet.

        Args:
            tasks: Runs the work and brings its results to the main thread.
            words: The words of an export, in the language that is on.
            unlock: Has the key of chats that are too damaged to be opened.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._tasks = tasks
        self._words = words
        self._unlock = unlock
        self._store: Store | None = None
        self._job: Job | None = None

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return self._job is not None

    @Slot(object, str)
    def attach(self, store: Store, _mode: str = "") -> None:
        """What is kept."""
        self._store = store

    @Slot(object)
    def back_up(self, folder: Path | str) -> None:
        """Write an encrypted copy of everything into a new folder inside `folder`."""
        store = self._store
        if store is not None:
            self._begin("backup", lambda job: _back_up(store, Path(folder), job))

    @Slot(object, object, str)
    def export_chats(self, ids: tuple[int, ...] | None, path: Path | str, kind: ExportKind) -> None:
        """Write chats into one file that other programs read.

        Args:
            ids: Which ones, in this order; None: all outside the bin.
            path: The file; one that is there is replaced.
            kind: "markdown", "json" (which `import_files` brings back without loss) or "text".
        """
        store, words = self._store, self._words()
        if store is None:
            return
        from app.services.keeping.exporting import export  # noqa: PLC0415  not at the start

        self._begin("export", lambda job: export(store, ids, Path(path), kind, words, job))

    @Slot(object)
    @Slot(object, str)
    def import_files(self, paths: Sequence[Path], secret: str = "") -> None:
        """Bring chats in; those that are here already stay as they are.

        Args:
            paths: Files, folders or zips of ChatGPT, GPT4All, Jan or ours; or a backup.
            secret: For a backup of another computer, after KeyUnavailable "wrong": its recovery
                code or passphrase.
        """
        store = self._store
        if store is None:
            return
        from app.services.keeping.importing import bring_all  # noqa: PLC0415  as above

        self._begin("import", lambda job: bring_all(store, paths, secret, job))

    @Slot()
    def repair(self) -> None:
        """Check the chats and mend what is damaged, also when they could not be opened."""
        store, unlock = self._store, self._unlock
        if unlock.damaged:
            self._begin("repair", lambda job: unlock.rescue(job.step))
        elif store is not None:
            self._begin("repair", lambda job: store.repair(job.step).result())

    @Slot()
    def cancel(self) -> None:
        """Stop what is under way at its next step."""
        if self._job is not None:
            self._job.cancel()

    def shutdown(self) -> None:
        """Stop; what was committed stays."""
        self.cancel()

    def _begin(self, name: Work, work: Callable[[Job], object]) -> None:
        if self._job is not None:
            return
        job = Job(lambda share: self._tasks.post(lambda: self._on_progress(job, name, share)))
        self._job = job
        self.started.emit(name)
        future = self._tasks.run(lambda: work(job), f"alcove-{name}")
        self._tasks.then(
            future, lambda result: self._on_done(name, result), lambda e: self._on_failed(name, e)
        )

    def _on_progress(self, job: Job, name: Work, share: float) -> None:
        if job is self._job:
            self.progressed.emit(name, share)

    def _on_done(self, name: Work, result: object) -> None:
        self._job = None
        log.info("%s done", name)
        if name == "repair":
            self._unlock.take_up()
        self.done.emit(name, result)

    def _on_failed(self, name: Work, error: BaseException) -> None:
        self._job = None
        if isinstance(error, Cancelled):
            self.cancelled.emit(name)
            return
        if not isinstance(error, AppError):
            raise error
        log.warning("%s failed code=%s", name, error.code)
        self.failed.emit(name, error)


def _back_up(store: Store, folder: Path, job: Job) -> BackedUp:
    job.step(0.0)
    return BackedUp(store.backup(folder, job.step).result())
