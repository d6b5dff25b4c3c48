"""Help: the keys, and a few hints that fit on one page."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QWidget

from app.ui.frame.shortcuts import spelled
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Card, Label
from app.ui.pages.base import ScrollPage


class HelpPage(ScrollPage):
    """What a person may want to know, in everyday words.

    Signals:
        closed: Back to the conversation.
    """

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._back = Button(theme, "quiet", "arrow-left")
        self._heading = Label(theme, "heading")
        self._hints = [(Label(theme, "name"), Label(theme, "body", "muted")) for _ in range(3)]
        self._keys_title = Label(theme, "name")
        self._keys = [
            (Label(theme, "body"), Label(theme, "body", "accent", wrap=False)) for _ in range(11)
        ]
        self._build()
        self._back.clicked.connect(self.closed)
        self._retranslate()

    def _build(self) -> None:
        px = self.theme.px
        body = self.column.body
        body.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        body.addSpacing(px(8))
        body.addWidget(self._heading)
        body.addSpacing(px(16))
        for title, words in self._hints:
            body.addWidget(title)
            body.addSpacing(px(4))
            body.addWidget(words)
            body.addSpacing(px(18))
        card = Card()
        grid = QGridLayout(card)
        grid.setContentsMargins(px(24), px(18), px(24), px(20))
        grid.setHorizontalSpacing(px(24))
        grid.setVerticalSpacing(px(10))
        grid.setColumnStretch(0, 1)
        grid.addWidget(self._keys_title, 0, 0, 1, 2)
        for row, (words, keys) in enumerate(self._keys, start=1):
            grid.addWidget(words, row, 0)
            grid.addWidget(keys, row, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        body.addWidget(card)
        body.addStretch(1)

    def _retranslate(self) -> None:
        self._back.set_label(self.tr("Back to the conversation"))
        self._heading.setText(self.tr("Help"))
        texts = (
            (
                self.tr("Ask as you would ask a person"),
                self.tr(
                    "Write what you want to know or to have written, then press Send. You can ask "
                    "again, shorter or otherwise: the assistant remembers this conversation."
                ),
            ),
            (
                self.tr("Please check what matters"),
                self.tr(
                    "The assistant can be wrong and does not know today’s news. What it was not "
                    "sure about is underlined with dots."
                ),
            ),
            (
                self.tr("Nothing is lost, nothing leaves"),
                self.tr(
                    "Every conversation is kept, locked, on this computer and nowhere else. What "
                    "you delete stays in the bin for 30 days."
                ),
            ),
        )
        for (title, words), (name, text) in zip(self._hints, texts, strict=True):
            title.setText(name)
            words.setText(text)
        self._keys_title.setText(self.tr("With the keyboard"))
        for (words, keys), (name, spelling) in zip(self._keys, self._key_texts(), strict=True):
            words.setText(name)
            keys.setText(spelling)

    def _key_texts(self) -> tuple[tuple[str, str], ...]:
        return (
            (self.tr("Send the question"), _native("Enter")),
            (self.tr("Begin a new line"), _native("Shift+Enter")),
            (self.tr("New conversation"), spelled("new")),
            (self.tr("Look for an earlier conversation"), spelled("earlier")),
            (self.tr("Stop; go back"), spelled("stop")),
            (self.tr("Read the answer aloud"), spelled("read")),
            (self.tr("Print"), spelled("print")),
            (self.tr("Larger text"), spelled("larger")),
            (self.tr("Smaller text"), spelled("smaller")),
            (self.tr("Settings"), spelled("settings")),
            (self.tr("This page"), spelled("help")),
        )


def _native(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
