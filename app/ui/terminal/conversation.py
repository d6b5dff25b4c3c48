"""The same conversation as in the window, in a terminal."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.errors import AppError
from app.core.records import ChatView, Message
from app.services.chat_events import ReplyProgress, Waiting
from app.services.chats import ChatService
from app.services.doubt import caution_for
from app.services.history import answer_text, split_channels
from app.services.vault import UnlockService
from app.ui.check_words import CheckWords
from app.ui.terminal import texts
from app.ui.terminal.console import Console
from engine.errors import EngineError

ErrorText = Callable[[AppError | EngineError], str]
NoteFor = Callable[[str], str]


class TerminalConversation(QObject):
    """Asks, shows, and asks again.

    Signals:
        ended: The person is done.
    """

    ended = Signal()

    def __init__(
        self,
        chats: ChatService,
        unlock: UnlockService,
        console: Console,
        error_text: ErrorText,
        note_for: NoteFor,
        parent: QObject | None = None,
    ) -> None:
        """Wire a conversation; `start` begins it.

        Args:
            chats: Where questions go.
            unlock: Asks for passphrases.
            console: The terminal.
            error_text: Turns an error into a sentence.
            note_for: What to say of the language of a question, "" for nothing.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._chats = chats
        self._unlock = unlock
        self._console = console
        self._error_text = error_text
        self._note_for = note_for
        self._question = ""
        self._on_line: Callable[[str], None] = self._on_question
        self._reading = False
        self._shown = 0
        self._thinking = False
        self._connect()

    def start(self) -> None:
        """Greet and open the chats."""
        self._say(texts.welcome())
        self._unlock.begin()

    def interrupt(self) -> None:
        """Ctrl-C: end the thinking, then stop the reply; without one, say how to end."""
        if self._chats.busy and self._thinking:
            self._thinking = False
            self._console.clear_hint()
            self._chats.answer_now()
        elif self._chats.busy:
            self._chats.stop()
        else:
            self._say("\n" + texts.end_hint())
            if self._reading and self._on_line == self._on_question:
                self._console.write(texts.prompt())

    def _connect(self) -> None:
        self._console.line_read.connect(self._take_line)
        self._console.ended.connect(self._on_end)
        self._chats.storage_changed.connect(self._on_storage)
        self._chats.chat_opened.connect(self._on_opened)
        self._chats.waiting_changed.connect(self._on_waiting)
        self._chats.reply_changed.connect(self._on_reply)
        self._chats.reply_finished.connect(self._on_finished)
        self._chats.error_raised.connect(self._on_error)
        self._chats.question_returned.connect(lambda _: self._ask())
        self._chats.history_shortened.connect(lambda: self._say(texts.shortened()))
        self._unlock.passphrase_needed.connect(self._on_passphrase_needed)
        self._unlock.unlock_failed.connect(self._on_unlock_failed)
        self._unlock.recovery_code_made.connect(
            lambda code: self._say(texts.show_recovery_code(code))
        )

    def _ask(self) -> None:
        # After everything that is still to be said about the question before.
        QTimer.singleShot(0, self, lambda: self._read(texts.prompt(), self._on_question))

    def _read(self, prompt: str, on_line: Callable[[str], None], *, secret: bool = False) -> None:
        self._on_line = on_line
        if not self._reading:
            self._reading = True
            self._console.ask(prompt, secret=secret)

    def _take_line(self, line: str) -> None:
        self._reading = False
        self._on_line(line)

    def _on_question(self, line: str) -> None:
        if not line.strip():
            self._ask()
            return
        self._shown = 0
        self._question = line
        self._chats.send(line)

    def _on_end(self) -> None:
        self._say("\n" + texts.goodbye())
        self.ended.emit()

    def _on_storage(self, mode: str) -> None:
        if mode == "temporary":
            self._say(texts.not_kept())
        self._chats.start()
        self._ask()

    def _on_opened(self, view: ChatView | None) -> None:
        for message in view.messages if view is not None else ():
            if message.role == "user":
                self._say("\n" + texts.prompt() + message.text)
            else:
                self._say(_with_note(message) + "\n")
        if self._reading and view is not None:
            self._console.write(texts.prompt())

    def _on_waiting(self, waiting: Waiting) -> None:
        self._thinking = waiting.stage == "thinking"  # before it is said: Ctrl-C may follow at once
        if waiting.stage == "loading":
            self._console.hint(texts.loading())
        elif waiting.stage == "reading":
            self._console.hint(texts.reading(waiting.seconds_left))
        elif waiting.stage == "thinking":
            self._console.hint(texts.thinking_hint())

    def _on_reply(self, progress: ReplyProgress) -> None:
        _, answer = split_channels(progress.text, progress.spans)
        if len(answer) > self._shown:
            self._console.write(answer[self._shown :])
            self._shown = len(answer)

    def _on_finished(self, message: Message) -> None:
        _, answer = split_channels(message.text, message.details.spans)
        rest = answer[self._shown :]
        note = "" if message.state == "complete" else " " + texts.stopped()
        if message.state == "failed":
            note = ""
        self._say(rest + note + "\n" if message.text or note else "")
        self._say(self._note_for(self._question))
        if answer.strip():
            self._say(CheckWords().caution(caution_for(self._question, answer)))
        self._shown = 0
        self._ask()

    def _on_error(self, error: AppError | EngineError) -> None:
        self._say(self._error_text(error))

    def _on_passphrase_needed(self, mode: str) -> None:
        if mode == "create":
            self._say(texts.choose_passphrase())
            self._read(texts.new_passphrase_prompt(), self._on_new_passphrase, secret=True)
        elif mode == "unlock":
            self._say(texts.unlock())
            self._read(texts.passphrase_prompt(), self._on_passphrase, secret=True)
        else:
            self._say(texts.unlock())
            self._read(texts.recovery_prompt(), self._on_recovery)

    def _on_new_passphrase(self, first: str) -> None:
        def compare(second: str) -> None:
            if first == second:
                self._unlock.provide_passphrase(first)
            else:
                self._say(texts.passphrases_differ())
                self._read(texts.new_passphrase_prompt(), self._on_new_passphrase, secret=True)

        if first:
            self._read(texts.repeat_passphrase_prompt(), compare, secret=True)
        else:
            self._unlock.decline()

    def _on_passphrase(self, text: str) -> None:
        if text:
            self._unlock.provide_passphrase(text)
        else:
            self._unlock.decline()

    def _on_recovery(self, code: str) -> None:
        if code.strip():
            self._unlock.provide_recovery(code)
        else:
            self._unlock.decline()

    def _on_unlock_failed(self, error: AppError | EngineError) -> None:
        self._on_error(error)
        if self._unlock.has_passphrase:
            self._read(texts.passphrase_prompt(), self._on_passphrase, secret=True)
        else:
            self._read(texts.recovery_prompt(), self._on_recovery)

    def _say(self, text: str) -> None:
        if text:
            self._console.write(text + "\n")


def _with_note(message: Message) -> str:
    notes = {"interrupted": texts.interrupted(), "stopped": texts.stopped()}
    note = notes.get(message.state, "")
    return f"{answer_text(message)} {note}".strip()
