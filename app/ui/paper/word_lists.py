"""Lists in a Word file, each counting for itself."""

from __future__ import annotations

from docx.text.paragraph import Paragraph
from PySide6.QtGui import QTextListFormat

from app.ui.paper.word_body import Body

_DEEPEST = 3
_NUMBERS = frozenset(
    {
        QTextListFormat.Style.ListDecimal,
        QTextListFormat.Style.ListLowerAlpha,
        QTextListFormat.Style.ListUpperAlpha,
        QTextListFormat.Style.ListLowerRoman,
        QTextListFormat.Style.ListUpperRoman,
    }
)


class Lists:
    """Knows which numbered list goes on.

    What was written for the screen has a list for each piece that was parsed by itself; items that
    count on belong together.
    """

    def __init__(self, body: Body) -> None:
        self._body = body
        self._going: dict[int, tuple[int, int]] = {}  # depth: number of the list, next item

    def end(self) -> None:
        """Something else came: whatever is numbered next counts from its own start."""
        self._going.clear()

    def item(self, layout: QTextListFormat) -> Paragraph:
        """A new paragraph that is an item of such a list."""
        depth = min(max(1, layout.indent()), _DEEPEST)
        numbered = layout.style() in _NUMBERS
        name = "List Number" if numbered else "List Bullet"
        style = f"{name} {depth}" if depth > 1 else name
        for deeper in [known for known in self._going if known > depth]:
            del self._going[deeper]
        if not numbered:
            return self._body.list_item(style, 0)
        known, following = self._going.get(depth, (0, -1))
        if layout.start() not in (following, 1) or not known:
            known, following = self._body.new_list(style, layout.start()), layout.start()
        self._going[depth] = (known, following + 1)
        return self._body.list_item(style, known)
