"""Buttons and labels that follow the theme."""

from __future__ import annotations

import html
import re

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.ui.look.icons import mark
from app.ui.look.text_column import TEXT_WIDTH, sides
from app.ui.look.theme import Role, Theme

# Breakable after about twenty characters, but never before a mark that belongs to a letter.
_LONG_WORD = re.compile(r"[!-~\u00a1-\u06ff]{20,}?(?=[!-~\u00a1-\u02ff\u0370-\u0482\u048a-\u06ff])")
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Button(QPushButton):
    """A button with a line icon.

    Args:
        theme: Colours and sizes.
        kind: "primary" starts something, "outlined" is an alternative, "quiet" stays in the
            background, "icon" shows no words (its accessible name says them), "choice" is one of
            several, "example" is a card that can be clicked.
        icon: Name of the icon, "" for none.
        colour: Token of the icon's colour.
        trailing: The icon stands after the words.
    """

    def __init__(
        self,
        theme: Theme,
        kind: str = "outlined",
        icon: str = "",
        *,
        colour: str = "",
        trailing: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._kind = kind
        self._icon = icon
        self._icon_shown = True
        self._token = colour or {"primary": "on", "quiet": "muted"}.get(kind, "ink")
        self._trailing = trailing
        self.setProperty("kind", kind)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        if trailing:
            self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        if kind == "choice":
            self.setCheckable(True)
        self.setAutoDefault(False)
        theme.changed.connect(self._restyle)
        self._restyle()

    def set_label(self, text: str, description: str = "") -> None:
        """Words of the button, or of its tool tip where it shows none."""
        self.setAccessibleName(text)
        if self._kind == "icon":
            self.setToolTip(description or text)
        else:
            self.setText(text.replace("&", "&&"))
            self.setToolTip(description)
        if description:
            self.setAccessibleDescription(description)

    def align_left(self) -> None:
        """Words begin at the left edge, in a size that leaves room for longer languages."""
        self.setProperty("align", "left")
        self._restyle()

    def set_icon(self, name: str) -> None:
        """Show another icon."""
        self._icon = name
        self._restyle()

    def set_icon_shown(self, shown: bool) -> None:
        """Do without the icon where there is too little room."""
        if shown != self._icon_shown:
            self._icon_shown = shown
            self._restyle()

    def set_size(self, size: str) -> None:
        """Make it "big", for the few buttons that matter most, or "small" again."""
        if self.property("scale") != size:
            self.setProperty("scale", size)
            # The style sheet keeps the font that it finds when it looks at the button.
            self.style().unpolish(self)
            self._restyle()
            self.style().polish(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses it as Space does; Qt does so in dialogs only."""
        if event.key() in _ENTER and not event.isAutoRepeat():
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The focus of a filled button is a ring inside: no line around it stands out enough."""
        super().paintEvent(event)
        if self._kind != "primary" or not self.hasFocus():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("on"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = self._theme.px(11)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(4, 4, -4, -4), radius, radius)

    def _restyle(self) -> None:
        small = self._kind == "quiet" or self.property("align") or self.property("scale")
        role: Role = "small" if small else "body"
        self.setFont(self._theme.font(role, bold=self._kind == "primary"))
        if not self._icon:
            return
        if not self._icon_shown:
            self.setIcon(QIcon())
            return
        gap = 0 if self._kind == "icon" else 8
        size = 22 if self._kind in {"icon", "primary"} else 20
        self.setIcon(
            self._theme.icon(self._icon, self._token, size, -gap if self._trailing else gap)
        )
        self.setIconSize(QSize(self._theme.px(size) + self._theme.px(gap), self._theme.px(size)))


class Label(QLabel):
    """Plain text in one of the theme's sizes and tones; wraps."""

    def __init__(
        self,
        theme: Theme,
        role: Role = "body",
        tone: str = "ink",
        *,
        wrap: bool = True,
        selectable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._role: Role = role
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("tone", tone)
        self.setWordWrap(wrap)
        if selectable:
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        self._relaxed = wrap and role == "body" and not selectable
        self._breaks_words = wrap and not selectable
        self._words_broken = False
        self._words = ""
        theme.changed.connect(self._restyle)
        self._restyle()

    def words(self) -> str:
        """What it says."""
        return self._words

    def setText(self, text: str) -> None:
        """Say something else; paragraphs of body text get the reading line height.

        A word that is wider than a small window (a path, a name of no good will) may go on in the
        next line, or it would push everything beside it out of sight.
        """
        self._words = text
        shown = _LONG_WORD.sub("\\g<0>\u200b", text) if self._breaks_words else text
        if self._relaxed or shown != text:
            self.setAccessibleName(text)
        elif self._words_broken:
            self.setAccessibleName("")
        self._words_broken = shown != text
        if self._relaxed:
            self.setTextFormat(Qt.TextFormat.RichText)
            shown = f'<p style="line-height: 118%">{html.escape(shown)}</p>'
        super().setText(shown)

    def set_tone(self, tone: str) -> None:
        """Change the colour by its meaning."""
        self.setProperty("tone", tone)
        self.style().unpolish(self)
        self.style().polish(self)

    def _restyle(self) -> None:
        self.setFont(self._theme.font(self._role))


class IconLabel(QLabel):
    """A small picture beside words; says nothing to a screen reader."""

    def __init__(
        self,
        theme: Theme,
        name: str,
        colour: str = "ink",
        size: float = 20,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._name = name
        self._token = colour
        self._size = size
        theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        theme = self._theme
        side = theme.px(self._size)
        if self._name == "mark":
            self.setPixmap(mark(theme.tokens, side, self.devicePixelRatio()))
        else:
            icon = theme.icon(self._name, self._token, self._size)
            self.setPixmap(icon.pixmap(QSize(side, side), self.devicePixelRatio()))
        self.setFixedSize(side, side)


class Card(QFrame):
    """A rounded ground; `kind` names the rule of the style sheet."""

    def __init__(self, kind: str = "true", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", kind)

    def set_flag(self, name: str, value: bool) -> None:
        """Set a property that the style sheet looks at."""
        if self.property(name) != value:
            self.setProperty(name, value)
            self.style().unpolish(self)
            self.style().polish(self)


class Column(QWidget):
    """Keeps its content in the middle, never wider than the text column."""

    def __init__(
        self,
        theme: Theme,
        width: float = TEXT_WIDTH,
        *,
        frame: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty column.

        Args:
            theme: Colours and sizes.
            width: Greatest width at 16 pt text.
            frame: In whose middle it stands, when a scroll bar takes a part of that width.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._theme = theme
        self._width = width
        self._frame = frame
        self.setProperty("ground", "none")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.body = QVBoxLayout(self)
        self.body.setSpacing(0)
        self._top = self._bottom = 0.0
        theme.changed.connect(self._fit)
        self._fit()

    def set_padding(self, top: float, bottom: float) -> None:
        """Room above and below, given for 16 pt text."""
        self._top, self._bottom = top, bottom
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share what is left over between both sides."""
        self._fit()
        super().resizeEvent(event)

    def _fit(self) -> None:
        px = self._theme.px
        whole = max(self.width(), self._frame.width() if self._frame is not None else 0)
        left, right = sides(self._theme, self._width, whole, whole - self.width())
        self.body.setContentsMargins(left, px(self._top), right, px(self._bottom))
