"""A document that fetches nothing."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextDocument


class InertDocument(QTextDocument):
    """A document that loads nothing from anywhere."""

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """Refuse every picture and style sheet, local or remote."""
        del kind, name
        return None
