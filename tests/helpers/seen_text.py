"""The blocks of a text view, the stretches of one format in them, and where they are."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPoint
from PySide6.QtGui import QTextBlock, QTextFragment
from PySide6.QtWidgets import QTextEdit


def offset_of(view: QTextEdit) -> QPoint:
    """From the document's coordinates to those of the widget."""
    scrolled = QPoint(view.horizontalScrollBar().value(), view.verticalScrollBar().value())
    return view.viewport().pos() - scrolled


def blocks_of(view: QTextEdit) -> Iterator[QTextBlock]:
    """Those that are shown."""
    block = view.document().begin()
    while block.isValid():
        if block.isVisible() and block.layout() is not None:
            yield block
        block = block.next()


def fragments_of(block: QTextBlock) -> Iterator[QTextFragment]:
    """Its stretches of one format."""
    run = block.begin()
    while not run.atEnd():
        yield run.fragment()
        run += 1
