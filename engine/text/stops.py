"""Stop strings that may span tokens.

Text passes through; only what could still become a stop string is kept back. Where several stop
strings overlap, the one that is complete first ends the reply, so the result does not depend on
how the text was cut into tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import InvalidRequest


class StopFilter:
    """Watches one reply for stop strings.

    Args:
        stop_strings: Strings that end the reply, none of them empty.

    Raises:
        InvalidRequest: A stop string is empty (field: "stop").
    """

    def __init__(self, stop_strings: Sequence[str] = ()) -> None:
        if not all(stop_strings):
            raise InvalidRequest(field="stop", reason="empty")
        self._stops = tuple(stop_strings)
        self._held = ""
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """Whether a stop string was seen; from then on no text comes out."""
        return self._stopped

    def push(self, text: str) -> tuple[str, bool]:
        """Take new text; return what is certain to belong to the reply, and whether it ended."""
        if self._stopped:
            return "", True
        text = self._held + text
        found = [(text.find(stop), len(stop)) for stop in self._stops]
        ends = [(start + length, start) for start, length in found if start >= 0]
        if ends:
            self._stopped, self._held = True, ""
            return text[: min(ends)[1]], True
        keep = self._possible_beginning(text)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep], False

    def flush(self) -> str:
        """The reply ended without the rest of a stop string: return what was kept back."""
        rest, self._held = self._held, ""
        return rest

    def _possible_beginning(self, text: str) -> int:
        """Length of the longest end of `text` that begins a stop string."""
        longest = min(len(text), max(map(len, self._stops), default=1) - 1)
        for length in range(longest, 0, -1):
            tail = text[len(text) - length :]
            if any(stop.startswith(tail) for stop in self._stops):
                return length
        return 0
