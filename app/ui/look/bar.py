"""A line above or below the page: a picture, a sentence, and what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.ui.look.flow_layout import FlowLayout
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Card, Column, IconLabel, Label

_WORDS_PX = 300
_REST = 250  # of the header, the field and the buttons below it
_SHARE = 0.4  # of the height of the window that such lines may take


class Bar(Card):
    """The buttons stand beside the words, or below them where there is little room."""

    def __init__(
        self, theme: Theme, kind: str, icon: str, token: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(kind, parent)
        self._theme = theme
        self.words = Label(theme, "small")
        self.column = QVBoxLayout()
        self.column.addWidget(self.words)
        self._line = QHBoxLayout()
        self._line.addWidget(IconLabel(theme, icon, token, 22), 0, Qt.AlignmentFlag.AlignVCenter)
        self._line.addLayout(self.column, 1)
        self._ways = QWidget()
        self._ways.setProperty("ground", "none")
        self._flow = FlowLayout(self._ways, theme.px(8))
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.addLayout(self._line, 1)
        self._box.addWidget(self._ways, 0, Qt.AlignmentFlag.AlignVCenter)
        self._corner: Button | None = None
        theme.changed.connect(self._fit)

    def add_button(self, button: Button) -> None:
        """One more thing that can be done."""
        self._flow.addWidget(button)

    def set_corner(self, button: Button) -> None:
        """What closes it stays at the end of the words; to be given before what else can be done.

        That is how the keyboard and a screen reader come by.
        """
        self._line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self._corner = button
        self._ways.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Find out whether there is room."""
        super().resizeEvent(event)
        self.lay_out()

    def lay_out(self) -> None:
        """Put the buttons where there is room; to be called when there are others."""
        line = self._flow.line_width()
        room = self.width() - self._theme.px(44)
        wide = line == 0 or room >= line + self._theme.px(_WORDS_PX)
        self._ways.setVisible(line > 0)
        self._flow.fix_line(wide)
        direction = QBoxLayout.Direction
        self._box.setDirection(direction.LeftToRight if wide else direction.TopToBottom)

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
            self.lay_out()
        super().changeEvent(event)

    def _retranslate(self) -> None:
        """Set every text again; each bar does it for its own."""
        raise NotImplementedError

    def _fit(self) -> None:
        px = self._theme.px
        self._box.setContentsMargins(px(18), px(6), px(8), px(6))
        self._box.setSpacing(px(8))
        self._line.setSpacing(px(12))
        self.column.setSpacing(px(6))
        self.lay_out()


class BarArea(QScrollArea):
    """All such lines, in the column of text; in a low window they leave room to the page."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bars: list[QWidget] = []
        self._content = Column(theme, frame=self)
        self._content.set_padding(0, 4)
        self._content.body.setSpacing(theme.px(8))
        self._content.installEventFilter(self)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        self.setWidget(self._content)
        self._content.setAutoFillBackground(False)
        self.fit()

    def add(self, bar: QWidget) -> None:
        """One more line."""
        self._content.body.addWidget(bar)
        self._bars.append(bar)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrower is taller."""
        super().resizeEvent(event)
        self.fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A line came or went, or says something else."""
        if watched is self._content and event.type() == QEvent.Type.LayoutRequest:
            self.fit()
        return super().eventFilter(watched, event)

    def fit(self) -> None:
        """Be as tall as the lines, unless the window is too low for that."""
        shown = any(not bar.isHidden() for bar in self._bars)
        wanted = self._content.heightForWidth(self.width()) if shown else self._theme.px(4)
        whole = self.window().height()
        most = max(self._theme.px(60), min(round(whole * _SHARE), whole - self._theme.px(_REST)))
        if self.height() != min(wanted, most) or self.maximumHeight() != min(wanted, most):
            self.setFixedHeight(min(wanted, most))
