"""Settings for the voice that reads aloud."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.core.options import READING_PACE
from app.ui.look.theme import Theme
from app.ui.pages.settings_parts import Choice, Section, Values


class VoiceSection(Section):
    """How fast is read."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.choice = Choice(theme, READING_PACE.choices)
        self.column.addWidget(self.choice)
        self.choice.chosen.connect(lambda value: self.chosen.emit(READING_PACE, value))
        self.retranslate()

    def show_values(self, values: Values) -> None:
        """Show what was chosen."""
        self.choice.set_value(values.get(READING_PACE))
        self.choice.setEnabled(not values.locked(READING_PACE))
        self.say_locked(values.locked(READING_PACE))

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Reading aloud"))
        self.choice.set_labels(
            {"slow": self.tr("Slowly"), "normal": self.tr("As usual"), "fast": self.tr("Fast")},
            self.tr("How fast answers are read aloud"),
        )
