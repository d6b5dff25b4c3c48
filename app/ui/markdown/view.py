"""A reply, rendered as it comes: finished blocks are never parsed again."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QWidget

from app.ui.look.theme import Theme
from app.ui.markdown.blocks import Block, BlockSplitter
from app.ui.markdown.reading_view import ReadingView
from app.ui.markdown.writer import MarkdownWriter, TextStyle

_BUDGET_S = 0.006  # of a 16 ms frame; what is left goes into the next turn of the event loop


class MarkdownView(ReadingView):
    """Shows Markdown that may still grow.

    Signals:
        rendered: Everything that was given is shown.
    """

    rendered = Signal()

    def __init__(self, theme: Theme, *, muted: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._muted = muted
        self._source = ""
        self._any_card = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._work)
        self._reset()

    def markdown(self) -> str:
        """The Markdown that is shown or about to be."""
        return self._source

    @property
    def is_rendered(self) -> bool:
        """Whether everything that was given is shown."""
        return not self._queue

    def show_markdown(self, source: str) -> None:
        """Show `source`; when it begins with what is shown, only the new part costs work."""
        source = source.replace("\0", "\ufffd").replace("\r\n", "\n")
        if source == self._source:
            return
        self._source = source
        blocks = self._splitter.grow(source)
        if blocks is None:
            self._reset()
            blocks = self._splitter.grow(source) or []
        self._queue.extend(blocks)
        self._tail_is_old = True
        if not self._timer.isActive():
            self._work()

    def restyle(self) -> None:
        """Render again with the colours and sizes that are on now."""
        source, self._source = self._source, ""
        self._reset()
        self.show_markdown(source)

    def _reset(self) -> None:
        self.document().clear()
        self.document().setIndentWidth(self.theme.px(26))
        self._splitter = BlockSplitter()
        self._writer = MarkdownWriter(self.document(), TextStyle.of(self.theme, muted=self._muted))
        self._queue: list[Block] = []
        self._finished_end = 0  # position in the document after the finished blocks
        self._tail_is_old = False
        self._any_card = False

    def _work(self) -> None:
        """Render for at most a part of a frame."""
        started = time.perf_counter()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        self._remove_tail(cursor)
        while self._queue and time.perf_counter() - started < _BUDGET_S:
            self._append(self._queue.pop(0))
            self._finished_end = self._end()
        if not self._queue:
            self._append(self._splitter.tail())
            self._tail_is_old = False
        cursor.endEditBlock()
        if self._queue:
            self._timer.start(0)
        else:
            self.rendered.emit()

    def _append(self, block: Block) -> None:
        if block.fence or ">" in block.source or "    " in block.source:
            self._any_card = True
        self._writer.append(block)

    def _remove_tail(self, cursor: QTextCursor) -> None:
        if self._finished_end >= self._end():
            return
        cursor.setPosition(self._finished_end)
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()

    def _end(self) -> int:
        return self.document().characterCount() - 1

    def _has_cards(self) -> bool:
        return self._any_card
