"""Where prints and files are made: asks for a name, works in small steps, tells the outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, QStandardPaths, Qt, Signal
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from app.core.errors import AppError
from app.core.records import Message
from app.services.saving import save_file
from app.services.tasks import Tasks
from app.ui.look.theme import Theme
from app.ui.paper.bar import PaperBar
from app.ui.paper.names import file_name
from app.ui.paper.pages import Pages
from app.ui.paper.pdf import pdf_file
from app.ui.paper.preview import PreviewPage
from app.ui.paper.printing import has_printer, print_pages
from app.ui.paper.script import Script, script_of
from app.ui.paper.sheet import Sheet, paper_size_pt, usual_sheet
from app.ui.paper.steps import Content, Steps, Work

FileKind = Literal["pdf", "word"]
_ENDINGS: dict[FileKind, str] = {"pdf": ".pdf", "word": ".docx"}


class PaperDesk(QObject):
    """One print or file at a time; a wish that comes while one is made is ignored.

    Signals:
        failed: AppError.
    """

    failed = Signal(object)

    def __init__(self, theme: Theme, preview: PreviewPage, bar: PaperBar, window: QWidget) -> None:
        """Make a desk.

        Args:
            theme: Says how large the person likes letters.
            preview: Shows pages before they are printed.
            bar: Tells how far it is.
            window: Dialogs belong to it.
        """
        super().__init__(window)
        self._theme = theme
        self._preview = preview
        self._bar = bar
        self._window = window
        self._tasks = Tasks(self)
        self._layout: Steps[Pages] | None = None
        self._steps: Steps[Content] | Steps[None] | None = None
        self._pages: Pages | None = None
        self._folder = ""
        self._dialog: QDialog | None = None
        preview.print_wished.connect(self._on_print)
        preview.pdf_wished.connect(self._on_pdf)
        preview.closed.connect(self.leave_preview)
        bar.stop_wished.connect(self.stop)

    @property
    def busy(self) -> bool:
        """Whether something is being made."""
        return self._steps is not None

    def print_messages(
        self,
        title: str,
        messages: Sequence[Message],
        *,
        speaker: str = "",
        only: int | None = None,
        mark_doubt: bool = True,
    ) -> None:
        """Show the pages; they are printed when that is wished there.

        Args:
            title: Of the chat, "" for none.
            messages: The branch that is shown.
            speaker: Name of who answers, "" for the assistant for anything.
            only: Id of the one reply that is wanted; None: all of it.
            mark_doubt: Underline what the model was unsure of.
        """
        self.leave_preview()
        self._preview.begin()
        script = script_of(messages, title, speaker=speaker, only=only, mark_doubt=mark_doubt)
        pages = Pages(script, usual_sheet(), paper_size_pt(self._theme.text_size_pt))
        self._layout = Steps(
            _laid_out(pages), self._on_laid_out, self.failed.emit, self._preview.show_share, self
        )

    def save(
        self,
        kind: FileKind,
        title: str,
        messages: Sequence[Message],
        *,
        speaker: str = "",
        only: int | None = None,
        mark_doubt: bool = True,
    ) -> None:
        """Ask for a name, then write the file; arguments as in `print_messages`."""
        if not self.busy:
            self._ask_name(
                kind, script_of(messages, title, speaker=speaker, only=only, mark_doubt=mark_doubt)
            )

    def leave_preview(self) -> None:
        """Nobody looks at the pages any more."""
        if self._layout is not None:
            self._layout.stop()
        self._layout, self._pages = None, None

    def stop(self) -> None:
        """Leave off; no file is left behind."""
        if self._steps is not None and self._steps.running:
            self._steps.stop()
            self._steps = None
            self._bar.finish(lambda: self.tr("Stopped. Nothing was saved."))

    def _on_laid_out(self, pages: Pages) -> None:
        self._layout, self._pages = None, pages
        self._preview.show_pages(pages, can_print=has_printer())

    def _on_pdf(self) -> None:
        if self._pages is not None and not self.busy:
            self._ask_name("pdf", self._pages.script)

    def _on_print(self) -> None:
        pages = self._pages
        if pages is None or self.busy:
            return
        if not has_printer():
            self._preview.say_no_printer()
            return
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        dialog = QPrintDialog(printer, self._window)
        dialog.setMinMax(1, pages.count)
        dialog.setOption(QPrintDialog.PrintDialogOption.PrintPageRange, pages.count > 1)
        dialog.accepted.connect(lambda: self.print_with(pages, printer))
        self._show(dialog)

    def print_with(self, pages: Pages, printer: QPrinter) -> None:
        """Print on a printer that was chosen."""
        self._bar.begin(lambda: self.tr("The pages are on their way to the printer…"))
        self._steps = Steps(
            print_pages(pages, printer),
            lambda _: self._end(lambda: self.tr("The pages were given to the printer.")),
            self._on_failed,
            self._bar.show_share,
            self,
        )

    def _ask_name(self, kind: FileKind, script: Script) -> None:
        dialog = QFileDialog(self._window)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        names = {"pdf": self.tr("PDF document"), "word": self.tr("Word document")}
        titles = {"pdf": self.tr("Save as PDF"), "word": self.tr("Save as Word")}
        dialog.setWindowTitle(titles[kind])
        dialog.setNameFilter(f"{names[kind]} (*{_ENDINGS[kind]})")
        dialog.setDefaultSuffix(_ENDINGS[kind].lstrip("."))
        dialog.setDirectory(self._folder or _documents())
        dialog.selectFile(file_name(script.title, self.tr("Conversation"), _ENDINGS[kind]))
        dialog.fileSelected.connect(lambda name: self.write(kind, script, Path(name)))
        self._show(dialog)

    def write(self, kind: FileKind, script: Script, path: Path) -> None:
        """Write a file whose name was chosen."""
        if self.busy:
            return
        self._folder = str(path.parent)
        sheet, size_pt = usual_sheet(), paper_size_pt(self._theme.text_size_pt)
        work = pdf_file if kind == "pdf" else _word_file
        self._bar.begin(lambda: self.tr("“{name}” is being written…").format(name=path.name))
        self._steps = Steps(
            work(script, sheet, size_pt),
            lambda content: self._store(path, content),
            self._on_failed,
            self._bar.show_share,
            self,
        )

    def _store(self, path: Path, content: Content) -> None:
        self._bar.show_share(1.0)
        future = self._tasks.run(lambda: save_file(path, content()), "alcove-save")
        self._tasks.then(future, self._on_saved, self._on_save_failed)

    def _on_saved(self, path: Path) -> None:
        def sentence() -> str:
            words = self.tr("“{name}” was saved in the folder “{folder}”.")
            return words.format(name=path.name, folder=path.parent.name or str(path.parent))

        self._end(sentence, str(path))

    def _on_save_failed(self, error: BaseException) -> None:
        if not isinstance(error, AppError):
            raise error
        self._on_failed(error)

    def _end(self, sentence: Callable[[], str], file: str = "") -> None:
        self._steps = None
        self._bar.finish(sentence, file)

    def _on_failed(self, error: AppError) -> None:
        self._steps = None
        self._bar.hide()
        self.failed.emit(error)

    def _show(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._dialog = dialog
        dialog.finished.connect(self._forget_dialog)
        dialog.open()

    def _forget_dialog(self) -> None:
        self._dialog = None


def _word_file(script: Script, sheet: Sheet, size_pt: int) -> Work[Content]:
    from app.ui.paper.word import word_file  # noqa: PLC0415  a third of a second only this needs

    return word_file(script, sheet, size_pt)


def _laid_out(pages: Pages) -> Work[Pages]:
    yield from pages.lay_out()
    return pages


def _documents() -> str:
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return documents if Path(documents).is_dir() else str(Path.home())
