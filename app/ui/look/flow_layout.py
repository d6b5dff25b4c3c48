"""Puts widgets in a row and goes on below when there is no room."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget, QWidgetItem

_ANY_PX = 16_777_215  # Qt's own limit, which PySide does not name


class FlowLayout(QLayout):
    """Left to right, then the next line.

    Args:
        parent: Whose children are laid out.
        spacing_px: Between neighbours and between lines.
        centred: Each line stands in the middle.
        filled: A line that holds everything is stretched from edge to edge.
    """

    def __init__(
        self, parent: QWidget, spacing_px: int, *, centred: bool = False, filled: bool = False
    ) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.gap = spacing_px
        self._centred = centred
        self._filled = filled
        self.setContentsMargins(0, 0, 0, 0)

    def addWidget(self, widget: QWidget) -> None:
        """Take one more, in an item that Python frees: Qt's own would outlive this layout."""
        self.addChildWidget(widget)
        self.addItem(QWidgetItem(widget))

    def addItem(self, item: QLayoutItem) -> None:
        """Take one more."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """One of them, None past the end."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Give one away."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Takes no more room than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Narrower is taller."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of all lines at this width."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Put everything in its place."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        """As one item wants it; more is used when it is there."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        """The largest item."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def line_width(self) -> int:
        """Room that everything needs to stand in one line."""
        return self._width([item for item in self._items if not item.isEmpty()])

    def fix_line(self, fixed: bool) -> None:
        """Whether what it lays out is as wide as one line, beside something else."""
        widget = self.parentWidget()
        if widget is None:
            return
        line = self.line_width()
        widget.setMinimumWidth(line if fixed else 0)
        widget.setMaximumWidth(line if fixed else _ANY_PX)

    def _place(self, area: QRect, *, move: bool) -> int:
        # Alternatives are all of one height.
        height = max(
            (item.sizeHint().height() for item in self._items if not item.isEmpty()), default=0
        )
        lines = self._lines(area.width())
        for number, line in enumerate(lines if move else []):
            spare = max(0, area.width() - self._width(line))
            more = spare // len(line) if self._filled and len(lines) == 1 else 0
            x = area.x() + (spare // 2 if self._centred and not more else 0)
            for item in line:
                size = QSize(item.sizeHint().width() + more, height)
                self._move(item, QRect(QPoint(x, area.y() + number * (height + self.gap)), size))
                x += size.width() + self.gap
        return len(lines) * (height + self.gap) - self.gap if lines else 0

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        for item in self._items:
            if item.isEmpty():
                continue
            if lines and self._width([*lines[-1], item]) <= width:
                lines[-1].append(item)
            else:
                lines.append([item])
        return lines

    def _width(self, line: list[QLayoutItem]) -> int:
        taken = sum(item.sizeHint().width() for item in line)
        return taken + self.gap * max(0, len(line) - 1)

    @staticmethod
    def _move(item: QLayoutItem, area: QRect) -> None:
        widget = item.widget()
        if widget is not None:
            widget.setGeometry(area)  # the item itself would keep a button at its own height
        else:
            item.setGeometry(area)
