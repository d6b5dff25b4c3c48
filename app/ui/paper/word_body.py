"""The body of a Word file, written in time that grows with its length and no faster.

python-docx looks for the end of the document and for the style again for every paragraph, which
takes minutes for a conversation of a few thousand messages. Here both are looked up once.
"""

from __future__ import annotations

from typing import Final

from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.table import CT_Tbl
from docx.oxml.text.paragraph import CT_P
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.table import Table
from docx.text.paragraph import Paragraph

_NUMBERED: Final = "List Number"


class Body:
    """Appends paragraphs and tables."""

    def __init__(self, document: Document) -> None:
        self._story = document._body
        self._end = document.element.body.sectPr
        if self._end is None:
            raise ValueError("the template has no section")
        self._width = document._block_width
        self._ids = {style.name: style.style_id for style in document.styles}
        self._numbering = document.part.numbering_part.element
        self._next_list = 1 + max((num.numId for num in self._numbering.num_lst), default=0)
        self._kinds = {
            name: self._numbering.num_having_numId(
                document.styles[name].element.pPr.numPr.numId.val
            ).abstractNumId.val
            for name in self._ids
            if name is not None and name.startswith(_NUMBERED)
        }

    def paragraph(self, style: str = "") -> Paragraph:
        """A new paragraph at the end; style "" is the ordinary one."""
        element = OxmlElement("w:p")
        if not isinstance(element, CT_P):
            raise TypeError
        self._end.addprevious(element)
        if style:
            element.get_or_add_pPr().get_or_add_pStyle().val = self._ids[style]
        return Paragraph(element, self._story)

    def table(self, rows: int, columns: int) -> Table:
        """A new table at the end; its first row is repeated on every page."""
        element = CT_Tbl.new_tbl(rows, columns, self._width)
        self._end.addprevious(element)
        element.tblStyle_val = self._ids["Table Grid"]
        if element.tr_lst:
            mark = OxmlElement("w:tblHeader")
            mark.set(qn("w:val"), "true")
            element.tr_lst[0].get_or_add_trPr().append(mark)
        return Table(element, self._story)

    def list_item(self, style: str, number_of_list: int) -> Paragraph:
        """A new item; 0 for a list without numbers."""
        paragraph = self.paragraph(style)
        if number_of_list:
            properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_numId().val = number_of_list
            properties.get_or_add_ilvl().val = 0
        return paragraph

    def new_list(self, style: str, start: int) -> int:
        """A numbered list that counts from `start`; returns its number."""
        number, self._next_list = self._next_list, self._next_list + 1
        num = _element("w:num", "w:numId", number)
        num.append(_element("w:abstractNumId", "w:val", self._kinds[style]))
        override = _element("w:lvlOverride", "w:ilvl", 0)
        override.append(_element("w:startOverride", "w:val", start))
        num.append(override)
        self._numbering.append(num)
        return number


def _element(name: str, attribute: str, value: int) -> BaseOxmlElement:
    element = OxmlElement(name)
    element.set(qn(attribute), str(value))
    return element
