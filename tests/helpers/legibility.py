"""Whether what a window shows can be read and pressed: measured in its pixels and its geometry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from tests.helpers.seen_lines import look_at_lines
from tests.helpers.seen_pixels import drawn, limits
from tests.helpers.seen_places import look_at_room, look_at_targets
from tests.helpers.seen_words import look_at_words


@dataclass(frozen=True, slots=True)
class Look:
    """What was looked at in a window.

    Attributes:
        texts: How many texts and icons.
        lines: How many lines that carry meaning, each side of an outline by itself.
        targets: How many controls.
        faults: What cannot be read or pressed as it should be.
    """

    texts: int
    lines: int
    targets: int
    faults: tuple[str, ...]


def look_at(window: QWidget, scheme: str) -> Look:
    """Look at everything that shows."""
    pixels, least = drawn(window), limits(scheme)
    words = list(look_at_words(window, pixels, least))
    lines = list(look_at_lines(window, pixels, least))
    targets = list(look_at_targets(window))
    room = list(look_at_room(window))
    faults = _told(words), _told(lines), _told(targets), _told(room)
    return Look(len(words), len(lines), len(targets), sum(faults, ()))


def _told(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(told for told in found if told)
