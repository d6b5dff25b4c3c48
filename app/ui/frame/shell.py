"""The two views, laid around the same pages: what stands where, and which page is on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.ui.chats.sidebar import Sidebar
from app.ui.conversation.page import ConversationPage
from app.ui.frame.bars import ErrorBar, NoteBar, TemporaryBar
from app.ui.frame.header import Header
from app.ui.frame.services import Services
from app.ui.frame.simple_actions import SimpleActions
from app.ui.frame.simple_header import SimpleHeader
from app.ui.frame.workspace import Workspace
from app.ui.look.bar import BarArea
from app.ui.look.theme import Theme
from app.ui.pages.bin import BinPage
from app.ui.pages.earlier import EarlierPage
from app.ui.pages.help import HelpPage
from app.ui.pages.model_missing import ModelMissingPage
from app.ui.pages.passphrase import PassphrasePage
from app.ui.pages.recovery import RecoveryPage
from app.ui.pages.settings import SettingsPage


class Shell(QStackedWidget):
    """Holds every page and both frames around them; knows no service by itself.

    Full has the list on the left and a quiet header. Simple has one conversation, four large
    buttons below it, and the ways to everything else above it. Changing the view moves no page, so
    that nothing that is read or typed is lost.

    Signals:
        page_shown: The page that is on now.
    """

    page_shown = Signal(QWidget)

    def __init__(self, theme: Theme, services: Services, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        # What was said can be read without an assistant.
        self._has_talk: Callable[[], bool] = lambda: (
            services.chats.chat_id is not None or services.models.chosen_bundle() is not None
        )
        self._view = ""
        self.sidebar = Sidebar(theme)
        self.header = Header(theme)
        self.simple_header = SimpleHeader(theme)
        self.error_bar = ErrorBar(theme)
        self.temporary_bar = TemporaryBar(theme)
        self.long_bar = NoteBar(theme)
        # With their parent from the beginning: to move a page under another one styles it anew.
        self.pages = pages = QStackedWidget(self)
        self.talk = ConversationPage(theme, services.chats, services.models, pages)
        self.settings_page = SettingsPage(theme, services.data, pages)
        self.recovery = RecoveryPage(theme, pages)
        self.missing = ModelMissingPage(theme, services.models.download_bytes, pages)
        self.earlier = EarlierPage(theme, pages)
        self.bin_page = BinPage(theme, services.chats.bin_days, pages)
        self.help_page = HelpPage(theme, pages)
        self.simple_actions = SimpleActions(theme)
        self.passphrase = PassphrasePage(theme, self)
        self._build()
        self.pages.currentChanged.connect(self._on_page_changed)
        self.header.list_wished.connect(self.workspace.toggle_list)
        self.earlier.closed.connect(self.back)
        self.help_page.closed.connect(self.back)
        self.settings_page.closed.connect(self.back)
        self.settings_page.help_wished.connect(self.show_help)
        self.workspace.narrow_changed.connect(self.header.list_button.setVisible)

    @property
    def view(self) -> str:
        """Either "simple" or "full"."""
        return self._view

    @property
    def locked(self) -> bool:
        """Whether the passphrase is being asked for, so that nothing else can be shown."""
        return self.currentWidget() is self.passphrase

    def set_view(self, view: str) -> None:
        """Show the other frame around the page that is on."""
        self._view = view
        simple = view == "simple"
        self.workspace.set_list_shown(not simple)
        self.header.setVisible(not simple)
        self.simple_header.setVisible(simple)
        self.talk.empty.set_plain(simple)
        self.talk.composer.set_plain(simple)
        self._on_page_changed()

    def show_page(self, page: QWidget) -> None:
        """Show a page, with the keyboard in it."""
        self.pages.setCurrentWidget(page)
        if page is self.talk:
            self.talk.composer.setFocus()
        else:
            _focus_first(page)

    def add_page(self, page: QWidget) -> None:
        """Take in a page that is made when it is first needed."""
        self.pages.addWidget(page)

    def add_bar(self, bar: QWidget) -> None:
        """Take in a line above the page that is made when it is first needed."""
        self._bars.add(bar)

    def showing(self, page: QWidget) -> bool:
        """Whether this is the page that is on."""
        return self.pages.currentWidget() is page

    @Slot()
    def back(self) -> None:
        """To the conversation, or to the offer of an assistant where there is neither."""
        self.show_page(self.talk if self._has_talk() else self.missing)

    @Slot()
    def show_help(self) -> None:
        """Show the keys and a few hints."""
        if not self.locked:
            self.workspace.hide_list()
            self.show_page(self.help_page)

    def lock(self) -> None:
        """Ask for the passphrase."""
        self.setCurrentWidget(self.passphrase)

    def unlock(self) -> None:
        """The conversations are open."""
        self.setCurrentWidget(self.workspace)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the large buttons leave more room to the conversation."""
        super().resizeEvent(event)
        self.simple_actions.set_low(self.height() < self._theme.px(640))
        self._bars.fit()

    def _build(self) -> None:
        theme = self._theme
        for page in (
            *(self.talk, self.earlier, self.bin_page, self.settings_page),
            *(self.recovery, self.missing, self.help_page),
        ):
            self.pages.addWidget(page)
        bars = self._bars = BarArea(theme)
        for bar in (self.error_bar, self.temporary_bar, self.long_bar):
            bars.add(bar)
        right = QWidget()
        right.setProperty("ground", "bg")
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.header, self.simple_header, bars):
            column.addWidget(widget)
        column.addWidget(self.pages, 1)
        column.addWidget(self.simple_actions)
        self.workspace = Workspace(theme, self.sidebar, right, self.sidebar.finder)
        self.addWidget(self.workspace)
        self.addWidget(self.passphrase)

    def _on_page_changed(self, _index: int = 0) -> None:
        page = self.pages.currentWidget()
        self.simple_actions.setVisible(self._view == "simple" and page is self.talk)
        self.page_shown.emit(page)


def _focus_first(page: QWidget) -> None:
    """Put the keyboard on the first thing of the page that can be reached with Tab."""
    widget = page.nextInFocusChain()
    while widget is not None and widget is not page and page.isAncestorOf(widget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabledTo(page):
            widget.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        widget = widget.nextInFocusChain()
