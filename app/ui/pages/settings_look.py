"""Settings for the eye: view, size of the text, colours, motion."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core.options import REDUCE_MOTION, TEXT_SIZE_PT, THEME, VIEW
from app.ui.look.fonts import body_font
from app.ui.look.switch import Switch
from app.ui.look.theme import MAX_SIZE_PT, MIN_SIZE_PT, Theme
from app.ui.look.widgets import Button, Label
from app.ui.pages.settings_parts import CalmSlider, Choice, Section, Values


class TextSizeSection(Section):
    """A slider, two buttons for those who do not like to drag, and a sentence to look at."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.slider = CalmSlider()
        self.slider.setRange(MIN_SIZE_PT, MAX_SIZE_PT)
        self.slider.setPageStep(2)
        self.smaller = Button(theme, "icon", "minus")
        self.larger = Button(theme, "icon", "plus")
        self.sample = Label(theme, "body", wrap=True, selectable=False)
        self._words = Label(theme, "small", "muted", wrap=False)
        row = QHBoxLayout()
        row.setSpacing(theme.px(12))
        row.addWidget(self.smaller)
        row.addWidget(self.slider, 1)
        row.addWidget(self.larger)
        row.addWidget(self._words)
        self.column.addLayout(row)
        self.column.addWidget(self.sample)
        self.slider.valueChanged.connect(self._on_moved)
        self.slider.sliderReleased.connect(self._choose)
        self.smaller.clicked.connect(lambda: self.slider.setValue(self.slider.value() - 1))
        self.larger.clicked.connect(lambda: self.slider.setValue(self.slider.value() + 1))
        self.retranslate()

    def show_values(self, values: Values) -> None:
        """Put the slider where it belongs."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(values.get(TEXT_SIZE_PT))
        for widget in (self.slider, self.smaller, self.larger):
            widget.setEnabled(not values.locked(TEXT_SIZE_PT))
        self.say_locked(values.locked(TEXT_SIZE_PT))
        self._show_size()

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Size of the text"))
        self.slider.setAccessibleName(self.tr("Size of the text"))
        self.smaller.set_label(self.tr("Smaller text"))
        self.larger.set_label(self.tr("Larger text"))
        self.sample.setText(self.tr("The lamp in the alcove is lit, and there is tea."))
        self._show_size()

    def _on_moved(self, _points: int) -> None:
        self._show_size()
        if not self.slider.isSliderDown():  # the window would move away under the pointer
            self._choose()

    def _choose(self) -> None:
        self.chosen.emit(TEXT_SIZE_PT, self.slider.value())

    def _show_size(self) -> None:
        points = self.slider.value()
        text = self.tr("{points} points").format(points=points)
        self._words.setText(text)
        self.slider.setAccessibleDescription(text)
        self.sample.setFont(body_font(points))


class AppearanceSection(Section):
    """Colours."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.choice = Choice(theme, THEME.choices)
        self.column.addWidget(self.choice)
        self.choice.chosen.connect(lambda value: self.chosen.emit(THEME, value))
        self.retranslate()

    def show_values(self, values: Values) -> None:
        """Mark the colours that are on."""
        self.choice.set_value(values.get(THEME))
        self.choice.setEnabled(not values.locked(THEME))
        self.say_locked(values.locked(THEME))

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Colours"))
        self.choice.set_labels(
            {
                "system": self.tr("As on this computer"),
                "light": self.tr("Light"),
                "dark": self.tr("Dark"),
                "contrast": self.tr("High contrast"),
            },
            self.tr("Colours"),
        )


class MotionSection(Section):
    """Whether anything may move that need not."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.switch = Switch(theme)
        self.column.addWidget(self.switch)
        self.switch.clicked.connect(lambda on: self.chosen.emit(REDUCE_MOTION, on))
        self.retranslate()

    def show_values(self, values: Values) -> None:
        """Show whether it is on."""
        self.switch.setChecked(values.get(REDUCE_MOTION))
        self.switch.setEnabled(not values.locked(REDUCE_MOTION))
        self.say_locked(values.locked(REDUCE_MOTION))

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Movement"))
        self.switch.set_label(self.tr("Keep everything still: nothing blinks and nothing glides"))


class ViewSection(Section):
    """Simple or Full."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._words = Label(theme, "body", "muted")
        self.choice = Choice(theme, VIEW.choices)
        self.column.addWidget(self._words)
        self.column.addWidget(self.choice)
        self.choice.chosen.connect(lambda value: self.chosen.emit(VIEW, value))
        self.retranslate()

    def show_values(self, values: Values) -> None:
        """Mark the view that is on."""
        self.choice.set_value(values.get(VIEW))
        self.choice.setEnabled(not values.locked(VIEW))
        self.say_locked(values.locked(VIEW))

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("View"))
        self._words.setText(
            self.tr(
                "Simple has one conversation and four large buttons. Full shows all your "
                "conversations at the side."
            )
        )
        self.choice.set_labels(
            {"simple": self.tr("Simple"), "full": self.tr("Full")}, self.tr("View")
        )
