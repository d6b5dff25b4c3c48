"""A script as PDF: real text in real fonts, page by page."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QPainter, QPdfWriter

from app.ui.paper.pages import Pages
from app.ui.paper.pdf_reading import readable
from app.ui.paper.script import Script
from app.ui.paper.sheet import Sheet
from app.ui.paper.steps import Content, Work

_DOTS_PER_INCH = 1_200
_LAYING_OUT = 0.5  # of all the time


def pdf_file(script: Script, sheet: Sheet, size_pt: int) -> Work[Content]:
    """Make the file; arguments as those of `Pages`."""
    pages = Pages(script, sheet, size_pt)
    for share in pages.lay_out():
        yield share * _LAYING_OUT
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DOTS_PER_INCH)
    writer.setPageLayout(sheet.layout())
    writer.setTitle(script.title)
    writer.setCreator("Alcove")
    painter = QPainter(writer)
    try:
        for number in range(pages.count):
            if number:
                writer.newPage()
            for _ in pages.paint(painter, number, _DOTS_PER_INCH / 72):
                yield _LAYING_OUT + (1 - _LAYING_OUT) * number / pages.count
            yield _LAYING_OUT + (1 - _LAYING_OUT) * (number + 1) / pages.count
    finally:
        painter.end()
    buffer.close()
    content = bytes(buffer.data().data())
    return lambda: readable(content, script.language)
