"""Who should answer, before the first question: a row of names to choose from."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.records import Assistant
from app.ui.look.flow_layout import FlowLayout
from app.ui.look.portrait import portrait_icon
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Label

_MOST = 7
_PORTRAIT = 26


class AssistantRow(QWidget):
    """The first few, the one that is chosen among them, and the way to all of them.

    Signals:
        chosen: Id of somebody; 0 for the one for anything.
        page_wished: Show all assistants.
    """

    chosen = Signal(int)
    page_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._all: tuple[Assistant, ...] = ()
        self._current: Assistant | None = None
        self._who = Label(theme, "small", "muted")
        self._row = QWidget()
        self._flow = FlowLayout(self._row, theme.px(10))
        self._more = Button(theme, "quiet", "more")
        self._flow.addWidget(self._more)
        self.buttons: list[Button] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.px(8))
        column.addWidget(self._who)
        column.addWidget(self._row)
        self._more.clicked.connect(self.page_wished)
        theme.changed.connect(self._fill)
        self._retranslate()

    def set_assistants(self, assistants: tuple[Assistant, ...], current: Assistant) -> None:
        """Everybody, and who answers."""
        if (assistants, current) != (self._all, self._current):
            self._all, self._current = assistants, current
            self._fill()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _shown(self) -> tuple[Assistant, ...]:
        first = self._all[:_MOST]
        if self._current is None or any(a.id == self._current.id for a in first):
            return first
        return (*first[:-1], self._current)

    def _fill(self) -> None:
        shown = self._shown()
        while len(self.buttons) < len(shown):
            self.buttons.append(self._new_button(len(self.buttons)))
        side, gap = self._theme.px(_PORTRAIT), self._theme.px(6)
        for number, button in enumerate(self.buttons):
            button.setVisible(number < len(shown))
            if number >= len(shown):
                continue
            assistant = shown[number]
            button.set_label(assistant.name, self._who.words())
            button.setFont(self._theme.font("small"))
            button.setIcon(portrait_icon(self._theme, assistant, side, gap))
            button.setIconSize(QSize(side + gap, side))
            button.setChecked(self._current is not None and assistant.id == self._current.id)

    def _new_button(self, number: int) -> Button:
        button = Button(self._theme, "choice")
        button.setAutoExclusive(True)
        button.clicked.connect(lambda: self._choose(number))
        self._flow.removeWidget(self._more)
        self._flow.addWidget(button)
        self._flow.addWidget(self._more)
        self._more.raise_()  # the last one also for who hears them one after the other
        QWidget.setTabOrder(self.buttons[-1] if self.buttons else self, button)
        QWidget.setTabOrder(button, self._more)
        return button

    def _choose(self, number: int) -> None:
        assistant = self._shown()[number]
        self.chosen.emit(0 if assistant.key == "ask" else assistant.id)

    def _retranslate(self) -> None:
        self._who.setText(self.tr("Who should answer?"))
        self._more.set_label(self.tr("All assistants"))
        self._fill()
