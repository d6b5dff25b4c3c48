"""A row in which a name is typed, with one that the program suggests."""

from __future__ import annotations

import html
from typing import ClassVar

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app.core.text import one_line
from app.ui.chats.row import Row
from app.ui.chats.row_widgets import RowButton, paint_ground, paint_words, title_font
from app.ui.look.theme import Theme

FIELD_PX = 48
SUGGESTION_PX = 50
_LONGEST = 200


class SuggestionButton(RowButton):
    """A name to take with one click."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.name = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The name, on an outlined ground."""
        del event
        theme, painter, px = self.theme, QPainter(self), self.theme.px
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        token = "tint" if self.underMouse() else "surface"
        paint_ground(painter, theme, self.rect(), token, focused=self.hasFocus(), edge="edge")
        side = px(18)
        place = QRect(px(11), (self.height() - side) // 2, side, side)
        theme.icon("lamp", "muted", 18).paint(painter, place)
        painter.setFont(title_font(theme))
        painter.setPen(theme.color("ink"))
        paint_words(painter, self.rect().adjusted(place.right() + px(9), 0, -px(8), 0), self.name)


class NameRow(Row):
    """Enter, or going elsewhere, takes the name; Escape leaves it as it was.

    Signals:
        ended: What was typed, "" for nothing, and whether the keyboard was in it to the end.
    """

    walks: ClassVar[bool] = False
    ended = Signal(str, bool)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__("name", parent)
        self._theme = theme
        self._before = ""
        self._suggested = ""
        self._open = False
        self.field = QLineEdit(self)
        self.field.setProperty("inline", "true")
        self.field.setMaxLength(_LONGEST)
        self.field.returnPressed.connect(lambda: self._end(self.field.text(), stayed=True))
        self.suggestion = SuggestionButton(theme, self)
        self.suggestion.clicked.connect(lambda: self._end(self._suggested, stayed=True))
        for widget in self.stops():
            widget.installEventFilter(self)

    def stops(self) -> tuple[QWidget, ...]:
        """The field, then the suggestion."""
        return (self.field, self.suggestion)

    def asking(self) -> bool:
        """Whether a name is being typed."""
        return self._open

    def begin(self, name: str, words: str) -> None:
        """Ask for a name.

        Args:
            name: The one it has.
            words: What is asked, for who does not see where the field stands.
        """
        self._before, self._open = one_line(name)[:_LONGEST], True
        self.field.setFont(title_font(self._theme))
        self.field.setAccessibleName(words)
        self.field.setPlaceholderText("" if self._before else words)
        self.field.setText(self._before)
        self.field.selectAll()

    def finish(self) -> None:
        """Something else begins: take what is typed."""
        self._end(self.field.text(), stayed=False)

    def suggest(self, name: str, words: str) -> None:
        """Offer a name on a button that is called `words`; "" offers none."""
        self._suggested = name
        self.suggestion.name = one_line(name)
        self.suggestion.say(words, "", f"<p>{html.escape(words)}</p>")
        self.suggestion.setVisible(bool(name))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape, and the keyboard that went elsewhere."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.KeyPress:
                self._end("", stayed=True)
            event.accept()  # or the window would take it for its own
            return True
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
            elsewhere = event.reason() not in (
                Qt.FocusReason.PopupFocusReason,
                Qt.FocusReason.ActiveWindowFocusReason,
            )
            if elsewhere and QApplication.focusWidget() not in self.stops():
                self._end(self.field.text(), stayed=False)
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The field, and the suggestion below it."""
        super().resizeEvent(event)
        px = self._theme.px
        self.field.setGeometry(0, px(1), self.width(), px(FIELD_PX) - px(2))
        self.suggestion.setGeometry(0, px(FIELD_PX), self.width(), px(SUGGESTION_PX) - px(4))

    def _end(self, text: str, *, stayed: bool) -> None:
        if not self._open:
            return
        self._open = False
        name = " ".join(text.split())
        self.ended.emit("" if name == self._before else name, stayed)
