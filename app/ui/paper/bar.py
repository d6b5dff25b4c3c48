"""A line that tells how far a file or a print is, and what became of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QProgressBar, QWidget

from app.ui.look.bar import Bar
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button


class PaperBar(Bar):
    """Hidden until there is something to tell.

    Signals:
        stop_wished: Leave off.
    """

    stop_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "note", "document", "muted", parent)
        self._sentence: Callable[[], str] = str
        self._file = ""
        self._progress = QProgressBar()
        self._progress.setRange(0, 100)
        self._progress.setTextVisible(False)
        self.column.addWidget(self._progress)
        self._stop = Button(theme, "outlined", "stop")
        self._open = Button(theme, "outlined", "document")
        self._close = Button(theme, "icon", "close")
        self.set_corner(self._close)
        for button in (self._stop, self._open):
            self.add_button(button)
        self._stop.clicked.connect(self.stop_wished)
        self._open.clicked.connect(self._on_open)
        self._close.clicked.connect(self.hide)
        self._retranslate()
        self._fit()
        self.hide()

    def begin(self, sentence: Callable[[], str]) -> None:
        """Something that may take a while has begun.

        Args:
            sentence: What, in the language that is on.
        """
        self._progress.setValue(0)
        self._show(sentence, works=True)

    def show_share(self, share: float) -> None:
        """So much of it is done."""
        self._progress.setValue(round(100 * share))

    def finish(self, sentence: Callable[[], str], file: str = "") -> None:
        """It is done.

        Args:
            sentence: What was done, in the language that is on.
            file: What can be opened now.
        """
        had_focus = self._stop.hasFocus()
        self._file = file
        self._show(sentence, works=False)
        if had_focus:
            (self._open if file else self._close).setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, sentence: Callable[[], str], *, works: bool) -> None:
        self._sentence = sentence
        self._progress.setVisible(works)
        self._stop.setVisible(works)
        self._open.setVisible(not works and bool(self._file))
        self._close.setVisible(not works)
        self.lay_out()
        self._say()
        self.show()

    def _on_open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self._file))

    def _say(self) -> None:
        words = self._sentence()
        self.words.setText(words)
        self.setAccessibleName(words)
        self._progress.setAccessibleName(words)

    def _fit(self) -> None:
        super()._fit()
        self._progress.setFixedHeight(self._theme.px(10))

    def _retranslate(self) -> None:
        self._stop.set_label(self.tr("Stop"))
        self._open.set_label(self.tr("Open"))
        self._close.set_label(self.tr("Close this message"))
        self._say()
