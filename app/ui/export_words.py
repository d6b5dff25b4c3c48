"""The words that an export is written with."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.core.keeping import ExportWords


def export_words() -> ExportWords:
    """In the language that is on."""
    return ExportWords(
        you=QCoreApplication.translate("Export", "You"),
        assistant=QCoreApplication.translate("Export", "Assistant"),
        untitled=QCoreApplication.translate("Export", "Conversation without a name"),
    )
