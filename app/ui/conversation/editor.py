"""Changing a question where it stands."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui.conversation.growing_field import GrowingField
from app.ui.look.flow_layout import FlowLayout
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button, Card, Label
from app.ui.markdown.soft_lines import insert_text


class QuestionEditor(Card):
    """A field with two buttons. Escape gives up; what was typed is not thrown away.

    Signals:
        saved: Ask this text instead.
        cancelled: Show the question as it was.
    """

    saved = Signal(str)
    cancelled = Signal()

    def __init__(self, theme: Theme, text: str, parent: QWidget | None = None) -> None:
        super().__init__("field", parent)
        self._theme = theme
        self._busy = False
        self._field = GrowingField(theme)
        self._hint = Label(theme, "small", "muted")
        self._save = Button(theme, "primary")
        self._cancel = Button(theme, "outlined")
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._field)
        self._column.addWidget(self._hint)
        buttons = QWidget(self)
        row = FlowLayout(buttons, theme.px(10))
        row.addWidget(self._save)
        row.addWidget(self._cancel)
        self._column.addWidget(buttons)
        insert_text(self._field.textCursor(), text)
        self._field.document().clearUndoRedoStacks()
        self._field.moveCursor(QTextCursor.MoveOperation.End)
        self._field.focus_changed.connect(lambda on: self.set_flag("focused", on))
        self._field.enter_pressed.connect(self._on_save)
        self._field.textChanged.connect(self._on_typed)
        self._save.clicked.connect(self._on_save)
        self._cancel.clicked.connect(self.cancelled)
        self.setFocusProxy(self._field)
        theme.changed.connect(self._fit)
        self._fit()
        self._retranslate()

    def text(self) -> str:
        """What has been written."""
        return self._field.text()

    def set_busy(self, busy: bool) -> None:
        """While an answer is written nothing can be asked; typing goes on."""
        if busy != self._busy:
            self._busy = busy
            self._on_typed()
            self._retranslate()

    def stops(self) -> list[QWidget]:
        """What the tab key reaches."""
        return [self._field, self._save, self._cancel]

    def event(self, event: QEvent) -> bool:
        """Claim Escape before the window takes it for something else."""
        if event.type() == QEvent.Type.ShortcutOverride and _is_escape(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up."""
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
        super().changeEvent(event)

    def _on_save(self) -> None:
        text = self.text()
        if text.strip() and not self._busy:
            self.saved.emit(text)

    def _on_typed(self) -> None:
        self._save.setEnabled(bool(self.text().strip()) and not self._busy)

    def _fit(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(px(20), px(14), px(14), px(14))
        self._column.setSpacing(px(10))
        self._field.setFont(self._theme.font("body"))
        self._field.fit()

    def _retranslate(self) -> None:
        self._field.setAccessibleName(self.tr("Your question"))
        self._field.setAccessibleDescription(
            self.tr("Enter asks it, Escape leaves everything as it was.")
        )
        if self._busy:
            hint = self.tr("An answer is being written. When it has ended, you can ask this.")
        else:
            hint = self.tr("The question as it was, and its answer, are kept.")
        self._hint.setText(hint)
        self._save.set_label(self.tr("Ask this instead"))
        self._cancel.set_label(self.tr("Cancel"))


def _is_escape(event: QEvent) -> bool:
    return isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
