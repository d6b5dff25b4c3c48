"""Pages through the versions of a question or of a reply."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Label


class VersionPager(QWidget):
    """Such as "2 of 3", between two arrows.

    Signals:
        version_wished: Id of the message to show instead.
    """

    version_wished = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._versions: tuple[int, ...] = ()
        self._place = 0
        self._before = Button(theme, "icon", "chevron-left", colour="muted")
        self._after = Button(theme, "icon", "chevron-right", colour="muted")
        self._words = Label(theme, "small", "muted", wrap=False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for widget in (self._before, self._words, self._after):
            row.addWidget(widget)
        self._before.clicked.connect(lambda: self._go(-1))
        self._after.clicked.connect(lambda: self._go(1))

    def show_versions(self, versions: tuple[int, ...], shown: int) -> None:
        """Offer `versions` (ids, oldest first), of which `shown` is on."""
        self._versions = versions
        self._place = versions.index(shown) if shown in versions else 0
        self._retranslate()

    def stops(self) -> list[QWidget]:
        """What the tab key reaches."""
        return [self._before, self._after]

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _go(self, steps: int) -> None:
        place = self._place + steps
        if 0 <= place < len(self._versions):
            self.version_wished.emit(self._versions[place])

    def _retranslate(self) -> None:
        count = len(self._versions)
        place = self.tr("{number} of {count}").format(number=self._place + 1, count=count)
        self._words.setText(place)
        self._words.setAccessibleName(self.tr("Version {place}").format(place=place))
        self._before.set_label(self.tr("Earlier version"))
        self._after.set_label(self.tr("Later version"))
        self._before.setEnabled(self._place > 0)
        self._after.setEnabled(self._place + 1 < count)
