"""What the assistant is doing, and honestly how long it will take."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.services.chat_events import Waiting
from app.ui.durations import Durations
from app.ui.look.theme import Theme
from app.ui.look.widgets import IconLabel, Label

_SAY_SO_FAR_S = 3.0


class WaitingLine(QWidget):
    """One quiet line; hidden when there is nothing to wait for."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waiting = Waiting("idle")
        self._since = 0.0
        self._ends_at: float | None = None
        self.words = Label(theme, "small", "muted", wrap=False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, theme.px(4), 0, theme.px(4))
        row.setSpacing(theme.px(10))
        row.addWidget(IconLabel(theme, "clock", "muted", 18))
        row.addWidget(self.words, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(500)
        self._timer.timeout.connect(self._say)
        self.hide()

    def show_waiting(self, waiting: Waiting) -> None:
        """The stage or the estimate changed."""
        now = time.monotonic()
        if waiting.stage != self._waiting.stage:
            self._since = now
        self._waiting = waiting
        self._ends_at = None if waiting.seconds_left is None else now + waiting.seconds_left
        waits = waiting.stage in ("loading", "reading", "thinking")
        # That it thinks is said by the reply itself, beside the way to an answer at once.
        self.setVisible(waits and waiting.stage != "thinking")
        if waits:
            self._say()
            self._timer.start()
        else:
            self._timer.stop()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange and self._waiting.stage != "idle":
            self._say()
        super().changeEvent(event)

    def _say(self) -> None:
        if self._waiting.stage == "loading":
            text = self.tr("The assistant is waking up…")
        elif self._waiting.stage == "thinking":
            text = self.tr("Thinking…")
        else:
            text = self.tr("Reading your question…")
        now = time.monotonic()
        if self._ends_at is not None and self._ends_at > now:
            words = Durations().about(self._ends_at - now)
            text = self.tr("{what} {time}").format(what=text, time=words)
        elif now - self._since >= _SAY_SO_FAR_S:
            words = Durations().so_far(now - self._since)
            text = self.tr("{what} {time}").format(what=text, time=words)
        self.words.setText(text)
        self.setAccessibleName(text)
