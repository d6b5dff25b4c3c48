"""Above the conversation of the Simple view: where else one can go, and that nothing leaves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.ui.look.menu import Menu
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, IconLabel, Label


class SimpleHeader(QWidget):
    """The mark, three quiet ways, the shield.

    Where the window is too narrow the promise becomes its shield, the ways get shorter names, and
    in the end stand in one menu.

    Signals:
        earlier_wished: Show the earlier conversations.
        settings_wished: Show the settings.
        full_wished: Change to the Full view.
    """

    earlier_wished = Signal()
    settings_wished = Signal()
    full_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._mark = IconLabel(theme, "mark", size=30)
        self._name = Label(theme, "title", wrap=False)
        self._earlier = Button(theme, "quiet", "clock")
        self._settings = Button(theme, "quiet", "settings")
        self._full = Button(theme, "quiet", "columns")
        self._ways = (self._earlier, self._settings, self._full)
        self._more = Button(theme, "quiet", "menu")
        self._menu = Menu(self)
        self._shield = IconLabel(theme, "shield", "accent", 24)
        self._stays = Label(theme, "small", "accent", wrap=False)
        self._row = QHBoxLayout(self)
        for left in (self._mark, self._name):
            self._row.addWidget(left, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addStretch(1)
        for way in (*self._ways, self._more):
            self._row.addWidget(way)
        self._gap = QWidget()
        self._row.addWidget(self._gap)
        self._row.addWidget(self._shield, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addWidget(self._stays)
        self._more.setMenu(self._menu)
        self._earlier.clicked.connect(self.earlier_wished)
        self._settings.clicked.connect(self.settings_wished)
        self._full.clicked.connect(self.full_wished)
        for way in self._ways:
            self._menu.addAction("").triggered.connect(way.click)
        theme.changed.connect(self._fit)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._fit()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Find the words that fit."""
        super().resizeEvent(event)
        self._say_what_fits()

    def _fit(self) -> None:
        px = self._theme.px
        self._row.setContentsMargins(px(28), px(12), px(28), px(8))
        self._row.setSpacing(px(8))
        self._gap.setFixedWidth(px(8))
        self._name.setText("Alcove")
        self._more.set_label(self.tr("More"))
        self._menu.setAccessibleName(self.tr("More"))
        self._stays.setText(self.tr("Stays on this computer"))
        promise = self.tr("What you write and what is answered never leave this computer.")
        self._stays.setToolTip(promise)
        self._stays.setAccessibleDescription(promise)
        self._shield.setToolTip(promise)
        self._shield.setAccessibleName(self._stays.words())
        self._say_what_fits()

    def _say_what_fits(self) -> None:
        # In this order: name, promise, long words, ways side by side. Long words are clearer than
        # a promise that its shield keeps saying.
        for name, promise, long, ways in (
            (True, True, True, True),
            (True, False, True, True),
            (False, False, True, True),
            (True, False, False, True),
            (False, False, False, True),
            (True, True, False, False),
            (True, False, False, False),
            (False, False, False, False),
        ):
            self._say(long=long)
            self._name.setVisible(name)
            self._stays.setVisible(promise)
            for way in self._ways:
                way.setVisible(ways)
            self._more.setVisible(not ways)
            if self._row.minimumSize().width() <= self.width():
                break

    def _say(self, *, long: bool) -> None:
        labels = (
            (self.tr("Earlier conversations"), self.tr("Earlier")),
            (self.tr("Settings"), self.tr("Settings")),
            (self.tr("Full view"), self.tr("Full view")),
        )
        for way, action, (words, brief) in zip(
            self._ways, self._menu.actions(), labels, strict=True
        ):
            way.set_label(words if long else brief)
            way.setAccessibleName(words)
            action.setText(words)
            action.setIcon(way.icon())
