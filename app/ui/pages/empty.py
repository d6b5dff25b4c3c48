"""A fresh conversation: an invitation and three examples."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from app.ui.look.card_button import CardButton
from app.ui.look.theme import Theme
from app.ui.look.widgets import IconLabel, Label
from app.ui.pages.base import ScrollPage


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
        self._greeting = Label(theme, "heading")
        self._promise = Label(theme, "body", "muted")
        self._try: QLabel = Label(theme, "small", "muted")
        self._examples = [_Example(theme) for _ in range(3)]
        body = self.column.body
        body.addStretch(2)
        body.addWidget(IconLabel(theme, "mark", size=56))
        body.addSpacing(theme.px(14))
        body.addWidget(self._greeting)
        body.addSpacing(theme.px(6))
        body.addWidget(self._promise)
        body.addSpacing(theme.px(26))
        body.addWidget(self._try)
        body.addSpacing(theme.px(8))
        for example in self._examples:
            example.clicked.connect(lambda _=False, e=example: self.example_chosen.emit(e.question))
            body.addWidget(example)
            body.addSpacing(theme.px(10))
        body.addStretch(3)
        self._retranslate()

    def _retranslate(self) -> None:
        self._greeting.setText(self.tr("What can I help you with?"))
        self._promise.setText(
            self.tr(
                "Ask in your own words. Your questions and the answers stay on this computer. "
                "A small assistant makes mistakes: please check what matters."
            )
        )
        self._try.setText(self.tr("For example:"))
        # The starter speaks English, so the examples are asked in English.
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
        for example, (question, meaning) in zip(self._examples, pairs, strict=True):
            example.show_question(question, meaning)
