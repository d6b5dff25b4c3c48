"""Replies as they are shown: the same whether they come at once or in pieces, and inert."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QUrl, qInstallMessageHandler
from PySide6.QtGui import (
    QContextMenuEvent,
    QDesktopServices,
    QGuiApplication,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from app.ui.look.theme import Theme
from app.ui.markdown.blocks import BlockSplitter, keep_line_breaks
from app.ui.markdown.formulas import Formulas
from app.ui.markdown.view import MarkdownView

REPLY = """Of **course**. See [this page](https://example.com/a) and `code`:

> Dear Sir or Madam,
>
> Yours

# Heading

1. First
2. Second
   - nested

10. Tenth

```python
def f(x):

    return "# not a heading"
```

| Name | Age |
|---|---|
| Ann | 7 |

Roses are red
Violets are blue
"""


def shown(view: MarkdownView) -> str:
    return view.toPlainText()


def test_pieces_and_whole_look_the_same(qtbot: QtBot, theme: Theme) -> None:
    whole, pieces = MarkdownView(theme), MarkdownView(theme)
    qtbot.addWidget(whole)
    qtbot.addWidget(pieces)
    whole.show_markdown(REPLY)
    chance = random.Random(7)
    end = 0
    while end < len(REPLY):
        end += chance.randint(1, 9)
        pieces.show_markdown(REPLY[:end])
    qtbot.waitUntil(lambda: shown(pieces) == shown(whole))
    for text in ("Of course.", "def f(x):", '    return "# not a heading"', "Ann", "Tenth"):
        assert text in shown(whole)
    assert "**" not in shown(whole)
    assert "Roses are red\nViolets are blue" in shown(whole)
    assert pieces.document().blockCount() == whole.document().blockCount()


def test_ordered_lists_keep_their_numbers(qtbot: QtBot, theme: Theme) -> None:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.show_markdown("3. three\n4. four\n5. five\n")
    qtbot.waitUntil(lambda: view.is_rendered)
    numbers = []
    block = view.document().begin()
    while block.isValid():
        numbers.append(block.textList().itemText(block))
        block = block.next()
    assert numbers == ["3.", "4.", "5."]


def test_finished_blocks_are_not_parsed_again() -> None:
    splitter = BlockSplitter()
    text, finished = "", []
    for character in "One.\n\nTwo.\n\nThree" * 40:
        text += character
        finished += splitter.grow(text) or []
    assert "".join(b.source for b in finished) + splitter.tail().source == text
    assert len(splitter.tail().source) < 20


def test_long_code_is_finished_line_by_line() -> None:
    splitter = BlockSplitter()
    text = "```\n" + "x = 1\n" * 500
    blocks = splitter.grow(text) or []
    assert len(blocks) > 10
    assert all(block.fence for block in blocks)
    assert len(splitter.tail().source) < 400


def test_other_text_starts_again(qtbot: QtBot, theme: Theme) -> None:
    assert BlockSplitter().grow("a") == []
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.show_markdown("first reply\n\nmore")
    view.show_markdown("second")
    qtbot.waitUntil(lambda: view.is_rendered)
    assert shown(view) == "second"


def test_lists_and_tables_keep_their_markdown() -> None:
    assert keep_line_breaks("- a\n- b") == "- a\n- b"
    assert keep_line_breaks("a\nb") == "a\u2028b"


@pytest.mark.parametrize(
    "reply",
    [
        "![a cat](http://127.0.0.1:9/cat.png)",
        '![a cat](https://example.com/cat.png "title")',
        "![secret](file:///etc/hostname)",
        "<img src='http://127.0.0.1:9/x.png'>",
        "[x](y)\n\n![a][r]\n\n[r]: http://127.0.0.1:9/x.png",
    ],
)
def test_pictures_are_never_fetched(
    qtbot: QtBot, theme: Theme, monkeypatch: pytest.MonkeyPatch, reply: str
) -> None:
    asked: list[object] = []
    original = QTextDocument.resource
    monkeypatch.setattr(
        QTextDocument, "resource", lambda self, *a: asked.append(a) or original(self, *a)
    )
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.show()
    view.show_markdown(reply)
    view.grab()
    block = view.document().begin()
    while block.isValid():
        iterator = block.begin()
        while not iterator.atEnd():
            assert not iterator.fragment().charFormat().isImageFormat()
            iterator += 1
        block = block.next()
    assert asked == []
    assert view.loadResource(2, QUrl("file:///etc/hostname")) is None


@pytest.mark.parametrize(
    "case",
    [
        ("https://example.com/a?b=c", "yes", True),
        ("https://example.com/a?b=c", "no", False),
        ("file:///etc/passwd", "yes", False),
        ("javascript:alert(1)", "yes", False),
    ],
)
def test_links_show_their_address_and_ask(
    qtbot: QtBot,
    theme: Theme,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[str, str, bool],
) -> None:
    address, answer, opened = case
    calls: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: calls.append(url.toString()))
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.show_markdown(f"[words]({address})")
    view.anchorClicked.emit(QUrl(address))
    box = view.findChildren(QMessageBox)[0]
    assert box.informativeText() == address
    role = QMessageBox.ButtonRole
    wanted = role.AcceptRole if answer == "yes" else role.RejectRole
    button = next(b for b in box.buttons() if box.buttonRole(b) == wanted)
    assert button.isEnabled() == (wanted == role.RejectRole or opened)
    button.click()
    assert calls == ([address] if opened else [])


def test_links_say_where_they_lead(qtbot: QtBot, theme: Theme) -> None:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.show_markdown(
        "[your **bank**](https://www.evil.example/login) and https://example.com/a or [me](a@b.c)"
    )
    qtbot.waitUntil(lambda: view.is_rendered)
    assert shown(view) == "your bank (evil.example) and https://example.com/a or me"


def test_lists_keep_their_depth_and_their_ticks(qtbot: QtBot, theme: Theme) -> None:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.show_markdown("- one\n  - two\n    - three\n\n1. a\n   - b\n\n- [x] done\n- [ ] to do\n")
    qtbot.waitUntil(lambda: view.is_rendered)
    found = []
    block = view.document().begin()
    while block.isValid():
        marker = block.blockFormat().marker()
        found.append((block.text(), block.textList().format().indent(), marker.name))
        block = block.next()
    assert [indent for _, indent, _ in found] == [1, 2, 3, 1, 2, 1, 1]
    assert [marker for _, _, marker in found][-2:] == ["Checked", "Unchecked"]


def test_the_menu_offers_the_address_of_a_link(qtbot: QtBot, theme: Theme) -> None:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.resize(400, 100)
    view.show()
    view.show_markdown("[words](https://example.com/a)")
    view.moveCursor(QTextCursor.MoveOperation.Start)
    place = view.cursorRect().center() + QPoint(8, 0)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.mapToGlobal(place))
    QApplication.sendEvent(view.viewport(), event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    menu.actions()[0].trigger()
    menu.close()
    assert QGuiApplication.clipboard().text() == "https://example.com/a"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Paris in **1912** was", ["1912"]),
        ("- Anna\n- Bert (1912)\n", ["1912"]),
        ("| a | b |\n|---|---|\n| x | 1912 |\n", ["1912"]),
        ("> Dear Ann, on 1912\n\nAfter", ["1912"]),
        ("$x^2$ was in 1912", ["1912"]),
        ("👩‍👩‍👧 saw [a](https://b.example) in 1912", ["1912"]),
        ("`1912` and 1911", []),
        ("1912. item", []),
        ("[x](https://a.example/1912)", []),
        ("```\n1912\n```", []),
        ("# Heading of 1912\n\ntext", ["1912"]),
        ("from $1900-$1912", ["1912"]),
        ("R$1912$ or R$2000$", ["1912"]),
        ("Tom &#1912; Anna", []),
    ],
)
def test_marks_find_their_words(qtbot: QtBot, theme: Theme, text: str, words: list[str]) -> None:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    formulas = Formulas.of(theme)
    formulas.drawing("x^2", display=False)
    qtbot.waitUntil(lambda: formulas.is_ready)  # what is shown before is put into words later
    view.show_markdown("First a paragraph.\n\n" + text)
    qtbot.waitUntil(lambda: view.is_rendered)
    start = view.markdown().index("1912")
    view.set_doubts([(start, start + 4)], "Please check")
    qtbot.waitUntil(lambda: view.doubted_words() == words)
    before = shown(view)
    view.restyle()
    qtbot.waitUntil(lambda: view.is_rendered and view.doubted_words() == words)
    view.set_doubts([], "")
    assert view.doubted_words() == []
    assert shown(view) == before


def test_marks_stay_within_a_text_that_became_shorter(qtbot: QtBot, theme: Theme) -> None:
    """Two stars stand there as they are until the two that close them come."""
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.show_markdown("born in **18 May 1912")
    view.set_doubts([(17, 21)], "Please check")
    qtbot.waitUntil(lambda: view.doubted_words() == ["1912"])
    complaints: list[str] = []
    former = qInstallMessageHandler(lambda _kind, _place, text: complaints.append(text))
    try:
        view.show_markdown("born in **18 May 1912**")
        qtbot.waitUntil(lambda: view.is_rendered and view.doubted_words() == ["1912"])
    finally:
        qInstallMessageHandler(former)
    assert complaints == []


def test_words_that_the_mark_itself_would_change_are_not_underlined(
    qtbot: QtBot, theme: Theme
) -> None:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    complaints: list[str] = []
    former = qInstallMessageHandler(lambda _kind, _place, text: complaints.append(text))
    try:
        view.show_markdown("from Tom &amp;")
        view.set_doubts([(0, 4), (10, 13)], "Please check")
        qtbot.waitUntil(lambda: view.is_rendered and bool(view.doubted_words()))
    finally:
        qInstallMessageHandler(former)
    assert view.doubted_words() == ["from"]
    assert complaints == []


@pytest.mark.parametrize(
    "text",
    [
        "\0NUL\0",
        "👩‍👩‍👧‍👦 emoji 🇫🇷",
        "שלום עולם and مرحبا",
        "e\u0301\u0302\u0303 combining",
        "```\nnever closed",
        "| a |\n|",
        "*" * 500,
        "[" * 2_000,
        "> " * 300 + "deep",
        "\u202eoverride",
    ],
)
def test_strange_text_does_no_harm(qtbot: QtBot, theme: Theme, text: str) -> None:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.show()
    for end in range(0, len(text) + 1, max(1, len(text) // 40)):
        view.show_markdown(text[:end])
    view.show_markdown(text)
    view.grab()
    assert "\0" not in shown(view)


def test_restyle_keeps_the_text(qtbot: QtBot, theme: Theme) -> None:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.show_markdown(REPLY)
    qtbot.waitUntil(lambda: view.is_rendered)
    before = shown(view)
    theme.set_appearance("dark")
    view.restyle()
    qtbot.waitUntil(lambda: shown(view) == before)
    assert view.markdown() == REPLY


def test_nothing_is_written_beside_the_text(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.show_markdown(f"[f](file://{tmp_path}/x)")
    assert not list(tmp_path.iterdir())
