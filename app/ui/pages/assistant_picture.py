"""Choosing an assistant's picture: a file, and which part of it is shown."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QObject,
    QPointF,
    QRectF,
    QRunnable,
    QSize,
    Qt,
    QThreadPool,
    Signal,
)
from PySide6.QtGui import (
    QImage,
    QImageReader,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from app.services.assistant_file import PICTURE_PX
from app.ui.look.theme import Theme

READABLE = "*.png *.jpg *.jpeg *.webp *.bmp *.gif"
_SIDE = 240
_MOST_PX = 1024
_STEP = 0.04
_MOST_ZOOM = 4.0
_KEYS = {
    Qt.Key.Key_Left: (-_STEP, 0.0),
    Qt.Key.Key_Right: (_STEP, 0.0),
    Qt.Key.Key_Up: (0.0, -_STEP),
    Qt.Key.Key_Down: (0.0, _STEP),
}


def read_picture(path: Path) -> QImage:
    """A picture from a file, at most 1,024 pixels on a side; a null one if it is none."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > _MOST_PX:
        reader.setScaledSize(size.scaled(_MOST_PX, _MOST_PX, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()


class PictureLoader(QObject):
    """Reads pictures beside the window, which goes on meanwhile.

    Signals:
        loaded: The QImage, a null one where the file is no picture.
    """

    loaded = Signal(QImage)

    def load(self, path: Path) -> None:
        """Read a file; answered by `loaded`."""
        QThreadPool.globalInstance().start(_Reading(self, path))


class _Reading(QRunnable):
    def __init__(self, loader: PictureLoader, path: Path) -> None:
        super().__init__()
        self._loader, self._path = loader, path

    def run(self) -> None:
        image = read_picture(self._path)
        try:
            self._loader.loaded.emit(image)
        except RuntimeError:  # the window has gone
            return


class CropView(QWidget):
    """Shows a picture below a round window: drag it, move it with the arrow keys, make it larger.

    Signals:
        changed: Another part is shown.
    """

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._image = QImage()
        self._zoom = 1.0
        self._middle = QPointF(0.5, 0.5)
        self._dragged: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        theme.changed.connect(self._fit)
        self._fit()

    def set_image(self, image: QImage) -> None:
        """Show the middle of another picture."""
        self._image = image
        self._zoom, self._middle = 1.0, QPointF(0.5, 0.5)
        self.update()

    def set_zoom(self, share: float) -> None:
        """How large, from 0 (all of its shorter side) to 1 (four times that)."""
        self._zoom = _MOST_ZOOM**share
        self._move(0, 0)

    def png(self) -> bytes:
        """What is shown, as a PNG of 256 pixels."""
        result = QImage(PICTURE_PX, PICTURE_PX, QImage.Format.Format_RGBA8888)
        result.fill(Qt.GlobalColor.transparent)
        painter = QPainter(result)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(0, 0, PICTURE_PX, PICTURE_PX), self._image, self._part())
        painter.end()
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        result.save(buffer, "PNG")  # type: ignore[call-overload]
        return bytes(data.data())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys move what is shown."""
        step = _KEYS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._move(*step)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the picture."""
        self._dragged = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag it."""
        if self._dragged is not None:
            moved = event.position() - self._dragged
            self._dragged = event.position()
            self._move(-moved.x() / self.width(), -moved.y() / self.height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        del event
        self._dragged = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """The part that is shown, in a circle."""
        del event
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        whole = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        painter.setOpacity(0.3)
        painter.drawImage(whole, self._image, self._part())
        painter.setOpacity(1)
        circle = QPainterPath()
        circle.addEllipse(whole)
        painter.setClipPath(circle)
        painter.drawImage(whole, self._image, self._part())
        painter.setClipping(False)
        focused = self.hasFocus()
        painter.setPen(
            QPen(self._theme.color("accent" if focused else "edge"), 3 if focused else 1)
        )
        painter.drawEllipse(whole)

    def _part(self) -> QRectF:
        """Which part of the picture is shown, in its pixels."""
        width, height = self._image.width(), self._image.height()
        side = min(width, height) / self._zoom
        return QRectF(
            self._middle.x() * width - side / 2, self._middle.y() * height - side / 2, side, side
        )

    def _move(self, right: float, down: float) -> None:
        """By shares of what is shown; never past an edge."""
        width, height = self._image.width(), self._image.height()
        if not width or not height:
            return
        side = min(width, height) / self._zoom
        x = self._middle.x() * width + right * side
        y = self._middle.y() * height + down * side
        self._middle = QPointF(
            min(max(x, side / 2), width - side / 2) / width,
            min(max(y, side / 2), height - side / 2) / height,
        )
        self.update()
        self.changed.emit()

    def _fit(self) -> None:
        side = self._theme.px(_SIDE)
        self.setFixedSize(QSize(side, side))
