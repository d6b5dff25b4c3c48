"""Opens the conversations where the computer has no password store of its own."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from app.core.errors import AppError
from app.ui.error_text import error_text
from app.ui.look.flow_layout import FlowLayout
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, IconLabel, Label
from app.ui.pages.base import ScrollPage

Mode = Literal["create", "unlock", "recovery"]
_SHORTEST = 8


class PassphrasePage(ScrollPage):
    """Choose a passphrase, type it, or type the recovery code.

    Signals:
        passphrase_given: What was typed, for "create" and "unlock".
        recovery_given: What was typed, for "recovery".
        declined: Keep nothing this time.
    """

    passphrase_given = Signal(str)
    recovery_given = Signal(str)
    declined = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent, width=620)
        self.mode: Mode = "create"
        self._can_go_back = False
        self._heading = Label(theme, "heading")
        self._why = Label(theme, "body", "muted")
        self._first_label = Label(theme, "small")
        self._first = QLineEdit()
        self._second_label = Label(theme, "small")
        self._second = QLineEdit()
        self._trouble = Label(theme, "small", "alert")
        self._show = Button(theme, "quiet", "eye")
        self._show.setCheckable(True)
        self._go = Button(theme, "primary", "lock")
        self._other = Button(theme, "outlined")
        self._decline = Button(theme, "outlined")
        self._build()
        self._show.toggled.connect(self._retranslate)
        self._go.clicked.connect(self._submit)
        self._first.returnPressed.connect(self._on_first_entered)
        self._second.returnPressed.connect(self._submit)
        self._other.clicked.connect(self._on_other)
        self._decline.clicked.connect(self.declined)
        self.ask("create")

    def ask(self, mode: str) -> None:
        """Show what is asked for: "create", "unlock" or "recovery"."""
        self.mode = "unlock" if mode == "unlock" else "recovery" if mode == "recovery" else "create"
        self._can_go_back = self._can_go_back or mode == "unlock"
        self._first.clear()
        self._second.clear()
        self._trouble.hide()
        self._set_waiting(False)
        self._retranslate()
        self._first.setFocus()

    def show_failure(self, error: AppError) -> None:
        """What was typed does not fit."""
        self._say(error_text(error))
        self._set_waiting(False)
        self._first.selectAll()
        self._first.setFocus()

    def _build(self) -> None:
        px = self.theme.px
        body = self.column.body
        body.addStretch(2)
        body.addWidget(IconLabel(self.theme, "mark", size=56))
        body.addSpacing(px(14))
        body.addWidget(self._heading)
        body.addSpacing(px(8))
        body.addWidget(self._why)
        body.addSpacing(px(22))
        for label, field in ((self._first_label, self._first), (self._second_label, self._second)):
            label.setBuddy(field)
            body.addWidget(label)
            body.addSpacing(px(4))
            body.addWidget(field)
            body.addSpacing(px(12))
        body.addWidget(self._trouble)
        body.addWidget(self._show, 0, Qt.AlignmentFlag.AlignLeft)
        body.addSpacing(px(14))
        buttons = QWidget()
        row = FlowLayout(buttons, px(12))
        for button in (self._go, self._other, self._decline):
            row.addWidget(button)
        body.addWidget(buttons)
        body.addStretch(3)

    def _on_first_entered(self) -> None:
        if self.mode == "create":
            self._second.setFocus()
        else:
            self._submit()

    def _submit(self) -> None:
        text = self._first.text()
        if not text.strip():
            self._first.setFocus()
        elif self.mode == "recovery":
            self._set_waiting(True)
            self.recovery_given.emit(text)
        elif self.mode == "create" and len(text) < _SHORTEST:
            self._say(self.tr("Please take at least eight characters. A short sentence is good."))
        elif self.mode == "create" and text != self._second.text():
            self._say(self.tr("The two are not the same. Please type them again."))
        else:
            self._set_waiting(True)
            self.passphrase_given.emit(text)

    def _on_other(self) -> None:
        self.ask("unlock" if self.mode == "recovery" else "recovery")

    def _say(self, text: str) -> None:
        self._trouble.setText(text)
        self._trouble.show()

    def _set_waiting(self, waiting: bool) -> None:
        for widget in (self._first, self._second, self._go, self._other, self._decline):
            widget.setEnabled(not waiting)
        if waiting:
            self._trouble.hide()

    def _retranslate(self) -> None:
        create, recovery = self.mode == "create", self.mode == "recovery"
        self._second_label.setVisible(create)
        self._second.setVisible(create)
        self._other.setVisible(not create and (not recovery or self._can_go_back))
        hidden = not recovery and not self._show.isChecked()
        echo = QLineEdit.EchoMode.Password if hidden else QLineEdit.EchoMode.Normal
        self._first.setEchoMode(echo)
        self._second.setEchoMode(echo)
        self._show.setVisible(not recovery)
        self._show.set_label(self.tr("Show what I type"))
        self._heading.setText(self._heading_text())
        self._why.setText(self._why_text())
        first = self.tr("Recovery code") if recovery else self.tr("Passphrase")
        self._first_label.setText(first)
        self._first.setAccessibleName(first)
        self._second_label.setText(self.tr("The same once more"))
        self._second.setAccessibleName(self.tr("The same once more"))
        self._go.set_label(self.tr("Keep my conversations") if create else self.tr("Open"))
        self._other.set_label(
            self.tr("Use the passphrase") if recovery else self.tr("Use the recovery code")
        )
        self._decline.set_label(self.tr("Go on without keeping anything"))

    def _heading_text(self) -> str:
        if self.mode == "create":
            return self.tr("Choose a passphrase")
        if self.mode == "unlock":
            return self.tr("Welcome back")
        return self.tr("Type your recovery code")

    def _why_text(self) -> str:
        if self.mode == "create":
            return self.tr(
                "Your conversations are locked away on this computer so that nobody else can read "
                "them. Choose a sentence that only you know; you will be asked for it each time."
            )
        if self.mode == "unlock":
            return self.tr("Please type your passphrase to open your conversations.")
        return self.tr(
            "It is on the paper you printed or in the file you saved. Capital or small letters "
            "make no difference."
        )
