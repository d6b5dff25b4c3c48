"""A fresh conversation: an invitation and three examples."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from app.ui.look.card_button import CardButton
from app.ui.look.theme import Theme
from app.ui.look.widgets import IconLabel, Label
from app.ui.pages.base import ScrollPage
from app.ui.pages.empty_assistants import AssistantRow

_SIDE_BY_SIDE = 700  # narrower, and each would be a column of single words


class _Example(CardButton):
    """A question to ask with one click, and what it means in the window's language."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.question = ""

    def show_question(self, question: str, meaning: str) -> None:
        """`meaning` is shown below when it says it in other words."""
        self.question = question
        self.show_texts(question, meaning)


class EmptyPage(ScrollPage):
    """What is shown before the first question.

    Signals:
        example_chosen: A question to ask.
    """

    example_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._spoken: tuple[str, ...] = ()
        self._mark = IconLabel(theme, "mark", size=56)
        self._greeting = Label(theme, "heading")
        self._promise = Label(theme, "body", "muted")
        self.assistants = AssistantRow(theme)
        self._try = Label(theme, "small", "muted")
        self._examples = [_Example(theme) for _ in range(3)]
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        body = self.column.body
        body.addStretch(2)
        body.addWidget(self._mark)
        body.addWidget(self._greeting)
        body.addWidget(self._promise)
        body.addSpacing(theme.px(8))
        body.addWidget(self.assistants)
        body.addSpacing(theme.px(8))
        body.addWidget(self._try)
        body.addLayout(self._row)
        body.addStretch(3)
        for example in self._examples:
            example.clicked.connect(lambda _=False, e=example: self.example_chosen.emit(e.question))
            self._row.addWidget(example, 1)
        theme.changed.connect(self._fit)
        self._fit()
        self._retranslate()

    def set_plain(self, plain: bool) -> None:
        """Without the mark, where the header shows it already, and without a choice."""
        self._mark.setVisible(not plain)
        self.assistants.setVisible(not plain)

    def set_spoken(self, languages: tuple[str, ...]) -> None:
        """Which languages the assistant is good at; empty while unknown."""
        self._spoken = languages
        self._retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The examples stand side by side where there is room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        px = self.theme.px
        self.column.body.setSpacing(px(12))
        self._row.setSpacing(px(12))
        wide = self.width() >= px(_SIDE_BY_SIDE)
        direction = QBoxLayout.Direction
        self._row.setDirection(direction.LeftToRight if wide else direction.TopToBottom)

    def _retranslate(self) -> None:
        self._greeting.setText(self.tr("What can I help you with?"))
        self._promise.setText(
            self.tr(
                "Ask in your own words. Your questions and the answers stay on this computer. "
                "A small assistant makes mistakes: please check what matters."
            )
        )
        self._try.setText(self.tr("For example:"))
        pairs = (
            (
                "What should I pack for a weekend by the sea?",
                self.tr("What should I pack for a weekend by the sea?"),
            ),
            (
                "What is the capital of France?",
                self.tr("What is the capital of France?"),
            ),
            (
                "Explain in simple words why the sky is blue.",
                self.tr("Explain in simple words why the sky is blue."),
            ),
        )
        for example, (english, own) in zip(self._examples, pairs, strict=True):
            example.show_question(own if self._speaks_own() else english, own)

    def _speaks_own(self) -> bool:
        """The starter speaks English, so that its examples are asked in English."""
        own = QLocale().name().split("_")[0]
        return any(code.split("-")[0] == own for code in self._spoken)
