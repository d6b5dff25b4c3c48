"""How tall a message will be, before it has been laid out."""

from __future__ import annotations

from app.core.records import Message
from app.ui.look.theme import Theme

_SHOWN_OF_A_QUESTION = 2_000
_SHOWN_OF_A_REPLY = 150_000
_LETTER = 9.2  # width of an average letter at 16 pt
_LINE = 32.0
_AROUND_QUESTION, _AROUND_REPLY = 74.0, 76.0
_QUESTION_WIDTH = 0.75


class Guess:
    """Guesses for one width and text size. Ten thousand have to fit into a fraction of a frame."""

    def __init__(self, theme: Theme, width_px: int) -> None:
        self._line = theme.px(_LINE)
        self._per_line = max(8.0, width_px / theme.px(_LETTER * 100) * 100)
        self._question = theme.px(_AROUND_QUESTION)
        self._reply = theme.px(_AROUND_REPLY)

    def height_px(self, message: Message) -> int:
        """About how tall it will be."""
        text = message.text
        if message.role == "user":
            shown = text if len(text) <= _SHOWN_OF_A_QUESTION else text[:_SHOWN_OF_A_QUESTION]
            lines = 1 + shown.count("\n") + len(shown) / (self._per_line * _QUESTION_WIDTH)
            return self._question + int(lines) * self._line
        hidden = sum(s.end - s.start for s in message.details.spans if s.kind == "thinking")
        letters = min(_SHOWN_OF_A_REPLY, max(0, len(text) - hidden))
        lines = 1 + text.count("\n", 0, _SHOWN_OF_A_REPLY) / 2 + letters / self._per_line
        return self._reply + int(lines) * self._line
