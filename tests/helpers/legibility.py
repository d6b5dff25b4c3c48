"""Whether what a window shows can be read and pressed: measured in its pixels and its geometry.

Contrast is taken from the picture, not from the tokens: the ground of a text is the commonest
colour of its rectangle, its ink the colour that differs most from it. The window is drawn at three
times its size for that, so that also thin strokes have pixels of their full colour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QRegion, QTextBlock, QTextLine
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QTextEdit,
    QWidget,
)

from app.ui.chats.chat_row import ChatButton

TARGET_PX = 44
RATIO = 3
Pixels = NDArray[np.uint8]
_ELIDED = "…"
_SLACK_PX = 2


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
    colours, counts = np.unique(_packed(pixels), return_counts=True)
    light = _luminance(colours)
    ground = light[int(np.argmax(counts))]
    return float(np.max(_ratio(light, ground)))


def _packed(pixels: Pixels) -> NDArray[np.uint32]:
    """One number a pixel."""
    wide = pixels.astype(np.uint32)
    return (wide[..., 0] * 65536 + wide[..., 1] * 256 + wide[..., 2]).astype(np.uint32)


def _luminance(colours: NDArray[np.uint32]) -> NDArray[np.float64]:
    channels = np.stack([colours >> shift & 255 for shift in (16, 8, 0)]) / 255.0
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    result: NDArray[np.float64] = np.tensordot([0.2126, 0.7152, 0.0722], linear, axes=1)
    return result


def _ratio(light: NDArray[np.float64], ground: float) -> NDArray[np.float64]:
    bright, dim = np.maximum(light, ground), np.minimum(light, ground)
    result: NDArray[np.float64] = (bright + 0.05) / (dim + 0.05)
    return result


def faults(window: QWidget, scheme: str) -> list[str]:
    """Everything that cannot be read or pressed as it should be."""
    pixels = drawn(window)
    found = [*_unreadable(window, pixels, limits(scheme)), *_cut_off(window), *_too_small(window)]
    return [*found, *_overlapping(window)]


def in_sight(window: QWidget) -> list[QWidget]:
    """Widgets of which something shows."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible() and not widget.visibleRegion().isEmpty()
    ]


def described(widget: QWidget) -> str:
    """A line that finds it again."""
    words = widget.accessibleName() or (
        widget.text() if isinstance(widget, (QLabel, QAbstractButton)) else ""
    )
    place = QRect(widget.mapTo(widget.window(), QPoint()), widget.size())
    where = f"{place.x()},{place.y()} {place.width()}x{place.height()}"
    return f"{type(widget).__name__} “{words[:50]}” at {where}"


def _unreadable(window: QWidget, pixels: Pixels, least: Limits) -> Iterator[str]:
    for widget in in_sight(window):
        if not widget.isEnabled():
            continue  # what cannot be used is exempt, WCAG 2.2, 1.4.3
        for rect, wanted in _places(widget, least):
            seen = rect.intersected(widget.visibleRegion().boundingRect())
            if seen.width() < 4 or seen.height() < max(4, rect.height() * 0.8):
                continue  # scrolled half out of sight
            ratio = contrast_in(_part(pixels, seen.translated(widget.mapTo(window, QPoint()))))
            if ratio < wanted:
                yield f"contrast {ratio:.2f} < {wanted}: {described(widget)}"


def _places(widget: QWidget, least: Limits) -> Iterator[tuple[QRect, float]]:
    """Rectangles in a widget in which something has to be seen, and how well."""
    if isinstance(widget, QLabel):
        yield from _places_of_label(widget, least)
    elif isinstance(widget, QAbstractButton):
        if widget.text():
            yield _words_of(widget), _text_limit(widget, least)
        elif not widget.icon().isNull():
            yield widget.rect().adjusted(4, 4, -4, -4), least.line
    elif isinstance(widget, (QLineEdit, QComboBox)):
        if _says_something(widget):
            yield widget.rect().adjusted(14, 6, -14, -6), least.text
    elif isinstance(widget, QTextEdit):
        for rect in _runs(widget):
            yield rect, least.text


def _places_of_label(label: QLabel, least: Limits) -> Iterator[tuple[QRect, float]]:
    if label.text().strip():
        yield label.contentsRect(), _text_limit(label, least)
    elif not label.pixmap().isNull() and label.accessibleName():
        yield label.rect(), least.line


def _says_something(field: QLineEdit | QComboBox) -> bool:
    return isinstance(field, QComboBox) or bool(field.text() or field.placeholderText())


def _text_limit(widget: QWidget, least: Limits) -> float:
    """WCAG calls text large from 18 points on, bold text from 14 on."""
    font = widget.font()
    large = font.pointSizeF() >= 18 or (font.bold() and font.pointSizeF() >= 14)
    return least.large if large and least is AA else least.text


def _words_of(button: QAbstractButton) -> QRect:
    """Where a button's words are, its icon and its frame left out."""
    inside = button.rect().adjusted(6, 4, -6, -4)
    if not button.icon().isNull():
        width = button.iconSize().width() + 4
        trailing = button.layoutDirection() == Qt.LayoutDirection.RightToLeft
        words = button.fontMetrics().horizontalAdvance(button.text())
        # The pair stands in the middle, or at the left: leave the whole of the icon's way out.
        if inside.width() - width - words < 24:
            return inside.adjusted(0, 0, -width, 0) if trailing else inside.adjusted(width, 0, 0, 0)
    return inside


def _runs(view: QTextEdit) -> Iterator[QRect]:
    """The rectangle of each run of one format that shows, in the widget."""
    seen = view.viewport().visibleRegion().boundingRect()
    offset = view.viewport().pos() - QPoint(
        view.horizontalScrollBar().value(), view.verticalScrollBar().value()
    )
    block = view.document().begin()
    while block.isValid():
        if block.isVisible() and block.layout() is not None:
            for rect in _runs_of_block(block):
                moved = rect.toAlignedRect().translated(offset)
                if seen.translated(view.viewport().pos()).contains(moved):
                    yield moved
        block = block.next()


def _runs_of_block(block: QTextBlock) -> Iterator[QRectF]:
    layout = block.layout()
    place = block.document().documentLayout().blockBoundingRect(block).topLeft()
    run = block.begin()
    while not run.atEnd():
        fragment = run.fragment()
        run += 1
        if not fragment.text().strip() or "￼" in fragment.text():
            continue
        start, end = fragment.position() - block.position(), 0
        end = start + fragment.length()
        for number in range(layout.lineCount()):
            line = layout.lineAt(number)
            first = max(start, line.textStart())
            last = min(end, line.textStart() + line.textLength())
            if first < last:
                left, right = _x(line, first), _x(line, last)
                rect = QRectF(min(left, right), line.y(), abs(right - left), line.height())
                yield rect.translated(place)


def _x(line: QTextLine, position: int) -> float:
    found = line.cursorToX(position)
    return float(found[0] if isinstance(found, tuple) else found)  # type: ignore[arg-type]


def _part(pixels: Pixels, rect: QRect) -> Pixels:
    rows = slice(max(0, rect.top() * RATIO), (rect.bottom() + 1) * RATIO)
    return pixels[rows, max(0, rect.left() * RATIO) : (rect.right() + 1) * RATIO]


def _cut_off(window: QWidget) -> Iterator[str]:
    for widget in in_sight(window):
        words = _words_needed(widget)
        if words is not None and (
            words[0] > widget.width() + _SLACK_PX or words[1] > widget.height() + _SLACK_PX
        ):
            yield f"cut off, needs {words[0]}x{words[1]}: {described(widget)}"
        if isinstance(widget, (QLabel, QAbstractButton, QLineEdit, QComboBox, QSlider)):
            yield from _outside(window, widget)


def _words_needed(widget: QWidget) -> tuple[int, int] | None:
    if isinstance(widget, QLabel) and widget.text():
        if widget.wordWrap():
            return 0, widget.heightForWidth(widget.width())
        if _ELIDED in widget.text() or widget.sizePolicy().horizontalPolicy().name == "Ignored":
            return None
        hint = widget.sizeHint()
        return hint.width(), hint.height()
    if isinstance(widget, QAbstractButton) and widget.text() and not _shortens(widget):
        metrics = widget.fontMetrics()
        icon = 0 if widget.icon().isNull() else widget.iconSize().width() + 4
        width = metrics.horizontalAdvance(widget.text().replace("&&", "&")) + icon
        return width + 8, metrics.height() + 2
    return None


def _shortens(button: QAbstractButton) -> bool:
    """A row of a list, as narrow as it is made, ends its title with an ellipsis."""
    return (
        _ELIDED in button.text() or button.parentWidget() is None or isinstance(button, ChatButton)
    )


def _outside(window: QWidget, widget: QWidget) -> Iterator[str]:
    """It reaches over the edge of what it is in; what can be scrolled to may do so downwards."""
    parent, rect = widget.parentWidget(), widget.geometry()
    while parent is not None:
        room = parent.rect().adjusted(-_SLACK_PX, -_SLACK_PX, _SLACK_PX, _SLACK_PX)
        if not room.contains(rect):
            sideways = rect.left() < room.left() or rect.right() > room.right()
            area = parent.parentWidget()
            scrolled = isinstance(area, QAbstractScrollArea) and area.viewport() is parent
            if not scrolled or (sideways and not _scrolls_sideways(area)):
                yield f"outside of {type(parent).__name__}: {described(widget)}"
            return
        if parent is window:
            return
        rect = QRect(parent.mapToParent(rect.topLeft()), rect.size())
        parent = parent.parentWidget()


def _scrolls_sideways(area: QWidget | None) -> bool:
    return isinstance(area, QAbstractScrollArea) and area.horizontalScrollBar().maximum() > 0


def _too_small(window: QWidget) -> Iterator[str]:
    for control in in_sight(window):
        if not isinstance(control, (QAbstractButton, QLineEdit, QComboBox, QSlider)):
            continue
        bare = isinstance(control, QLineEdit) and control.property("bare")
        frame = control.parentWidget() if bare else None  # its frame takes the clicks, too
        widget = frame or control
        if widget.width() < TARGET_PX or widget.height() < TARGET_PX:
            yield f"smaller than {TARGET_PX} px: {described(widget)}"


def _overlapping(window: QWidget) -> Iterator[str]:
    """Words over words, or a button over another one."""
    told = [
        (widget, QRect(widget.mapTo(window, QPoint()), widget.size()))
        for widget in in_sight(window)
        if isinstance(widget, (QLabel, QAbstractButton, QLineEdit, QPlainTextEdit))
        and (not isinstance(widget, QLabel) or widget.text())
    ]
    for (one, first), (other, second) in combinations(told, 2):
        common = first.intersected(second)
        if common.width() <= _SLACK_PX or common.height() <= _SLACK_PX:
            continue
        if one.isAncestorOf(other) or other.isAncestorOf(one):
            continue
        if isinstance(one, ChatButton) and first.contains(second) and not other.property("text"):
            continue  # a row's own menu, for which its words leave room
        seen = one.visibleRegion().boundingRect().translated(one.mapTo(window, QPoint()))
        also = other.visibleRegion().boundingRect().translated(other.mapTo(window, QPoint()))
        both = seen.intersected(also)
        if both.width() > _SLACK_PX and both.height() > _SLACK_PX:
            yield f"overlap: {described(one)} and {described(other)}"


def focus_faults(window: QWidget, scheme: str) -> list[str]:
    """Controls whose focus is not seen: too few pixels change, or they change too little."""
    found = []
    for widget in in_sight(window):
        if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus or not widget.isEnabled():
            continue
        if isinstance(widget, QTextEdit):
            continue  # text that can be selected shows a caret
        window.setFocus()
        _settle()
        before = _around(window, widget)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        _settle()
        after = _around(window, widget)
        if before.shape != after.shape:
            continue
        changed = _changed(before, after, limits(scheme).line)
        wanted = (widget.width() + widget.height()) * RATIO  # half of the way around it, one thick
        if changed < wanted:
            found.append(f"focus is hardly seen ({changed} of {wanted}): {described(widget)}")
    return found


def _settle() -> None:
    QApplication.processEvents()


def _around(window: QWidget, widget: QWidget) -> Pixels:
    place = QRect(widget.mapTo(window, QPoint()), widget.size()).adjusted(-32, -32, 32, 32)
    return drawn(window, place.intersected(window.rect()))


def _changed(before: Pixels, after: Pixels, least: float) -> int:
    light = [_luminance(_packed(image)) for image in (before, after)]
    bright, dim = np.maximum(*light), np.minimum(*light)
    return int(np.count_nonzero((bright + 0.05) / (dim + 0.05) >= least))
