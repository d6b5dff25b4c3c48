"""What is said of backups, exports, imports and repair, while they run and afterwards."""

from __future__ import annotations

from PySide6.QtCore import QDir, QObject

from app.core.errors import AppError
from app.core.keeping import BackedUp, Exported, Imported, RepairReport
from app.ui.error_text import error_text


class KeepingSentences(QObject):
    """Speaks the language that is on; a QObject so that plural forms are collected."""

    def doing(self, work: str) -> str:
        """While "backup", "import", "export" or "repair" is under way."""
        return {
            "backup": self.tr("Copying your conversations…"),
            "import": self.tr("Bringing the conversations in…"),
            "export": self.tr("Writing your conversations…"),
            "repair": self.tr("Looking through your conversations…"),
        }[work]

    def outcome(self, outcome: object) -> str:
        """Of a result, of an error, of "cancelled" or "import cancelled"; "" of anything else."""
        if isinstance(outcome, AppError):
            return error_text(outcome)
        if isinstance(outcome, RepairReport):
            return self._repaired(outcome)
        if isinstance(outcome, Imported):
            return self._imported(outcome)
        if isinstance(outcome, BackedUp | Exported):
            return self._written(outcome)
        if outcome == "import cancelled":
            return self.tr("Stopped. What had been brought in by then stays.")
        return self.tr("Stopped. Nothing was changed.") if outcome == "cancelled" else ""

    def _written(self, outcome: BackedUp | Exported) -> str:
        if isinstance(outcome, BackedUp):
            place = QDir.toNativeSeparators(str(outcome.folder))
            return self.tr("Done. The copy is in {place}").format(place=place)
        place = QDir.toNativeSeparators(str(outcome.path))
        text = self.tr("%n conversation(s) saved in {place}", "", outcome.chats)
        return text.format(place=place)

    def _imported(self, outcome: Imported) -> str:
        if outcome.chats:
            text = self.tr("%n conversation(s) brought in.", "", outcome.chats)
            if outcome.known:
                text += " " + self.tr("%n was/were here already.", "", outcome.known)
        else:
            text = self.tr("All of these conversations were here already.")
        if outcome.unread:
            text += " " + self.tr("%n file(s) could not be read to the end.", "", outcome.unread)
        return text

    def _repaired(self, report: RepairReport) -> str:
        if report.state == "sound":
            return self.tr("Everything is in order. There was nothing to repair.")
        if report.state == "mended":
            return self.tr("Something was damaged and is repaired. Nothing was lost.")
        if report.state == "lost":
            return self.tr(
                "Your conversations could not be read any more, and there was no copy of them. "
                "The damaged file is kept."
            )
        text = self.tr("%n conversation(s) could be saved.", "", report.chats)
        if report.state == "restored":
            text += " " + self.tr("They come from the newest copy.")
        elif report.lost:
            text += " " + self.tr("%n message(s) could not be read.", "", report.lost)
        return text
