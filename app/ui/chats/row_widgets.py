"""The buttons that rows are made of, and what is painted on them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from app.ui.chats.row import Row
from app.ui.look.theme import Theme


class RowButton(QPushButton):
    """A button without an outline of its own, painted by its row's rules.

    Its words are shortened where the row is too narrow; the whole of them is in its tool tip and
    in its accessible name.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setProperty("kind", "row")
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def say(self, words: str, description: str = "", tip: str = "") -> None:
        """What it is called, and what else there is to know."""
        self.setText(words.replace("&", "&&"))
        self.setAccessibleName(words)
        self.setAccessibleDescription(description)
        self.setToolTip(tip)

    def sizeHint(self) -> QSize:
        """The row decides."""
        return QSize(self.theme.px(44), self.theme.px(44))

    def minimumSizeHint(self) -> QSize:
        """Long words are shortened."""
        return self.sizeHint()


class IconButton(RowButton):
    """A small picture that is a button; unseen until it is of use, but always there.

    Args:
        theme: Colours and sizes.
        icon: Name of the icon.
        parent: Where it stands.
        seen: Whether it is painted now; always when left out, and wherever the keyboard is on it.
    """

    def __init__(
        self, theme: Theme, icon: str, parent: QWidget, seen: Callable[[], bool] | None = None
    ) -> None:
        super().__init__(theme, parent)
        self._icon_name = icon
        self._seen = seen

    def say(self, words: str, description: str = "", tip: str = "") -> None:
        """Its name; it shows no words."""
        super().say(words, description, tip or words)
        self.setText("")

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, on a ground where the pointer is."""
        del event
        if self._seen is not None and not self._seen() and not self.hasFocus():
            return
        theme, painter = self.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus():
            paint_ground(painter, theme, self.rect(), "tint", focused=self.hasFocus())
        side = theme.px(20)
        place = QRect(0, 0, side, side)
        place.moveCenter(self.rect().center())
        theme.icon(self._icon_name, "muted", 20).paint(painter, place)


class MenuRow(Row):
    """A button over the whole row, and a menu button at its right end.

    Attributes:
        button: Does what the row is for.
        more: Opens the menu of everything else.
    """

    def __init__(self, theme: Theme, kind: str, parent: QWidget) -> None:
        super().__init__(kind, parent)
        self.theme = theme
        self.button = self.make_button()
        self.more = IconButton(theme, "more", self, self.shows_menu)

    def make_button(self) -> RowButton:
        """The button of this kind of row."""
        raise NotImplementedError

    def shows_menu(self) -> bool:
        """Whether the menu button is seen: where the pointer or the keyboard is."""
        return self.active()

    def stops(self) -> tuple[QWidget, ...]:
        """The row, then its menu."""
        return (self.button, self.more)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The button takes all of it, the menu button stands on top."""
        super().resizeEvent(event)
        px = self.theme.px
        height, side = self.height(), px(44)
        self.button.setGeometry(self.rect())
        self.more.setGeometry(self.width() - side - px(2), (height - side) // 2, side, side)
        self.more.raise_()


class HeadingRow(Row):
    """Words above a group; passed over by the keyboard."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__("heading", parent)
        self._theme = theme
        self._words = ""
        self._label = QLabel(self)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setProperty("tone", "muted")
        self._label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)

    def say(self, words: str) -> None:
        """Show these words, shortened where there is no room."""
        self._words = words
        self._label.setFont(self._theme.font("small"))
        self._label.setAccessibleName(words)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The label fills the row."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        px = self._theme.px
        area = self.rect().adjusted(px(10), 0, 0, -px(6))
        self._label.setGeometry(area)
        metrics = self._label.fontMetrics()
        elide = Qt.TextElideMode.ElideRight
        self._label.setText(metrics.elidedText(self._words, elide, area.width()))


def title_font(theme: Theme, *, bold: bool = False) -> QFont:
    """A little smaller than what is read."""
    font = theme.font("body", bold=bold)
    font.setPointSizeF(font.pointSizeF() * 0.88)
    return font


def paint_ground(
    painter: QPainter, theme: Theme, area: QRect, token: str, *, focused: bool, edge: str = ""
) -> None:
    """A rounded ground, with a ring where the keyboard is."""
    radius = theme.px(12)
    line = "accent" if focused else edge or token
    painter.setBrush(theme.color(token))
    painter.setPen(QPen(theme.color(line), 2 if focused else 1))
    painter.drawRoundedRect(QRectF(area).adjusted(1.0, 1.5, -1.0, -1.5), radius, radius)


def paint_words(painter: QPainter, area: QRect, words: str) -> bool:
    """One line in the middle of the area's height; returns whether it had to be shortened."""
    metrics = painter.fontMetrics()
    shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, area.width())
    middle = area.center().y() + (metrics.ascent() - metrics.descent()) / 2
    painter.drawText(QPointF(area.left(), middle), shown)
    return shown != words
