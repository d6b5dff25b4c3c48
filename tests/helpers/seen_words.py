"""Whether words and icons stand out from what they stand on.

The ground of a text is the commonest colour of its rectangle, its ink the colour that differs most
from it.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QTextBlock, QTextLine
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QTextEdit,
    QWidget,
)

from tests.helpers.seen_pixels import (
    AA,
    Limits,
    Pixels,
    contrast_in,
    described,
    floating,
    floats,
    in_sight,
    part_of,
)
from tests.helpers.seen_text import blocks_of, fragments_of, offset_of


def look_at_words(window: QWidget, pixels: Pixels, least: Limits) -> Iterator[str]:
    """For each text and icon what is wrong with it, "" for nothing."""
    above = floating(window)
    for widget in in_sight(window):
        if not widget.isEnabled():
            continue  # what cannot be used is exempt, WCAG 2.2, 1.4.3
        for rect, wanted in _places(widget, least):
            seen = rect.intersected(widget.visibleRegion().boundingRect())
            if seen.width() < 4 or seen.height() < max(4, rect.height() * 0.8):
                continue  # scrolled half out of sight
            place = seen.translated(widget.mapTo(window, QPoint()))
            if not floats(widget) and any(place.intersects(other) for other in above):
                continue
            ratio = contrast_in(part_of(pixels, place))
            yield (
                f"contrast {ratio:.2f} < {wanted}: {described(widget)}" if ratio < wanted else ""
            )


def _places(widget: QWidget, least: Limits) -> Iterator[tuple[QRect, float]]:
    """Rectangles in a widget in which something has to be seen, and how well."""
    if isinstance(widget, QLabel):
        yield from _places_of_label(widget, least)
    elif isinstance(widget, QMenu):
        yield from _places_of_menu(widget, least)
    elif isinstance(widget, QAbstractButton):
        if widget.text():
            yield _words_of(widget), _text_limit(widget, least)
        elif not widget.icon().isNull():
            yield widget.rect().adjusted(4, 4, -4, -4), least.line
    elif isinstance(widget, (QLineEdit, QComboBox)):
        if _says_something(widget):
            yield widget.rect().adjusted(14, 6, -14, -6), least.text
    elif isinstance(widget, QTextEdit):
        yield from ((rect, least.text) for rect in _runs(widget))


def _places_of_menu(menu: QMenu, least: Limits) -> Iterator[tuple[QRect, float]]:
    for action in menu.actions():
        if action.isEnabled() and not action.isSeparator():
            yield menu.actionGeometry(action), least.text


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
    offset = offset_of(view)
    for block in blocks_of(view):
        for rect in _runs_of_block(block):
            moved = rect.toAlignedRect().translated(offset)
            if seen.translated(view.viewport().pos()).contains(moved):
                yield moved


def _runs_of_block(block: QTextBlock) -> Iterator[QRectF]:
    layout = block.layout()
    place = block.document().documentLayout().blockBoundingRect(block).topLeft()
    for fragment in fragments_of(block):
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
