"""A sentence with a small picture before it, below what it is about."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.ui.look.theme import Theme
from app.ui.look.widgets import IconLabel, Label


class NoteLine(QWidget):
    """One remark in small type.

    Args:
        theme: Colours and sizes.
        icon: Name of the picture.
        tone: Token of the colour of both.
        parent: Qt parent.
    """

    def __init__(
        self, theme: Theme, icon: str, tone: str = "doubt", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._picture = IconLabel(theme, icon, tone, 18)
        self._words = Label(theme, "small", tone)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addWidget(self._words, 1)
        theme.changed.connect(self._fit)
        self._fit()

    def words(self) -> str:
        """What it says."""
        return self._words.words()

    def say(self, text: str, spoken: str = "") -> None:
        """Show `text`; a screen reader says `spoken` where that tells more."""
        self._words.setText(text)
        self._words.setAccessibleName(spoken or text)

    def _fit(self) -> None:
        px = self._theme.px
        self._row.setContentsMargins(px(2), px(4), 0, px(4))
        self._row.setSpacing(px(9))
