"""Between what a person chose and the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from app.core.errors import AppError, PolicyError
from app.core.options import (
    LANGUAGE,
    MARK_DOUBT,
    REDUCE_MOTION,
    SAVED_CHATS_MB,
    SEND_WITH_ENTER,
    TEXT_SIZE_PT,
    THEME,
    VIEW,
    Option,
)
from app.core.settings import Settings
from app.services.i18n import I18n
from app.ui.conversation.manner import Manner
from app.ui.frame.shell import Shell
from app.ui.look.motion import SystemMotion
from app.ui.look.theme import MAX_SIZE_PT, MIN_SIZE_PT, Theme

T = TypeVar("T", bool, int, str)

# Width and height in pixels, with the smallest text and with the largest.
_LEAST, _LEAST_AT_MOST = (480, 420), (800, 600)
_SUITING_PT = {"simple": 18, "full": 16}


def text_size_pt(settings: Settings) -> int:
    """Size of the text with which a window begins: the chosen one, or what suits the view."""
    return settings.get(TEXT_SIZE_PT) or _SUITING_PT[settings.get(VIEW)]


class PreferenceWiring(QObject):
    """A choice takes effect at once and is kept.

    What was chosen here holds until the program ends, also where the command line said otherwise.

    Signals:
        failed: AppError; the choice could not be kept.
        room_changed: Long conversations may take more or less room on the disk.
    """

    failed = Signal(object)
    room_changed = Signal()

    def __init__(self, shell: Shell, theme: Theme, settings: Settings, i18n: I18n) -> None:
        super().__init__(shell)
        self._shell = shell
        self._theme = theme
        self._settings = settings
        self._i18n = i18n
        self._chosen: dict[str, bool | int | str] = {}
        self._system_is_still = False
        self._effects: dict[str, Callable[[], None]] = {
            VIEW.key: self._show_view,
            TEXT_SIZE_PT.key: self._show_view,
            THEME.key: lambda: theme.set_appearance(self.get(THEME)),
            REDUCE_MOTION.key: self._show_motion,
            SEND_WITH_ENTER.key: self._show_enter,
            MARK_DOUBT.key: self._show_manner,
            SAVED_CHATS_MB.key: self.room_changed.emit,
        }
        shell.settings_page.chosen.connect(self.choose)
        shell.simple_header.full_wished.connect(lambda: self.choose(VIEW, "full"))
        shell.sidebar.simple_wished.connect(lambda: self.choose(VIEW, "simple"))
        shell.error_bar.repair_wished.connect(self._show_repair)
        for effect in self._effects.values():
            effect()
        motion = SystemMotion(self)
        motion.known.connect(self._on_system_motion)
        motion.ask()

    def get(self, option: Option[T]) -> T:
        """The value that holds; for the size of the text the one that is seen."""
        if option.key == TEXT_SIZE_PT.key:
            return option.check(self._theme.text_size_pt, "user")
        return self._value(option)

    def locked(self, option: Option[T]) -> bool:
        """Whether the office has decided."""
        return self._settings.locked(option)

    def show_settings(self) -> None:
        """Show the settings beside the list."""
        if self._shell.locked:
            return
        self._shell.settings_page.begin(self, simple=self._shell.view == "simple")
        self._shell.workspace.hide_list()
        self._shell.show_page(self._shell.settings_page)

    def _show_repair(self) -> None:
        self.show_settings()
        self._shell.settings_page.show_keeping()
        self._shell.settings_page.keeping.repair.click()

    @Slot(object, object)
    def choose(self, option: Option[Any], value: Any) -> None:  # noqa: ANN401  each option's own
        """Let a choice take effect, and keep it; not one that the office has made."""
        if self.locked(option):
            self.failed.emit(PolicyError(key=option.key))
            return
        if option.key == TEXT_SIZE_PT.key:
            self._theme.set_text_size(value)
            value = self._theme.text_size_pt
        self._chosen[option.key] = value
        try:
            if option.key == LANGUAGE.key:
                self._i18n.set_language(value)
            else:
                self._settings.set_user(option, value)
        except AppError as exc:
            self.failed.emit(exc)
        effect = self._effects.get(option.key)
        if effect is not None:
            effect()
        self._shell.settings_page.show_values(self)

    def zoom(self, steps: int) -> None:
        """Larger or smaller by this many points."""
        self.choose(TEXT_SIZE_PT, self._theme.text_size_pt + steps)

    def _value(self, option: Option[T]) -> T:
        if option.key in self._chosen and not self.locked(option):
            return option.check(self._chosen[option.key], "user")
        return self._settings.get(option)

    def _show_view(self) -> None:
        view = self._value(VIEW)
        self._theme.set_text_size(self._value(TEXT_SIZE_PT) or _SUITING_PT[view])
        self._shell.set_view(view)
        self._show_manner()
        self._set_least_size()

    def _show_manner(self) -> None:
        self._shell.talk.conversation.set_manner(
            Manner(simple=self._value(VIEW) == "simple", mark_doubt=self._value(MARK_DOUBT))
        )

    def _set_least_size(self) -> None:
        """Larger text needs a larger window; no window needs to be larger than its screen."""
        window = self._shell.window()
        screen = window.screen().availableGeometry()
        share = (self._theme.text_size_pt - MIN_SIZE_PT) / (MAX_SIZE_PT - MIN_SIZE_PT)
        width = _LEAST[0] + round(share * (_LEAST_AT_MOST[0] - _LEAST[0]))
        height = _LEAST[1] + round(share * (_LEAST_AT_MOST[1] - _LEAST[1]))
        window.setMinimumSize(min(width, screen.width()), min(height, screen.height()))

    def _show_motion(self) -> None:
        self._theme.set_still(self._value(REDUCE_MOTION) or self._system_is_still)

    def _show_enter(self) -> None:
        self._shell.talk.composer.set_send_with_enter(self._value(SEND_WITH_ENTER))

    def _on_system_motion(self, still: bool) -> None:
        self._system_is_still = still
        self._show_motion()
