"""What is said of doubt and of subjects that matter, in the window and on paper."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.services.doubt import Caution


class CheckWords(QObject):
    """Sentences about doubt in the language that is on."""

    def tip(self) -> str:
        """Of underlined words."""
        return self.tr("The assistant was not sure about this. Please check it.")

    def doubt(self, *, many: bool) -> str:
        """Of a reply with underlined words; `many`, so that all of it may be wrong."""
        if many:
            return self.tr(
                "This may be wrong; check what matters. The assistant was not sure about what is "
                "underlined."
            )
        return self.tr("The assistant was not sure about what is underlined. Please check it.")

    def caution(self, subject: Caution) -> str:
        """About a subject, "" for none."""
        words = {
            "money": self.tr(
                "This is about money. Please check it with your bank or with somebody you trust "
                "before you decide."
            ),
            "medicine": self.tr(
                "This is about health. Please ask a doctor or a pharmacist before you rely on it."
            ),
            "law": self.tr(
                "This is about the law. Please ask a lawyer or an advice centre before you rely "
                "on it."
            ),
        }
        return words.get(subject, "")
