"""Who answers: a button that says it, and a menu to choose somebody else."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.core.records import Assistant
from app.ui.look.menu import Menu
from app.ui.look.portrait import portrait_icon
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button

_PORTRAIT = 28
_LONGEST, _SHORTEST = 220, 150
_ARROW = 18


class AssistantButton(Button):
    """Stands in the header.

    Signals:
        chosen: Id of somebody else; 0 for the one for anything.
        page_wished: Show all assistants.
    """

    chosen = Signal(int)
    page_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "quiet", parent=parent)
        self.setProperty("tone", "name")
        self._all: tuple[Assistant, ...] = ()
        self._current: Assistant | None = None
        self._name = ""
        self._menu = Menu(self)
        self._group = QActionGroup(self._menu)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)
        theme.changed.connect(self._show)
        self._show()

    def set_assistants(self, assistants: tuple[Assistant, ...], current: Assistant) -> None:
        """Everybody, and who answers."""
        self._all, self._current = assistants, current
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        """With room for the arrow."""
        longest = self._theme.px(_LONGEST)
        words = min(self.fontMetrics().horizontalAdvance(self._name), longest)
        width = self._around() + words
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """The picture and the beginning of the name."""
        width = min(self.sizeHint().width(), self._theme.px(_SHORTEST))
        return QSize(width, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A long name is shortened where there is no room for all of it."""
        super().resizeEvent(event)
        self._shorten()

    def paintEvent(self, event: QPaintEvent) -> None:
        """An arrow says that there is more to choose."""
        super().paintEvent(event)
        side = self._theme.px(_ARROW)
        box = QRect(self._arrow_left(), (self.height() - side) // 2, side, side)
        painter = QPainter(self)
        self._theme.icon("chevron-down", "muted", _ARROW).paint(painter, box)
        painter.end()

    def _arrow_left(self) -> int:
        """Behind the words, which begin at the left."""
        words = self.fontMetrics().horizontalAdvance(self.text().replace("&&", "&"))
        return self._theme.px(13) + self.iconSize().width() + words + self._theme.px(12)

    def _around(self) -> int:
        """Everything but the words."""
        return self._theme.px(13 + 12 + _ARROW + 12) + self.iconSize().width()

    def _shorten(self) -> None:
        room = min(self.width() - self._around(), self._theme.px(_LONGEST))
        elide = Qt.TextElideMode.ElideRight
        self.setText(self.fontMetrics().elidedText(self._name, elide, room).replace("&", "&&"))

    def _show(self) -> None:
        if self._current is None:
            return
        name = self._current.name
        self.setFont(self._theme.font("name"))
        self._name = name
        side, gap = self._theme.px(_PORTRAIT), self._theme.px(8)
        self.setIcon(portrait_icon(self._theme, self._current, side, gap))
        self.setIconSize(QSize(side + gap, side))
        self._shorten()
        self.setAccessibleName(self.tr("Assistant: {name}").format(name=name))
        self.setAccessibleDescription(self.tr("Choose who answers in this conversation"))
        self.setToolTip(self.tr("Choose who answers in this conversation"))
        self.updateGeometry()

    def _fill(self) -> None:
        self._menu.clear()
        self._menu.setAccessibleName(self.accessibleDescription())
        for assistant in self._all:
            action = QAction(assistant.name.replace("&", "&&"), self._menu)
            action.setIcon(portrait_icon(self._theme, assistant, self._theme.px(_PORTRAIT)))
            action.setCheckable(True)
            action.setChecked(self._current is not None and assistant.id == self._current.id)
            self._group.addAction(action)
            self._menu.addAction(action)
            wanted = 0 if assistant.key == "ask" else assistant.id
            action.triggered.connect(lambda _=False, i=wanted: self.chosen.emit(i))
        self._menu.addSeparator()
        page = QAction(self._theme.icon("settings"), self.tr("All assistants…"), self._menu)
        page.triggered.connect(self.page_wished)
        self._menu.addAction(page)
