"""The keys: which there are, and what they do in the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

_KEYS: dict[str, tuple[QKeySequence.StandardKey | str, ...]] = {
    "new": (QKeySequence.StandardKey.New,),
    "earlier": (QKeySequence.StandardKey.Find, "Ctrl+K"),
    "stop": ("Esc",),
    "read": ("Ctrl+R",),
    "print": (QKeySequence.StandardKey.Print,),
    "larger": (QKeySequence.StandardKey.ZoomIn, "Ctrl+="),
    "smaller": (QKeySequence.StandardKey.ZoomOut,),
    "settings": ("Ctrl+,", QKeySequence.StandardKey.Preferences),
    "help": ("F1",),
}


def sequences(name: str) -> tuple[QKeySequence, ...]:
    """The keys of an action, the usual one first; without those this system does not have."""
    found: list[QKeySequence] = []
    for keys in _KEYS[name]:
        sequence = QKeySequence(keys)
        if not sequence.isEmpty() and sequence not in found:
            found.append(sequence)
    return tuple(found)


def spelled(name: str) -> str:
    """How the keys of an action are written on this system, "Ctrl+N" or "⌘N"."""
    return sequences(name)[0].toString(QKeySequence.SequenceFormat.NativeText)


def add_shortcuts(window: QWidget, actions: Mapping[str, Callable[[], object]]) -> None:
    """Let the keys do what they are for; every action that has keys must be given."""
    for name in _KEYS:
        for sequence in sequences(name):
            QShortcut(sequence, window).activated.connect(actions[name])
