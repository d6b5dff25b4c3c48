"""The window: its place on the screen, its keys, and the parts that make it work."""

from __future__ import annotations

import base64
import contextlib

from PySide6.QtCore import QByteArray, QEvent, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QMainWindow

from app.core.errors import AppError
from app.core.options import THEME, WINDOW_GEOMETRY
from app.ui.frame.services import Services
from app.ui.frame.shell import Shell
from app.ui.frame.shortcuts import add_shortcuts
from app.ui.frame.wiring.assistants import AssistantsWiring
from app.ui.frame.wiring.bin import BinWiring
from app.ui.frame.wiring.chats import ChatWiring
from app.ui.frame.wiring.finder import FinderWiring
from app.ui.frame.wiring.keeping import KeepingWiring
from app.ui.frame.wiring.model_files import ModelFilesWiring
from app.ui.frame.wiring.paper import PaperWiring
from app.ui.frame.wiring.preferences import PreferenceWiring, text_size_pt
from app.ui.frame.wiring.row_wishes import RowWishes
from app.ui.frame.wiring.unlock import UnlockWiring
from app.ui.frame.wiring.voice import VoiceWiring
from app.ui.look.icons import window_icon
from app.ui.look.theme import Theme

_SIZE = (1280, 860)
_LEAST = (480, 420)


class MainWindow(QMainWindow):
    """Receives the services, builds none."""

    def __init__(self, services: Services) -> None:
        """Build the window; nothing is shown yet."""
        super().__init__()
        application = QApplication.instance()
        if not isinstance(application, QApplication):
            raise TypeError("a QApplication must exist")
        self._services = services
        settings = services.settings
        # Known before there are widgets: to measure them all a second time takes half a second.
        self.theme = Theme(application, settings.get(THEME), text_size_pt(settings))
        self.setWindowTitle("Alcove")
        self.setWindowIcon(window_icon())
        self.setMinimumSize(*_LEAST)
        self._restore_geometry()
        self.shell = shell = Shell(self.theme, services, self)
        # What is looked at from outside, by its own name.
        self.talk, self.pages, self.sidebar = shell.talk, shell.pages, shell.sidebar
        self.header, self.error_bar = shell.header, shell.error_bar
        self.settings_page, self.passphrase = shell.settings_page, shell.passphrase
        self.setCentralWidget(shell)
        self._wire()
        if services.models.chosen_bundle() is None:
            self.pages.setCurrentWidget(shell.missing)
        self.talk.composer.setFocus()

    def bring_to_front(self) -> None:
        """A second start wants to see this window."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def show_settings(self) -> None:
        """Show the settings."""
        self.preferences.show_settings()

    def event(self, event: QEvent) -> bool:
        """Be sharp on a screen of another density."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.theme.look_at_screens()
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.talk.conversation.refresh_notes()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window's place; that it cannot be kept is no reason to stay open."""
        geometry = base64.b64encode(self.saveGeometry().data()).decode("ascii")
        with contextlib.suppress(AppError):
            self._services.settings.set_user(WINDOW_GEOMETRY, geometry)
        super().closeEvent(event)

    def _wire(self) -> None:
        shell, services = self.shell, self._services
        self.chats = ChatWiring(shell, services.chats, services.search)
        self.finder = FinderWiring(
            shell,
            (shell.sidebar.finder,),
            services.chats,
            services.search,
            services.settings,
            self.chats.open_chat,
        )
        services.search.error_raised.connect(self.chats.show_error)
        self.bin = BinWiring(shell, self.theme, services.chats)
        self.model_files = ModelFilesWiring(shell, services.models)
        self.assistants = AssistantsWiring(
            shell, self.theme, services.assistants, services.chats, services.models
        )
        self.unlock = UnlockWiring(shell, services.unlock)
        self.keeping = KeepingWiring(shell, services.keeping)
        self.preferences = PreferenceWiring(shell, self.theme, services.settings, services.i18n)
        self.preferences.failed.connect(self.chats.show_error)
        self.preferences.room_changed.connect(services.chats.fit_saved)
        self.paper = PaperWiring(
            shell, self.theme, services.chats, services.assistants, services.settings
        )
        self.paper.failed.connect(self.chats.show_error)
        self.row_wishes = RowWishes(
            shell,
            self.theme,
            (shell.sidebar.finder,),
            services.chats,
            services.keeping,
            self.paper,
        )
        self.voice = VoiceWiring(shell, services.chats, services.voice)
        self.voice.failed.connect(self.chats.show_error)
        shell.sidebar.settings_wished.connect(self.show_settings)
        shell.simple_header.settings_wished.connect(self.show_settings)
        add_shortcuts(
            self,
            {
                "new": self.chats.new_chat,
                "earlier": self.chats.show_earlier,
                "stop": self._on_escape,
                "read": self.voice.read_last,
                "print": self.paper.print_chat,
                "larger": lambda: self.preferences.zoom(1),
                "smaller": lambda: self.preferences.zoom(-1),
                "settings": self.show_settings,
                "help": shell.show_help,
            },
        )

    def _on_escape(self) -> None:
        shell = self.shell
        if not shell.showing(shell.talk) and not shell.showing(shell.missing):
            shell.back()
        elif self.voice.reading:
            self.voice.stop()
        elif self._services.chats.busy:
            self._services.chats.stop()
        else:
            shell.workspace.hide_list()

    def _restore_geometry(self) -> None:
        kept = self._services.settings.get(WINDOW_GEOMETRY)
        restored = False
        if kept:
            try:
                restored = self.restoreGeometry(QByteArray(base64.b64decode(kept, validate=True)))
            except ValueError:
                restored = False
        if not restored:
            screen = self.screen().availableGeometry()
            self.resize(min(_SIZE[0], screen.width()), min(_SIZE[1], screen.height()))
