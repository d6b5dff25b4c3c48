"""What was wished for while another conversation is being answered: it comes next."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QWidget

from app.ui.conversation.note_line import NoteLine
from app.ui.look.announce import announce
from app.ui.look.theme import Theme


class NextTurn(NoteLine):
    """Says that something waits, and does it when its turn has come. Hidden while nothing waits."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "clock", "muted", parent)
        self._wish: Callable[[], None] | None = None
        self.hide()

    def wait_for(self, wish: Callable[[], None]) -> None:
        """Let this wait, in place of what waited before."""
        self._wish = wish
        self._retranslate()
        self.show()
        announce(self, self.words())

    def begin(self) -> None:
        """The turn has come."""
        wish = self._wish
        self.forget()
        if wish is not None:
            wish()

    def forget(self) -> None:
        """It is wished for no longer."""
        self._wish = None
        self.hide()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        self.say(self.tr("Another conversation is being answered. This comes next."))
