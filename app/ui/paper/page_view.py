"""A picture of one page on a quiet ground: whole, or as wide as the window."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from app.core.errors import AppError
from app.ui.look.theme import Theme
from app.ui.paper.pages import Pages
from app.ui.paper.steps import Steps, Work

_BACK_KEYS = (Qt.Key.Key_PageUp, Qt.Key.Key_Left)
_ON_KEYS = (Qt.Key.Key_PageDown, Qt.Key.Key_Right)
_WIDEST, _LEAST = 900, 250  # given for 16 pt text


class PageView(QScrollArea):
    """Shows a page; its keys turn pages.

    Signals:
        turned: By so many pages.
    """

    turned = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pages: Pages | None = None
        self._number = 0
        self._large = False
        self._steps: Steps[QImage] | None = None
        self._paper = _Paper(theme)
        self.setWidget(self._paper)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAutoFillBackground(False)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._draw)
        theme.changed.connect(self._soon.start)

    def show_page(self, pages: Pages | None, number: int) -> None:
        """Show a page; None shows an empty sheet."""
        self._pages, self._number = pages, number
        if pages is None:
            self._paper.show_image(None)
        self.verticalScrollBar().setValue(0)
        self._soon.start()

    def set_large(self, large: bool) -> None:
        """As wide as there is room, or the whole sheet."""
        self._large = large
        self._soon.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw it in the new size."""
        super().resizeEvent(event)
        self._soon.start(30)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn pages; a page that is larger than the window is scrolled first."""
        bar = self.verticalScrollBar()
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        if plain and event.key() in _ON_KEYS:
            at_end = event.key() == Qt.Key.Key_Right or bar.value() == bar.maximum()
            self.turned.emit(1) if at_end else bar.setValue(bar.value() + bar.pageStep())
        elif plain and event.key() in _BACK_KEYS:
            at_start = event.key() == Qt.Key.Key_Left or bar.value() == bar.minimum()
            self.turned.emit(-1) if at_start else bar.setValue(bar.value() - bar.pageStep())
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Show where the keyboard is."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self.viewport())
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))

    def _size(self, pages: Pages) -> QSize:
        sheet, gap = pages.sheet, self._theme.px(12)
        ratio = sheet.height_pt / sheet.width_pt
        room = QSize(self.viewport().width() - 2 * gap, self.viewport().height() - 2 * gap)
        width = min(room.width(), self._theme.px(_WIDEST))
        if not self._large:
            # With large letters little room is left: rather scroll than see a stamp.
            least = min(width, self._theme.px(_LEAST))
            width = max(least, min(width, int(room.height() / ratio)))
        width = max(width, 120)
        return QSize(width, math.floor(width * ratio))

    def _draw(self) -> None:
        pages = self._pages
        if self._steps is not None:
            self._steps.stop()
        if pages is None or not pages.count or not self.isVisible():
            return
        work = _draw(pages, self._number, self._size(pages), self.devicePixelRatioF())
        self._steps = Steps(work, self._paper.show_image, _no_error, parent=self)


class _Paper(QWidget):
    """The sheet."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._image: QImage | None = None

    def show_image(self, image: QImage | None) -> None:
        self._image = image
        if image is not None:
            self.resize(image.deviceIndependentSize().toSize())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture with a thin edge."""
        del event
        painter = QPainter(self)
        area = QRectF(self.rect())
        painter.fillRect(area, QColor("white"))
        if self._image is not None:
            painter.drawImage(area, self._image)
        painter.setPen(QPen(self._theme.color("edge"), 1))
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))


def _draw(pages: Pages, number: int, size: QSize, ratio: float) -> Work[QImage]:
    image = QImage(size * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor("white"))
    painter = QPainter(image)
    try:
        for _ in pages.paint(painter, number, size.width() / pages.sheet.width_pt):
            yield 0.0
    finally:
        painter.end()
    return image


def _no_error(error: AppError) -> None:
    raise error  # painting into a picture fails only when we are wrong
