"""Pages to a printer, and whether there is one."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Sequence
from pathlib import Path

from PySide6.QtGui import QPainter
from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

from app.core.errors import PrintingFailed
from app.ui.paper.pages import Pages
from app.ui.paper.sheet import sheet_of

_LAYING_OUT = 0.5  # of all the time, where the printer's paper is not what was shown
_CUPS_SOCKETS = ("/run/cups/cups.sock", "/var/run/cups/cups.sock")
_CUPS_SETTINGS = ("/etc/cups/client.conf", "~/.cups/client.conf")


def has_printer() -> bool:
    """Whether this computer knows a printer; may take a moment.

    CUPS answers on a socket in the file system. Without that its library would look for a server
    on the network's interface, which nobody asked for: then there is no printer. A server of the
    office, named in its settings or the environment, counts as asked for.
    """
    if sys.platform.startswith("linux") and not _has_cups():
        return False
    return bool(QPrinterInfo.availablePrinterNames())


def _has_cups() -> bool:
    if os.environ.get("CUPS_SERVER"):
        return True
    if any(Path(name).exists() for name in _CUPS_SOCKETS):
        return True
    return any(_names_server(Path(name).expanduser()) for name in _CUPS_SETTINGS)


def _names_server(settings: Path) -> bool:
    try:
        lines = settings.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(line.strip().lower().startswith("servername") for line in lines)


def print_pages(pages: Pages, printer: QPrinter) -> Generator[float, None, None]:
    """Print; yields the share that is done.

    Args:
        pages: As they were shown.
        printer: As it was chosen in the dialog.

    Raises:
        PrintingFailed: The printer took nothing.
    """
    sheet = sheet_of(printer.pageLayout())
    begins = 0.0
    if (round(sheet.width_pt), round(sheet.height_pt)) != (
        round(pages.sheet.width_pt),
        round(pages.sheet.height_pt),
    ):
        pages, begins = Pages(pages.script, sheet, pages.size_pt), _LAYING_OUT
        for share in pages.lay_out():
            yield share * _LAYING_OUT
    printer.setFullPage(True)
    printer.setDocName(pages.script.title)
    painter = QPainter()
    if not painter.begin(printer):
        raise PrintingFailed
    try:
        wanted = _wanted(printer, pages.count)
        for place, number in enumerate(wanted):
            if place and not printer.newPage():
                raise PrintingFailed
            for _ in pages.paint(painter, number, printer.resolution() / 72):
                yield begins + (1 - begins) * place / len(wanted)
            yield begins + (1 - begins) * (place + 1) / len(wanted)
    except GeneratorExit:
        printer.abort()
        raise
    finally:
        painter.end()


def _wanted(printer: QPrinter, count: int) -> Sequence[int]:
    """The pages in the order in which they are printed, copies included."""
    first, last = 0, count - 1
    if printer.printRange() == QPrinter.PrintRange.PageRange and printer.fromPage():
        first = min(printer.fromPage() - 1, last)
        last = max(first, min((printer.toPage() or count) - 1, last))
    pages = list(range(first, last + 1))
    if printer.pageOrder() == QPrinter.PageOrder.LastPageFirst:
        pages.reverse()
    copies = 1 if printer.supportsMultipleCopies() else printer.copyCount()
    return pages * copies
