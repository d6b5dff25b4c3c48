"""Lists in a Word file, each counting for itself."""

from __future__ import annotations

from docx.document import Document
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph
from PySide6.QtGui import QTextListFormat

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

    def __init__(self, document: Document) -> None:
        self._document = document
        self._going: dict[int, tuple[int, int]] = {}  # depth: number of the list, next item

    def end(self) -> None:
        """Something else came: whatever is numbered next counts from its own start."""
        self._going.clear()

    def join(self, paragraph: Paragraph, layout: QTextListFormat) -> None:
        """Make a paragraph an item."""
        depth = min(max(1, layout.indent()), _DEEPEST)
        numbered = layout.style() in _NUMBERS
        name = "List Number" if numbered else "List Bullet"
        paragraph.style = self._document.styles[f"{name} {depth}" if depth > 1 else name]
        for deeper in [known for known in self._going if known > depth]:
            del self._going[deeper]
        if not numbered:
            return
        known, following = self._going.get(depth, (0, -1))
        if layout.start() not in (following, 1) or not known:
            known, following = self._new(paragraph.style, layout.start()), layout.start()
        self._going[depth] = (known, following + 1)
        properties = paragraph._p.get_or_add_pPr()
        properties.get_or_add_numPr().get_or_add_numId().val = known
        properties.get_or_add_numPr().get_or_add_ilvl().val = 0

    def _new(self, style: ParagraphStyle, start: int) -> int:
        """A list of the style's kind that begins at `start`."""
        numbering = self._document.part.numbering_part.element
        of_style = style.element.pPr.numPr.numId.val
        abstract = numbering.num_having_numId(of_style).abstractNumId.val
        num = numbering.add_num(abstract)
        num.add_lvlOverride(ilvl=0).add_startOverride(start)
        return int(num.numId)
