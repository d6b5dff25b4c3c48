"""Whether everything has the room it needs: nothing cut off, outside, too small or covered."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QSlider,
    QWidget,
)

from app.ui.chats.row_widgets import RowButton
from app.ui.look.switch import Switch
from tests.helpers.seen_pixels import described, floats, in_sight

TARGET_PX = 44
_ELIDED = "…"
_SLACK_PX = 2


def look_at_room(window: QWidget) -> Iterator[str]:
    """What is cut off, reaches outside, or covers something else."""
    yield from _cut_off(window)
    yield from _overlapping(window)


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
    if isinstance(widget, Switch):
        return 0, widget.heightForWidth(widget.width())
    if isinstance(widget, QAbstractButton) and widget.text() and not _shortens(widget):
        metrics = widget.fontMetrics()
        icon = 0 if widget.icon().isNull() else widget.iconSize().width() + 4
        width = metrics.horizontalAdvance(widget.text().replace("&&", "&")) + icon
        return width + 8, metrics.height() + 2
    return None


def _shortens(button: QAbstractButton) -> bool:
    """A row of a list, as narrow as it is made, ends its title with an ellipsis."""
    return (
        _ELIDED in button.text() or button.parentWidget() is None or isinstance(button, RowButton)
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
    return isinstance(area, QAbstractScrollArea) and area.horizontalScrollBar().isVisible()


def look_at_targets(window: QWidget) -> Iterator[str]:
    """For each control what is wrong with its size, "" for nothing."""
    if isinstance(window, QMenu):
        yield from _entries(window)
    for control in in_sight(window):
        if not isinstance(control, (QAbstractButton, QLineEdit, QComboBox, QSlider)):
            continue
        bare = isinstance(control, QLineEdit) and control.property("bare")
        frame = control.parentWidget() if bare else None  # its frame takes the clicks, too
        widget = frame or control
        small = widget.width() < TARGET_PX or widget.height() < TARGET_PX
        yield f"smaller than {TARGET_PX} px: {described(widget)}" if small else ""


def _entries(menu: QMenu) -> Iterator[str]:
    """Of a menu, which has no widget for each of them."""
    for action in menu.actions():
        if action.isSeparator():
            continue
        place, name = menu.actionGeometry(action), action.text()
        words = menu.fontMetrics().horizontalAdvance(name.replace("&&", "&"))
        if place.height() < TARGET_PX:
            yield f"smaller than {TARGET_PX} px: entry “{name}” {place.width()}x{place.height()}"
        elif words > place.width() or not menu.rect().contains(place):
            yield f"cut off: entry “{name}”"
        else:
            yield ""


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
        if floats(one) or floats(other):
            continue
        if isinstance(one, RowButton) and first.contains(second) and not other.property("text"):
            continue  # a row's own menu, for which its words leave room
        seen = one.visibleRegion().boundingRect().translated(one.mapTo(window, QPoint()))
        also = other.visibleRegion().boundingRect().translated(other.mapTo(window, QPoint()))
        both = seen.intersected(also)
        if both.width() > _SLACK_PX and both.height() > _SLACK_PX:
            yield f"overlap: {described(one)} and {described(other)}"
