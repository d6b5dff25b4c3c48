"""How much the widgets of a conversation show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manner:
    """What is the same for every message of a conversation.

    Attributes:
        simple: Few buttons; the rest is a right click away.
        mark_doubt: Underline what the model was unsure of.
    """

    simple: bool = False
    mark_doubt: bool = True
