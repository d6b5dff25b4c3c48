"""The list beside the page; over it, on request, where the window is too narrow for both."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from app.ui.look.theme import Theme

_NARROWEST_PAGE = 470


class Workspace(QWidget):
    """Lays out the two halves of the window.

    Signals:
        narrow_changed: Whether the list has to be asked for.
    """

    narrow_changed = Signal(bool)

    def __init__(self, theme: Theme, side: QWidget, page: QWidget, first: QWidget) -> None:
        """Lay them out.

        Args:
            theme: Colours and sizes.
            side: The list and what belongs to it.
            page: Everything else.
            first: Where the keyboard goes in the list. Not a focus proxy of `side`: Tab would jump
                to it over all that stands before it.
        """
        super().__init__()
        self._theme = theme
        self._side = side
        self._page = page
        self._first = first
        self._narrow = False
        self._asked = False
        self._with_list = True
        self._side_width = 0
        # The order of the tab key: list, then page.
        side.setParent(self)
        page.setParent(self)
        page.installEventFilter(self)
        side.installEventFilter(self)
        theme.changed.connect(self._place)

    @property
    def narrow(self) -> bool:
        """Whether there is no room for both."""
        return self._narrow

    @property
    def page(self) -> QWidget:
        """Everything but the list."""
        return self._page

    @property
    def covers_page(self) -> bool:
        """Whether the list lies over the page, so that the page is not to be used."""
        return self._narrow and self._with_list and self._asked

    def toggle_list(self) -> None:
        """Show the list over the page, or take it away again."""
        self._asked = not self._asked
        self._place()
        if self._asked:
            self._first.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_list(self) -> None:
        """Put the keyboard into the list, over the page where there is no room for both."""
        if self._narrow and not self._asked:
            self.toggle_list()
        else:
            self._first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def set_list_shown(self, shown: bool) -> None:
        """Whether there is a list at all."""
        self._with_list = shown
        self._place()

    def hide_list(self) -> None:
        """A choice was made: show the page."""
        self._asked = False
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Decide whether there is room for both."""
        super().resizeEvent(event)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click beside the open list closes it; a list of another width moves the page."""
        if watched is self._side and event.type() == QEvent.Type.Resize:
            if self._side.width() != self._side_width:
                self._place()
            return False
        if (
            watched is self._page
            and event.type() == QEvent.Type.MouseButtonPress
            and self._narrow
            and self._asked
        ):
            self.hide_list()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        side = self._side_width = self._side.minimumWidth()
        if not self._with_list:
            self._side.hide()
            self._page.setGeometry(self.rect())
            return
        narrow = self.width() < side + self._theme.px(_NARROWEST_PAGE)
        if narrow != self._narrow:
            self._narrow, self._asked = narrow, False
            self.narrow_changed.emit(narrow)
        shown = not narrow or self._asked
        left = 0 if narrow else side
        self._side.setGeometry(0, 0, side, self.height())
        self._side.setVisible(shown)
        self._page.setGeometry(left, 0, self.width() - left, self.height())
        self._side.raise_()
