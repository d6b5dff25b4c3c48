"""The larger parts of an assistant's page: its picture and its instructions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.core.records import Assistant
from app.services.assistant_file import MOST_INSTRUCTIONS
from app.services.instructions import DATE, LANGUAGE
from app.ui.look.flow_layout import FlowLayout
from app.ui.look.portrait import Portrait
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Card, Label
from app.ui.markdown.plain_field import PlainField
from app.ui.markdown.soft_lines import insert_text
from app.ui.pages.assistant_picture import READABLE, CropView, PictureLoader
from app.ui.pages.settings_parts import CalmSlider, Section

_ZOOM_STEPS = 100
_FIELD_HEIGHT = 190


class PictureSection(Section):
    """The picture, and which part of a file it is."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._assistant: Assistant | None = None
        self._picture = b""
        self._loader = PictureLoader(self)
        self._portrait = Portrait(theme, 72)
        self.choose = Button(theme, "outlined", "document")
        self.remove = Button(theme, "outlined", "trash")
        self._trouble = Label(theme, "small", "alert")
        self._trouble.hide()
        self.crop = CropView(theme)
        self.zoom = CalmSlider()
        self.zoom.setRange(0, _ZOOM_STEPS)
        self._zoom_words = Label(theme, "small", "muted")
        self._hint = Label(theme, "small", "muted")
        buttons = QWidget()
        flow = FlowLayout(buttons, theme.px(10))
        flow.addWidget(self.choose)
        flow.addWidget(self.remove)
        row = QHBoxLayout()
        row.setSpacing(theme.px(18))
        row.addWidget(self._portrait, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(buttons, 1)
        self.column.addLayout(row)
        self.column.addWidget(self._trouble)
        self._cropping = QWidget()
        below = QVBoxLayout(self._cropping)
        below.setContentsMargins(0, theme.px(6), 0, 0)
        below.setSpacing(theme.px(8))
        below.addWidget(self._hint)
        below.addWidget(self.crop, 0, Qt.AlignmentFlag.AlignHCenter)
        below.addWidget(self._zoom_words)
        below.addWidget(self.zoom)
        self.column.addWidget(self._cropping)
        self._cropping.hide()
        self.choose.clicked.connect(self._choose_file)
        self.remove.clicked.connect(self._remove)
        self._loader.loaded.connect(self._on_loaded)
        self.zoom.valueChanged.connect(lambda step: self.crop.set_zoom(step / _ZOOM_STEPS))
        self.crop.changed.connect(self._on_cropped)
        self.retranslate()

    def show_assistant(self, assistant: Assistant) -> None:
        """Show the picture of one."""
        self._assistant, self._picture = assistant, assistant.picture
        self._cropping.hide()
        self._trouble.hide()
        self._show()

    def value(self) -> bytes:
        """The picture that is chosen."""
        return self._picture

    def load(self, path: Path) -> None:
        """Take a picture from a file."""
        self._loader.load(path)

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Picture"))
        self.choose.set_label(self.tr("Choose a picture…"))
        self.remove.set_label(self.tr("Remove the picture"))
        self._trouble.setText(self.tr("This file is not a picture that can be shown."))
        self._hint.setText(
            self.tr("Drag the picture, or move it with the arrow keys, until you like it.")
        )
        self.crop.setAccessibleName(self.tr("Part of the picture that is shown"))
        self.crop.setAccessibleDescription(self._hint.words())
        self._zoom_words.setText(self.tr("Size of the picture"))
        self.zoom.setAccessibleName(self.tr("Size of the picture"))

    def _choose_file(self) -> None:
        place, _ = QFileDialog.getOpenFileName(
            self, self.tr("Choose a picture"), "", self.tr("Pictures") + f" ({READABLE})"
        )
        if place:
            self.load(Path(place))

    def _on_loaded(self, image: QImage) -> None:
        self._trouble.setVisible(image.isNull())
        if image.isNull():
            return
        self.crop.set_image(image)
        self.zoom.setValue(0)
        self._cropping.show()
        self._on_cropped()

    def _on_cropped(self) -> None:
        self._picture = self.crop.png()
        self._show()

    def _remove(self) -> None:
        self._picture = b""
        self._cropping.hide()
        self._show()
        self.choose.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self) -> None:
        if self._assistant is not None:
            self._portrait.show_assistant(replace(self._assistant, picture=self._picture))
        self.remove.setVisible(bool(self._picture))


class InstructionSection(Section):
    """What is said beforehand, and buttons for what is filled in each time."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._about = Label(theme, "small", "muted")
        self.field = PlainField(MOST_INSTRUCTIONS)
        self._card = Card("field")
        inside = QVBoxLayout(self._card)
        inside.setContentsMargins(theme.px(18), theme.px(12), theme.px(10), theme.px(12))
        inside.addWidget(self.field)
        self.date = Button(theme, "outlined", "clock")
        self.language = Button(theme, "outlined", "globe")
        self._insert = Label(theme, "small", "muted")
        buttons = QWidget()
        flow = FlowLayout(buttons, theme.px(10))
        flow.addWidget(self.date)
        flow.addWidget(self.language)
        self.column.addWidget(self._about)
        self.column.addWidget(self._card)
        self.column.addWidget(self._insert)
        self.column.addWidget(buttons)
        self.field.focus_changed.connect(lambda on: self._card.set_flag("focused", on))
        self.date.clicked.connect(lambda: self._put(DATE))
        self.language.clicked.connect(lambda: self._put(LANGUAGE))
        theme.changed.connect(self._fit_field)
        self._fit_field()
        self.retranslate()

    def set_text(self, text: str) -> None:
        """Show instructions."""
        self.field.clear()
        insert_text(self.field.textCursor(), text[:MOST_INSTRUCTIONS])

    def text(self) -> str:
        """What is written."""
        return self.field.text()[:MOST_INSTRUCTIONS]

    def retranslate(self) -> None:
        """Set every text again."""
        self.title.setText(self.tr("Instructions"))
        self._about.setText(
            self.tr("What the assistant is told before each conversation. It may be left empty.")
        )
        self.field.setAccessibleName(self.tr("Instructions"))
        self.field.setAccessibleDescription(self._about.words())
        self.field.setPlaceholderText(
            self.tr("For example: You know gardens in the mountains. Answer in two sentences.")
        )
        self._insert.setText(self.tr("Filled in each time:"))
        self.date.set_label(
            self.tr("Today’s date"), self.tr("Writes {date}, which becomes the date of the day")
        )
        self.language.set_label(
            self.tr("My language"),
            self.tr("Writes {language}, which becomes the language of the window"),
        )

    def _put(self, placeholder: str) -> None:
        """Write a placeholder where the cursor is, apart from the word before it."""
        cursor = self.field.textCursor()
        before = self.field.toPlainText()[: cursor.selectionStart()][-1:]
        cursor.insertText(placeholder if not before or before.isspace() else f" {placeholder}")
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _fit_field(self) -> None:
        self.field.setFont(self.theme.font("body"))
        self.field.setMinimumHeight(self.theme.px(_FIELD_HEIGHT))
