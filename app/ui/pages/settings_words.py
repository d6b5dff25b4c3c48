"""Settings for words: languages, how one writes, how one is warned."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.core.options import ANSWER_LANGUAGE, LANGUAGE, MARK_DOUBT, SEND_WITH_ENTER
from app.ui.look.switch import Switch
from app.ui.look.theme import Theme
from app.ui.look.widgets import Label
from app.ui.pages.settings_parts import Choice, Section, Values

_NAMES = {"en": "English", "fr": "Français", "zh_Hans": "简体中文"}


class LanguageSection(Section):
    """Of the window."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.choice = Choice(theme, LANGUAGE.choices)
        self.column.addWidget(self.choice)
        self.choice.chosen.connect(lambda value: self.chosen.emit(LANGUAGE, value))
        self.retranslate()

    def show_values(self, values: Values) -> None:
        """Mark the language that was chosen."""
        self.choice.set_value(values.get(LANGUAGE))
        self.choice.setEnabled(not values.locked(LANGUAGE))
        self.say_locked(values.locked(LANGUAGE))

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Language"))
        self.choice.set_labels({"": self.tr("As on this computer"), **_NAMES}, self.tr("Language"))


class AnswerSection(Section):
    """Language of the answers, and marks on what the assistant was unsure of."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._words = Label(theme, "body", "muted")
        self.choice = Choice(theme, ANSWER_LANGUAGE.choices)
        self.marks = Switch(theme)
        for widget in (self._words, self.choice, self.marks):
            self.column.addWidget(widget)
        self.choice.chosen.connect(lambda value: self.chosen.emit(ANSWER_LANGUAGE, value))
        self.marks.clicked.connect(lambda on: self.chosen.emit(MARK_DOUBT, on))
        self.retranslate()

    def show_values(self, values: Values) -> None:
        """Show what was chosen."""
        self.choice.set_value(values.get(ANSWER_LANGUAGE))
        self.choice.setEnabled(not values.locked(ANSWER_LANGUAGE))
        self.marks.setChecked(values.get(MARK_DOUBT))
        self.marks.setEnabled(not values.locked(MARK_DOUBT))
        self.say_locked(values.locked(ANSWER_LANGUAGE) or values.locked(MARK_DOUBT))

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Answers"))
        self._words.setText(self.tr("In which language the assistant answers:"))
        self.choice.set_labels(
            {"": self.tr("The language of the question"), **_NAMES},
            self.tr("Language of the answers"),
        )
        self.marks.set_label(self.tr("Underline what the assistant was not sure about"))


class WritingSection(Section):
    """What the Enter key does."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.switch = Switch(theme)
        self._words = Label(theme, "small", "muted")
        self.column.addWidget(self.switch)
        self.column.addWidget(self._words)
        self.switch.clicked.connect(lambda on: self.chosen.emit(SEND_WITH_ENTER, on))
        self.retranslate()

    def show_values(self, values: Values) -> None:
        """Show whether it sends."""
        self.switch.setChecked(values.get(SEND_WITH_ENTER))
        self.switch.setEnabled(not values.locked(SEND_WITH_ENTER))
        self.say_locked(values.locked(SEND_WITH_ENTER))

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Writing"))
        self.switch.set_label(self.tr("The Enter key sends the question"))
        self._words.setText(
            self.tr("Otherwise Enter begins a new line, and Ctrl and Enter together send.")
        )
