"""A chat service whose signals are written down."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import shiboken6
from pytestqt.qtbot import QtBot

from app.core.errors import AppError
from app.core.records import ChatSummary, ChatView, Message
from app.services.assistants import AssistantService
from app.services.chat_events import ReplyProgress, Waiting
from app.services.chats import ChatService
from app.services.engine_host import EngineHost
from app.services.saved_chats import SavedChats
from app.services.tasks import Tasks
from engine.errors import EngineError
from engine.protocol import TokenEvent

WAIT_MS = 60_000  # a reply of a thousand tokens, on a core that others take


class ChatRecorder:
    """What a user interface would have seen."""

    def __init__(
        self,
        qtbot: QtBot,
        host: EngineHost,
        tasks: Tasks,
        saved: SavedChats | None = None,
        *,
        assistants: AssistantService | None = None,
    ) -> None:
        self.qtbot = qtbot
        self.host = host
        self._tasks = tasks
        self.service = ChatService(
            host, tasks, saved or SavedChats(host, tasks), assistants=assistants
        )
        self.summaries: tuple[ChatSummary, ...] = ()
        self.opened: list[ChatView | None] = []
        self.added: list[Message] = []
        self.progress: list[ReplyProgress] = []
        self.waiting: list[Waiting] = []
        self.finished: list[Message] = []
        self.deleted: list[ChatSummary] = []
        self.errors: list[AppError | EngineError] = []
        self.returned: list[str] = []
        self.drafts: list[str] = []
        self.shortened = 0
        service = self.service
        service.chats_changed.connect(self._on_chats)
        service.chat_opened.connect(self.opened.append)
        service.message_added.connect(self.added.append)
        service.reply_changed.connect(self.progress.append)
        service.waiting_changed.connect(self.waiting.append)
        service.reply_finished.connect(self.finished.append)
        service.chat_deleted.connect(self.deleted.append)
        service.error_raised.connect(self.errors.append)
        service.question_returned.connect(self.returned.append)
        service.draft_restored.connect(self.drafts.append)
        service.history_shortened.connect(self._on_shortened)

    def ask(self, text: str) -> Message:
        """Ask and wait for the end of the reply."""
        count = len(self.finished)
        self.service.send(text)
        self.wait(lambda: len(self.finished) > count)
        return self.finished[-1]

    @contextmanager
    def held(self, text: str) -> Iterator[int]:
        """Ask, and freeze the worker at the first words of the reply; yields its process id.

        The tiny model writes a thousand tokens in a tenth of a second: too fast to be caught
        by waiting.
        """
        pid = self.host.worker_pid
        count = len(self.progress)

        def freeze(event: TokenEvent) -> None:
            active = self.service._generator.active
            if active is not None and event.id == active.request_id:  # not the test before
                os.kill(pid, signal.SIGSTOP)
                self.host.tokens_arrived.disconnect(freeze)

        self.host.tokens_arrived.connect(freeze)
        self.service.send(text)
        self.wait(lambda: len(self.progress) > count)
        try:
            yield pid
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def wait(self, condition: Callable[[], bool]) -> None:
        """Run the event loop until it holds."""
        self.qtbot.waitUntil(condition, timeout=WAIT_MS)

    def close(self) -> None:
        """Stop listening, so that a host shared with other tests is left alone."""
        self.service.stop()
        self.service.shutdown()
        self._tasks.close()
        shiboken6.delete(self.service)  # with all its connections, before Python forgets it

    def _on_chats(self, summaries: tuple[ChatSummary, ...]) -> None:
        self.summaries = summaries

    def _on_shortened(self) -> None:
        self.shortened += 1
