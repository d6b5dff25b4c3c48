"""Code in replies: its language, its colours, and a way to copy it."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QTextCursor
from pytestqt.qtbot import QtBot

from app.ui.look.theme import Theme
from app.ui.markdown.code_bar import CodeBar
from app.ui.markdown.highlighting import Lexers, language_of, shown_name
from app.ui.markdown.view import MarkdownView

CODE = 'def greet(name):\n    """Say\n    hello."""\n    return 42  # why not'


def view_of(qtbot: QtBot, theme: Theme, text: str, width: int = 600) -> MarkdownView:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.resize(width, 300)
    view.show()
    view.show_markdown(text)
    qtbot.waitUntil(lambda: view.is_rendered)
    return view


def bars(view: MarkdownView) -> list[CodeBar]:
    return [bar for bar in view.findChildren(CodeBar) if bar.isVisible()]


def names(view: MarkdownView) -> list[str]:
    return [bar._words.words() for bar in bars(view)]


def colour_of(view: MarkdownView, words: str) -> QColor:
    cursor = QTextCursor(view.document())
    cursor.setPosition(view.document().find(words).selectionStart() + 1)
    return cursor.charFormat().foreground().color()


def coloured(qtbot: QtBot, view: MarkdownView, words: str, token: str) -> None:
    qtbot.waitUntil(lambda: colour_of(view, words) == view.theme.color(token), timeout=10_000)


@pytest.mark.parametrize(
    ("fence", "language", "name"),
    [
        ("```python", "python", "Python"),
        ("~~~ JSON title=x", "json", "JSON"),
        ("```{.c++}", "c++", "C++"),
        ("```", "", ""),
        ("```text", "text", ""),
        ("```no-such-language", "no-such-language", ""),
        ("```" + "x" * 500, "x" * 30, ""),
    ],
)
def test_the_language_is_named_as_people_write_it(fence: str, language: str, name: str) -> None:
    assert language_of(fence) == language
    assert shown_name(language) == name


def test_code_has_colours_by_what_its_words_are(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme, f"Look:\n\n```python\n{CODE}\n```\n\nDone.")
    coloured(qtbot, view, "def", "code_word")
    assert colour_of(view, "greet") == theme.color("code_name")
    assert colour_of(view, "hello.") == theme.color("code_text")
    assert colour_of(view, "42") == theme.color("code_number")
    assert colour_of(view, "# why") == theme.color("muted")
    assert colour_of(view, "Done") == theme.color("ink")


def test_code_is_copied_with_a_button_of_its_own(qtbot: QtBot, theme: Theme) -> None:
    text = f"```python\n{CODE}\n```\n\nand\n\n- item\n\n  ```sh\n  ls -l\n  ```\n"
    view = view_of(qtbot, theme, text)
    assert names(view) == ["Python", "Bash"]
    first, second = (bar.copy for bar in bars(view))
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == CODE + "\n"
    assert first.accessibleName() == "Copied"
    second.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(second, Qt.Key.Key_Space)
    assert QGuiApplication.clipboard().text() == "ls -l\n"
    assert view.stops() == [view, first, second]
    for bar in bars(view):
        assert view.viewport().rect().contains(bar.geometry())
        assert bar.copy.height() >= 44


def test_the_bar_stays_while_the_code_grows(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme, "```py")
    text = "```python\n" + "x = 1\n" * 3
    view.show_markdown(text)
    (bar,) = bars(view)
    for _ in range(100):
        text += "y = 'two'\n"
        view.show_markdown(text)
    view.show_markdown(text + "```\n\nAnd on.")
    qtbot.waitUntil(lambda: view.is_rendered)
    assert bars(view) == [bar]
    bar.copy.click()
    assert QGuiApplication.clipboard().text() == text.removeprefix("```python\n")
    coloured(qtbot, view, "'two'", "code_text")


def test_a_comment_over_many_parts_ends_as_one(qtbot: QtBot, theme: Theme) -> None:
    lines = "\n".join(f"line {number} of it" for number in range(130))
    view = view_of(qtbot, theme, f"```python\n'''{lines}'''\nx = 1\n```\n\nEnd.")
    coloured(qtbot, view, "line 100", "code_text")


def test_code_with_emoji_keeps_its_colours_in_place(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme, "```python\ns = '👩‍👩‍👧'  # 🇫🇷 flags\nnumber = 1234\n```\n")
    coloured(qtbot, view, "1234", "code_number")
    assert colour_of(view, "number") == theme.color("ink")


def test_cards_are_where_the_code_is(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme, f"```python\n{CODE}\n```\n\n> quoted\n\n```\nlast\n```")
    cards = view._writer.cards
    areas = [cards.area(card, view.viewport().width()) for card in cards.all]
    assert areas[0].top() >= 0
    assert all(a.bottom() + 4 < b.top() for a, b in itertools.pairwise(areas))
    assert areas[-1].bottom() <= view.height()
    assert names(view) == ["Python", "Code"]


def test_lexers_are_read_once(qtbot: QtBot, theme: Theme) -> None:
    lexers = Lexers.of(theme)
    assert Lexers.of(theme) is lexers
    with qtbot.waitSignal(lexers.loaded, timeout=10_000):
        assert lexers.lexer("rust") is None
    assert lexers.lexer("rust") is not None
    assert lexers.lexer("no-such-language") is None


def test_long_lines_of_code_are_not_cut_off(qtbot: QtBot, theme: Theme) -> None:
    view = view_of(qtbot, theme, "```\n" + "x" * 900 + "\n```", width=300)
    assert view.document().idealWidth() <= view.viewport().width()
