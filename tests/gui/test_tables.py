"""Tables in replies: nothing is cut off, whatever the width and the length."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtGui import QTextTable
from pytestqt.qtbot import QtBot

from app.ui.look.theme import Theme
from app.ui.markdown.blocks import BlockSplitter
from app.ui.markdown.view import MarkdownView

WEEK = """| Monday | Tuesday | Wednesday | Thursday | Friday |
|---|---|---:|---|---|
| closed | open | 9–12 | open **all** day | closed |
"""


def view_of(qtbot: QtBot, theme: Theme, text: str, width: int) -> MarkdownView:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.resize(width, 300)
    view.show()
    view.show_markdown(text)
    qtbot.waitUntil(lambda: view.is_rendered)
    return view


def tables(view: MarkdownView) -> list[QTextTable]:
    frames = view.document().rootFrame().childFrames()
    return [frame for frame in frames if isinstance(frame, QTextTable)]


@pytest.mark.parametrize("size", [16, 28])
@pytest.mark.parametrize("width", [280, 480, 760, 1200])
def test_a_table_fits_or_is_stacked(qtbot: QtBot, theme: Theme, width: int, size: int) -> None:
    theme.set_text_size(size)
    view = view_of(qtbot, theme, WEEK, width)
    assert view.document().idealWidth() <= view.viewport().width() + 1
    assert view.document().size().width() <= view.viewport().width() + 1
    text = view.toPlainText()
    for word in ("Wednesday", "9–12", "open all day"):
        assert word in text


def test_a_narrow_window_stacks_and_a_wide_one_does_not(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme, WEEK, 900)
    assert len(tables(view)) == 1
    view.resize(300, 300)
    qtbot.waitUntil(lambda: not tables(view))
    assert "Wednesday: 9–12" in view.toPlainText()
    view.resize(900, 300)
    qtbot.waitUntil(lambda: len(tables(view)) == 1)


@pytest.mark.parametrize("size", [16, 28])
def test_no_word_is_broken_that_has_room(qtbot: QtBot, theme: Theme, size: int) -> None:
    theme.set_text_size(size)
    text = "| Name | Age | What they like to do in the morning |\n|---|---:|---|\n"
    text += "| Bernard | 78 | Reading and walking in the park with the dog |\n"
    view = view_of(qtbot, theme, text, 1000)
    for width in (760, 620, 560, 700):
        view.resize(width, 300)
        qtbot.waitUntil(lambda: view.is_rendered)
        for table in tables(view):
            for row, column in ((0, 0), (0, 1), (1, 0)):
                block = table.cellAt(row, column).firstCursorPosition().block()
                assert block.layout().lineCount() == 1, (width, block.text())


def test_words_that_are_too_long_are_broken(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme, "| a | b |\n|---|---|\n| " + "x" * 400 + " | y |\n", 500)
    assert view.document().idealWidth() <= view.viewport().width() + 1


def test_a_long_table_is_written_in_parts_of_one_width(qtbot: QtBot, theme: Theme) -> None:
    rows = "".join(f"| row {n} | {'word ' * (n % 7)} |\n" for n in range(100))
    text = f"| Name | Words |\n|---|---|\n{rows}\nAfter."
    view = view_of(qtbot, theme, "", 600)
    for end in range(0, len(text) + 40, 40):
        view.show_markdown(text[:end])
    qtbot.waitUntil(lambda: view.is_rendered)
    parts = tables(view)
    assert len(parts) > 3
    assert sum(part.rows() for part in parts) == 101
    layout = view.document().documentLayout()
    lefts = {
        round(layout.blockBoundingRect(part.cellAt(0, 1).firstCursorPosition().block()).left())
        for part in parts
    }
    assert len(lefts) == 1, "columns stand below each other"
    bottoms = [layout.frameBoundingRect(part) for part in parts]
    gaps = [b.top() - a.bottom() for a, b in itertools.pairwise(bottoms)]
    assert max(gaps) < 2
    assert view.toPlainText().count("Name") == 1
    assert view.toPlainText().endswith("After.")


def test_finished_rows_are_not_parsed_again() -> None:
    splitter = BlockSplitter()
    text, finished = "Look:\n| a | b |\n|---|---|\n", []
    for number in range(60):
        text += f"| {number} | x |\n"
        finished += splitter.grow(text) or []
    assert len(finished) >= 5
    assert splitter.tail().head == "| a | b |\n|---|---|\n"
    assert "".join(block.source for block in finished) + splitter.tail().source == text
    assert [text[b.start : b.start + len(b.source)] for b in finished] == [
        b.source for b in finished
    ]


def test_text_right_below_a_table_is_no_row(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme, "| a | b |\n|---|---|\n| 1 | 2 |\nThat is all.", 600)
    assert tables(view)[0].rows() == 2
    assert view.toPlainText().endswith("That is all.")


def test_giant_tables_do_no_harm(qtbot: QtBot, theme: Theme) -> None:
    wide = "|" + " x |" * 300 + "\n|" + "---|" * 300 + "\n|" + " y |" * 300 + "\n"
    view = view_of(qtbot, theme, wide, 600)
    assert not tables(view)
    assert view.document().idealWidth() <= view.viewport().width() + 1
