"""Word files, opened again by python-docx."""

from __future__ import annotations

import io
import zipfile

import docx
import pytest
from docx.document import Document
from docx.enum.text import WD_UNDERLINE
from PySide6.QtWidgets import QApplication

from app.core.records import ReplyDetails, Span
from app.ui.look.fonts import load_fonts
from app.ui.paper.script import script_of
from tests.gui.paper.conversations import letter, message, word


@pytest.fixture(autouse=True)
def fonts(qapp: QApplication) -> None:
    load_fonts()


def opened(content: bytes) -> Document:
    return docx.Document(io.BytesIO(content))


def lines(document: Document) -> list[tuple[str, str]]:
    return [(p.style.name or "", p.text) for p in document.paragraphs if p.style and p.text]


def test_structure_is_words_own() -> None:
    document = opened(word(script_of(letter(), "The lamp")))
    assert lines(document) == [
        ("Title", "The lamp"),
        ("Speaker", "You"),
        ("Question", "A letter about the lamp, please."),
        ("Question", "Short & kind <b>."),
        ("Speaker", "Assistant"),
        ("Normal", "Here is a letter you can use. See the page (https://example.org/town) first."),
        ("Heading 2", "Dear Sir or Madam"),
        ("List Number", "It is dark at night."),
        ("List Number", "My neighbour fell."),
        ("List Bullet 2", "on Monday"),
        ("List Number", "Nobody came."),
        ("Quotation", "A lamp is a small sun."),
        ("Code", "def lamp(on: bool) -> str:"),
        ("Code", '    return "bright"'),
        ("Normal", "The energy is E = mc²."),
        ("Speaker", "You"),
        ("Question", "谢谢您！请用中文写。"),
        ("Speaker", "Assistant"),
        ("Normal", "尊敬的先生："),
        ("Normal", "我写信是为了路灯的事。"),
    ]
    table = document.tables[0]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["Day", "Lamp"],
        ["Monday", "off"],
        ["Tuesday", "on"],
    ]
    assert document.core_properties.title == "The lamp"
    assert document.core_properties.author == ""


def test_bold_and_italic_stay() -> None:
    document = opened(word(script_of(letter(), "The lamp", only=2)))
    runs = {run.text: run for p in document.paragraphs for run in p.runs}
    assert runs["letter"].bold
    assert runs["use"].italic
    assert not runs["Here is a "].bold
    assert document.tables[0].rows[0].cells[0].paragraphs[0].runs[0].bold


def test_each_list_counts_for_itself() -> None:
    text = "1. one\n2. two\n\nBetween.\n\n1. first\n2. second\n\nMore.\n\n7. seven\n8. eight"
    document = opened(word(script_of((message(2, "assistant", text),), "Lists", only=2)))
    numbers = [
        p._p.pPr.numPr.numId.val  # type: ignore[union-attr]
        for p in document.paragraphs
        if p.style is not None and p.style.name == "List Number"
    ]
    assert len(numbers) == 6
    assert [numbers[0], numbers[2], numbers[4]] == [numbers[1], numbers[3], numbers[5]]
    assert len(set(numbers)) == 3
    numbering = document.part.numbering_part.element
    starts = [
        numbering.num_having_numId(n).lvlOverride_lst[0].startOverride.val for n in numbers[::2]
    ]
    assert starts == [1, 1, 7]


def test_doubts_have_dots_below() -> None:
    pieces = ["Mayor ", "Robert ", "Milton ", "wrote it."]
    ends = tuple(len("".join(pieces[: n + 1])) for n in range(len(pieces)))
    details = ReplyDetails(
        (0, 1, 2, 3), (0, -3.0, -3.0, 0), (Span("answer", 0, ends[-1]),), token_ends=ends
    )
    messages = (message(1, "user", "Who?"), message(2, "assistant", "".join(pieces), details))
    document = opened(word(script_of(messages, "Who")))
    dotted = [
        run.text
        for p in document.paragraphs
        for run in p.runs
        if run.underline == WD_UNDERLINE.DOTTED
    ]
    assert "".join(dotted).strip() == "Mayor Robert Milton"[-len("".join(dotted).strip()) :]
    assert dotted
    assert ("Remark", "The assistant was not sure about what is underlined. Please check it.") in (
        lines(document)
    )


def test_the_foot_has_title_date_and_number() -> None:
    content = word(script_of(letter(), "The lamp"))
    foot = opened(content).sections[0].footer.paragraphs[0].text
    assert foot.startswith("The lamp · ")
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        names = [name for name in file.namelist() if "footer" in name]
        fields = "".join(file.read(name).decode() for name in names)
    assert "PAGE" in fields
    assert "NUMPAGES" in fields


@pytest.mark.parametrize(
    "hostile",
    [
        "\x00\x0b\x1f\ud800\ufffe",
        "]]>&lt;<w:p/>",
        "|" * 2000,
        "\u202eabc",
        "![x](file:///etc/passwd)",
    ],
)
def test_hostile_text_makes_a_file_that_opens(hostile: str) -> None:
    messages = (message(1, "user", hostile), message(2, "assistant", hostile + "\n\nThe end."))
    document = opened(word(script_of(messages, hostile)))
    assert lines(document)[-1] == ("Normal", "The end.")


def test_nothing_is_fetched_or_linked() -> None:
    content = word(script_of(letter(), "The lamp"))
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        links = "".join(file.read(n).decode() for n in file.namelist() if n.endswith(".rels"))
    assert "External" not in links
    assert "example.org" not in links
