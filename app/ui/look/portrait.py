"""An assistant's picture: its own, the icon of a shipped one, or its first letter."""

from __future__ import annotations

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QRectF,
    QSize,
    Qt,
    QTextBoundaryFinder,
)
from PySide6.QtGui import (
    QColor,
    QIcon,
    QImage,
    QImageReader,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QLabel, QWidget

from app.core.records import Assistant
from app.ui.look.theme import Theme

_SHIPPED = {"letter": "letter", "explain": "lamp", "translate": "globe", "ask": "speech"}
_LARGEST_PX = 256


def decoded(picture: bytes) -> QImage:
    """The image of a PNG; a null one for anything else."""
    buffer = QBuffer()
    buffer.setData(QByteArray(picture))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"png"))
    reader.setAutoDetectImageFormat(False)
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > _LARGEST_PX:
        return QImage()
    return reader.read()


def portrait(theme: Theme, assistant: Assistant, size_px: int, density: float) -> QPixmap:
    """A round picture of an assistant.

    Args:
        theme: Colours.
        assistant: Whose.
        size_px: Width and height, in device-independent pixels.
        density: Of the screen.
    """
    pixmap = QPixmap(QSize(round(size_px * density), round(size_px * density)))
    pixmap.setDevicePixelRatio(density)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    circle = QRectF(0.75, 0.75, size_px - 1.5, size_px - 1.5)
    image = decoded(assistant.picture) if assistant.picture else QImage()
    if not image.isNull():
        path = QPainterPath()
        path.addEllipse(circle)
        painter.setClipPath(path)
        painter.drawImage(circle, image)
        painter.setClipping(False)
    else:
        painter.setBrush(theme.color("tint"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(circle)
        _draw_sign(painter, theme, assistant, size_px, density)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.tokens.edge), 1.2))
    painter.drawEllipse(circle)
    painter.end()
    return pixmap


def _draw_sign(
    painter: QPainter, theme: Theme, assistant: Assistant, size_px: int, density: float
) -> None:
    """The icon of a shipped one, the first letter of one's own."""
    name = _SHIPPED.get(assistant.key)
    if name is not None:
        side = round(size_px * 0.58)
        icon = theme.icon(name, "accent", side / max(1, theme.px(100)) * 100)
        corner = (size_px - side) / 2
        painter.drawPixmap(
            QRectF(corner, corner, side, side).toRect(),
            icon.pixmap(QSize(side, side), density),
        )
        return
    font = theme.font("name")
    font.setPixelSize(max(8, round(size_px * 0.46)))
    painter.setFont(font)
    painter.setPen(theme.color("accent"))
    box = QRectF(0, 0, size_px, size_px)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, initial(assistant.name))


def initial(name: str) -> str:
    """The first character of a name, with all that belongs to it, in capitals."""
    name = name.strip()
    finder = QTextBoundaryFinder(QTextBoundaryFinder.BoundaryType.Grapheme, name)
    end = finder.toNextBoundary()
    return name.encode("utf-16-le")[: max(0, end) * 2].decode("utf-16-le", "ignore").upper()


def portrait_icon(theme: Theme, assistant: Assistant, size_px: int, gap_px: int = 0) -> QIcon:
    """The same for buttons and menus, with empty room behind it to stand off the words."""
    whose = (assistant.picture, assistant.key, initial(assistant.name))
    return theme.drawn(
        (*whose, size_px, gap_px),
        lambda: _portrait_icon(theme, assistant, size_px, gap_px),
    )


def _portrait_icon(theme: Theme, assistant: Assistant, size_px: int, gap_px: int) -> QIcon:
    icon = QIcon()
    for density in theme.densities:
        drawn = portrait(theme, assistant, size_px, density)
        whole = QPixmap(QSize(drawn.width() + round(gap_px * density), drawn.height()))
        whole.setDevicePixelRatio(density)
        whole.fill(Qt.GlobalColor.transparent)
        painter = QPainter(whole)
        painter.drawPixmap(0, 0, drawn)
        painter.end()
        icon.addPixmap(whole)
    return icon


class Portrait(QLabel):
    """The picture beside a name; says nothing to a screen reader."""

    def __init__(self, theme: Theme, size: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._size = size
        self._assistant: Assistant | None = None
        theme.changed.connect(self._restyle)

    def show_assistant(self, assistant: Assistant) -> None:
        """Show somebody's picture."""
        self._assistant = assistant
        self._restyle()

    def _restyle(self) -> None:
        if self._assistant is not None:
            side = self._theme.px(self._size)
            self.setPixmap(portrait(self._theme, self._assistant, side, self.devicePixelRatio()))
            self.setFixedSize(side, side)
