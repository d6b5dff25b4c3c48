"""The recovery code: shown, printed, saved, copied."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMarginsF, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QPageLayout, QTextDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from app.ui.look.flow_layout import FlowLayout
from app.ui.look.fonts import body_font
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Card, Label
from app.ui.pages.base import ScrollPage

_DONE_MS = 2_500


class RecoveryPage(ScrollPage):
    """Shows the code that opens the conversations when everything else is lost.

    Signals:
        closed: Go back to where one came from.
    """

    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent, width=680)
        self._code_text = ""
        self._heading = Label(theme, "heading")
        self._why = Label(theme, "body", "muted")
        self._code = Label(theme, "title", selectable=True)
        self._code.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._said = Label(theme, "small", "accent")
        self._print = Button(theme, "outlined", "print")
        self._save = Button(theme, "outlined", "save")
        self._copy = Button(theme, "outlined", "copy")
        self._done = Button(theme, "primary", "check")
        self._build()
        self._print.clicked.connect(self._on_print)
        self._save.clicked.connect(self._on_save)
        self._copy.clicked.connect(self._on_copy)
        self._done.clicked.connect(self.closed)
        self._retranslate()

    def set_code(self, code: str) -> None:
        """The code, in its groups; "" when nothing is kept, so that there is none."""
        self._code_text = code
        self._code.setText(code or "—")
        for button in (self._print, self._save, self._copy):
            button.setEnabled(bool(code))

    def paper(self) -> QTextDocument:
        """What is printed."""
        document = QTextDocument()
        document.setDefaultFont(body_font(14))
        document.setPlainText("\n\n".join((self.tr("Alcove recovery code"), *self._lines())))
        return document

    def _build(self) -> None:
        px = self.theme.px
        body = self.column.body
        body.addStretch(2)
        body.addWidget(self._heading)
        body.addSpacing(px(8))
        body.addWidget(self._why)
        body.addSpacing(px(20))
        card = Card()
        inner = QHBoxLayout(card)
        inner.setContentsMargins(px(24), px(24), px(24), px(24))
        inner.addWidget(self._code)
        body.addWidget(card)
        body.addSpacing(px(16))
        buttons = QWidget()
        row = FlowLayout(buttons, px(12))
        for button in (self._print, self._save, self._copy):
            row.addWidget(button)
        body.addWidget(buttons)
        body.addSpacing(px(8))
        body.addWidget(self._said)
        body.addSpacing(px(20))
        body.addWidget(self._done, 0, Qt.AlignmentFlag.AlignLeft)
        body.addStretch(3)

    def _lines(self) -> tuple[str, ...]:
        return (
            self._code_text,
            self.tr(
                "With this code your conversations can be opened when this computer no longer "
                "lets you in. Keep it where you keep important papers. Whoever has it and your "
                "computer can read your conversations."
            ),
        )

    def _on_print(self) -> None:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setPageMargins(QMarginsF(25, 25, 25, 25), QPageLayout.Unit.Millimeter)
        dialog = QPrintDialog(printer, self)
        if dialog.exec() == QPrintDialog.DialogCode.Accepted:
            self.paper().print_(printer)
            self._say(self.tr("Sent to the printer."))
        dialog.deleteLater()  # two hundred widgets, which the page would keep

    def _on_save(self) -> None:
        name = self.tr("Alcove recovery code") + ".txt"
        place, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the recovery code"), str(Path.home() / name), "*.txt"
        )
        if not place:
            return
        try:
            Path(place).write_text(
                "\n\n".join((self.tr("Alcove recovery code"), *self._lines())) + "\n", "utf-8"
            )
        except OSError:
            self._say(self.tr("It could not be saved there. Please choose another place."))
        else:
            self._say(self.tr("Saved."))

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._code_text)
        self._say(self.tr("Copied."))

    def _say(self, text: str) -> None:
        self._said.setText(text)
        QTimer.singleShot(_DONE_MS, self, lambda: self._said.setText(""))

    def _retranslate(self) -> None:
        self._heading.setText(self.tr("Your recovery code"))
        self._why.setText(
            self.tr(
                "Should this computer one day no longer let you in, this code opens your "
                "conversations. Please print it and keep it with your important papers."
            )
        )
        self._code.setAccessibleName(self.tr("Recovery code"))
        self._print.set_label(self.tr("Print"))
        self._save.set_label(self.tr("Save"))
        self._copy.set_label(self.tr("Copy"))
        self._done.set_label(self.tr("Done"))
