"""The left side: the mark, a new conversation, the earlier ones, the bin, settings."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.ui.chats.finder import Finder
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, IconLabel, Label

WIDTH = 286
_SIDE = 16
# Heights, at 16 pt text, below which the list is given the room of other things.
_LOW = 640
_VERY_LOW = 440


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
        self._ways = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        for way in (self._bin, self._settings, self._simple):
            self._ways.addWidget(way)
        self._ways.addStretch(1)
        self._layout = QVBoxLayout(self)
        self._layout.addLayout(self._begin)
        self._layout.addWidget(self.finder, 1)
        self._layout.addLayout(self._ways)
        self._new.clicked.connect(self.new_wished)
        self._bin.clicked.connect(self.bin_wished)
        self._settings.clicked.connect(self.settings_wished)
        self._simple.clicked.connect(self.simple_wished)
        theme.changed.connect(self._on_theme_changed)
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

    def _on_theme_changed(self) -> None:
        self._fit()
        self._name_ways()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the list is what keeps its room."""
        super().resizeEvent(event)
        self._name_ways()

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
        self._fit()
        self._name_ways()

    def _name_ways(self) -> None:
        """With words where there is room; in a low window by their pictures, side by side."""
        low = self.height() < self._theme.px(_LOW)
        for way, words in (
            (self._bin, self.tr("Bin")),
            (self._settings, self.tr("Settings")),
            (self._simple, self.tr("Simple view")),
        ):
            way.set_label(words)
            way.setToolTip(words if low else "")
            if low:
                way.setText("")
        directions = QBoxLayout.Direction
        self._ways.setDirection(directions.LeftToRight if low else directions.TopToBottom)
        very_low = self.height() < self._theme.px(_VERY_LOW)
        self._mark.setVisible(not very_low)
        self._name.setVisible(not very_low)
