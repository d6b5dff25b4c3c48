"""What the assistant thought before it answered, folded away behind how long it took."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui.durations import Durations
from app.ui.look.flow_layout import FlowLayout
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button
from app.ui.markdown.view import MarkdownView

_SAY_SO_FAR_S = 3.0


class ThinkingFold(QWidget):
    """A line that unfolds, and while it thinks the way to an answer at once.

    Signals:
        answer_wished: Stop thinking and answer.
    """

    answer_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = ""
        self._thinks = False
        self._began = 0.0
        self._took_ms = 0
        self._view: MarkdownView | None = None
        self.toggle = Button(theme, "quiet", "chevron-right")
        self.toggle.setCheckable(True)
        self.answer_now = Button(theme, "outlined")
        self.answer_now.hide()
        self._line = QWidget(self)
        line = FlowLayout(self._line, theme.px(6))
        line.addWidget(self.toggle)
        line.addWidget(self.answer_now)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.px(4))
        self._column.addWidget(self._line)
        self._clock = QTimer(self)
        self._clock.setInterval(1_000)
        self._clock.timeout.connect(self._retranslate)
        self.toggle.toggled.connect(self._on_toggled)
        self.answer_now.clicked.connect(self._on_answer_now)

    @property
    def view(self) -> MarkdownView | None:
        """The text, once it was unfolded."""
        return self._view

    def show_thinking(self, text: str, *, thinks: bool, took_ms: int) -> None:
        """Show how far it has come.

        Args:
            text: The thinking so far.
            thinks: It goes on.
            took_ms: How long it took, 0 where nobody measured it.
        """
        self._text = text.strip()
        if thinks and not self._thinks:
            self._began = self._began or time.monotonic()
            self._clock.start()
        elif not thinks and self._thinks:
            self._took_ms = max(1, int((time.monotonic() - self._began) * 1000))
            self._clock.stop()
        self._thinks = thinks
        self._took_ms = took_ms or self._took_ms
        self.answer_now.setVisible(thinks)
        if not thinks:
            self.answer_now.setEnabled(True)
        if self._view is not None and self.toggle.isChecked():
            self._view.show_markdown(self._text)
        self._retranslate()

    def restyle(self) -> None:
        """Follow the theme."""
        if self._view is not None:
            self._view.restyle()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def stops(self) -> list[QWidget]:
        """What the tab key reaches."""
        shown = [self._view] if self._view is not None else []
        return [self.toggle, self.answer_now, *shown]

    def _on_toggled(self, is_open: bool) -> None:
        self.toggle.set_icon("chevron-down" if is_open else "chevron-right")
        if self._view is None:
            self._view = MarkdownView(self._theme, muted=True, parent=self)
            self._column.addWidget(self._view)
            QWidget.setTabOrder(self.answer_now, self._view)
        self._view.setVisible(is_open)
        if is_open:
            self._view.show_markdown(self._text)
        self._retranslate()

    def _on_answer_now(self) -> None:
        self.answer_now.setEnabled(False)  # it takes the model a moment
        self.answer_wished.emit()

    def _retranslate(self) -> None:
        hint = self.tr("Shows or hides what the assistant thought before it answered")
        self.toggle.set_label(self._heading(), hint)
        self.answer_now.set_label(
            self.tr("Answer now"), self.tr("Stop thinking and answer with what is known so far")
        )
        if self._view is not None:
            self._view.setAccessibleName(self.tr("What the assistant thought"))

    def _heading(self) -> str:
        if self._thinks:
            spent = time.monotonic() - self._began
            if spent < _SAY_SO_FAR_S:
                return self.tr("Thinking…")
            return self.tr("Thinking… {time}").format(time=Durations().so_far(spent))
        if self._took_ms:
            return Durations().thought_for(self._took_ms / 1000)
        return self.tr("What it thought first")
