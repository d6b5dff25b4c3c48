"""A window as numbers: its pixels, their contrast after WCAG 2.2, and which widgets show.

Contrast is taken from the picture, not from the tokens. The window is drawn at three times its size
for that, so that also thin strokes have pixels of their full colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QRegion
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from app.ui.conversation.conversation import Conversation
from app.ui.frame.workspace import Workspace

RATIO = 3
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Limits:
    """Least contrasts: of text, of large text, of lines and icons that carry meaning."""

    text: float
    large: float
    line: float


AA = Limits(4.5, 3.0, 3.0)
AAA = Limits(7.0, 4.5, 4.5)


def limits(scheme: str) -> Limits:
    """AAA in high contrast, AA otherwise."""
    return AAA if scheme == "contrast" else AA


def drawn(window: QWidget, part: QRect | None = None) -> Pixels:
    """Pixels of the window or of a part of it, [height * RATIO, width * RATIO, red green blue]."""
    place = part if part is not None else window.rect()
    image = QImage(place.size() * RATIO, QImage.Format.Format_RGB888)
    image.setDevicePixelRatio(RATIO)
    image.fill(Qt.GlobalColor.magenta)
    window.render(image, QPoint(), QRegion(place))
    stride, rows = image.bytesPerLine(), image.height()
    flat = np.frombuffer(image.constBits(), np.uint8, stride * rows).reshape(rows, stride)
    return flat[:, : image.width() * 3].reshape(rows, image.width(), 3).copy()


def contrast_in(pixels: Pixels) -> float:
    """Between the commonest colour of a rectangle and the one that differs most from it."""
    if pixels.size == 0:
        return 1.0
    colours, counts = np.unique(packed(pixels), return_counts=True)
    light = luminance(colours)
    ground = light[int(np.argmax(counts))]
    return float(np.max(ratio(light, ground)))


def packed(pixels: Pixels) -> NDArray[np.uint32]:
    """One number a pixel."""
    wide = pixels.astype(np.uint32)
    return (wide[..., 0] * 65536 + wide[..., 1] * 256 + wide[..., 2]).astype(np.uint32)


def luminance(colours: NDArray[np.uint32]) -> NDArray[np.float64]:
    channels = np.stack([colours >> shift & 255 for shift in (16, 8, 0)]) / 255.0
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    result: NDArray[np.float64] = np.tensordot([0.2126, 0.7152, 0.0722], linear, axes=1)
    return result


def ratio(light: NDArray[np.float64], ground: float) -> NDArray[np.float64]:
    bright, dim = np.maximum(light, ground), np.minimum(light, ground)
    result: NDArray[np.float64] = (bright + 0.05) / (dim + 0.05)
    return result


def in_sight(window: QWidget) -> list[QWidget]:
    """Widgets of which something shows; not what is under a list that lies over the page."""
    covered = [space.page for space in window.findChildren(Workspace) if space.covers_page]
    return [
        widget
        for widget in (window, *window.findChildren(QWidget))
        if widget.isVisible()
        and not widget.visibleRegion().isEmpty()
        and not any(page.isAncestorOf(widget) for page in covered)
    ]


def floating(window: QWidget) -> list[QRect]:
    """Where a button lies over a conversation, which can be scrolled under it."""
    return [
        QRect(button.mapTo(window, QPoint()), button.size())
        for button in window.findChildren(QAbstractButton)
        if button.isVisible() and floats(button)
    ]


def floats(widget: QWidget) -> bool:
    """Whether it lies over the conversation."""
    ground = widget.parentWidget()
    return ground is not None and isinstance(ground.parentWidget(), Conversation)


def described(widget: QWidget) -> str:
    """A line that finds it again."""
    words = widget.accessibleName() or (
        widget.text() if isinstance(widget, (QLabel, QAbstractButton)) else ""
    )
    place = QRect(widget.mapTo(widget.window(), QPoint()), widget.size())
    where = f"{place.x()},{place.y()} {place.width()}x{place.height()}"
    return f"{type(widget).__name__} “{words[:50]}” at {where}"


def part_of(pixels: Pixels, rect: QRect) -> Pixels:
    rows = slice(max(0, rect.top() * RATIO), (rect.bottom() + 1) * RATIO)
    return pixels[rows, max(0, rect.left() * RATIO) : (rect.right() + 1) * RATIO]
