"""Code in a document: its colours, and the line above each piece of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QTextBrowser, QWidget

from app.ui.look.theme import Theme
from app.ui.markdown.cards import Card
from app.ui.markdown.code_bar import CodeBar
from app.ui.markdown.highlighting import Lexers, coloured, shown_name
from app.ui.markdown.writer import MarkdownWriter

_LONGEST_PART = 20_000
_LONGEST_WHOLE = 200_000
_WORDS_AT_A_TIME = 60
_BARS_AT_A_TIME = 2  # they are made of widgets, of which each costs a part of a frame
_MOST_BARS = 200
Words = Iterator[tuple[int, int, str]]


class CodeCards(QObject):
    """Looks after the code of one view.

    Args:
        theme: Colours and sizes.
        view: Shows the document.
        wake: Asks for `colour` to be called soon.
    """

    def __init__(self, theme: Theme, view: QTextBrowser, wake: Callable[[], None]) -> None:
        super().__init__(view)  # what it listens to must not call it when the view is gone
        self._theme = theme
        self._view = view
        self._wake = wake
        self._bars: list[CodeBar] = []
        self._writer: MarkdownWriter | None = None
        self._lexers: Lexers | None = None
        self._job: tuple[Card, Words, Callable[[int], int]] | None = None

    def follow(self, writer: MarkdownWriter) -> None:
        """The document is written from its beginning."""
        self._writer = writer
        self._job = None

    def buttons(self) -> list[QWidget]:
        """What the tab key reaches."""
        return [bar.copy for bar in self._bars if not bar.isHidden()]

    def place(self) -> None:
        """Put the lines where the cards are."""
        cards = self._cards()
        if (not cards and not self._bars) or self._writer is None:
            return
        wanted = min(len(cards), _MOST_BARS)
        for _ in range(min(_BARS_AT_A_TIME, wanted - len(self._bars))):
            self._add_bar()
        if len(self._bars) < wanted:
            self._wake()
        width = self._view.viewport().width()
        for bar, card in zip(self._bars, cards, strict=False):
            area = self._writer.cards.area(card, width).toRect()
            bar.show_name(shown_name(card.language))
            bar.setGeometry(area.left(), area.top(), area.width(), self._writer.cards.style.bar)
            bar.show()
        for bar in self._bars[len(cards) :]:
            bar.hide()

    def colour(self, until: float, *, last_is_open: bool) -> bool:
        """Colour what has no colours yet.

        Args:
            until: Time (of `perf_counter`) at which to stop.
            last_is_open: The last card goes on.

        Returns:
            Whether there is nothing left to do.
        """
        cards = self._cards()
        for card in cards:
            if card.coloured < len(card.parts) and time.perf_counter() > until:
                return False
            self._colour_parts(card)
        for card in cards[: len(cards) - last_is_open]:
            if card.coloured == len(card.parts) > 1 and not card.whole:
                # What stands in one part can depend on another: a comment of many lines.
                if self._job is None:
                    self._begin_whole(card)
                if not self._go_on(until):
                    return False
        return True

    def _cards(self) -> list[Card]:
        return list(self._writer.cards.code()) if self._writer is not None else []

    def _add_bar(self) -> None:
        bar = CodeBar(self._theme, self._view.viewport())
        number = len(self._bars)
        bar.copy_wished.connect(lambda: self._copy(number))
        before = self._bars[-1].copy if self._bars else self._view
        QWidget.setTabOrder(before, bar.copy)
        self._bars.append(bar)

    def _copy(self, number: int) -> None:
        cards = self._cards()
        if number < len(cards):
            text = _text(self._view.document(), cards[number].start, cards[number].end)
            QGuiApplication.clipboard().setText(text + "\n")

    def _colour_parts(self, card: Card) -> None:
        if card.coloured >= len(card.parts):
            return
        if self._lexers is None:
            self._lexers = Lexers.of(self._theme)
            self._lexers.loaded.connect(self._on_loaded)
        lexer = self._lexers.lexer(card.language)
        if lexer is None:
            return
        ends = [*(start - 1 for start in card.parts[1:]), card.end]
        for start, end in list(zip(card.parts, ends, strict=True))[card.coloured :]:
            text = _text(self._view.document(), start, end)
            if len(text) <= _LONGEST_PART:
                self._paint(coloured(lexer, text), _positions(text, start))
        card.coloured = len(card.parts)

    def _on_loaded(self, language: str) -> None:
        if any(card.language == language for card in self._cards()):
            self._wake()

    def _begin_whole(self, card: Card) -> None:
        lexer = self._lexers.lexer(card.language) if self._lexers is not None else None
        text = _text(self._view.document(), card.start, card.end)
        words = coloured(lexer, text) if lexer and len(text) <= _LONGEST_WHOLE else iter(())
        self._job = (card, words, _positions(text, card.start))

    def _go_on(self, until: float) -> bool:
        if self._job is None:
            return True
        card, words, position = self._job
        while some := list(islice(words, _WORDS_AT_A_TIME)):
            self._paint(iter(some), position)
            if time.perf_counter() > until:
                return False
        card.whole, self._job = True, None
        return True

    def _paint(self, words: Words, position: Callable[[int], int]) -> None:
        assert self._writer is not None
        colours = self._writer.cards.style.code_colours
        cursor = QTextCursor(self._view.document())
        for start, end, name in words:
            cursor.setPosition(position(start))
            cursor.setPosition(position(end), QTextCursor.MoveMode.KeepAnchor)
            run = QTextCharFormat()
            run.setForeground(colours[name])
            cursor.mergeCharFormat(run)


def _text(document: QTextDocument, start: int, end: int) -> str:
    lines = []
    block = document.findBlock(start)
    while block.isValid() and block.position() <= end:
        lines.append(block.text())
        block = block.next()
    return "\n".join(lines)


def _positions(text: str, start: int) -> Callable[[int], int]:
    """From characters of `text` to positions of the document, where some count twice."""
    if text.isascii() or max(text) <= "\uffff":
        return lambda at: start + at
    places = [start]
    for character in text:
        places.append(places[-1] + (2 if character > "\uffff" else 1))
    return places.__getitem__
