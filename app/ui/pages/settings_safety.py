"""Settings for what is kept: the recovery code, the folder, room for long conversations."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLocale, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from app.core.options import SAVED_CHATS_MB
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Label
from app.ui.pages.settings_parts import Choice, Section, Values

_ROOM_MB = (0, 1_000, 2_000, 5_000, 20_000)
_MB_PER_GB = 1_000


class RecoverySection(Section):
    """The way to the recovery code.

    Signals:
        recovery_wished: Show it.
    """

    recovery_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._words = Label(theme, "body", "muted")
        self.button = Button(theme, "outlined", "key")
        self.column.addWidget(self._words)
        self.column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self.button.clicked.connect(self.recovery_wished)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Recovery code"))
        self._words.setText(
            self.tr("Opens your conversations should this computer no longer let you in.")
        )
        self.button.set_label(self.tr("Show the recovery code"))


class FolderSection(Section):
    """Where the conversations are."""

    def __init__(self, theme: Theme, data: Path, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._data = data
        self._words = Label(theme, "body", "muted")
        self._place = Label(theme, "small", "muted", selectable=True)
        self._place.setText(str(data))
        self.button = Button(theme, "outlined", "folder")
        self.column.addWidget(self._words)
        self.column.addWidget(self._place)
        self.column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self.button.clicked.connect(self._open)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Where your conversations are"))
        self._words.setText(self.tr("They are in this folder, locked, and nowhere else."))
        self._place.setAccessibleName(self.tr("Folder of your conversations"))
        self.button.set_label(self.tr("Open the folder"))

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._data)))


class SavedChatsSection(Section):
    """How much of the disk may be used so that long conversations go on at once."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._words = Label(theme, "body", "muted")
        self.choice = Choice(theme, tuple(str(size) for size in _ROOM_MB))
        self.column.addWidget(self._words)
        self.column.addWidget(self.choice)
        self.choice.chosen.connect(lambda value: self.chosen.emit(SAVED_CHATS_MB, int(value)))
        self.retranslate()

    def show_values(self, values: Values) -> None:
        """Mark the room that was given; one that is not offered here stays as it is."""
        self.choice.set_value(str(values.get(SAVED_CHATS_MB)))
        self.choice.setEnabled(not values.locked(SAVED_CHATS_MB))
        self.say_locked(values.locked(SAVED_CHATS_MB))

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Going on with long conversations"))
        self._words.setText(
            self.tr(
                "So that the assistant need not read a long conversation again from its "
                "beginning, Alcove keeps on the disk what it has read. It may use this much room:"
            )
        )
        locale = QLocale()
        labels = {
            str(size): self.tr("{size} GB").format(size=locale.toString(size // _MB_PER_GB))
            for size in _ROOM_MB
        }
        labels["0"] = self.tr("None, I can wait")
        self.choice.set_labels(labels, self.tr("Room on the disk"))
