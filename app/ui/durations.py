"""Waiting times in words, never more exact than they are."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication

_MINUTE_S = 60


def about(seconds: float) -> str:
    """Such as "about 6 seconds" or "about 4 minutes"."""
    if seconds < _MINUTE_S - 5:
        step = 1 if seconds < 10 else 5
        rounded = max(1, math.ceil(seconds / step) * step)
        return QCoreApplication.translate("Durations", "about %n second(s)", None, rounded)
    minutes = max(1, round(seconds / _MINUTE_S))
    return QCoreApplication.translate("Durations", "about %n minute(s)", None, minutes)


def so_far(seconds: float) -> str:
    """Such as "8 seconds so far"."""
    return QCoreApplication.translate("Durations", "%n second(s) so far", None, int(seconds))
