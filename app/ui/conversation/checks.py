"""What a reader should check: words of doubt, and subjects on which a machine is no advice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.records import Message
from app.services.doubt import Caution, Mark, caution_for, marks_of
from app.services.history import split_channels
from app.ui.check_words import CheckWords
from app.ui.conversation.note_line import NoteLine
from app.ui.look.theme import Theme
from app.ui.markdown.view import MarkdownView

_MOST_WORDS = 5
_LONG = 8_000
_POLL_MS = 30


class CheckLines(QWidget):
    """The lines below a reply that ask for a check. Hidden when there is nothing to say."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._words: list[str] = []
        self._many = False
        self._caution: Caution = ""
        self._doubt_line: NoteLine | None = None
        self._caution_line: NoteLine | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.hide()

    def say(self, words: list[str], caution: Caution, *, many: bool) -> None:
        """Say what is doubtful.

        Args:
            words: What is underlined, as it is shown.
            caution: The subject that deserves a caution, "" for none.
            many: So much is underlined that the whole reply may be wrong.
        """
        self._words, self._caution, self._many = words, caution, many
        self._show()

    def said(self) -> list[str]:
        """The sentences that are shown."""
        lines = (self._doubt_line, self._caution_line)
        return [line.words() for line in lines if line is not None and not line.isHidden()]

    def changeEvent(self, event: QEvent) -> None:
        """Speak the new language."""
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
        super().changeEvent(event)

    def _show(self) -> None:
        text, spoken = self._doubt() if self._words else ("", "")
        self._doubt_line = self._line(self._doubt_line, "search", text, spoken)
        caution = CheckWords().caution(self._caution)
        self._caution_line = self._line(self._caution_line, "alert", caution, caution)
        self.setVisible(bool(text or caution))

    def _doubt(self) -> tuple[str, str]:
        text = CheckWords().doubt(many=self._many)
        named = "; ".join(self._words[:_MOST_WORDS])
        spoken = self.tr("{sentence} Underlined: {words}").format(sentence=text, words=named)
        return text, spoken

    def _line(self, line: NoteLine | None, icon: str, text: str, spoken: str) -> NoteLine | None:
        if line is None and text:
            line = NoteLine(self._theme, icon, parent=self)
            self._column.addWidget(line)
        if line is not None:
            line.say(text, spoken)
            line.setVisible(bool(text))
        return line


class LongCheck(QObject):
    """Looks through a reply of many pages on another thread.

    Signals:
        done: tuple[Mark, ...] and a Caution.
    """

    done = Signal(object, str)

    def __init__(self, message: Message, question: str, parent: QObject) -> None:
        super().__init__(parent)
        # A QObject that may be gone when the thread has done must not be told by the thread.
        self._found = _thread().submit(_look, message, question)
        self._poll = QTimer(self, interval=_POLL_MS)
        self._poll.timeout.connect(self._ask)
        self._poll.start()

    def _ask(self) -> None:
        if self._found.done():
            self._poll.stop()
            self.done.emit(*self._found.result())


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "long replies")


def _look(message: Message, question: str) -> tuple[tuple[Mark, ...], Caution]:
    return marks_of(message, question), caution_of(message, question)


def is_long(message: Message) -> bool:
    """Whether looking through it takes a noticeable part of a frame."""
    return len(message.text) > _LONG


def show_marks(view: MarkdownView, message: Message, marks: tuple[Mark, ...]) -> None:
    """Underline `marks` of a message in `view`."""
    _, answer = split_channels(message.text, message.details.spans)
    before = len(answer) - len(answer.lstrip("\n"))
    view.set_doubts([(m.start - before, m.end - before) for m in marks], CheckWords().tip())


def underline(view: MarkdownView, message: Message, question: str) -> tuple[Mark, ...]:
    """Underline in `view` what the model was unsure of."""
    marks = marks_of(message, question)
    show_marks(view, message, marks)
    return marks


def caution_of(message: Message, question: str) -> Caution:
    """The subject of a reply that deserves a caution, "" for none."""
    return caution_for(question, split_channels(message.text, message.details.spans)[1])
