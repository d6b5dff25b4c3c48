"""A fresh conversation: an invitation and three examples."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, IconLabel, Label
from app.ui.pages.base import ScrollPage


class _Example(Button):
    """A question to ask with one click, and what it means in the window's language."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "example")
        self.question = ""
        self._first = Label(theme, "body")
        self._second = Label(theme, "small", "muted")
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._first)
        self._column.addWidget(self._second)
        for label in (self._first, self._second):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._fit()
        theme.changed.connect(self._fit)

    def show_question(self, question: str, meaning: str) -> None:
        """`meaning` is shown below when it says it in other words."""
        self.question = question
        self._first.setText(question)
        self._second.setText(meaning)
        self._second.setVisible(meaning != question)
        self.setAccessibleName(question if meaning == question else f"{question} ({meaning})")
        self._fit()

    def hasHeightForWidth(self) -> bool:
        """A long question needs two lines in a narrow window."""
        return True

    def heightForWidth(self, width: int) -> int:
        """As tall as its words."""
        return self._column.totalHeightForWidth(width)

    def sizeHint(self) -> QSize:
        """As tall as its words."""
        return QSize(self._theme.px(320), self.heightForWidth(max(self.width(), 320)))

    def minimumSizeHint(self) -> QSize:
        """Wraps rather than being cut."""
        return QSize(self._theme.px(160), self.heightForWidth(max(self.width(), 160)))

    def _fit(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(22), px(15), px(22), px(15))
        self._column.setSpacing(px(3))
        self.updateGeometry()


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
