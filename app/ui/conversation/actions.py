"""What can be done with a reply: a row of buttons, and the same and more as a menu."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from app.ui.conversation.pager import VersionPager
from app.ui.look.flow_layout import FlowLayout
from app.ui.look.menu import Menu
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button

_COPIED_MS = 2_000
_ICONS = {
    "copy": "copy",
    "read": "speaker",
    "word": "document",
    "again": "retry",
    "pdf": "save",
    "print": "print",
    "quote": "quote",
}
_IN_ROW = ("copy", "read", "word", "print", "again")
_TO_MENU_FIRST = ("word", "read", "print")  # where all of the row needs more than one line
_IN_SIMPLE_ROW = ("copy", "again")
_IN_MENU = ("copy", "quote", "", "read", "print", "word", "pdf", "", "again")


class ReplyActions(QWidget):
    """The row below a reply. Buttons come into being when they are first shown.

    Signals:
        wished: "copy", "read", "word", "pdf", "print", "quote" or "again".
        version_wished: Id of the version to show instead.
    """

    wished = Signal(str)
    version_wished = Signal(int)

    def __init__(self, theme: Theme, *, simple: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._simple = simple
        self._has_text = self._is_last = self._reading = self._copied = False
        self._buttons: dict[str, Button] = {}
        self._more: Button | None = None
        self._in_menu: tuple[str, ...] = ()
        self._pager: VersionPager | None = None
        self._flow = FlowLayout(self, 0)

    def show_for(self, *, has_text: bool, is_last: bool) -> None:
        """Offer what makes sense for this reply."""
        self._has_text, self._is_last = has_text, is_last
        self._arrange()

    def show_versions(self, versions: tuple[int, ...], shown: int) -> None:
        """Offer to page through `versions` when there are several."""
        if len(versions) > 1 and self._pager is None:
            self._pager = VersionPager(self._theme, self)
            self._pager.version_wished.connect(self.version_wished)
            self._order()
        if self._pager is not None:
            self._pager.setVisible(len(versions) > 1)
            self._pager.show_versions(versions, shown)

    def set_simple(self, simple: bool) -> None:
        """Fewer buttons, or all of them."""
        if simple != self._simple:
            self._simple = simple
            self._arrange()

    def set_reading(self, reading: bool) -> None:
        """It is being read aloud: the button ends that."""
        self._reading = reading
        self._retranslate()

    def say_copied(self) -> None:
        """Tell for a moment that it worked."""
        self._copied = True
        self._retranslate()
        QTimer.singleShot(_COPIED_MS, self, self._copied_long_ago)

    def add_to(self, menu: QMenu) -> None:
        """Add everything that can be done to a menu."""
        for name in _IN_MENU:
            if not name:
                menu.addSeparator()
            elif self._offers(name):
                icon = self._theme.icon(self._icon(name), "muted")
                words = self._words(name) if name != "copy" else self.tr("Copy the whole answer")
                menu.addAction(icon, words).triggered.connect(
                    lambda _=False, name=name: self.wished.emit(name)
                )

    def stops(self) -> list[QWidget]:
        """What the tab key reaches, in order."""
        pages = self._pager.stops() if self._pager is not None else []
        row: list[QWidget] = [self._buttons[name] for name in _IN_ROW if name in self._buttons]
        return [*row, *([self._more] if self._more is not None else []), *pages]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What has no room in the line goes into the menu."""
        super().resizeEvent(event)
        self._share()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _offers(self, name: str) -> bool:
        return self._is_last if name == "again" else self._has_text

    def _wanted(self) -> Iterator[str]:
        for name in _IN_SIMPLE_ROW if self._simple else _IN_ROW:
            if self._offers(name):
                yield name

    def _arrange(self) -> None:
        wanted = tuple(self._wanted())
        for name in wanted:
            if name not in self._buttons:
                self._buttons[name] = self._make(name)
        with_menu = self._has_text and not self._simple
        if with_menu and self._more is None:
            self._more = Button(self._theme, "quiet", "more", parent=self)
            menu = Menu(self._more)
            menu.aboutToShow.connect(lambda: self._fill(menu))
            self._more.setMenu(menu)
        if self._more is not None:
            self._more.setVisible(with_menu)
        self._order()
        self._retranslate()

    def _share(self) -> None:
        """Between the line and the menu, as far as the width is known."""
        wanted = tuple(self._wanted())
        shown = list(wanted)
        more = self._more if self._more is not None and not self._simple else None
        around: list[QWidget] = [w for w in (more, self._pager) if w is not None]
        around = [widget for widget in around if not widget.isHidden()]
        for name in _TO_MENU_FIRST if more is not None else ():
            if self._line_px(shown, around) <= self.width():
                break
            if name in shown:
                shown.remove(name)
        self._in_menu = tuple(name for name in wanted if name not in shown)
        for name, button in self._buttons.items():
            button.setVisible(name in shown)
        # The answer's own layout remembers how tall the row was when it had no buttons yet.
        self.updateGeometry()

    def _line_px(self, names: list[str], around: list[QWidget]) -> int:
        widgets = [*(self._buttons[name] for name in names), *around]
        gaps = self._flow.gap * max(0, len(widgets) - 1)
        return sum(max(w.sizeHint().width(), w.minimumWidth()) for w in widgets) + gaps

    def _make(self, name: str) -> Button:
        button = Button(self._theme, "quiet", _ICONS[name], parent=self)
        button.clicked.connect(lambda: self.wished.emit(name))
        return button

    def _order(self) -> None:
        while self._flow.takeAt(0) is not None:
            pass
        stops = self.stops()
        for before, widget in zip([None, *stops], stops, strict=False):
            if widget.parent() is self:
                self._flow.addWidget(widget)
                widget.raise_()  # screen readers take them in the order of the children
            if before is not None:
                QWidget.setTabOrder(before, widget)
        if self._pager is not None:
            self._flow.addWidget(self._pager)
            self._pager.raise_()

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        menu.setAccessibleName(self.tr("More"))
        for name in (*self._in_menu, "pdf", "quote"):
            menu.addAction(
                self._theme.icon(self._icon(name), "muted"), self._words(name)
            ).triggered.connect(lambda _=False, name=name: self.wished.emit(name))

    def _copied_long_ago(self) -> None:
        self._copied = False
        self._retranslate()

    def _icon(self, name: str) -> str:
        if name == "copy" and self._copied:
            return "check"
        return "stop" if name == "read" and self._reading else _ICONS[name]

    def _words(self, name: str) -> str:
        words = {
            "copy": self.tr("Copied") if self._copied else self.tr("Copy"),
            "read": self.tr("Stop reading") if self._reading else self.tr("Read aloud"),
            "word": self.tr("Save as Word"),
            "again": self.tr("Try again"),
            "pdf": self.tr("Save as PDF"),
            "print": self.tr("Print"),
            "quote": self.tr("Quote in your question"),
        }
        return words[name]

    def _retranslate(self) -> None:
        copied = self._copied
        for name, button in self._buttons.items():
            if name == "copy":  # as wide as what it says for a moment, so that nothing moves
                button.setMinimumWidth(0)
                self._copied = True
                button.set_label(self._words(name))
                button.setMinimumWidth(button.sizeHint().width())
                self._copied = copied
            button.set_icon(self._icon(name))
            button.set_label(self._words(name))
        if self._more is not None:
            self._more.set_label(self.tr("More"))
        self._share()
