"""The search field above the conversations; what was found takes their place while one looks."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.core.records import ChatSummary, SearchResults
from app.ui.chats.chat_list import ChatList
from app.ui.chats.result_list import ResultList
from app.ui.chats.search_field import SearchField
from app.ui.look.theme import Theme
from app.ui.look.widgets import Label


class Finder(QWidget):
    """Looks while one types.

    Signals:
        find_wished: What stands in the field; "" for nothing.
        left: Escape, with nothing to look for.

    Attributes:
        search: The field.
        chats: All conversations.
        results: What was found.
    """

    find_wished = Signal(str)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._results: SearchResults | None = None
        self._gap = 0
        self.search = SearchField(theme)
        self.chats = ChatList(theme)
        self.results = ResultList(theme)
        self._told = Label(theme, "small", "muted")
        self._found = QWidget()
        self._found.setProperty("ground", "none")
        found = QVBoxLayout(self._found)
        found.setContentsMargins(0, 0, 0, 0)
        found.setSpacing(0)
        found.addWidget(self._told)
        found.addWidget(self.results, 1)
        found.addStretch(0)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.chats)
        self._pages.addWidget(self._found)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._top = QVBoxLayout()
        self._top.addWidget(self.search)
        self._column.addLayout(self._top)
        self._column.addWidget(self._pages, 1)
        self.setFocusProxy(self.search)
        self._connect()
        theme.changed.connect(self._fit)
        self._fit()

    @property
    def looking(self) -> bool:
        """Whether something is being looked for."""
        return bool(self.search.text().strip())

    def set_gap(self, gap_px: int) -> None:
        """Room at the right of everything, in which the scroll bars appear."""
        self._gap = gap_px
        self.chats.set_gap(gap_px)
        self.results.set_gap(gap_px)
        self._fit()

    def show_results(self, results: SearchResults) -> None:
        """What was found; ignored when it answers what is no longer looked for."""
        if results.text != self.search.text() or not self.looking:
            return
        self._results = results
        self.results.set_results(results)
        before = self._told.words() if self._found.isVisible() else ""
        self._tell()
        self._pages.setCurrentWidget(self._found)
        if self._told.words() != before:
            event = QAccessibleAnnouncementEvent(self, self._told.words())
            QAccessible.updateAccessibility(event)

    def look_again(self) -> None:
        """Conversations changed: what was found may have, too."""
        if self.looking:
            self.find_wished.emit(self.search.text())

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange and self._results is not None:
            self._tell()
        super().changeEvent(event)

    def _connect(self) -> None:
        self.search.typed.connect(self._on_typed)
        self.search.entered.connect(self._open_first)
        self.search.went_down.connect(self._go_down)
        self.search.left.connect(self.left)
        self.chats.left_above.connect(self.search.begin)
        self.chats.name_asked.connect(self._show_all)
        self.results.menu_wished.connect(self._show_menu)
        self.results.left_above.connect(self.search.begin)

    def _on_typed(self, text: str) -> None:
        if not text.strip():
            self._results = None
            self._pages.setCurrentWidget(self.chats)
        self.find_wished.emit(text)

    def _show_all(self) -> None:
        if self.looking:
            self.search.clear()

    def _show_menu(self, chat: ChatSummary, place: QPoint) -> None:
        """The same as in the list of all."""
        menu = self.chats.menu_for(chat)
        if menu is not None:
            menu.popup(place)

    def _open_first(self) -> None:
        first = self.results.first()
        if self._results is not None and first is not None:
            self.results.choose(first)

    def _go_down(self) -> None:
        if self._pages.currentWidget() is self.chats:
            self.chats.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.results.focus_first()

    def _tell(self) -> None:
        results = self._results
        if results is None:
            return
        count = len(results.chats) + len(results.hits)
        self.results.setVisible(count > 0)  # where room is scarce, the sentence needs it
        if not count:
            self._told.setText(
                self.tr("Nothing was found for “{words}”. Try fewer words, or another one.").format(
                    words=results.text.strip()
                )
            )
        elif results.more:
            self._told.setText(self.tr("Many were found. One more word finds fewer."))
        else:
            self._told.setText(self.tr("%n result(s)", "", count))

    def _fit(self) -> None:
        px = self._theme.px
        self._column.setSpacing(px(8))
        self._top.setContentsMargins(0, 0, self._gap, 0)
        self._told.setContentsMargins(px(10), px(6), px(10) + self._gap, px(2))
