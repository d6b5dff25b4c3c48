"""Each file of letters is open once, however many sizes of it come and go."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter

import pytest

from tests.helpers.window_client import ROOT

WRITING = """
import sys
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from app.ui.look import faces
from app.ui.look.fonts import body_font, code_font
from app.ui.look.theme import Theme

application = QApplication(sys.argv)
theme = Theme(application)
if sys.argv[1] == "hold":
    QTest.qWait(1500)
    assert len(faces._held) >= 8
else:
    theme._faces._timer.stop()
paper = QImage(2000, 100, QImage.Format.Format_ARGB32_Premultiplied)
text = "".join(chr(code) for code in range(33, 127)) + "→"
for number in range(400):
    font = (code_font if number % 29 == 0 else body_font)(8 + number * 0.11)
    font.setBold(number % 7 == 0)
    font.setItalic(number % 11 == 0)
    painter = QPainter(paper)
    painter.setFont(font)
    painter.drawText(QRectF(0, 0, 2000, 100), 0, text)
    painter.end()
print(open("/proc/self/maps").read())
"""


def most_maps(mode: str) -> int:
    """How often the file that is open most often is open, of those that hold one face."""
    command = [sys.executable, "-c", WRITING, mode, "-platform", "offscreen"]
    told = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    return max(Counter(re.findall(r"\S+\.ttf$", told.stdout, re.MULTILINE)).values())


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have their own way with fonts")
def test_no_file_is_opened_for_each_size() -> None:
    assert most_maps("hold") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have their own way with fonts")
def test_qt_alone_still_forgets_what_is_open() -> None:
    """When this fails, Qt has mended it and `faces.py` can go."""
    assert most_maps("let go") > 1
