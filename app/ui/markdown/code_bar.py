"""The line above a piece of code: its language, and a way to copy it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Label

_COPIED_MS = 2_000


class CodeBar(QWidget):
    """Lies on the upper edge of a card with code.

    Signals:
        copy_wished: Put the code into the clipboard.
    """

    copy_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name = ""
        self._copied = False
        self._words = Label(theme, "small", "muted", wrap=False)
        self.copy = Button(theme, "quiet", "copy")
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._words)
        self._row.addStretch(1)
        self._row.addWidget(self.copy)
        self.copy.clicked.connect(self._on_copy)
        theme.changed.connect(self._fit)
        self._fit()
        self._retranslate()

    def show_name(self, name: str) -> None:
        """Name the language, "" for none."""
        if name != self._name:
            self._name = name
            self._retranslate()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _on_copy(self) -> None:
        self.copy_wished.emit()
        self._copied = True
        self._retranslate()
        QTimer.singleShot(_COPIED_MS, self, self._copied_long_ago)

    def _copied_long_ago(self) -> None:
        self._copied = False
        self._retranslate()

    def _fit(self) -> None:
        px = self._theme.px
        self._row.setContentsMargins(px(22), px(2), px(8), 0)

    def _retranslate(self) -> None:
        self._words.setText(self._name or self.tr("Code"))
        self.copy.set_icon("check" if self._copied else "copy")
        self.copy.set_label(self.tr("Copied") if self._copied else self.tr("Copy"))
        self.copy.setAccessibleDescription(self.tr("Copies this piece of code"))
