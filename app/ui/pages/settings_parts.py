"""What the sections of the settings are made of."""

from __future__ import annotations

from typing import Protocol, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QSlider, QVBoxLayout, QWidget

from app.core.options import Option
from app.ui.look.flow_layout import FlowLayout
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Card, Label

T = TypeVar("T", bool, int, str)


class Values(Protocol):
    """What holds now, and what the office has decided."""

    def get(self, option: Option[T]) -> T:
        """The value that holds."""
        ...

    def locked(self, option: Option[T]) -> bool:
        """Whether a person cannot change it."""
        ...


class Section(Card):
    """A card of the settings that belong together; changes take effect at once.

    Signals:
        chosen: Option, and the value it shall have.
    """

    chosen = Signal(object, object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.theme = theme
        self.title = Label(theme, "name")
        self._office = Label(theme, "small", "muted")
        self._office.hide()
        self.column = QVBoxLayout(self)
        self.column.addWidget(self.title)
        self.column.addWidget(self._office)
        theme.changed.connect(self._fit)
        self._fit()

    def show_values(self, values: Values) -> None:
        """Show what holds now; sections without options have nothing to show."""

    def say_locked(self, locked: bool) -> None:
        """Say why nothing can be chosen here."""
        self._office.setText(QCoreApplication.translate("Section", "Your office has decided this."))
        self._office.setVisible(locked)

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.say_locked(self._office.isVisibleTo(self))
            self.retranslate()
        super().changeEvent(event)

    def retranslate(self) -> None:
        """Set every text again; each section does it for its own."""
        raise NotImplementedError

    def _fit(self) -> None:
        px = self.theme.px
        self.column.setContentsMargins(px(24), px(18), px(24), px(20))
        self.column.setSpacing(px(10))


class Choice(QWidget):
    """Alternatives side by side, one of them taken.

    Signals:
        chosen: Its value.
    """

    chosen = Signal(str)

    def __init__(self, theme: Theme, values: tuple[str, ...]) -> None:
        super().__init__()
        self._buttons = {value: Button(theme, "choice") for value in values}
        row = FlowLayout(self, theme.px(10))
        for value, button in self._buttons.items():
            button.setAutoExclusive(True)
            row.addWidget(button)
            button.clicked.connect(lambda _=False, v=value: self.chosen.emit(v))

    def set_value(self, value: str) -> None:
        """Take this one; a value that is not offered leaves things as they are."""
        button = self._buttons.get(value)
        if button is not None:
            button.setChecked(True)

    def set_labels(self, labels: dict[str, str], about: str) -> None:
        """Words of each, and what they are about, for those who hear one of them alone."""
        self.setAccessibleName(about)
        for value, button in self._buttons.items():
            button.set_label(labels[value])
            button.setAccessibleDescription(about)


class CalmSlider(QSlider):
    """Scrolling the page does not change it."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page scroll."""
        event.ignore()
