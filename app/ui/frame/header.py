"""Above the conversation: who answers, and that nothing leaves this computer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.ui.frame.assistant_button import AssistantButton
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, IconLabel, Label


class Header(QWidget):
    """Who answers, and the shield.

    Signals:
        list_wished: Show the conversations, where the window is too narrow for both.
    """

    list_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.list_button = Button(theme, "icon", "menu")
        self.list_button.hide()
        self.assistant = AssistantButton(theme)
        self._shield = IconLabel(theme, "shield", "accent", 24)
        self._stays = Label(theme, "small", "accent", wrap=False)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.list_button)
        self._row.addWidget(self.assistant)
        self._row.addStretch(1)
        self._row.addWidget(self._shield, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addWidget(self._stays)
        self.list_button.clicked.connect(self.list_wished)
        theme.changed.connect(self._fit)
        self._fit()
        self._retranslate()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say less where there is little room, but never half of it."""
        super().resizeEvent(event)
        self._say_what_fits()

    def _say_what_fits(self) -> None:
        px = self._theme.px
        used = px(30) * 2 + px(24) + px(10) * 3
        used += 0 if self.list_button.isHidden() else self.list_button.sizeHint().width()
        promise, name = self._stays.sizeHint().width(), self.assistant.sizeHint().width()
        self._stays.setVisible(used + promise + name <= self.width())

    def _fit(self) -> None:
        px = self._theme.px
        self._row.setContentsMargins(px(30), px(12), px(30), px(8))
        self._row.setSpacing(px(10))
        self.setMinimumHeight(px(60))
        self._say_what_fits()

    def _retranslate(self) -> None:
        self.list_button.set_label(self.tr("Your conversations"))
        self._stays.setText(self.tr("Stays on this computer"))
        promise = self.tr("What you write and what is answered never leave this computer.")
        self._stays.setToolTip(promise)
        self._stays.setAccessibleDescription(promise)
        self._shield.setToolTip(promise)
        self._shield.setAccessibleName(self._stays.words())
        self._say_what_fits()
