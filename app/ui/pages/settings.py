"""Everything that can be chosen: the plain things first, the rest after one click."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Label
from app.ui.pages.base import ScrollPage
from app.ui.pages.settings_keeping import KeepingSection
from app.ui.pages.settings_look import (
    AppearanceSection,
    MotionSection,
    TextSizeSection,
    ViewSection,
)
from app.ui.pages.settings_parts import Section, Values
from app.ui.pages.settings_safety import FolderSection, RecoverySection, SavedChatsSection
from app.ui.pages.settings_voice import VoiceSection
from app.ui.pages.settings_words import AnswerSection, LanguageSection, WritingSection


class SettingsPage(ScrollPage):
    """Changes take effect at once; there is nothing to confirm.

    Signals:
        closed: Back to the conversation.
        chosen: Option, and the value it shall have.
        recovery_wished: Show the recovery code.
        help_wished: Show the help.
    """

    closed = Signal()
    chosen = Signal(object, object)
    recovery_wished = Signal()
    help_wished = Signal()

    def __init__(self, theme: Theme, data: Path, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._simple = False
        self._kept = False
        self._damaged = False
        self._back = Button(theme, "quiet", "arrow-left")
        self._help = Button(theme, "quiet", "help")
        self._heading = Label(theme, "heading")
        self.text_size = TextSizeSection(theme)
        self.appearance = AppearanceSection(theme)
        self.view = ViewSection(theme)
        self.language = LanguageSection(theme)
        self.more = Button(theme, "outlined", "chevron-down")
        self.answers = AnswerSection(theme)
        self.voice = VoiceSection(theme)
        self.writing = WritingSection(theme)
        self.motion = MotionSection(theme)
        self.keeping = KeepingSection(theme)
        self.recovery = RecoverySection(theme)
        self.saved_chats = SavedChatsSection(theme)
        self.folder = FolderSection(theme, data)
        self._plain: tuple[Section, ...] = (
            *(self.text_size, self.appearance, self.language, self.voice, self.view),
        )
        self._rest: tuple[Section, ...] = (
            *(self.answers, self.writing, self.motion),
            *(self.keeping, self.recovery, self.saved_chats, self.folder),
        )
        self._build()
        self._back.clicked.connect(self.closed)
        self._help.clicked.connect(self.help_wished)
        self.more.clicked.connect(self._show_rest)
        self.recovery.recovery_wished.connect(self.recovery_wished)
        for section in (*self._plain, *self._rest):
            section.chosen.connect(self.chosen)
        self._retranslate()

    def begin(self, values: Values, *, simple: bool) -> None:
        """Show the page from its top; in Simple the plain things only."""
        self._simple = simple
        self.show_values(values)
        self._set_rest_shown(not simple)
        self.verticalScrollBar().setValue(0)

    def show_values(self, values: Values) -> None:
        """Show what holds now."""
        for section in (*self._plain, *self._rest):
            section.show_values(values)

    def set_kept(self, kept: bool) -> None:
        """Without kept conversations there is neither a recovery code nor anything to repair."""
        self._kept = kept
        self._set_rest_shown(self.answers.isVisibleTo(self.column))

    def set_damaged(self, damaged: bool) -> None:
        """Conversations that could not be opened wait to be repaired."""
        self._damaged = damaged
        self.keeping.set_damaged(damaged)
        self._set_rest_shown(self.answers.isVisibleTo(self.column))

    def show_keeping(self) -> None:
        """Show where conversations are kept and repaired, whatever else is hidden."""
        self._set_rest_shown(True)
        self.keeping.repair.setFocus(Qt.FocusReason.OtherFocusReason)
        self.ensureWidgetVisible(self.keeping)

    def _build(self) -> None:
        px = self.theme.px
        body = self.column.body
        ways = QHBoxLayout()
        ways.addWidget(self._back)
        ways.addStretch(1)
        ways.addWidget(self._help)
        body.addLayout(ways)
        body.addWidget(self._heading)
        body.setSpacing(px(14))
        for section in self._plain:
            body.addWidget(section)
        body.addWidget(self.more, 0, Qt.AlignmentFlag.AlignHCenter)
        for section in self._rest:
            body.addWidget(section)
        body.addStretch(1)

    def _show_rest(self) -> None:
        self._set_rest_shown(True)
        self.answers.choice.setFocus(Qt.FocusReason.OtherFocusReason)
        self.focusNextChild()

    def _set_rest_shown(self, shown: bool) -> None:
        self.more.setVisible(not shown)
        for section in self._rest:
            section.setVisible(shown)
        for section in (self.recovery, self.saved_chats):
            section.setVisible(shown and self._kept)
        self.keeping.setVisible(shown and (self._kept or self._damaged))

    def _retranslate(self) -> None:
        self._back.set_label(self.tr("Back to the conversation"))
        self._help.set_label(self.tr("Help"), self.tr("Hints, and the keys (F1)"))
        self._heading.setText(self.tr("Settings"))
        self.more.set_label(self.tr("More settings"))
