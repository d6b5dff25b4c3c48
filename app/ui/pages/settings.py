"""Language, text size, appearance, the recovery code, and where things are kept."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QWheelEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from app.ui.look.flow_layout import FlowLayout
from app.ui.look.theme import MAX_SIZE_PT, MIN_SIZE_PT, Theme
from app.ui.look.widgets import Button, Card, Label
from app.ui.pages.base import ScrollPage

LANGUAGES = ("", "en", "fr", "zh_Hans")
VIEWS = ("simple", "full")
APPEARANCES = ("system", "light", "dark", "contrast")


class _Slider(QSlider):
    """Scrolling the page does not change it."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class _Choice(QWidget):
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
        button = self._buttons.get(value)
        if button is not None:
            button.setChecked(True)

    def set_labels(self, labels: dict[str, str]) -> None:
        for value, button in self._buttons.items():
            button.set_label(labels[value])


class SettingsPage(ScrollPage):
    """Changes take effect at once; there is nothing to confirm.

    Signals:
        closed: Back to the conversation.
        view_chosen: "simple" or "full".
        language_chosen: "" (the system's), "en", "fr" or "zh_Hans".
        text_size_chosen: Points.
        appearance_chosen: "system", "light", "dark" or "contrast".
        recovery_wished: Show the recovery code.
    """

    closed = Signal()
    view_chosen = Signal(str)
    language_chosen = Signal(str)
    text_size_chosen = Signal(int)
    appearance_chosen = Signal(str)
    recovery_wished = Signal()

    def __init__(self, theme: Theme, data: Path | None, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._data = data
        self._sections: list[tuple[Label, Label | None]] = []
        self._back = Button(theme, "quiet", "arrow-left")
        self._heading = Label(theme, "heading")
        self._view = _Choice(theme, VIEWS)
        self._language = _Choice(theme, LANGUAGES)
        self._appearance = _Choice(theme, APPEARANCES)
        self._size = _Slider(Qt.Orientation.Horizontal)
        self._size.setRange(MIN_SIZE_PT, MAX_SIZE_PT)
        self._size.setPageStep(2)
        self._size_words = Label(theme, "body", wrap=False)
        self._recovery = Button(theme, "outlined", "key")
        self._folder = Button(theme, "outlined", "folder")
        self._place = Label(theme, "small", "muted", selectable=True)
        self._build()
        self._back.clicked.connect(self.closed)
        self._view.chosen.connect(self.view_chosen)
        self._language.chosen.connect(self.language_chosen)
        self._appearance.chosen.connect(self.appearance_chosen)
        self._size.valueChanged.connect(self._on_size)
        self._size.sliderReleased.connect(self._on_size_settled)
        self._recovery.clicked.connect(self.recovery_wished)
        self._folder.clicked.connect(self._open_folder)
        self._retranslate()

    def show_values(self, view: str, language: str, size_pt: int, appearance: str) -> None:
        """What holds now."""
        self._view.set_value(view)
        self._language.set_value(language)
        self._appearance.set_value(appearance)
        with QSignalBlocker(self._size):
            self._size.setValue(size_pt)
        self._retranslate()

    def set_kept(self, kept: bool) -> None:
        """Without kept conversations there is no recovery code."""
        self._recovery.setEnabled(kept)

    def _build(self) -> None:
        px = self.theme.px
        body = self.column.body
        body.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        body.addSpacing(px(8))
        body.addWidget(self._heading)
        body.addSpacing(px(16))
        self._section(self._view, described=True)
        self._section(self._language)
        size = QWidget()
        row = QHBoxLayout(size)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(20))
        row.addWidget(self._size, 1)
        row.addWidget(self._size_words)
        self._section(size)
        self._section(self._appearance)
        self._section(self._recovery, described=True)
        place = QWidget()
        column = QVBoxLayout(place)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(10))
        column.addWidget(self._place)
        column.addWidget(self._folder, 0, Qt.AlignmentFlag.AlignLeft)
        self._section(place, described=True)
        body.addStretch(1)

    def _section(self, content: QWidget, *, described: bool = False) -> None:
        px = self.theme.px
        card = Card()
        column = QVBoxLayout(card)
        column.setDirection(QBoxLayout.Direction.TopToBottom)
        column.setContentsMargins(px(24), px(18), px(24), px(20))
        column.setSpacing(px(10))
        title = Label(self.theme, "name")
        words = Label(self.theme, "body", "muted") if described else None
        column.addWidget(title)
        if words is not None:
            column.addWidget(words)
        if isinstance(content, Button):
            column.addWidget(content, 0, Qt.AlignmentFlag.AlignLeft)
        else:
            column.addWidget(content)
        self._sections.append((title, words))
        self.column.body.addWidget(card)
        self.column.body.addSpacing(px(14))

    def _on_size(self, points: int) -> None:
        self._say_size(points)
        if not self._size.isSliderDown():
            self.text_size_chosen.emit(points)

    def _on_size_settled(self) -> None:
        self.text_size_chosen.emit(self._size.value())

    def _say_size(self, points: int) -> None:
        text = self.tr("{points} points").format(points=points)
        self._size_words.setText(text)
        self._size.setAccessibleDescription(text)

    def _open_folder(self) -> None:
        if self._data is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._data)))

    def _retranslate(self) -> None:
        self._back.set_label(self.tr("Back to the conversation"))
        self._heading.setText(self.tr("Settings"))
        self._view.set_labels({"simple": self.tr("Simple"), "full": self.tr("Full")})
        self._language.set_labels(
            {
                "": self.tr("As on this computer"),
                "en": "English",
                "fr": "Français",
                "zh_Hans": "简体中文",
            }
        )
        self._appearance.set_labels(
            {
                "system": self.tr("As on this computer"),
                "light": self.tr("Light"),
                "dark": self.tr("Dark"),
                "contrast": self.tr("High contrast"),
            }
        )
        self._say_size(self._size.value())
        self._size.setAccessibleName(self.tr("Text size"))
        self._recovery.set_label(self.tr("Show the recovery code"))
        self._folder.set_label(self.tr("Open the folder"))
        self._folder.setVisible(self._data is not None)
        self._place.setText(str(self._data) if self._data is not None else "")
        texts = (
            (
                self.tr("View"),
                self.tr(
                    "Simple has one conversation and four large buttons. Full shows all your "
                    "conversations at the side."
                ),
            ),
            (self.tr("Language"), ""),
            (self.tr("Text size"), ""),
            (self.tr("Appearance"), ""),
            (
                self.tr("Recovery code"),
                self.tr("Opens your conversations should this computer no longer let you in."),
            ),
            (
                self.tr("Where your conversations are"),
                self.tr(
                    "They are in this folder, locked, and nowhere else. Copy the folder to keep "
                    "a second one."
                ),
            ),
        )
        for (title, words), (name, description) in zip(self._sections, texts, strict=True):
            title.setText(name)
            if words is not None:
                words.setText(description)
