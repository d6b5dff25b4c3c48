"""A line that tells how far a file or a print is, and what became of it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Card, IconLabel, Label


class PaperBar(Card):
    """Hidden until there is something to tell.

    Signals:
        stop_wished: Leave off.
    """

    stop_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("note", parent)
        self._theme = theme
        self._sentence: Callable[[], str] = str
        self._file = ""
        self._words = Label(theme, "small")
        self._progress = QProgressBar()
        self._progress.setRange(0, 100)
        self._progress.setTextVisible(False)
        self._stop = Button(theme, "outlined", "stop")
        self._open = Button(theme, "outlined", "document")
        self._close = Button(theme, "icon", "close")
        self._row = QHBoxLayout(self)
        picture = IconLabel(theme, "document", "muted", 22)
        self._row.addWidget(picture, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addWidget(self._words, 2)
        self._row.addWidget(self._progress, 1)
        for button in (self._stop, self._open, self._close):
            self._row.addWidget(button)
        self._stop.clicked.connect(self.stop_wished)
        self._open.clicked.connect(self._on_open)
        self._close.clicked.connect(self.hide)
        theme.changed.connect(self._fit)
        self._fit()
        self._retranslate()
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

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _show(self, sentence: Callable[[], str], *, works: bool) -> None:
        self._sentence = sentence
        self._progress.setVisible(works)
        self._stop.setVisible(works)
        self._open.setVisible(not works and bool(self._file))
        self._close.setVisible(not works)
        self._say()
        self.show()

    def _on_open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self._file))

    def _say(self) -> None:
        words = self._sentence()
        self._words.setText(words)
        self.setAccessibleName(words)
        self._progress.setAccessibleName(words)

    def _fit(self) -> None:
        px = self._theme.px
        self._row.setContentsMargins(px(18), px(6), px(8), px(6))
        self._row.setSpacing(px(12))
        self._progress.setFixedHeight(px(10))
        self._progress.setMinimumWidth(px(80))

    def _retranslate(self) -> None:
        self._stop.set_label(self.tr("Stop"))
        self._open.set_label(self.tr("Open"))
        self._close.set_label(self.tr("Close this message"))
        self._say()
