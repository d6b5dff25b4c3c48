"""Waiting times in words, never more exact than they are."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject

_MINUTE_S = 60


class Durations(QObject):
    """Speaks the language that is on; a QObject so that plural forms are collected."""

    def about(self, seconds: float) -> str:
        """Such as "about 6 seconds" or "about 4 minutes"."""
        if seconds < _MINUTE_S - 5:
            step = 1 if seconds < 10 else 5
            rounded = max(1, math.ceil(seconds / step) * step)
            return self.tr("about %n second(s)", "", rounded)
        minutes = max(1, round(seconds / _MINUTE_S))
        return self.tr("about %n minute(s)", "", minutes)

    def so_far(self, seconds: float) -> str:
        """Such as "8 seconds so far"."""
        whole = int(seconds)
        return self.tr("%n second(s) so far", "", whole)

    def thought_for(self, seconds: float) -> str:
        """Such as "Thought for 4 seconds"."""
        whole = max(1, round(seconds))
        if whole < 2 * _MINUTE_S:
            return self.tr("Thought for %n second(s)", "", whole)
        return self.tr("Thought for %n minute(s)", "", round(whole / _MINUTE_S))
