"""Between what a person chose and the window."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from app.core.errors import AppError
from app.core.options import LANGUAGE, TEXT_SIZE_PT, THEME, VIEW, Option
from app.core.settings import Settings
from app.services.i18n import I18n
from app.ui.frame.shell import Shell
from app.ui.look.theme import Theme

T = TypeVar("T", bool, int, str)

_SUITING_PT = {"simple": 18, "full": 16}


class PreferenceWiring(QObject):
    """A choice takes effect at once and is kept.

    Signals:
        failed: AppError; the choice could not be kept.
    """

    failed = Signal(object)

    def __init__(self, shell: Shell, theme: Theme, settings: Settings, i18n: I18n) -> None:
        super().__init__(shell)
        self._shell = shell
        self._theme = theme
        self._settings = settings
        self._i18n = i18n
        self._size_pt = settings.get(TEXT_SIZE_PT)
        page = shell.settings_page
        page.language_chosen.connect(self._choose_language)
        page.text_size_chosen.connect(self.choose_text_size)
        page.appearance_chosen.connect(self._choose_appearance)
        page.view_chosen.connect(self.choose_view)
        shell.simple_header.full_wished.connect(lambda: self.choose_view("full"))
        self._show_view(settings.get(VIEW))

    def show_settings(self) -> None:
        """Show the settings beside the list."""
        if self._shell.locked:
            return
        self._shell.settings_page.show_values(
            self._shell.view,
            self._settings.get(LANGUAGE),
            self._theme.text_size_pt,
            self._theme.appearance,
        )
        self._shell.workspace.hide_list()
        self._shell.show_page(self._shell.settings_page)

    @Slot(str)
    def choose_view(self, view: str) -> None:
        """Simple or Full; the text gets the size that suits it, unless one was chosen."""
        self._show_view(view)
        self._keep(VIEW, view)

    @Slot(int)
    def choose_text_size(self, points: int) -> None:
        """One size for both views."""
        self._theme.set_text_size(points)
        self._size_pt = self._theme.text_size_pt
        self._keep(TEXT_SIZE_PT, self._size_pt)

    def zoom(self, steps: int) -> None:
        """Larger or smaller by this many points."""
        self.choose_text_size(self._theme.text_size_pt + steps)
        if self._shell.showing(self._shell.settings_page):
            self.show_settings()

    def _show_view(self, view: str) -> None:
        self._theme.set_text_size(self._size_pt or _SUITING_PT[view])
        self._shell.set_view(view)

    def _choose_language(self, code: str) -> None:
        try:
            self._i18n.set_language(code)
        except AppError as exc:
            self.failed.emit(exc)
        self.show_settings()

    def _choose_appearance(self, appearance: str) -> None:
        self._theme.set_appearance(appearance)
        self._keep(THEME, appearance)

    def _keep(self, option: Option[T], value: T) -> None:
        try:
            self._settings.set_user(option, value)
        except AppError as exc:
            self.failed.emit(exc)
