"""The page with the recovery code."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtPrintSupport import QPrintDialog
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.ui.look.theme import Theme
from app.ui.pages.recovery import RecoveryPage


def test_the_question_for_a_printer_goes_when_it_was_answered(qtbot: QtBot, theme: Theme) -> None:
    page = RecoveryPage(theme)
    qtbot.addWidget(page)
    page.set_code("AAAA-BBBB")
    page.show()
    asked: list[QPrintDialog] = []

    def refuse() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QPrintDialog):
            asked.append(dialog)
            dialog.reject()
        else:
            QTimer.singleShot(20, refuse)

    QTimer.singleShot(0, refuse)
    page._print.click()
    assert asked
    qtbot.waitUntil(lambda: not page.findChildren(QPrintDialog))
