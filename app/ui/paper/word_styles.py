"""How a Word file looks: its styles, its margins, what stands at the foot of its pages."""

from __future__ import annotations

from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_TAB_ALIGNMENT, WD_UNDERLINE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from app.ui.paper.sheet import Sheet

_FACE, _CODE_FACE = "Calibri", "Consolas"
_CHINESE_FACE = "Microsoft YaHei"
_HEADING_FACTORS = {1: 1.45, 2: 1.25, 3: 1.1, 4: 1.0, 5: 1.0, 6: 1.0}
_GREY = "595959"


class Styles:
    """Sets up a fresh python-docx document; names follow Word's own where it has them."""

    def __init__(self, document: Document, sheet: Sheet, size_pt: int) -> None:
        self._document = document
        self._sheet = sheet
        self._size_pt = size_pt

    def set_up(self, title: str, date: str) -> None:
        """Margins, styles, and the foot with title, date and page number."""
        self._set_page()
        styles, size = self._document.styles, self._size_pt
        self._face(styles["Normal"], _FACE, size)
        self._space(styles["Normal"], after=size * 0.6, line=1.25)
        for level, factor in _HEADING_FACTORS.items():
            heading = styles[f"Heading {level}"]
            self._face(heading, _FACE, size * factor, colour="000000")
            self._space(heading, before=size, after=size * 0.4)
        self._face(styles["Title"], _FACE, size * 1.7, colour="000000")
        styles["Title"].font.bold = True
        self._add_styles()
        self._write_foot(title, date)

    def make_code(self, run: Run) -> None:
        """A word of code in a sentence."""
        run.font.name = _CODE_FACE
        self._face_of(run._element.get_or_add_rPr(), _CODE_FACE)

    def make_doubtful(self, run: Run) -> None:
        """What the model was not sure of."""
        run.underline = WD_UNDERLINE.DOTTED

    def rule(self, paragraph: Paragraph) -> None:
        """A line from side to side."""
        self._border(paragraph._p.get_or_add_pPr(), "bottom", "8")

    def _set_page(self) -> None:
        section, body = self._document.sections[0], self._sheet.body_pt
        section.page_width = Pt(self._sheet.width_pt)
        section.page_height = Pt(self._sheet.height_pt)
        section.left_margin = section.right_margin = Pt(body.left())
        section.top_margin = Pt(body.top())
        section.bottom_margin = Pt(self._sheet.height_pt - body.bottom())

    def _add_styles(self) -> None:
        from docx.shared import Pt  # noqa: PLC0415

        size = self._size_pt
        for name in ("Speaker", "Question", "Remark", "Quotation", "Code", "Gap"):
            style = self._document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            style.base_style = self._document.styles["Normal"]
            properties = style.element.get_or_add_pPr()
            if name == "Speaker":
                self._face(style, _FACE, size * 0.85, colour=_GREY)
                style.font.bold = True
                style.paragraph_format.keep_with_next = True
                self._space(style, before=size, after=size * 0.2)
            elif name == "Gap":  # below tables, which have no room of their own
                self._space(style, after=0)
            elif name == "Remark":
                self._face(style, _FACE, size * 0.85)
                style.font.italic = True
            else:
                indent = Pt(size * 0.8)
                style.paragraph_format.left_indent = style.paragraph_format.right_indent = indent
                if name == "Quotation":
                    self._border(properties, "left", "12")
                else:
                    self._shade(properties, "EDEDED" if name == "Question" else "F5F5F5")
                self._space(style, after=0 if name == "Code" else size * 0.4)
        self._face(self._document.styles["Code"], _CODE_FACE, size * 0.9)

    def _write_foot(self, title: str, date: str) -> None:
        paragraph = self._document.sections[0].footer.paragraphs[0]
        stops = paragraph.paragraph_format.tab_stops
        stops.add_tab_stop(Pt(self._sheet.body_pt.width()), WD_TAB_ALIGNMENT.RIGHT)
        paragraph.style = self._document.styles["Normal"]
        run = paragraph.add_run(f"{title[:80]} · {date}\t")
        number, slash, count = paragraph.add_run(), paragraph.add_run(" / "), paragraph.add_run()
        self._field(number, "PAGE")
        self._field(count, "NUMPAGES")
        for part in (run, number, slash, count):
            part.font.size = Pt(9)

    def _face(self, style: ParagraphStyle, name: str, size_pt: float, *, colour: str = "") -> None:
        style.font.name = name
        style.font.size = Pt(round(size_pt * 2) / 2)
        if colour:
            style.font.color.rgb = RGBColor.from_string(colour)
        self._face_of(style.element.get_or_add_rPr(), name)

    @staticmethod
    def _face_of(properties: BaseOxmlElement, name: str) -> None:
        """Word has a face for each script, and themes that would win over them."""
        fonts = properties.get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        for script in ("ascii", "hAnsi", "cs"):
            fonts.set(qn(f"w:{script}"), name)
        fonts.set(qn("w:eastAsia"), _CHINESE_FACE)

    @staticmethod
    def _space(
        styled: ParagraphStyle | Paragraph,
        *,
        before: float = 0,
        after: float = 0,
        line: float | None = None,
    ) -> None:
        layout = styled.paragraph_format
        layout.space_before, layout.space_after = Pt(before), Pt(after)
        if line is not None:
            layout.line_spacing = line

    def _border(self, properties: BaseOxmlElement, side: str, eighths: str) -> None:
        borders = self._element("w:pBdr")
        line = {"w:val": "single", "w:sz": eighths, "w:space": "8", "w:color": "808080"}
        borders.append(self._element(f"w:{side}", **line))
        self._insert(properties, borders)

    def _shade(self, properties: BaseOxmlElement, colour: str) -> None:
        shade = self._element("w:shd", **{"w:val": "clear", "w:color": "auto", "w:fill": colour})
        self._insert(properties, shade)

    @staticmethod
    def _insert(properties: BaseOxmlElement, child: BaseOxmlElement) -> None:
        """Where the schema wants it; Word refuses files whose elements stand in another order."""
        after = ("w:tabs", "w:spacing", "w:ind", "w:jc", "w:outlineLvl", "w:rPr")
        is_border = child.tag == qn("w:pBdr")
        properties.insert_element_before(child, *(("w:shd", *after) if is_border else after))

    def _field(self, run: Run, code: str) -> None:
        begin = self._element("w:fldChar", **{"w:fldCharType": "begin"})
        instruction = self._element("w:instrText", **{"xml:space": "preserve"})
        instruction.text = f" {code} "
        end = self._element("w:fldChar", **{"w:fldCharType": "end"})
        for element in (begin, instruction, end):
            run._r.append(element)

    @staticmethod
    def _element(name: str, **attributes: str) -> BaseOxmlElement:
        from docx.oxml.ns import qn  # noqa: PLC0415

        element = OxmlElement(name)
        for key, value in attributes.items():
            element.set(qn(key), value)
        return element
