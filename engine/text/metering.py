"""Counts what a chat template costs, and stops it before it costs too much.

A template arrives with a model file, from anywhere. Jinja's sandbox keeps it from reaching into
the program; nothing in it keeps a template from running for ever or from asking for a terabyte.
`Meter` does, without threads, signals or a second process: `sandbox` makes every loop turn, call,
filter, operator and piece of output pass through it.

Three budgets, all checked while the template runs:

- steps (loop turns, calls, operators, elements looked at) and wall time: what never ends;
- text written and text made: what grows by repetition;
- weight of a single value (elements and characters inside it, all levels): what grows by nesting,
  as a list of twice itself does. As no value is ever heavier than the limit, every built-in
  operation on one is short, and time is checked between any two of them.

The budgets grow with the conversation, so that a long one is not mistaken for an attack.
"""

from __future__ import annotations

import time
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from engine.errors import TemplateFailed

MAX_STEPS = 1_000_000
MAX_SECONDS = 1.0
MAX_DEPTH = 64
MAX_INT_BITS = 2048
_BASE_CHARS = 1_000_000
_MADE_CHARS = 30_000_000

_VIEWS = (KeysView, ValuesView, ItemsView)


class Meter:
    """The budgets of one rendering.

    Args:
        input_chars: Characters of the conversation.
        max_seconds: Wall time from now.
    """

    def __init__(self, input_chars: int = 0, max_seconds: float = MAX_SECONDS) -> None:
        self.max_chars = _BASE_CHARS + 8 * input_chars
        self._steps_left = MAX_STEPS + 4 * input_chars
        self._written_left = self.max_chars
        self._made_left = _MADE_CHARS + 64 * input_chars
        self._deadline = time.monotonic() + max_seconds

    def tick(self, steps: int = 1) -> None:
        """Spend steps. Raises TemplateFailed (reason: "too_slow")."""
        self._steps_left -= steps
        if self._steps_left < 0 or time.monotonic() > self._deadline:
            raise TemplateFailed(reason="too_slow")

    def write(self, chars: int) -> None:
        """Spend characters of output. Raises TemplateFailed (reason: "too_long")."""
        self.tick()
        self._written_left -= chars
        if self._written_left < 0:
            raise TemplateFailed(reason="too_long")

    def make(self, chars: int) -> None:
        """Spend characters of new text. Raises TemplateFailed (reason: "too_long")."""
        self._made_left -= chars
        if self._made_left < 0:
            raise TemplateFailed(reason="too_long")

    def allow(self, chars: int) -> None:
        """Ask whether a value of this weight may be made. Raises TemplateFailed ("too_long")."""
        if chars > self.max_chars:
            raise TemplateFailed(reason="too_long")

    def seal(self, value: Any) -> Any:  # noqa: ANN401 - whatever a template computes
        """Check a value that was just computed; every value a template holds went through here."""
        self.tick()
        if isinstance(value, str):
            self.allow(len(value))
            self.make(len(value))
        elif isinstance(value, list | tuple | dict):
            self.weigh(value)
        elif isinstance(value, _VIEWS):
            value = list(value)
            self.weigh(value)
        elif isinstance(value, int) and value.bit_length() > MAX_INT_BITS:
            raise TemplateFailed(reason="too_long")
        return value

    def weigh(self, value: Any) -> int:  # noqa: ANN401
        """Elements and characters in a value, all levels. Raises TemplateFailed ("too_long").

        Goes through shared parts as often as they occur, as everything that prints or compares
        the value would; stops at the limit, and at a depth of 64.
        """
        weight = 0
        stack: list[Iterator[Any]] = [iter((value,))]
        while stack:
            for item in stack[-1]:
                weight += 1 + len(item) if isinstance(item, str) else 1
                if weight > self.max_chars:
                    raise TemplateFailed(reason="too_long")
                inner = _elements(item)
                if inner is not None:
                    self.tick()
                    stack.append(inner)
                    break
                self._steps_left -= 1
            else:
                stack.pop()
            if len(stack) > MAX_DEPTH:
                raise TemplateFailed(reason="too_complex")
        return weight


def _elements(value: Any) -> Iterator[Any] | None:  # noqa: ANN401
    """What is inside a value, None when it holds nothing."""
    if isinstance(value, list | tuple):
        return iter(value)
    if isinstance(value, dict):
        return (part for pair in value.items() for part in pair)
    return None
