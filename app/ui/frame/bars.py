"""Lines that come and go: an error, the offer to undo, a standing remark."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.core.errors import AppError, Corrupt
from app.core.records import ChatSummary, DeletedFolder
from app.core.text import one_line
from app.ui.error_text import error_text
from app.ui.look.announce import announce
from app.ui.look.bar import Bar
from app.ui.look.theme import Theme
from app.ui.look.widgets import Button
from engine.errors import EngineError

_UNDO_MS = 20_000


class _Bar(Bar):
    """Hidden until there is something to say."""

    def say(self, text: str) -> None:
        """Show the bar with this text."""
        self.words.setText(text)
        self.setAccessibleName(text)
        self.show()


class ErrorBar(_Bar):
    """What went wrong, in a sentence, until it is read.

    Signals:
        repair_wished: Repair the conversations; offered where that is what helps.
    """

    repair_wished = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "alert", "alert", "alert", parent)
        self._error: AppError | EngineError | None = None
        self._repair = Button(theme, "outlined")
        self._close = Button(theme, "icon", "close")
        self.set_corner(self._close)
        self.add_button(self._repair)
        self._repair.clicked.connect(self.repair_wished)
        self._close.clicked.connect(self.dismiss)
        self._retranslate()
        self._fit()
        self.hide()

    @property
    def code(self) -> str:
        """Code of the error that is shown, "" for none."""
        return self._error.code if self._error is not None else ""

    def show_error(self, error: AppError | EngineError) -> None:
        """Say what happened and what can be done."""
        self._error = error
        self._repair.setVisible(isinstance(error, Corrupt))
        self.lay_out()
        announce(self, error_text(error), urgent=True)
        self.say(error_text(error))

    def dismiss(self) -> None:
        """It has been read, or no longer holds."""
        self._error = None
        self.hide()

    def _retranslate(self) -> None:
        self._close.set_label(self.tr("Close this message"))
        self._repair.set_label(self.tr("Repair"))
        if self._error is not None:
            self.say(error_text(self._error))


class UndoBar(_Bar):
    """A deleted conversation, or a deleted folder, can be had back.

    Signals:
        undo_wished: Id of the conversation.
        folder_wished: DeletedFolder.
    """

    undo_wished = Signal(int)
    folder_wished = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "note", "trash", "muted", parent)
        self._gone: ChatSummary | DeletedFolder | None = None
        self._undo = Button(theme, "outlined", "undo")
        self.add_button(self._undo)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_timeout)
        self._undo.clicked.connect(self._on_undo)
        self._retranslate()
        self._fit()
        self.hide()

    def offer(self, gone: ChatSummary | DeletedFolder) -> None:
        """Offer to take the deletion back."""
        self._gone = gone
        self._retranslate()
        self.show()
        announce(self, self.words.words())
        self._timer.start(_UNDO_MS)

    def _on_undo(self) -> None:
        gone, self._gone = self._gone, None
        self.hide()
        if isinstance(gone, DeletedFolder):
            self.folder_wished.emit(gone)
        elif gone is not None:
            self.undo_wished.emit(gone.id)

    def _on_timeout(self) -> None:
        # Nobody who is just about to press the button loses it.
        if self.underMouse() or self._undo.hasFocus():
            self._timer.start(_UNDO_MS)
        else:
            self.hide()

    def _retranslate(self) -> None:
        self._undo.set_label(self.tr("Undo"))
        gone = self._gone
        if gone is None:
            return
        name = one_line(gone.name if isinstance(gone, DeletedFolder) else gone.title)
        if isinstance(gone, DeletedFolder):
            text = self.tr("The folder “{name}” was deleted. Its conversations are kept.").format(
                name=name
            )
        elif name:
            text = self.tr("“{title}” was deleted.").format(title=name)
        else:
            text = self.tr("The conversation was deleted.")
        self.words.setText(text)
        self.setAccessibleName(text)


class NoteBar(_Bar):
    """A remark about the conversation that is open, until it is read."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "note", "alert", "doubt", parent)
        self._close = Button(theme, "icon", "close")
        self.set_corner(self._close)
        self._close.clicked.connect(self.hide)
        self._retranslate()
        self._fit()
        self.hide()

    def _retranslate(self) -> None:
        self._close.set_label(self.tr("Close this message"))
        text = self.tr(
            "This conversation has become long: the assistant no longer sees its beginning. A new "
            "conversation starts afresh."
        )
        self.words.setText(text)
        self.setAccessibleName(text)


class TemporaryBar(_Bar):
    """Says that nothing is kept."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "note", "clock", "doubt", parent)
        self._retranslate()
        self._fit()
        self.hide()

    def _retranslate(self) -> None:
        text = self.tr("This conversation is not being kept. It is gone when you close Alcove.")
        self.words.setText(text)
        self.setAccessibleName(text)
