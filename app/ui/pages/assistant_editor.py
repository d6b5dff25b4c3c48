"""One assistant: its name, picture, instructions, manner and model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QWidget

from app.core.records import Assistant
from app.services.assistant_file import ENDING, MOST_NAME
from app.services.instructions import MANNERS
from app.ui.export_words import export_words
from app.ui.look.flow_layout import FlowLayout
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Label
from app.ui.pages.assistant_parts import InstructionSection, PictureSection
from app.ui.pages.base import ScrollPage
from app.ui.pages.settings_parts import Choice, Section
from app.ui.paper.names import file_name

_EMPTY = Assistant(0, "", "", b"", "", "", "")


class NameSection(Section):
    """What it is called."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.field = QLineEdit()
        self.field.setMaxLength(MOST_NAME)
        self.column.addWidget(self.field)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Name"))
        self.field.setAccessibleName(self.tr("Name of the assistant"))
        self.field.setPlaceholderText(self.tr("For example: Garden"))


class MannerSection(Section):
    """How it should sound."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.choice = Choice(theme, MANNERS)
        self.value = ""
        self.column.addWidget(self.choice)
        self.choice.chosen.connect(self._on_chosen)
        self.retranslate()

    def set_value(self, value: str) -> None:
        """Show what holds."""
        self.value = value
        self.choice.set_value(value)

    def retranslate(self) -> None:
        """Set every text again."""
        about = self.tr("How it should sound")
        self.title.setText(about)
        labels = {
            "": self.tr("As it comes"),
            "plain": self.tr("Plain"),
            "warm": self.tr("Warm"),
            "formal": self.tr("Formal"),
            "brief": self.tr("Brief"),
        }
        self.choice.set_labels(labels, about)

    def _on_chosen(self, value: str) -> None:
        self.value = value


class ModelSection(Section):
    """Which of the installed models answers; shown where there is more than one."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.box = QComboBox()
        self._names: tuple[str, ...] = ()
        self.column.addWidget(self.box)
        self.retranslate()

    def set_models(self, names: tuple[str, ...], current: str) -> None:
        """What is installed; one that was chosen and is gone stays on the list."""
        gone = current and current not in names
        self._names = (*names, current) if gone else names
        self.box.clear()
        self.box.addItem("", "")
        for name in self._names:
            self.box.addItem(name, name)
        self.box.setCurrentIndex(self.box.findData(current))
        self.retranslate()
        self.setVisible(bool(self._names))

    def value(self) -> str:
        """The name that is chosen, "" for the one of the settings."""
        return str(self.box.currentData() or "")

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Model"))
        self.box.setAccessibleName(self.tr("Model"))
        if self.box.count():
            self.box.setItemText(0, self.tr("The one for everything"))


class AssistantEditorPage(ScrollPage):
    """What was written is kept when the page is left, unless it is discarded.

    Signals:
        closed: Back to the list.
        saved: The Assistant as it is now.
        reset_wished: Id of a shipped one that shall get its own words back.
        write_wished: The Assistant as it is now, and the path of a file to write.
    """

    closed = Signal()
    saved = Signal(object)
    reset_wished = Signal(int)
    write_wished = Signal(object, object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._assistant = _EMPTY
        self._dropped = True
        self._back = Button(theme, "quiet", "arrow-left")
        self._heading = Label(theme, "heading")
        self.name = NameSection(theme)
        self.instructions = InstructionSection(theme)
        self.manner = MannerSection(theme)
        self.picture = PictureSection(theme)
        self.model = ModelSection(theme)
        self.done = Button(theme, "primary", "check")
        self.discard = Button(theme, "outlined", "undo")
        self.original = Button(theme, "outlined", "retry")
        self.file = Button(theme, "outlined", "save")
        self._build()
        self._back.clicked.connect(self.closed)
        self.done.clicked.connect(self.closed)
        self.discard.clicked.connect(self._on_discard)
        self.original.clicked.connect(self._on_original)
        self.file.clicked.connect(self._choose_file)
        self._retranslate()

    def begin(self, assistant: Assistant | None, models: tuple[str, ...]) -> None:
        """Show one from the top; None makes a new one."""
        assistant = assistant or _EMPTY
        self._assistant = assistant
        self._dropped = False
        self.name.field.setText(assistant.name)
        self.picture.show_assistant(assistant)
        self.instructions.set_text(assistant.instructions)
        self.manner.set_value(assistant.manner)
        self.model.set_models(models, assistant.model)
        self.original.setVisible(bool(assistant.key))
        self._retranslate()
        self.verticalScrollBar().setValue(0)

    def current(self) -> Assistant:
        """What stands on the page; something without a name gets one."""
        name = " ".join(self.name.field.text().split())
        return replace(
            self._assistant,
            name=name or self._assistant.name or self.tr("My assistant"),
            picture=self.picture.value(),
            instructions=self.instructions.text().strip(),
            manner=self.manner.value,
            model=self.model.value(),
        )

    def hideEvent(self, event: QHideEvent) -> None:
        """Keep what was written, whatever the way out."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._keep()

    def _keep(self) -> None:
        if self._dropped:
            return
        self._dropped = True
        now = self.current()
        before = replace(self._assistant, instructions=self._assistant.instructions.strip())
        if not before.id and not self.name.field.text().strip():
            before = replace(before, name=now.name)  # nothing was written, not even a name
        if now != before:
            self.saved.emit(now)

    def _build(self) -> None:
        body = self.column.body
        body.setSpacing(self.theme.px(14))
        body.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        body.addWidget(self._heading)
        for section in (self.name, self.instructions, self.manner, self.picture, self.model):
            body.addWidget(section)
        buttons = QWidget()
        flow = FlowLayout(buttons, self.theme.px(12))
        for button in (self.done, self.discard, self.original, self.file):
            flow.addWidget(button)
        body.addWidget(buttons)
        body.addStretch(1)

    def _on_discard(self) -> None:
        self._dropped = True
        self.closed.emit()

    def _on_original(self) -> None:
        self._dropped = True
        self.reset_wished.emit(self._assistant.id)
        self.closed.emit()

    def _choose_file(self) -> None:
        place, _ = QFileDialog.getSaveFileName(
            self,
            self.tr("Save this assistant as a file"),
            file_name(self.current().name, export_words().assistant, ENDING),
            self.tr("Assistants") + f" (*{ENDING})",
        )
        if place:
            path = Path(place)
            if path.suffix != ENDING:
                path = path.with_name(path.name + ENDING)
            self.write_wished.emit(self.current(), path)

    def _retranslate(self) -> None:
        new = not self._assistant.id
        self._back.set_label(self.tr("Back to the assistants"))
        self._heading.setText(self.tr("New assistant") if new else self._assistant.name)
        self.done.set_label(self.tr("Done"))
        self.discard.set_label(self.tr("Discard the changes"))
        self.original.set_label(self.tr("Back to the original"))
        self.file.set_label(self.tr("Save as a file…"))
