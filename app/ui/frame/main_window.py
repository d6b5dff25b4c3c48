"""The window: the list on the left, a page on the right, and who speaks to whom."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QByteArray, QEvent, Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from app.core.errors import AppError
from app.core.options import LANGUAGE, TEXT_SIZE_PT, THEME, WINDOW_GEOMETRY, Option
from app.core.records import ChatView, Message
from app.core.settings import Settings
from app.services.chats import ChatService
from app.services.i18n import I18n
from app.services.models import ModelService
from app.services.vault import UnlockService
from app.ui.chats.sidebar import Sidebar
from app.ui.conversation.page import ConversationPage
from app.ui.frame.bars import ErrorBar, NoteBar, TemporaryBar
from app.ui.frame.header import Header
from app.ui.frame.workspace import Workspace
from app.ui.look.icons import window_icon
from app.ui.look.theme import Theme
from app.ui.look.widgets import Column
from app.ui.pages.model_missing import ModelMissingPage
from app.ui.pages.passphrase import PassphrasePage
from app.ui.pages.recovery import RecoveryPage
from app.ui.pages.settings import SettingsPage
from engine.errors import EngineError

T = TypeVar("T", bool, int, str)

_SIZE = (1280, 860)
_LEAST = (480, 420)


class MainWindow(QMainWindow):
    """Receives the services, builds none."""

    def __init__(
        self,
        chats: ChatService,
        models: ModelService,
        unlock: UnlockService,
        i18n: I18n,
        settings: Settings,
        *,
        data: Path | None = None,
    ) -> None:
        """Build the window; nothing is shown yet.

        Args:
            chats: Conversations.
            models: The assistant, and how it comes here.
            unlock: Opens the conversations.
            i18n: Language of the window.
            settings: What the person chose.
            data: Where the conversations are, to be shown in the settings.
        """
        super().__init__()
        application = QApplication.instance()
        if not isinstance(application, QApplication):
            raise TypeError("a QApplication must exist")
        self._chats, self._models, self._unlock = chats, models, unlock
        self._i18n, self._settings = i18n, settings
        self.theme = Theme(application, settings.get(THEME), settings.get(TEXT_SIZE_PT))
        self._failed_code = ""
        self._code_is_new = False
        self._build(data)
        self._connect()
        self._add_shortcuts()
        self._restore_geometry()
        if models.chosen_bundle() is None:
            self.pages.setCurrentWidget(self.missing)
        self.talk.composer.setFocus()

    def bring_to_front(self) -> None:
        """A second start wants to see this window."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.talk.conversation.refresh_notes()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window's place."""
        geometry = base64.b64encode(self.saveGeometry().data()).decode("ascii")
        self._store(WINDOW_GEOMETRY, geometry, quietly=True)
        super().closeEvent(event)

    def _build(self, data: Path | None) -> None:
        theme = self.theme
        self.setWindowTitle("Alcove")
        self.setWindowIcon(window_icon())
        self.setMinimumSize(*_LEAST)
        self.sidebar = Sidebar(theme)
        self.header = Header(theme)
        self.error_bar = ErrorBar(theme)
        self.temporary_bar = TemporaryBar(theme)
        self.long_bar = NoteBar(theme)
        self.talk = ConversationPage(theme, self._chats, self._models)
        self.settings_page = SettingsPage(theme, data)
        self.recovery = RecoveryPage(theme)
        self.missing = ModelMissingPage(theme, self._models.download_bytes)
        self.passphrase = PassphrasePage(theme)
        self.pages = QStackedWidget()
        for page in (self.talk, self.settings_page, self.recovery, self.missing):
            self.pages.addWidget(page)
        bars = Column(theme)
        bars.set_padding(0, 4)
        bars.body.setSpacing(theme.px(8))
        bars.body.addWidget(self.error_bar)
        bars.body.addWidget(self.temporary_bar)
        bars.body.addWidget(self.long_bar)
        right = QWidget()
        right.setProperty("ground", "bg")
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.header, bars):
            column.addWidget(widget)
        column.addWidget(self.pages, 1)
        self.workspace = Workspace(theme, self.sidebar, right)
        self._outer = QStackedWidget()
        self._outer.addWidget(self.workspace)
        self._outer.addWidget(self.passphrase)
        self.setCentralWidget(self._outer)

    def _connect(self) -> None:
        chats, models, unlock = self._chats, self._models, self._unlock
        rows = self.sidebar.chats
        chats.chats_changed.connect(rows.set_chats)
        chats.chat_opened.connect(self._on_chat_opened)
        chats.message_added.connect(self._on_message_added)
        chats.reply_finished.connect(self._on_reply_finished)
        chats.error_raised.connect(self._on_error)
        chats.history_shortened.connect(self.long_bar.show)
        chats.storage_changed.connect(self._on_storage_changed)
        rows.chat_chosen.connect(self._open_chat)
        rows.rename_wished.connect(chats.rename_chat)
        rows.delete_wished.connect(chats.delete_chat)
        self.sidebar.new_wished.connect(self._new_chat)
        self.sidebar.settings_wished.connect(self.show_settings)
        self.header.list_wished.connect(self.workspace.toggle_list)
        self.workspace.narrow_changed.connect(self.header.list_button.setVisible)
        models.progressed.connect(self.missing.show_progress)
        models.ready.connect(self._on_model_ready)
        models.failed.connect(self._on_model_failed)
        models.cancelled.connect(self.missing.stop)
        self.missing.download_wished.connect(models.fetch_starter)
        self.missing.cancel_wished.connect(models.cancel)
        unlock.passphrase_needed.connect(self._on_passphrase_needed)
        unlock.unlock_failed.connect(self.passphrase.show_failure)
        unlock.recovery_code_made.connect(self._on_recovery_code_made)
        unlock.recovery_code_read.connect(self._show_recovery)
        unlock.opened.connect(self._on_opened)
        self.passphrase.passphrase_given.connect(unlock.provide_passphrase)
        self.passphrase.recovery_given.connect(unlock.provide_recovery)
        self.passphrase.declined.connect(unlock.decline)
        self.recovery.closed.connect(self._back)
        self._connect_settings()

    def _connect_settings(self) -> None:
        page = self.settings_page
        page.closed.connect(self._back)
        page.language_chosen.connect(self._choose_language)
        page.text_size_chosen.connect(self._choose_text_size)
        page.appearance_chosen.connect(self._choose_appearance)
        page.recovery_wished.connect(self._unlock.request_recovery_code)

    def _add_shortcuts(self) -> None:
        standard = QKeySequence.StandardKey
        for keys, action in (
            (QKeySequence(standard.New), self._new_chat),
            (QKeySequence(standard.Preferences), self.show_settings),
            (QKeySequence("Ctrl+,"), self.show_settings),
            (QKeySequence(Qt.Key.Key_Escape), self._on_escape),
            (QKeySequence(standard.ZoomIn), lambda: self._zoom(1)),
            (QKeySequence("Ctrl+="), lambda: self._zoom(1)),
            (QKeySequence(standard.ZoomOut), lambda: self._zoom(-1)),
        ):
            if not keys.isEmpty():
                QShortcut(keys, self).activated.connect(action)

    def show_settings(self) -> None:
        """Show the settings beside the list."""
        if self._outer.currentWidget() is not self.workspace:
            return
        self.settings_page.show_values(
            self._settings.get(LANGUAGE), self.theme.text_size_pt, self.theme.appearance
        )
        self.workspace.hide_list()
        self.pages.setCurrentWidget(self.settings_page)

    def _back(self) -> None:
        if self._models.chosen_bundle() is None:
            self.pages.setCurrentWidget(self.missing)
        else:
            self.pages.setCurrentWidget(self.talk)
            self.talk.composer.setFocus()

    def _new_chat(self) -> None:
        self._chats.new_chat()

    def _open_chat(self, chat_id: int) -> None:
        self.workspace.hide_list()
        if chat_id == self._chats.chat_id:
            self._back()
        else:
            self._chats.open_chat(chat_id)

    def _on_escape(self) -> None:
        if self.pages.currentWidget() in (self.settings_page, self.recovery):
            self._back()
        elif self._chats.busy:
            self._chats.stop()
        else:
            self.workspace.hide_list()

    def _on_chat_opened(self, view: ChatView | None) -> None:
        self.sidebar.chats.set_open_chat(view.summary.id if view is not None else None)
        self.long_bar.hide()
        self.workspace.hide_list()
        if view is None:
            self._back()
        else:
            self.pages.setCurrentWidget(self.talk)

    def _on_message_added(self, message: Message) -> None:
        self.sidebar.chats.set_open_chat(message.chat_id)
        if message.role == "user":
            self._failed_code = ""
            self.error_bar.dismiss()

    def _on_reply_finished(self, message: Message) -> None:
        if message.details.error_code:
            # The reply says it in its own place.
            self._failed_code = message.details.error_code
            if self.error_bar.code == self._failed_code:
                self.error_bar.dismiss()

    def _on_error(self, error: AppError | EngineError) -> None:
        if error.code != self._failed_code and self.pages.currentWidget() is not self.missing:
            self.error_bar.show_error(error)

    def _on_storage_changed(self, mode: str) -> None:
        self.temporary_bar.setVisible(mode == "temporary")
        self.settings_page.set_kept(mode == "stored")

    def _on_model_ready(self, _bundle: object) -> None:
        self.missing.stop()
        if self.pages.currentWidget() is self.missing:
            self.pages.setCurrentWidget(self.talk)
            self.talk.composer.setFocus()

    def _on_model_failed(self, error: AppError | EngineError) -> None:
        on_page = self.pages.currentWidget() is self.missing
        if on_page or error.code.startswith("model"):
            self.error_bar.dismiss()
            self.missing.show_error(error)
            self.pages.setCurrentWidget(self.missing)

    def _on_passphrase_needed(self, mode: str) -> None:
        self.passphrase.ask(mode)
        self._outer.setCurrentWidget(self.passphrase)

    def _on_recovery_code_made(self, code: str) -> None:
        # A computer with a password store is not asked anything; the code waits in the settings.
        self._code_is_new = self._outer.currentWidget() is self.passphrase
        self.recovery.set_code(code)

    def _on_opened(self, _store: object, _mode: str) -> None:
        self._outer.setCurrentWidget(self.workspace)
        if self._code_is_new:
            self._code_is_new = False
            self.pages.setCurrentWidget(self.recovery)
        else:
            self.talk.composer.setFocus()

    def _show_recovery(self, code: str) -> None:
        self.recovery.set_code(code)
        self.pages.setCurrentWidget(self.recovery)

    def _choose_language(self, code: str) -> None:
        try:
            self._i18n.set_language(code)
        except AppError as exc:
            self._on_error(exc)
        self.show_settings()

    def _choose_text_size(self, points: int) -> None:
        self.theme.set_text_size(points)
        self._store(TEXT_SIZE_PT, self.theme.text_size_pt)

    def _choose_appearance(self, appearance: str) -> None:
        self.theme.set_appearance(appearance)
        self._store(THEME, appearance)

    def _zoom(self, steps: int) -> None:
        self._choose_text_size(self.theme.text_size_pt + steps)
        if self.pages.currentWidget() is self.settings_page:
            self.show_settings()

    def _store(self, option: Option[T], value: T, *, quietly: bool = False) -> None:
        try:
            self._settings.set_user(option, value)
        except AppError as exc:
            if not quietly:
                self._on_error(exc)

    def _restore_geometry(self) -> None:
        kept = self._settings.get(WINDOW_GEOMETRY)
        restored = False
        if kept:
            try:
                restored = self.restoreGeometry(QByteArray(base64.b64decode(kept, validate=True)))
            except ValueError:
                restored = False
        if not restored:
            screen = self.screen().availableGeometry()
            self.resize(min(_SIZE[0], screen.width()), min(_SIZE[1], screen.height()))
