"""Line icons from SVG files, drawn in the colour of a token."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.ui.look.resources import resource
from app.ui.look.tokens import Tokens


def icon(
    name: str, colour: str, size_px: int, gap_px: int = 0, densities: Iterable[float] = (1.0,)
) -> QIcon:
    """The icon `name` in `colour`, sharp on every screen there is.

    Args:
        name: File in `resources/icons`, without its ending.
        colour: "#RRGGBB".
        size_px: Height, in device-independent pixels.
        gap_px: Empty room after the drawing (before it when negative), to stand off a label.
        densities: Pixels of the screens for a device-independent one.
    """
    result = QIcon()
    for density in densities:
        result.addPixmap(icon_pixmap(name, colour, size_px, density, gap_px))
    return result


def icon_pixmap(name: str, colour: str, size_px: int, density: float, gap_px: int = 0) -> QPixmap:
    """One rendering of an icon, `size_px` high and `size_px + abs(gap_px)` wide."""
    return _render(_svg(name).replace("currentColor", colour), size_px, density, gap_px)


def mark(tokens: Tokens, size_px: int, density: float) -> QPixmap:
    """The arch and the lamp, in the colours of the scheme."""
    svg = _svg("mark")
    for placeholder, colour in (
        ("@accent", tokens.accent),
        ("@door", tokens.bg),
        ("@lamp", tokens.lamp),
    ):
        svg = svg.replace(placeholder, colour)
    return _render(svg, size_px, density)


def window_icon() -> QIcon:
    """The icon of the window and the task bar."""
    result = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        result.addPixmap(_render(_svg("alcove"), size, 1.0))
    return result


@lru_cache(maxsize=64)
def _svg(name: str) -> str:
    return resource("icons", f"{name}.svg").read_text("utf-8")


def _render(svg: str, size_px: int, density: float, gap_px: int = 0) -> QPixmap:
    pixels = round(size_px * density)
    gap = round(gap_px * density)
    pixmap = QPixmap(QSize(pixels + abs(gap), pixels))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(max(0, -gap), 0, pixels, pixels))
    painter.end()
    pixmap.setDevicePixelRatio(density)
    return pixmap
