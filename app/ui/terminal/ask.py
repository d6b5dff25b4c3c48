"""`alcove --ask`: one question, one answer on stdout, nothing stored."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.core.errors import AppError, NoModel
from app.services.doubt import caution_for
from app.services.engine_host import EngineHost
from app.services.generation import DEADLINE_MS, first_reply
from app.services.history import Conversation
from app.services.instructions import NOTHING_SAID, Instructions
from app.ui.check_words import CheckWords
from app.ui.terminal import texts
from app.ui.terminal.console import printable
from engine.errors import EngineError
from engine.protocol import ProgressEvent, TokenEvent

ErrorText = Callable[[AppError | EngineError], str]
NoteFor = Callable[[str], str]


class OneAnswer(QObject):
    """Asks one question and prints the answer, without thinking.

    Signals:
        ended: The exit code: 0 answered, 1 not.
    """

    ended = Signal(int)

    def __init__(
        self,
        host: EngineHost,
        error_text: ErrorText,
        note_for: NoteFor,
        parent: QObject | None = None,
    ) -> None:
        """Wire an answer; `ask` begins it.

        Args:
            host: Answers.
            error_text: Turns an error into a sentence.
            note_for: What to say of the language of a question, "" for nothing; goes to stderr.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._host = host
        self._error_text = error_text
        self._note_for = note_for
        self._question = ""
        self._request_id = ""
        self._wrote = False
        self._answer: list[str] = []
        self._hinted = ""
        host.tokens_arrived.connect(self._on_tokens)
        host.progressed.connect(self._on_progress)
        host.request_finished.connect(self._on_finished)
        host.request_failed.connect(self._on_failed)

    def ask(
        self, bundle: Path | None, question: str, instructions: Instructions = NOTHING_SAID
    ) -> None:
        """Begin; `ended` follows.

        Args:
            bundle: The model, None where there is none.
            question: What is asked.
            instructions: What is said before it.
        """
        if bundle is None:
            self._fail(NoModel())
            return
        self._question = question
        self._host.load(bundle)
        self._hint(texts.loading())
        conversation = Conversation((), question, instructions)
        self._request_id = self._host.generate(
            lambda: conversation.messages(self._host.speaker),
            first_reply,
            deadline_ms=DEADLINE_MS,
        )

    def interrupt(self) -> None:
        """Ctrl-C: leave with one line."""
        self._clear_hint()
        if self._wrote:
            _print_to(sys.stdout, "\n")
        _print_to(sys.stderr, texts.was_stopped() + "\n")
        self.ended.emit(1)

    def _on_progress(self, event: ProgressEvent) -> None:
        if event.id == self._request_id and not self._wrote:
            self._hint(texts.reading(event.seconds_left))

    def _on_tokens(self, event: TokenEvent) -> None:
        if event.id != self._request_id or not event.text:
            return
        if event.channel == "thinking":
            if not self._wrote:
                self._hint(texts.thinking())
            return
        self._clear_hint()
        text = event.text if self._wrote else event.text.lstrip()
        if text:
            self._wrote = True
            self._answer.append(text)
            _print_to(sys.stdout, printable(text))

    def _on_finished(self, request_id: str, _data: object) -> None:
        if request_id == self._request_id:
            self._clear_hint()
            _print_to(sys.stdout, "\n")
            caution = CheckWords().caution(caution_for(self._question, "".join(self._answer)))
            for note in filter(None, (self._note_for(self._question), caution)):
                _print_to(sys.stderr, note + "\n")
            self.ended.emit(0)

    def _on_failed(self, request_id: str, error: AppError | EngineError) -> None:
        if request_id == self._request_id:
            self._clear_hint()
            if self._wrote:
                _print_to(sys.stdout, "\n")
            self._fail(error)

    def _fail(self, error: AppError | EngineError) -> None:
        known = isinstance(error, NoModel)
        _print_to(sys.stderr, (texts.no_assistant() if known else self._error_text(error)) + "\n")
        self.ended.emit(1)

    def _hint(self, text: str) -> None:
        if sys.stderr.isatty() and text != self._hinted:
            self._clear_hint()
            self._hinted = text
            _print_to(sys.stderr, text)

    def _clear_hint(self) -> None:
        if self._hinted:
            self._hinted = ""
            _print_to(sys.stderr, "\r\x1b[K")


def _print_to(stream: object, text: str) -> None:
    """Print now; a reader that went away is no error of ours."""
    try:
        print(text, end="", file=stream, flush=True)  # type: ignore[call-overload]
    except BrokenPipeError:
        return
