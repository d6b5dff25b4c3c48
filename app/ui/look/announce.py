"""Asks a screen reader to say something that appeared where the keyboard is not."""

from __future__ import annotations

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget


def announce(place: QWidget, words: str, *, urgent: bool = False) -> None:
    """Let it be said, without moving anybody there.

    Args:
        place: What it belongs to.
        words: What is said.
        urgent: Whether it may interrupt what is being said.
    """
    event = QAccessibleAnnouncementEvent(place, words)
    politeness = QAccessible.AnnouncementPoliteness
    event.setPoliteness(politeness.Assertive if urgent else politeness.Polite)
    QAccessible.updateAccessibility(event)
