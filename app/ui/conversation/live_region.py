"""Tells a screen reader how an answer comes along: whole sentences, at the pace of speech."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from app.core.records import Message
from app.services.chat_events import ReplyProgress, Waiting
from app.services.history import split_channels
from app.services.spoken import Sentences

_MS_PER_CHARACTER = 60  # a reader at a usual rate says 16 characters in a second
_LEAST_MS, _MOST_MS = 1_500, 12_000
_AT_ONCE = 240  # characters
_MOST_CHARACTERS = 1_200  # over a minute; what is longer is better read in one's own way
_SOON_MS = 700  # an answer that begins within this time needs no remark before it


class LiveRegion(QObject):
    """Announces, and never more than can be said until the next announcement.

    A screen reader puts what it is told into a queue: an answer that comes faster than speech would
    still be talked about minutes later. So the beginning is said, sentence by sentence, and that
    the answer has ended; the rest is in the conversation.

    Signals:
        announced: What was said.
    """

    announced = Signal(str)

    def __init__(self, place: QWidget) -> None:
        """Announce on behalf of `place`, the part of the window in which it happens."""
        super().__init__(place)
        self._place = place
        self._reply_id = 0
        self._stage = "idle"
        self._began = False
        self._said = 0
        self._sentences = Sentences()
        self._queue: deque[str] = deque()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._say_more)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self._say_stage)

    def show_waiting(self, waiting: Waiting) -> None:
        """What the assistant does now."""
        if waiting.stage != self._stage:
            self._stage = waiting.stage
            if waiting.stage in ("loading", "reading", "thinking"):
                self._soon.start()

    def show_progress(self, progress: ReplyProgress) -> None:
        """The reply has grown."""
        if progress.message_id != self._reply_id:
            self._begin(progress.message_id)
        _, answer = split_channels(progress.text, progress.spans)
        self._take(answer, ended=False)

    def finish(self, message: Message) -> None:
        """The reply has ended."""
        if message.id != self._reply_id:
            self._begin(message.id)
        _, answer = split_channels(message.text, message.details.spans)
        self._take(answer, ended=True)
        if message.state == "complete":
            self._queue.append(self.tr("End of the answer."))
        else:
            # Whoever pressed Stop has heard enough, and that something broke is news.
            stopped = message.state == "stopped"
            self._queue.clear()
            self._pause.stop()
            self._queue.append(
                self.tr("The answer was stopped.")
                if stopped
                else self.tr("The answer was interrupted.")
            )
        self._reply_id = 0
        self._soon.stop()
        self._go_on()

    def forget(self) -> None:
        """Another conversation is shown; nothing of this one matters any more."""
        self._reply_id = 0
        self._queue.clear()
        self._soon.stop()

    def _begin(self, message_id: int) -> None:
        self._reply_id = message_id
        self._sentences = Sentences()
        self._began = False
        self._said = 0
        self._queue.clear()

    def _take(self, answer: str, *, ended: bool) -> None:
        if not answer.strip():
            return
        if not self._began:
            self._began = True
            self._soon.stop()
            self._queue.append(self.tr("The assistant is answering."))
        sentences = self._sentences.more(answer, ended=ended)
        while self._said < _MOST_CHARACTERS and (sentence := next(sentences, "")):
            self._said += len(sentence)
            self._queue.append(sentence)
        self._go_on()

    def _say_stage(self) -> None:
        if self._stage == "loading":
            self._queue.append(self.tr("The assistant is waking up."))
        elif self._stage == "reading":
            self._queue.append(self.tr("The assistant is reading your question."))
        elif self._stage == "thinking":
            self._queue.append(self.tr("The assistant is thinking."))
        self._go_on()

    def _go_on(self) -> None:
        if self._queue and not self._pause.isActive():
            self._say_more()

    def _say_more(self) -> None:
        """Say as many whole sentences as go into one announcement."""
        words = ""
        while (self._queue and len(words) + len(self._queue[0]) <= _AT_ONCE) or not words:
            if not self._queue:
                return
            words = f"{words} {self._queue.popleft()}".strip()
        event = QAccessibleAnnouncementEvent(self._place, words)
        event.setPoliteness(QAccessible.AnnouncementPoliteness.Polite)
        QAccessible.updateAccessibility(event)
        self.announced.emit(words)
        self._pause.start(max(_LEAST_MS, min(_MOST_MS, len(words) * _MS_PER_CHARACTER)))
