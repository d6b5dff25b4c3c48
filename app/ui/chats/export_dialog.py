"""Asks where one conversation is to be saved, as a file that other programs read."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.ui.paper.names import file_name

_KINDS = {".md": "markdown", ".txt": "text", ".json": "json"}


class ExportDialog(QFileDialog):
    """The system's own dialog; the window stays alive while it is open.

    Signals:
        chosen: The path, and "markdown", "text" or "json".
    """

    chosen = Signal(object, str)

    def __init__(self, title: str, parent: QWidget) -> None:
        """Offer a name made from the conversation's title."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Save the conversation"))
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setFileMode(QFileDialog.FileMode.AnyFile)
        self._filters = {
            self.tr("To read and to edit (*.md)"): ".md",
            self.tr("Plain text (*.txt)"): ".txt",
            self.tr("Everything, to bring in again (*.json)"): ".json",
        }
        self.setNameFilters(list(self._filters))
        self.setDefaultSuffix("md")
        self.filterSelected.connect(
            lambda name: self.setDefaultSuffix(self._filters.get(name, ".md").lstrip("."))
        )
        places = QStandardPaths.StandardLocation.DocumentsLocation
        self.setDirectory(QStandardPaths.writableLocation(places))
        self.selectFile(file_name(title, self.tr("Conversation"), ".md"))
        self.fileSelected.connect(self._on_selected)

    def _on_selected(self, name: str) -> None:
        path = Path(name)
        self.chosen.emit(path, _KINDS.get(path.suffix.lower(), "markdown"))
