"""The words that an export is written with."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.core.keeping import ExportWords
from app.services.assistants import ASK, SHIPPED
from app.services.doubt import SUBJECTS
from app.ui.assistant_words import shipped_words
from app.ui.check_words import CheckWords


def export_words() -> ExportWords:
    """In the language that is on."""
    return ExportWords(
        you=QCoreApplication.translate("Export", "You"),
        assistant=QCoreApplication.translate("Export", "Assistant"),
        untitled=QCoreApplication.translate("Export", "Conversation without a name"),
        shipped={key: shipped_words(key).name for key in SHIPPED if key != ASK},
        cautions={subject: CheckWords().caution(subject) for subject in SUBJECTS},
    )
