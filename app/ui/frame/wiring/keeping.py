"""Between backups, exports, imports, repair and the window."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.core.errors import Corrupt
from app.services.keeping import KeepingService
from app.ui.frame.shell import Shell


class KeepingWiring(QObject):
    """The settings ask for it, and show how it goes."""

    def __init__(self, shell: Shell, keeping: KeepingService) -> None:
        super().__init__(shell)
        self._shell = shell
        section = shell.settings_page.keeping
        section.backup_wished.connect(keeping.back_up)
        section.export_wished.connect(lambda path, kind: keeping.export_chats(None, path, kind))
        section.import_wished.connect(keeping.import_files)
        section.secret_given.connect(keeping.import_files)
        section.repair_wished.connect(keeping.repair)
        section.stop_wished.connect(keeping.cancel)
        keeping.started.connect(section.show_started)
        keeping.progressed.connect(section.show_progress)
        keeping.done.connect(section.show_done)
        keeping.done.connect(self._on_done)
        keeping.failed.connect(section.show_done)
        keeping.cancelled.connect(section.show_cancelled)

    def _on_done(self, work: str, _result: object) -> None:
        if work == "repair" and self._shell.error_bar.code == Corrupt.code:
            self._shell.error_bar.dismiss()
