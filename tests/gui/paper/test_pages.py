"""Pages are painted a little at a time, and what painted them goes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.errors import AppError
from app.ui.look.fonts import load_fonts
from app.ui.paper.pages import Pages
from app.ui.paper.script import script_of
from app.ui.paper.steps import Steps, Work
from tests.gui.paper.conversations import A4, finish, message


@pytest.fixture(autouse=True)
def fonts(qapp: QApplication) -> None:
    load_fonts()


def laid_out(lines: int) -> Pages:
    """Questions of one line: a name and a line make two parts, and dozens stand on a page."""
    messages = [message(n, "user", f"Line {n}.") for n in range(1, lines + 1)]
    script = script_of(messages, "Lines", moment=datetime(2026, 11, 22, 12, tzinfo=UTC))
    pages = Pages(script, A4, 6)
    finish(pages.lay_out())
    return pages


def test_a_page_of_many_short_messages_is_painted_whole() -> None:
    pages = laid_out(90)
    assert pages.count > 1
    assert pages.words(0).count("Line ") > 20  # more parts than are kept
    image = QImage(595, 842, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    list(pages.paint(painter, 0, 1.0))
    painter.end()
    ink = [
        any(image.pixelColor(x, y).lightness() < 128 for x in range(60, 300))
        for y in range(60, 780)
    ]
    for top in range(0, len(ink), 120):
        assert any(ink[top : top + 120]), f"nothing stands {top} points down"


def test_work_that_has_ended_or_was_stopped_leaves_nothing_behind(qtbot: QtBot) -> None:
    owner = QObject()
    results: list[int] = []

    def work() -> Work[int]:
        yield 0.5
        return 7

    def failed(error: AppError) -> None:
        raise error

    done, stopped = (Steps(work(), results.append, failed, parent=owner) for _ in range(2))
    stopped.stop()
    qtbot.waitUntil(lambda: results == [7])
    qtbot.waitUntil(lambda: not owner.children())
    assert not done.running
    assert not stopped.running
    done.stop()  # as somebody does who only wants to be sure
    stopped.stop()
