"""What is on paper: read back from the PDF itself."""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QLocale, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtPdf import QPdfDocument
from PySide6.QtWidgets import QApplication

from app.core.records import ReplyDetails, Span
from app.ui.look.fonts import load_fonts
from app.ui.look.theme import Theme
from app.ui.paper.pages import Pages
from app.ui.paper.pdf_reading import readable
from app.ui.paper.script import script_of
from app.ui.paper.sheet import Sheet
from tests.gui.paper.conversations import A4, THOUGHT, letter, message, pdf

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=ZoneInfo("Europe/Paris"))
CHECK = "The assistant was not sure about what is underlined. Please check it."


@pytest.fixture(autouse=True)
def fonts(qapp: QApplication) -> None:
    load_fonts()


def opened(content: bytes) -> QPdfDocument:
    document = QPdfDocument()
    buffer = QBuffer(document)
    buffer.setData(QByteArray(content))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    document.load(buffer)
    assert document.status() == QPdfDocument.Status.Ready
    return document


def text(content: bytes) -> str:
    document = opened(content)
    pages = [document.getAllText(number).text() for number in range(document.pageCount())]
    return "\n".join(pages).replace("\r\n", "\n")


def dark_share(content: bytes, page: int = 0) -> float:
    drawn = opened(content).render(page, QSize(600, 848))
    image = QImage(drawn.size(), QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.drawImage(0, 0, drawn)
    painter.end()
    ink = sum(
        image.pixelColor(x, y).lightness() < 128
        for x in range(image.width())
        for y in range(image.height())
    )
    return ink / (image.width() * image.height())


def test_everything_can_be_read_and_selected() -> None:
    words = text(pdf(script_of(letter(), "The lamp", moment=NOW)))
    for part in (
        "The lamp",
        "You",
        "A letter about the lamp, please.",
        "Short & kind <b>.",
        "Assistant",
        "Here is a letter you can use. See the page (https://example.org/town) first.",
        "Dear Sir or Madam",
        "1. It is dark at night.",
        "2. My neighbour fell.",
        "on Monday",
        "3. Nobody came.",
        "A lamp is a small sun.",
        "Monday off",
        "def lamp(on: bool) -> str:",
        "谢谢您！请用中文写。",
        "我写信是为了路灯的事。",
    ):
        assert part in words, part
    assert "**" not in words
    assert "secret thought" not in words
    assert THOUGHT[:20] not in words


def test_chinese_is_copied_as_it_was_written() -> None:
    lamps = "一见马车长门飞鸟鱼龙，户户用人口手足土山水火风金木日月。黄青骨齿"
    content = pdf(script_of((message(1, "user", f"**{lamps}**\n\n{lamps}"),), lamps))
    assert text(content).count(lamps) == 3
    assert "\t" not in text(pdf(script_of(letter(), "The lamp")))


@pytest.mark.parametrize(
    ("words", "language"), [("Écrivez une lettre pour la mairie", b"fr"), ("请写一封信", b"zh")]
)
def test_title_and_language_are_told(words: str, language: bytes) -> None:
    content = pdf(script_of((message(1, "user", words),), words))
    assert b"/Lang (" + language + b")" in content[-1_000:]
    assert b"/DisplayDocTitle true" in content[-1_000:]
    document = opened(content)
    assert document.metaData(QPdfDocument.MetaDataField.Title) == words
    assert document.pageCount() == 1


def test_another_form_of_the_file_is_left_as_it_is() -> None:
    for other in (b"", b"%PDF-2.0 something else", b"trailer <</Root 1 0 R>> startxref 5 %%EOF"):
        assert readable(other, "fr") == other


def test_a_formula_is_drawn_and_its_words_can_be_copied() -> None:
    reply = message(2, "assistant", "$$\\frac{a}{b}$$")
    content = pdf(script_of((reply,), "Sum", only=2))
    assert "\\frac" not in text(content)
    assert 0 < dark_share(content) < 0.05


def test_title_date_and_numbers_stand_below() -> None:
    many = [message(n, "user", "lamp " * 150) for n in range(1, 12)]
    before = QLocale()
    try:
        QLocale.setDefault(QLocale("fr_FR"))
        content = pdf(script_of(many, "La lampe", moment=NOW))
    finally:
        QLocale.setDefault(before)
    document = opened(content)
    count = document.pageCount()
    assert count >= 3
    for number in range(count):
        words = document.getAllText(number).text()
        assert f"Page {number + 1} of {count}" in words
        assert "La lampe · dimanche 22 novembre 2026" in words
    assert document.metaData(QPdfDocument.MetaDataField.Title) == "La lampe"


def test_nothing_is_lost_or_shown_twice_at_page_breaks() -> None:
    numbered = "\n\n".join(f"Paragraph {n}: " + "the lamp burns. " * 9 for n in range(120))
    code = "```\n" + "\n".join(f"line {n:03}" for n in range(150)) + "\n```"
    script = script_of((message(2, "assistant", numbered + "\n\n" + code),), "Long")
    pages = Pages(script, A4, 12)
    for _ in pages.lay_out():
        pass
    shown = "\n".join(pages.words(number) for number in range(pages.count))
    # Its reader takes columns of short lines for vertical writing, so that spaces tell nothing.
    printed = "".join(text(pdf(script)).split())
    for part in [f"Paragraph {n}:" for n in range(120)] + [f"line {n:03}" for n in range(150)]:
        assert shown.count(part) == 1, part
        assert "".join(part.split()) in printed
    assert "```" not in printed


def test_one_reply_stands_alone() -> None:
    words = text(pdf(script_of(letter(), "The lamp", only=4, moment=NOW)))
    assert "我写信是为了路灯的事。" in words
    assert "Assistant" not in words
    assert "Dear Sir" not in words
    assert "谢谢您" not in words


def test_paper_is_white_whatever_the_window_looks_like(qapp: QApplication) -> None:
    theme = Theme(qapp, "dark", 16)
    content = pdf(script_of(letter(), "The lamp"))
    theme.set_appearance("light")
    assert dark_share(content) < 0.2


def doubtful() -> tuple[str, ReplyDetails]:
    pieces = ["Mayor ", "Robert ", "Milton ", "wrote ", "it."]
    words = "".join(pieces)
    ends, end = [], 0
    for piece in pieces:
        end += len(piece)
        ends.append(end)
    details = ReplyDetails(
        token_ids=tuple(range(len(pieces))),
        logprobs=(-0.01, -3.0, -3.0, -0.01, -0.01),
        token_ends=tuple(ends),
        spans=(Span("answer", 0, len(words)),),
    )
    return words, details


def test_doubts_are_underlined_and_explained() -> None:
    words, details = doubtful()
    messages = (message(1, "user", "Who?"), message(2, "assistant", words, details))
    marked = pdf(script_of(messages, "Who"))
    plain = pdf(script_of(messages, "Who", mark_doubt=False))
    assert CHECK in " ".join(text(marked).split())
    assert CHECK not in " ".join(text(plain).split())
    assert dark_share(marked) > dark_share(plain)


def test_a_caution_stands_below_an_answer_of_consequence() -> None:
    asked = message(1, "user", "How much ibuprofen may I take with my blood pressure medication?")
    answer = message(2, "assistant", "Two tablets.")
    for only in (None, 2):
        words = " ".join(text(pdf(script_of((asked, answer), "Pills", only=only))).split())
        assert "Please ask a doctor or a pharmacist" in words
    harmless = (message(1, "user", "How do lamps work?"), answer)
    assert "Please ask" not in text(pdf(script_of(harmless, "Lamps")))


def test_many_doubts_are_said_of_the_whole_reply() -> None:
    sentence, details = doubtful()
    count = 4
    step = len(sentence) + 1
    many = replace(
        details,
        token_ids=details.token_ids * count,
        logprobs=tuple(details.logprobs) * count,
        token_ends=tuple(n * step + end for n in range(count) for end in details.token_ends),
        spans=(Span("answer", 0, count * step),),
    )
    reply = message(2, "assistant", f"{sentence} " * count, many)
    words = " ".join(text(pdf(script_of((reply,), "Who", only=2))).split())
    assert "This may be wrong; check what matters." in words


def test_who_answered_is_named() -> None:
    words = text(pdf(script_of(letter(), "The lamp", speaker="Write a letter")))
    assert words.count("Assistant · Write a letter") == 2


@pytest.mark.parametrize("sheet", [A4, Sheet(612, 792), Sheet(298, 420)])
def test_sheets_have_the_size_that_was_asked_for(sheet: Sheet) -> None:
    document = opened(pdf(script_of(letter(), "The lamp"), sheet))
    size = document.pagePointSize(0)
    assert size.width() == pytest.approx(sheet.width_pt, abs=1)
    assert size.height() == pytest.approx(sheet.height_pt, abs=1)


def test_fonts_are_in_the_file() -> None:
    content = pdf(script_of(letter(), "The lamp"))
    streams = content.split(b"stream")
    packed = b"".join(_unpacked(stream) for stream in streams)
    assert b"Atkinson" in content + packed


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream.lstrip(b"\r\n"))
    except zlib.error:
        return b""


@pytest.mark.parametrize(
    "hostile",
    [
        "\x00\x07\x1b[31m\ud800 control \ufffe",
        "\u202eright to left\u2066 and back",
        "<script>alert(1)</script><img src='https://example.org/a.png'>",
        "![a picture](https://example.org/a.png)",
        "|" * 3000 + "\n" + "|-" * 3000,
        "> " * 400 + "deep",
        "- " * 200 + "deep",
        "$" * 999 + "\\frac" * 300,
        "```" * 500,
        "#" * 5000,
        "\u0301" * 5000,
    ],
)
def test_hostile_text_is_shown_harmlessly(hostile: str) -> None:
    messages = (message(1, "user", hostile), message(2, "assistant", hostile + "\n\nThe end."))
    words = text(pdf(script_of(messages, hostile)))
    assert "The end." in words


def test_a_line_of_a_megabyte_is_cut_into_lines() -> None:
    content = pdf(script_of((message(1, "user", "word " * 60_000),), "Long"))
    assert text(content).count("word") >= 60_000
