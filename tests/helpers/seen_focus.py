"""Whether it can be seen where the keyboard is."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTextEdit, QWidget

from tests.helpers.seen_pixels import (
    RATIO,
    Pixels,
    described,
    drawn,
    in_sight,
    limits,
    luminance,
    packed,
)

_PATIENCE_MS = 2_000


def focus_faults(window: QWidget, scheme: str) -> list[str]:
    """Controls whose focus is not seen: too few pixels change, or they change too little."""
    found = []
    window.activateWindow()  # a menu or a question was
    for widget in _walk(window):
        if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus or not widget.isEnabled():
            continue
        if isinstance(widget, QTextEdit):
            continue  # text that can be selected shows a caret
        changed = _changed_by_focus(window, widget, scheme)
        if changed is None:
            continue
        wanted = (widget.width() + widget.height()) * RATIO  # half of the way around it, one thick
        if changed < wanted:
            found.append(f"focus is hardly seen ({changed} of {wanted}): {described(widget)}")
    return found


def _changed_by_focus(window: QWidget, widget: QWidget, scheme: str) -> int | None:
    """Pixels that look otherwise while the keyboard is there; None where all of it moves."""
    # A display without a window manager tells late, or not at all, which window is in front.
    QTest.qWaitForWindowActive(window, _PATIENCE_MS)
    widget.setFocus(Qt.FocusReason.TabFocusReason)  # which may scroll it into sight
    _settle()
    after = _around(window, widget)
    # As when a menu opens: a field that closes when one goes elsewhere stays.
    window.setFocus(Qt.FocusReason.PopupFocusReason)
    _settle()
    before = _around(window, widget)
    if before.shape != after.shape:
        return None
    return _changed(before, after, limits(scheme).line)


def _walk(window: QWidget) -> list[QWidget]:
    """From where the keyboard is: a field for a name closes when one goes far from it."""
    first = window.focusWidget()
    row = first.parentWidget() if first is not None else None
    return sorted(
        in_sight(window), key=lambda one: (one is not first, row is None or one.parent() is not row)
    )


def _settle() -> None:
    QApplication.processEvents()


def _around(window: QWidget, widget: QWidget) -> Pixels:
    place = QRect(widget.mapTo(window, QPoint()), widget.size()).adjusted(-32, -32, 32, 32)
    return drawn(window, place.intersected(window.rect()))


def _changed(before: Pixels, after: Pixels, least: float) -> int:
    light = [luminance(packed(image)) for image in (before, after)]
    bright, dim = np.maximum(*light), np.minimum(*light)
    return int(np.count_nonzero((bright + 0.05) / (dim + 0.05) >= least))
