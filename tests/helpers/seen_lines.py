"""Whether lines that carry meaning stand out: WCAG 2.2, 1.4.11.

Outlines of fields and buttons, tracks of sliders and switches, handles of scroll bars, the rules of
tables, the dots under what is doubted. Hairlines around cards only decorate.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QTextBlock, QTextTable
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollBar,
    QSlider,
    QTextEdit,
    QWidget,
)

from app.ui.look.switch import Switch
from tests.helpers.seen_pixels import (
    RATIO,
    Limits,
    Pixels,
    contrast_in,
    described,
    floating,
    floats,
    in_sight,
    luminance,
    packed,
    part_of,
    ratio,
)
from tests.helpers.seen_text import blocks_of, fragments_of, offset_of

_FRAMES = ("field", "search", "alert")
_WITHOUT_OUTLINE = ("quiet", "icon", "row")  # their words or their icon tell them
_OUTSIDE_PX, _INSIDE_PX = 2, 4
_LEAST_RULE = 0.6  # of the height of a table, whose rectangle reaches beyond its rules
_LEAST_DOTS = 0.2  # of the length of a row of dots, which are two thirds gap


def look_at_lines(window: QWidget, pixels: Pixels, least: Limits) -> Iterator[str]:
    """For each line what is wrong with it, "" for nothing."""
    above = floating(window)
    for widget in in_sight(window):
        place = QRect(widget.mapTo(window, QPoint()), widget.size())
        covered = not floats(widget) and any(place.intersects(other) for other in above)
        if not widget.isEnabled() or (covered and isinstance(widget, QAbstractButton)):
            continue
        for name, seen in _lines_of(window, widget, pixels, least.line):
            poor = seen < least.line
            told = f"{name} {seen:.2f} < {least.line}: {described(widget)}"
            yield told if poor else ""


def _lines_of(
    window: QWidget, widget: QWidget, pixels: Pixels, least: float
) -> Iterator[tuple[str, float]]:
    """What each line of a widget is, and its contrast."""
    corner = widget.mapTo(window, QPoint())
    shown = widget.visibleRegion().boundingRect()
    if _is_outlined(widget) and shown == widget.rect():
        yield from _sides(pixels, widget.rect().translated(corner))
    elif isinstance(widget, (Switch, QSlider, QScrollBar)) and shown == widget.rect():
        yield "track or handle", contrast_in(part_of(pixels, _track(widget).translated(corner)))
    elif isinstance(widget, QTextEdit):
        for name, rect in _lines_of_text(widget):
            seen = rect.intersected(shown)
            if any(seen.translated(corner).intersects(other) for other in floating(window)):
                continue
            if seen.height() < rect.height() or seen.width() < rect.width():
                continue
            part = part_of(pixels, seen.translated(corner))
            yield name, _rule(part) if name == "rule" else _dots(part, least)


def _is_outlined(widget: QWidget) -> bool:
    if isinstance(widget, QPushButton):
        return widget.property("kind") not in _WITHOUT_OUTLINE
    if isinstance(widget, (QLineEdit, QComboBox, QProgressBar)):
        return not widget.property("bare")
    return widget.property("card") in _FRAMES


def _track(widget: QWidget) -> QRect:
    """Where the shape of a control is that has no outline of its own."""
    if isinstance(widget, QAbstractButton):
        return widget.rect().adjusted(0, 0, 0, 0).intersected(QRect(0, 0, 44, widget.height()))
    return widget.rect()


def _sides(pixels: Pixels, rect: QRect) -> Iterator[tuple[str, float]]:
    """Contrast of an outline with what is outside of it, in the middle of each side."""
    x, y = rect.center().x(), rect.center().y()
    reach, depth = _OUTSIDE_PX, _INSIDE_PX
    strips = {
        "left": (QRect(rect.left() - reach, y - 1, reach + depth, 3), 1, False),
        "right": (QRect(rect.right() + 1 - depth, y - 1, reach + depth, 3), 1, True),
        "top": (QRect(x - 1, rect.top() - reach, 3, reach + depth), 0, False),
        "bottom": (QRect(x - 1, rect.bottom() + 1 - depth, 3, reach + depth), 0, True),
    }
    whole = QRect(0, 0, pixels.shape[1] // RATIO, pixels.shape[0] // RATIO)
    for name, (strip, axis, turned) in strips.items():
        if not whole.contains(strip):
            continue
        lights = luminance(packed(part_of(pixels, strip)))
        across = lights if axis else lights.T
        across = across[:, ::-1] if turned else across
        found = [float(np.max(ratio(line, line[0]))) for line in across]
        yield f"{name} outline", float(np.median(found))


def _against_ground(pixels: Pixels) -> NDArray[np.float64]:
    lights = luminance(packed(pixels))
    values, counts = np.unique(lights, return_counts=True)
    return ratio(lights, values[int(np.argmax(counts))])


def _rule(pixels: Pixels) -> float:
    """Contrast of the clearest line from top to bottom."""
    ratios = np.quantile(_against_ground(pixels), 1 - _LEAST_RULE, axis=0)
    return float(np.max(ratios))


def _dots(pixels: Pixels, least: float) -> float:
    """Contrast of a row of dots: of its best row of pixels, where that has enough of them."""
    ratios = _against_ground(pixels)
    shares = np.mean(ratios >= least, axis=1)
    best = int(np.argmax(shares))
    return float(np.max(ratios[best])) if shares[best] >= _LEAST_DOTS else 1.0


def _lines_of_text(view: QTextEdit) -> Iterator[tuple[str, QRect]]:
    offset = offset_of(view)
    layout = view.document().documentLayout()
    for frame in view.document().rootFrame().childFrames():
        if isinstance(frame, QTextTable):
            yield "rule", layout.frameBoundingRect(frame).toAlignedRect().translated(offset)
    for block in blocks_of(view):
        for rect in _doubted(block):
            yield "dots", rect.toAlignedRect().translated(offset)


def _doubted(block: QTextBlock) -> Iterator[QRectF]:
    """Below the words of a block that have a remark, where the dots are."""
    layout = block.layout()
    place = block.document().documentLayout().blockBoundingRect(block).topLeft()
    for fragment in fragments_of(block):
        form = fragment.charFormat()
        if not form.toolTip() or form.isAnchor():
            continue
        start = fragment.position() - block.position()
        line = layout.lineForTextPosition(start)
        if not line.isValid() or start + fragment.length() > line.textStart() + line.textLength():
            continue  # it goes on in the next line
        left, right = (
            float(line.cursorToX(at)[0])  # type: ignore[index]
            for at in (start, start + fragment.length())
        )
        top = line.y() + line.ascent()
        yield QRectF(left, top, right - left, line.height() - line.ascent() + 4).translated(place)
