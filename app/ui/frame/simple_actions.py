"""Below the composer of the Simple view: four large buttons that say what they do."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui.look.flow_layout import FlowLayout
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Column


class SimpleActions(Column):
    """New, Stop, Read aloud, Print.

    Where the window is too narrow for all of it the words become shorter, then the pictures go,
    and only then a second line begins.

    Signals:
        new_wished: Start a conversation.
        stop_wished: End the reply, and the reading aloud.
        read_wished: Read the last reply aloud.
        print_wished: Print the conversation.
    """

    new_wished = Signal()
    stop_wished = Signal()
    read_wished = Signal()
    print_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent=parent)
        self._low = False
        self._busy = False
        self._speaking = False
        self.new_button = Button(theme, "primary", "plus")
        self.stop_button = Button(theme, "outlined", "stop")
        self.read_button = Button(theme, "outlined", "speaker")
        self.print_button = Button(theme, "outlined", "print")
        self._buttons = (self.new_button, self.stop_button, self.read_button, self.print_button)
        for button in self._buttons:
            button.set_size("big")
        line = QWidget()
        self._flow = FlowLayout(line, theme.px(12), centred=True, filled=True)
        for button in self._buttons:
            self._flow.addWidget(button)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        line.setSizePolicy(policy)
        self._line = line
        self.body.addWidget(line)
        self.new_button.clicked.connect(self.new_wished)
        self.stop_button.clicked.connect(self.stop_wished)
        self.read_button.clicked.connect(self.read_wished)
        self.print_button.clicked.connect(self.print_wished)
        theme.changed.connect(self._fit_words)
        self.set_answer(there=False)
        self.set_busy(busy=False)
        self._fit_words()

    def set_busy(self, busy: bool) -> None:
        """Stop can be pressed while a reply is being written."""
        self._busy = busy
        self._show_stop()

    def set_speaking(self, speaking: bool) -> None:
        """Stop can be pressed while something is being read aloud."""
        self._speaking = speaking
        self._show_stop()
        self._fit_words()

    def set_answer(self, *, there: bool) -> None:
        """Reading aloud and printing need something to read and print."""
        self.read_button.setEnabled(there)
        self.print_button.setEnabled(there)

    def set_low(self, low: bool) -> None:
        """Whether the window is so low that the buttons take only the room they need."""
        if low != self._low:
            self._low = low
            self._fit_words()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Find the words that fit."""
        super().resizeEvent(event)
        self._fit_words()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._fit_words()
        super().changeEvent(event)

    def _show_stop(self) -> None:
        runs = self._busy or self._speaking
        if self.stop_button.hasFocus() and not runs:
            # A disabled button would throw the keyboard out of the row.
            self.new_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.stop_button.setEnabled(runs)

    def _fit_words(self) -> None:
        if not hasattr(self, "_line"):
            return
        self.set_padding(0 if self._low else 2, 10 if self._low else 24)
        for button in self._buttons:
            button.set_size("small" if self._low else "big")
        room = self.contentsRect().width() - self.body.contentsMargins().left() * 2
        for short, pictures in ((False, True), (True, True), (True, False)):
            self._say(short=short)
            for button in self._buttons:
                button.set_icon_shown(pictures)
            if self._flow.line_width() <= room:
                break
        self._line.updateGeometry()

    def _say(self, *, short: bool) -> None:
        reading = (self.tr("Read aloud"), self.tr("Read"))
        if self._speaking:
            reading = (self.tr("Stop reading"), self.tr("Quiet"))
        labels = (
            (self.tr("New conversation"), self.tr("New")),
            (self.tr("Stop"), self.tr("Stop")),
            reading,
            (self.tr("Print"), self.tr("Print")),
        )
        for button, (long, brief) in zip(self._buttons, labels, strict=True):
            button.set_label(brief if short else long)
            button.setAccessibleName(long)
