"""Keeps one size open of every face that the window writes in.

Qt 6.11 on Linux opens a file of letters once for all sizes. But when the last size of any face goes
out of use, it forgets all that are open (`QFreetypeFace::release`), and the next size of each opens
its file anew: half a megabyte for the Chinese one, dozens of times in an hour. While a size of each
face is held here, none is ever out of use.
"""

from __future__ import annotations

import atexit
import sys
from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QFont, QRawFont, QTextLayout

from app.ui.look.fonts import body_font, code_font

_SAMPLE: Final = "aßαж路あ한😀→∑☐אع"
"""One sign for each script and kind that may need a face of its own."""

_PAUSE_MS: Final = 100
_held: list[QRawFont] = []
atexit.register(_held.clear)  # they must not outlive the application


class Faces(QObject):
    """Opens the faces one after the other while nothing else happens, and holds them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, interval=_PAUSE_MS)
        self._timer.timeout.connect(self._hold_next)
        if sys.platform == "linux":
            self._timer.start()

    def _hold_next(self) -> None:
        font = next(_left, None)
        if font is None:
            self._timer.stop()
        else:
            hold(font)


def hold(font: QFont) -> None:
    """Hold every face that this font takes letters from."""
    layout = QTextLayout(_SAMPLE, font)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    for run in layout.glyphRuns():
        face = run.rawFont()
        if face not in _held:
            _held.append(face)


def _fonts() -> Iterator[QFont]:
    for base in (body_font(12), code_font(12)):
        for bold in (False, True):
            for italic in (False, True):
                font = QFont(base)
                font.setBold(bold)
                font.setItalic(italic)
                yield font


_left = _fonts()  # once in a process, whoever begins
