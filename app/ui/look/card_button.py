"""A card that is a button: a line of text, and a smaller one below it."""

from __future__ import annotations

import html

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Label


class CardButton(Button):
    """Wraps its words rather than cutting them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "example", parent=parent)
        self._first = Label(theme, "body")
        self._second = Label(theme, "small", "muted")
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._first)
        self._column.addWidget(self._second)
        self._column.addStretch(1)  # a taller neighbour leaves the words at the top
        for label in (self._first, self._second):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._fit()
        theme.changed.connect(self._fit)

    def show_texts(
        self, first: str, second: str = "", marks: tuple[tuple[int, int], ...] = ()
    ) -> None:
        """Say something; a second line that says the same is left out.

        Args:
            first: The larger line.
            second: The smaller one.
            marks: Where bold words begin and end in it.
        """
        self._first.setText(first)
        plain = Qt.TextFormat.PlainText
        self._second.setTextFormat(Qt.TextFormat.RichText if marks else plain)
        self._second.setText(_with_bold(second, marks) if marks else second)
        twice = second in ("", first)
        self._second.setVisible(not twice)
        self.setAccessibleName(first if twice else f"{first} ({second})")
        self._fit()

    def hasHeightForWidth(self) -> bool:
        """A long text needs two lines in a narrow window."""
        return True

    def heightForWidth(self, width: int) -> int:
        """As tall as its words."""
        return self._column.totalHeightForWidth(width)

    def sizeHint(self) -> QSize:
        """As tall as its words."""
        return QSize(self._theme.px(320), self.heightForWidth(max(self.width(), 320)))

    def minimumSizeHint(self) -> QSize:
        """Wraps rather than being cut."""
        return QSize(self._theme.px(160), self.heightForWidth(max(self.width(), 160)))

    def _fit(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(22), px(14), px(22), px(14))
        self._column.setSpacing(px(3))
        self.updateGeometry()


def _with_bold(text: str, marks: tuple[tuple[int, int], ...]) -> str:
    parts, at = [], 0
    for start, end in marks:
        parts.append(html.escape(text[at:start]))
        parts.append(f"<b>{html.escape(text[start:end])}</b>")
        at = end
    return "".join(parts) + html.escape(text[at:])
