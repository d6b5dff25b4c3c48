"""Between the files of a model, which may still have to be fetched, and the window."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.core.errors import AppError
from app.services.models import ModelService
from app.ui.frame.shell import Shell
from engine.errors import EngineError


class ModelFilesWiring(QObject):
    """Offers a model where there is none, and shows how it arrives."""

    def __init__(self, shell: Shell, models: ModelService) -> None:
        super().__init__(shell)
        self._shell = shell
        page = shell.missing
        models.progressed.connect(page.show_progress)
        models.ready.connect(self._on_ready)
        models.failed.connect(self._on_failed)
        models.cancelled.connect(page.stop)
        page.download_wished.connect(models.fetch_starter)
        page.cancel_wished.connect(models.cancel)

    def _on_ready(self, _bundle: object) -> None:
        self._shell.missing.stop()
        if self._shell.showing(self._shell.missing):
            self._shell.show_page(self._shell.talk)

    def _on_failed(self, error: AppError | EngineError) -> None:
        on_page = self._shell.showing(self._shell.missing)
        if on_page or error.code.startswith("model"):
            self._shell.error_bar.dismiss()
            self._shell.missing.show_error(error)
            self._shell.show_page(self._shell.missing)
