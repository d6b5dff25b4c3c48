"""The desk: pages before they are printed, names that are asked for, work that can be stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docx
import pytest
from PySide6.QtCore import QStandardPaths, Qt, QTimer
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMessageBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import AppError
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button
from app.ui.paper import desk as desk_module
from app.ui.paper.bar import PaperBar
from app.ui.paper.desk import PaperDesk
from app.ui.paper.preview import PreviewPage
from app.ui.paper.script import script_of
from tests.gui.paper.conversations import letter, message
from tests.helpers.small_disk import fill, make_read_only, small_disk


@pytest.fixture(autouse=True)
def no_print_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """CUPS' library would look for a server on the network's interface."""
    monkeypatch.setenv("CUPS_SERVER", str(tmp_path / "cups.sock"))


@dataclass(slots=True)
class Office:
    """A desk with its bar and its pages, in a window."""

    desk: PaperDesk
    preview: PreviewPage
    bar: PaperBar
    errors: list[AppError]

    def words(self) -> str:
        return self.bar.accessibleName()

    def button(self, words: str) -> Button:
        return next(b for b in self.bar.findChildren(Button) if b.accessibleName() == words)


@pytest.fixture
def office(qtbot: QtBot, theme: Theme, tmp_path: Path) -> Iterator[Office]:
    window = QWidget()
    qtbot.addWidget(window)
    preview, bar = PreviewPage(theme), PaperBar(theme)
    column = QVBoxLayout(window)
    column.addWidget(bar)
    column.addWidget(preview)
    window.resize(900, 900)
    window.show()
    desk = PaperDesk(theme, preview, bar, window)
    errors: list[AppError] = []
    desk.failed.connect(errors.append)
    desk._folder = str(tmp_path)
    yield Office(desk, preview, bar, errors)
    desk.stop()
    desk.leave_preview()


def dialog_of(qtbot: QtBot, office: Office) -> QFileDialog:
    qtbot.waitUntil(lambda: isinstance(office.desk._dialog, QFileDialog))
    dialog = office.desk._dialog
    assert isinstance(dialog, QFileDialog)
    return dialog


def test_a_file_gets_the_name_of_the_conversation(
    qtbot: QtBot, office: Office, tmp_path: Path
) -> None:
    office.desk.save("word", "Lamp: on/off?", letter())
    dialog = dialog_of(qtbot, office)
    assert dialog.selectedFiles() == [str(tmp_path / "Lamp on off.docx")]
    dialog.accept()
    qtbot.waitUntil(lambda: not office.desk.busy, timeout=20_000)
    assert docx.Document(str(tmp_path / "Lamp on off.docx")).paragraphs[0].text == "Lamp: on/off?"
    assert office.words() == f"“Lamp on off.docx” was saved in the folder “{tmp_path.name}”."
    assert office.button("Open").isVisible()
    assert office.button("Close this message").isVisible()
    assert not office.button("Stop").isVisible()


def test_nothing_is_replaced_without_a_question(
    qtbot: QtBot, office: Office, tmp_path: Path
) -> None:
    (tmp_path / "Lamp.pdf").write_text("mine")
    asked: list[str] = []

    def answer() -> None:
        box = next((w for w in dialog.findChildren(QMessageBox) if w.isVisible()), None)
        if box is not None:
            asked.append(box.text())
            box.button(QMessageBox.StandardButton.No).click()

    office.desk.save("pdf", "Lamp", letter())
    dialog = dialog_of(qtbot, office)
    field = dialog.findChild(QLineEdit)
    assert field is not None
    timer = QTimer()
    timer.timeout.connect(answer)
    timer.start(20)
    field.setText("Lamp")  # without the ending, which is added
    dialog.accept()
    timer.stop()
    assert len(asked) == 1
    assert (tmp_path / "Lamp.pdf").read_text() == "mine"
    dialog.reject()
    assert not office.desk.busy


def test_what_is_chosen_to_be_replaced_is_replaced(
    qtbot: QtBot, office: Office, tmp_path: Path
) -> None:
    path = tmp_path / "Lamp.pdf"
    path.write_text("old")
    office.desk.write("pdf", script_of(letter(), "Lamp"), path)
    qtbot.waitUntil(lambda: not office.desk.busy, timeout=20_000)
    document = QPdfDocument()
    document.load(str(path))
    assert document.pageCount() == 1
    assert [p.name for p in tmp_path.iterdir()] == ["Lamp.pdf"]
    assert path.stat().st_mode & 0o044, "others in the office may open it"


def test_trouble_is_one_sentence_and_leaves_nothing(
    qtbot: QtBot, office: Office, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "stick", 256 * 1024) as stick:
        fill(stick)
        office.desk.write("pdf", script_of(letter(), "Lamp"), stick / "Lamp.pdf")
        qtbot.waitUntil(lambda: not office.desk.busy, timeout=20_000)
        assert [error.code for error in office.errors] == ["saving.no_room"]
        assert [p.name for p in stick.iterdir()] == ["filler"]
        make_read_only(stick)
        office.desk.write("word", script_of(letter(), "Lamp"), stick / "Lamp.docx")
        qtbot.waitUntil(lambda: not office.desk.busy, timeout=20_000)
        assert [error.code for error in office.errors] == ["saving.no_room", "saving.read_only"]
    assert not office.bar.isVisible()
    office.desk.write("pdf", script_of(letter(), "Lamp"), tmp_path / "gone" / "Lamp.pdf")
    qtbot.waitUntil(lambda: not office.desk.busy, timeout=20_000)
    assert office.errors[-1].code == "saving"


@pytest.mark.parametrize("kind", ["pdf", "word"])
def test_ten_thousand_messages_never_hold_the_window_up(
    qtbot: QtBot, office: Office, tmp_path: Path, kind: desk_module.FileKind
) -> None:
    many = [
        message(n, "user" if n % 2 else "assistant", f"**Lamp** {n}: " + "on and off. " * 20)
        for n in range(1, 10_001)
    ]
    path = tmp_path / "Long"
    turns: list[float] = []
    last = time.thread_time()

    def beat() -> None:
        nonlocal last
        now = time.thread_time()
        turns.append(now - last)
        last = now

    office.desk.write(kind, script_of(many, "Long"), path)
    assert office.words() == "“Long” is being written…"
    timer = QTimer()
    timer.timeout.connect(beat)
    timer.start(0)
    qtbot.wait(1_500)
    timer.stop()
    assert sorted(turns)[int(len(turns) * 0.95)] < 0.016
    assert len(turns) > 20
    qtbot.mouseClick(office.button("Stop"), Qt.MouseButton.LeftButton)
    assert not office.desk.busy
    assert office.words() == "Stopped. Nothing was saved."
    qtbot.wait(50)
    assert list(tmp_path.iterdir()) == []


def shown(qtbot: QtBot, office: Office, count: int = 6) -> None:
    many = [message(n, "user", f"Lamp {n}. " * 170) for n in range(1, count + 1)]
    office.desk.print_messages("Long", many)
    qtbot.waitUntil(office.preview.larger.isVisible, timeout=20_000)


def test_pages_are_turned_by_mouse_and_keys(qtbot: QtBot, office: Office) -> None:
    shown(qtbot, office)
    preview = office.preview
    count = office.desk._pages.count if office.desk._pages is not None else 0
    assert count > 2
    assert preview._place.words() == f"Page 1 of {count}"
    assert not preview.before.isEnabled()
    qtbot.mouseClick(preview.after, Qt.MouseButton.LeftButton)
    assert preview._place.words() == f"Page 2 of {count}"
    preview.view.setFocus()
    qtbot.keyClick(preview.view, Qt.Key.Key_PageUp)
    assert preview._place.words() == f"Page 1 of {count}"
    qtbot.keyClick(preview.view, Qt.Key.Key_Left)
    for _ in range(count + 2):
        qtbot.keyClick(preview.view, Qt.Key.Key_Right)
    assert preview._place.words() == f"Page {count} of {count}"
    assert preview.view.accessibleName() == f"Page {count} of {count}"
    assert "Lamp" in preview.view.accessibleDescription()
    assert not preview.after.isEnabled()


def test_the_keyboard_is_not_lost_at_the_last_page(qtbot: QtBot, office: Office) -> None:
    shown(qtbot, office)
    preview = office.preview
    preview.after.setFocus()
    while preview.after.isEnabled():
        qtbot.keyClick(preview.after, Qt.Key.Key_Space)
    assert preview.before.hasFocus()


def test_the_picture_shows_the_page(qtbot: QtBot, office: Office) -> None:
    shown(qtbot, office)
    paper = office.preview.view._paper
    qtbot.waitUntil(lambda: paper._image is not None)
    small = paper.width()
    assert paper.height() <= office.preview.view.viewport().height()
    qtbot.mouseClick(office.preview.larger, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: paper.width() > small)
    assert office.preview.larger.text() == "Whole page"


def test_without_a_printer_there_is_still_a_file(
    qtbot: QtBot, office: Office, tmp_path: Path
) -> None:
    assert not desk_module.has_printer()
    shown(qtbot, office, 1)
    preview = office.preview
    assert not preview.print_button.isVisible()
    assert preview._note.isVisible()
    assert preview.pdf_button.hasFocus()
    qtbot.keyClick(preview.pdf_button, Qt.Key.Key_Space)
    dialog_of(qtbot, office).accept()
    qtbot.waitUntil(lambda: not office.desk.busy and (tmp_path / "Long.pdf").exists())


def test_a_printer_gets_the_pages_that_were_chosen(
    qtbot: QtBot, office: Office, tmp_path: Path
) -> None:
    shown(qtbot, office, 8)
    pages = office.desk._pages
    assert pages is not None
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "printed.pdf"))
    printer.setPageLayout(desk_module.usual_sheet().layout())
    printer.setPrintRange(QPrinter.PrintRange.PageRange)
    printer.setFromTo(2, 3)
    office.desk.print_with(pages, printer)
    qtbot.waitUntil(lambda: not office.desk.busy, timeout=20_000)
    assert office.words() == "The pages were given to the printer."
    document = QPdfDocument()
    document.load(str(tmp_path / "printed.pdf"))
    assert document.pageCount() == 2
    assert f"Page 2 of {pages.count}" in document.getAllText(0).text()
    assert f"Page 3 of {pages.count}" in document.getAllText(1).text()


def test_other_paper_in_the_printer_is_laid_out_anew(
    qtbot: QtBot, office: Office, tmp_path: Path
) -> None:
    shown(qtbot, office, 3)
    pages = office.desk._pages
    assert pages is not None
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "small.pdf"))
    layout = printer.pageLayout()
    layout.setPageSize(desk_module.Sheet(298, 420).layout().pageSize())
    printer.setPageLayout(layout)
    office.desk.print_with(pages, printer)
    qtbot.waitUntil(lambda: not office.desk.busy, timeout=20_000)
    document = QPdfDocument()
    document.load(str(tmp_path / "small.pdf"))
    assert document.pageCount() > pages.count


def test_a_printer_that_takes_nothing_is_told_of(
    qtbot: QtBot, office: Office, tmp_path: Path
) -> None:
    shown(qtbot, office, 1)
    pages = office.desk._pages
    assert pages is not None
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "no folder" / "printed.pdf"))
    office.desk.print_with(pages, printer)
    qtbot.waitUntil(lambda: not office.desk.busy, timeout=20_000)
    assert [error.code for error in office.errors] == ["printing"]


def test_leaving_the_pages_ends_the_work(qtbot: QtBot, office: Office) -> None:
    many = [message(n, "user", "Lamp. " * 500) for n in range(1, 2_000)]
    office.desk.print_messages("Long", many)
    qtbot.wait(100)
    assert office.preview._progress.isVisible()
    assert not office.preview.pdf_button.isEnabled()
    office.desk.leave_preview()
    qtbot.wait(50)
    assert office.desk._layout is None
    assert office.desk._pages is None


def test_files_go_to_the_documents(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _: str(tmp_path))
    assert desk_module._documents() == str(tmp_path)
    monkeypatch.setattr(QStandardPaths, "writableLocation", lambda _: str(tmp_path / "none"))
    assert desk_module._documents() == str(Path.home())
