"""The order in which Tab goes through what is on the screen."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.ui.look.in_sight import area_in


def chain(first: QWidget, stops: Iterable[QWidget]) -> None:
    """Let Tab go from `first` through `stops`, whatever the order they were made in."""
    policy = first.focusPolicy()
    first.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Qt puts nothing behind what takes no focus
    before = first
    for stop in stops:
        QWidget.setTabOrder(before, stop)
        before = stop
    first.setFocusPolicy(policy)


def next_seen(stops: Iterable[QWidget], viewport: QWidget, *, forward: bool) -> QWidget | None:
    """The first (else the last) of `stops` that can be seen and takes the focus."""
    seen = [stop for stop in stops if _takes_focus(stop) and is_seen(stop, viewport)]
    return (seen[0] if forward else seen[-1]) if seen else None


def is_seen(widget: QWidget, viewport: QWidget) -> bool:
    """Whether any of it is inside the viewport."""
    return area_in(widget, viewport).intersects(viewport.rect())


def _takes_focus(widget: QWidget) -> bool:
    wanted = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return wanted and widget.isVisible() and widget.isEnabled()
