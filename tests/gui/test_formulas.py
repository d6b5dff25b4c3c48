"""Mathematics: told from prices and code, drawn beside the main thread, readable without eyes."""

from __future__ import annotations

import time

import pytest
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from app.ui.look.theme import Theme
from app.ui.markdown.formula_object import OBJECT_CHARACTER
from app.ui.markdown.formula_words import words_of
from app.ui.markdown.formulas import Formulas, draw
from app.ui.markdown.inline import Maths, take_out
from app.ui.markdown.view import MarkdownView


def found(text: str) -> list[str]:
    return [maths.source for maths in take_out(text)[1]]


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("Energy is $E=mc^2$.", ["E=mc^2"]),
        (r"\(a\) and \[b\]", ["a", "b"]),
        ("$$\n\\frac{1}{2}\n$$", [r"\frac{1}{2}"]),
        (r"$x \text{ if it is so } y$", [r"x \text{ if it is so } y"]),
        ("It costs $5 and $10.", []),
        ("Between $5-$10, or US$7, or 20$.", []),
        ("I have $20 in my pocket and he has 20$", []),
        ("$5 million (about $7 million)", []),
        ("`$x$` and ```$y$```", []),
        (r"\$5\$ and \\(x\\)", []),
        ("$HOME and $PATH", []),
        ("$" * 50, []),
        ("这里 $x$ 元", ["x"]),
        ("一共 $5，他有 $6", []),
    ],
)
def test_formulas_are_told_from_prices_and_code(text: str, sources: list[str]) -> None:
    assert found(text) == sources


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x^2+y_1", "x² + y₁"),
        (r"\frac{a+b}{2}", "(a + b)/2"),
        (r"\sqrt{2}", "√2"),
        (r"x_{n+1} \le \pi", "xₙ₊₁ ≤ π"),
        (r"\int_0^1 f", "∫₀¹ f"),
        (r"90^\circ", "90°"),
        (r"\begin{pmatrix}a & b\\ c & d\end{pmatrix}", "(a, b; c, d)"),
    ],
)
def test_formulas_in_words(source: str, words: str) -> None:
    assert words_of(Maths(source, False, f"${source}$")) == words


@pytest.mark.parametrize("source", [r"\bad{x", "{" * 300, r"\nonsense x", "x" * 500])
def test_what_cannot_be_said_stays_as_it_was_written(source: str) -> None:
    assert words_of(Maths(source, False, f"${source}$")) == f"${source}$"


@pytest.mark.parametrize(
    "source",
    [
        r"\frac{" * 200 + "1" + "}{2}" * 200,
        "{" * 900,
        "x" * 990,
        "(" * 990,
        r"\sqrt{" * 90 + "x" + "}" * 90,
        r"\def\a{\a\a}\a",
        r"\newcommand{\a}{\a\a}\a",
        r"\begin{matrix}" + r"a & b \\" * 110 + r"\end{matrix}",
        "\x00\x01",
        "x" * 100_000,
        r"\text{速度}",
        "",
    ],
)
def test_hostile_formulas_end_soon(source: str) -> None:
    began = time.thread_time()
    drawing = draw(source, True)
    assert time.thread_time() - began < 3
    assert "<image" not in drawing.svg


@pytest.mark.parametrize("source", [r"\includegraphics{http://x/y.png}", r"\href{http://x}{y}"])
def test_a_formula_brings_no_picture_along(source: str) -> None:
    svg = draw(source, False).svg
    assert "<image" not in svg
    assert "href" not in svg


def test_a_formula_cannot_choose_its_colour() -> None:
    assert "red" not in draw(r"\color{red}{x}", False).svg


def shown(qtbot: QtBot, theme: Theme, text: str) -> MarkdownView:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.resize(500, 300)
    view.show()
    view.show_markdown(text)
    qtbot.waitUntil(lambda: Formulas.of(theme).is_ready, timeout=20_000)
    qtbot.waitUntil(lambda: not view._writer.runs.places, timeout=20_000)
    return view


def ink_columns(image: QImage, ink: QColor) -> int:
    return sum(
        any(image.pixelColor(x, y) == ink for y in range(image.height()))
        for x in range(image.width())
    )


def test_a_formula_is_drawn_in_ink_and_can_be_copied(qtbot: QtBot, theme: Theme) -> None:
    view = shown(qtbot, theme, "$$\\frac{1}{2}$$")
    assert view.toPlainText() == OBJECT_CHARACTER + "1/2"
    flat = view.document().size().height()
    assert flat > 1.8 * theme.text_size_pt * 96 / 72, "a fraction is two lines high"
    assert ink_columns(view.grab().toImage(), theme.color("ink")) > 5
    view.selectAll()
    view.copy()
    assert QGuiApplication.clipboard().text() == "1/2"
    assert view.selected_text() == "1/2"


def test_a_comma_inside_a_number_leaves_no_gap() -> None:
    assert draw("2,5", display=False).width < draw("2, 5", display=False).width


@pytest.mark.parametrize("text", ["1 $1$", "a\n\n1 $1$", "1 $1$ and $\\frac{1}{\\frac{1}{1}}$"])
@pytest.mark.parametrize("size_pt", [16, 28])
def test_a_formula_stands_where_the_letters_stand(
    qtbot: QtBot, theme: Theme, text: str, size_pt: int
) -> None:
    theme.set_text_size(size_pt)
    view = shown(qtbot, theme, text)
    image = view.grab().toImage()
    ink = theme.color("ink")
    wide = QFontMetrics(theme.font()).horizontalAdvance("1 ")

    def foot(left: int) -> int:
        columns, rows = range(left, left + wide - 2), range(image.height())
        return max(y for y in rows for x in columns if is_ink(image.pixelColor(x, y)))

    def is_ink(color: QColor) -> bool:
        return color.alpha() > 100 and abs(color.lightness() - ink.lightness()) < 60

    assert abs(foot(0) - foot(wide)) <= 1


def test_formulas_follow_size_and_scheme(qtbot: QtBot, theme: Theme) -> None:
    view = shown(qtbot, theme, "$$\\frac{1}{2}$$")
    small = view.document().size().height()
    theme.set_text_size(28)
    theme.set_appearance("dark")
    view.restyle()
    assert view.document().size().height() > 1.5 * small
    assert ink_columns(view.grab().toImage(), theme.color("ink")) > 5


def test_a_wide_formula_is_not_cut_off(qtbot: QtBot, theme: Theme) -> None:
    sum_of_many = "+".join(f"x_{{{n}}}" for n in range(60))
    view = shown(qtbot, theme, f"$$y = {sum_of_many}$$")
    assert view.document().idealWidth() <= view.viewport().width() + 1


def test_what_cannot_be_drawn_is_shown_as_it_was_written(qtbot: QtBot, theme: Theme) -> None:
    view = shown(qtbot, theme, "Before $\\nonsense{x$ and \\(\\foo x\\) after")
    assert "$\\nonsense{x$" in view.toPlainText()
    assert "\\(\\foo x\\)" in view.toPlainText()


def test_a_formula_may_take_several_lines_and_grow(qtbot: QtBot, theme: Theme) -> None:
    text = "So:\n\n\\[\n- x_1\n= 2\n\\]\n\nAnd $a_1$ * $b_1$."
    pieces = MarkdownView(theme)
    qtbot.addWidget(pieces)
    for end in range(len(text) + 1):
        pieces.show_markdown(text[:end])
    whole = shown(qtbot, theme, text)
    assert whole.toPlainText() == (
        f"So:\n{OBJECT_CHARACTER}− x₁ = 2\nAnd {OBJECT_CHARACTER}a₁ * {OBJECT_CHARACTER}b₁."
    )
    qtbot.waitUntil(lambda: pieces.toPlainText() == whole.toPlainText(), timeout=20_000)


def test_noncharacters_of_a_text_forge_nothing(qtbot: QtBot, theme: Theme) -> None:
    view = MarkdownView(theme)
    qtbot.addWidget(view)
    view.show_markdown("a \ufde00\ufde1 b \ufdd0 c \ufffc d $x$")
    assert view.toPlainText().startswith("a \ufffd0\ufffd b \ufffd c \ufffd d ")
