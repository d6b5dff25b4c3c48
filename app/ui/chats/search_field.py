"""The field in which one looks for words, with a button that clears it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from app.ui.chats.row_widgets import IconButton
from app.ui.look.theme import Theme
from app.ui.look.widgets import Card, IconLabel

_LONGEST = 300


class SearchField(Card):
    """Says what is typed at each key.

    Signals:
        typed: What stands in it now.
        entered: Return was pressed.
        went_down: The keyboard wants to go into what was found.
        left: Escape in an empty field.
    """

    typed = Signal(str)
    entered = Signal()
    went_down = Signal()
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("search", parent)
        self._theme = theme
        self.field = QLineEdit(self)  # before the button, for the tab key too
        self.field.setProperty("bare", "true")
        self.field.setMaxLength(_LONGEST)
        self.field.installEventFilter(self)
        self.setFocusProxy(self.field)
        self.clear_button = IconButton(theme, "close", self)
        self.clear_button.hide()
        self._row = QHBoxLayout(self)
        self._row.addWidget(IconLabel(theme, "search", "muted", 20))
        self._row.addWidget(self.field, 1)
        self._row.addWidget(self.clear_button)
        self.field.textChanged.connect(self._on_typed)
        self.field.returnPressed.connect(self.entered)
        self.clear_button.clicked.connect(self.clear)
        theme.changed.connect(self._fit)
        self._retranslate()
        self._fit()

    def text(self) -> str:
        """What stands in it."""
        return self.field.text()

    def clear(self) -> None:
        """Look for nothing; the keyboard stays here."""
        self.field.clear()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def begin(self) -> None:
        """Put the keyboard here, ready to type over what was looked for before."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape and the arrow down; the outline shows where the keyboard is."""
        kind = event.type()
        if kind in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.set_flag("focused", kind == QEvent.Type.FocusIn)
        elif isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if kind == QEvent.Type.KeyPress:
                self._escape()
            event.accept()  # or the window would take it for its own
            return True
        elif (
            isinstance(event, QKeyEvent)
            and kind == QEvent.Type.KeyPress
            and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_PageDown)
        ):
            self.went_down.emit()
            return True
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say less where there is little room."""
        super().resizeEvent(event)
        self._say_what_fits()

    def _escape(self) -> None:
        if self.field.text():
            self.field.clear()
        else:
            self.left.emit()

    def _on_typed(self, text: str) -> None:
        self.clear_button.setVisible(bool(text))
        self.typed.emit(text)

    def _fit(self) -> None:
        px = self._theme.px
        self.field.setFont(self._theme.font("small"))
        self._row.setContentsMargins(px(14), px(2), px(2), px(2))
        self._row.setSpacing(px(10))
        self.clear_button.setFixedSize(px(44), px(44))
        self.setFixedHeight(px(50))
        self._say_what_fits()

    def _say_what_fits(self) -> None:
        whole = self.tr("Search your conversations")
        metrics = self.field.fontMetrics()
        fits = metrics.horizontalAdvance(whole) + self._theme.px(10) <= self.field.width()
        self.field.setPlaceholderText(whole if fits else self.tr("Search"))

    def _retranslate(self) -> None:
        self.field.setAccessibleName(self.tr("Search your conversations"))
        self.clear_button.say(self.tr("Clear the search"))
        self._say_what_fits()
