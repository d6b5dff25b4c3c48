"""The left side: the mark, a new conversation, the earlier ones, the bin, settings."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.ui.chats.finder import Finder
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, IconLabel, Label

WIDTH = 286
_SIDE = 16


class Sidebar(QWidget):
    """What is always at hand.

    Signals:
        new_wished: Start a conversation.
        bin_wished: Show what was deleted.
        settings_wished: Show the settings.
        simple_wished: Change to the Simple view.

    Attributes:
        finder: The search field and the conversations.
        chats: The conversations alone.
    """

    new_wished = Signal()
    bin_wished = Signal()
    settings_wished = Signal()
    simple_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("ground", "side")
        self.setAutoFillBackground(True)
        self._name = Label(theme, "title", wrap=False)
        self._new = Button(theme, "primary", "plus")
        self._new.align_left()
        self.finder = Finder(theme)
        self.chats = self.finder.chats
        self.setFocusProxy(self.finder)
        self._bin = Button(theme, "quiet", "trash")
        self._settings = Button(theme, "quiet", "settings")
        self._simple = Button(theme, "quiet", "simple")
        self._mark = IconLabel(theme, "mark", size=30)
        self._top = QHBoxLayout()
        self._top.addWidget(self._mark)
        self._top.addWidget(self._name)
        self._top.addStretch(1)
        self._begin = QVBoxLayout()
        self._begin.addLayout(self._top)
        self._begin.addWidget(self._new)
        self._ways = QVBoxLayout()
        self._ways.addWidget(self._bin)
        self._ways.addWidget(self._settings)
        self._ways.addWidget(self._simple)
        self._layout = QVBoxLayout(self)
        self._layout.addLayout(self._begin)
        self._layout.addWidget(self.finder, 1)
        self._layout.addLayout(self._ways)
        self._new.clicked.connect(self.new_wished)
        self._bin.clicked.connect(self.bin_wished)
        self._settings.clicked.connect(self.settings_wished)
        self._simple.clicked.connect(self.simple_wished)
        theme.changed.connect(self._fit)
        self._retranslate()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground and a hairline on the right."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("side"))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), self._theme.color("line"))

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _fit(self) -> None:
        px = self._theme.px
        side = px(_SIDE)
        # Longer in some languages than in English.
        self.setFixedWidth(max(px(WIDTH), self._new.sizeHint().width() + 2 * side))
        self._layout.setContentsMargins(side, px(20), 1, px(12))
        self._layout.setSpacing(px(12))
        self.finder.set_gap(side)
        self._begin.setContentsMargins(0, 0, side, 0)
        self._begin.setSpacing(px(12))
        self._ways.setContentsMargins(0, 0, side, 0)
        self._ways.setSpacing(px(2))
        self._top.setContentsMargins(px(6), 0, 0, px(4))
        self._top.setSpacing(px(10))

    def _retranslate(self) -> None:
        self._name.setText("Alcove")
        keys = QKeySequence(QKeySequence.StandardKey.New)
        self._new.set_label(
            self.tr("New conversation"),
            self.tr("Start afresh ({keys})").format(
                keys=keys.toString(QKeySequence.SequenceFormat.NativeText)
            ),
        )
        self._bin.set_label(self.tr("Bin"))
        self._settings.set_label(self.tr("Settings"))
        self._simple.set_label(self.tr("Simple view"))
        self._fit()
