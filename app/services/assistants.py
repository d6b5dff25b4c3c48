"""Assistants: who answers, with which words before the conversation, and on which model.

Four come with the program; their names and instructions come from the translations and follow the
window's language until somebody changes them. A chat without an assistant is answered by the last
of the four, "ask anything", which says nothing before the conversation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from app.core.errors import AppError
from app.core.records import Assistant, Message
from app.core.text import one_line
from app.services.assistant_file import MOST_NAME, read_assistant, write_assistant
from app.services.instructions import Instructions, instructions_for, sitting_began
from app.services.tasks import Tasks

if TYPE_CHECKING:
    from app.store import Store
    from app.store.repositories.assistants import RemovedAssistant

log = logging.getLogger(__name__)

ASK: Final = "ask"
SHIPPED: Final = ("letter", "explain", "translate", ASK)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ShippedWords:
    """What a shipped assistant is called and told in the language of the window."""

    name: str
    instructions: str


class AssistantService(QObject):
    """Everybody who can be asked.

    Signals:
        assistants_changed: tuple[Assistant, ...] with their words filled in, shipped ones first.
        assistant_saved: The Assistant, after `save` or `bring_in`.
        assistant_deleted: The Assistant, for an offer to undo.
        written: An assistant was written to a file.
        error_raised: AppError.
    """

    assistants_changed = Signal(object)
    assistant_saved = Signal(object)
    assistant_deleted = Signal(object)
    written = Signal()
    error_raised = Signal(object)

    def __init__(
        self,
        tasks: Tasks,
        words: Callable[[str], ShippedWords],
        languages: Callable[[], tuple[str, str]],
        bundle_named: Callable[[str], Path | None],
        parent: QObject | None = None,
    ) -> None:
        """Make a service that has no store yet.

        Args:
            tasks: Brings results of other threads to the main thread.
            words: Of a shipped assistant by its key, in the window's language.
            languages: The language that answers are pinned to ("" to follow) and the window's.
            bundle_named: The model of a name, the one chosen for everything where there is none.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._bundle_named = bundle_named
        self._tasks = tasks
        self._words = words
        self._languages = languages
        self._store: Store | None = None
        self._all: tuple[Assistant, ...] = tuple(
            Assistant(0, key, "", b"", "", "", "") for key in SHIPPED
        )
        self._removed: RemovedAssistant | None = None

    @property
    def all(self) -> tuple[Assistant, ...]:
        """Everybody, with their words filled in: shipped ones first, then one's own."""
        return tuple(map(self._shown, self._all))

    @Slot(object, str)
    def attach(self, store: Store, _mode: str = "") -> None:
        """Where they are kept."""
        self._store = store
        self._refresh()

    @Slot()
    def retranslate(self) -> None:
        """The window speaks another language, and so do the shipped ones."""
        self.assistants_changed.emit(self.all)

    @Slot()
    def reload(self) -> None:
        """Read everybody anew: chats that came in may have brought names along."""
        self._refresh()

    def of(self, assistant_id: int | None) -> Assistant:
        """The one with this id, else the one for anything."""
        found = next((a for a in self._all if assistant_id and a.id == assistant_id), None)
        return self._shown(found or next(a for a in self._all if a.key == ASK))

    def instructions(
        self, assistant_id: int | None, branch: Sequence[Message], question: str
    ) -> Instructions:
        """What is said before a conversation.

        Args:
            assistant_id: Who answers.
            branch: The messages before the question, oldest first.
            question: The question.
        """
        assistant = self.of(assistant_id)
        pinned, window = self._languages()
        return instructions_for(
            assistant.instructions,
            assistant.manner,
            [*(m.text for m in branch if m.role == "user"), question],
            pinned=pinned,
            window=window,
            day=sitting_began(branch, datetime.now(UTC)).astimezone(),
        )

    def bundle(self, assistant_id: int | None) -> Path | None:
        """The model that answers, None where there is none at all."""
        return self._bundle_named(self.of(assistant_id).model)

    @Slot(object)
    def save(self, assistant: Assistant) -> None:
        """Keep a new one (id 0) or a changed one; answered by `assistant_saved`."""
        if self._store is None:
            return
        kept = self._kept(assistant)
        if kept.key and not kept.id:  # asked for before the store has answered
            return
        repository = self._store.assistants
        self._then(repository.change(kept) if kept.id else repository.add(kept), self._on_saved)

    @Slot(int)
    def reset(self, assistant_id: int) -> None:
        """Give a shipped one its own words and picture back."""
        one = next((a for a in self._all if a.id == assistant_id and a.key), None)
        if one is not None:
            self.save(replace(one, name="", picture=b"", instructions="", model="", manner=""))

    @Slot(int)
    def delete(self, assistant_id: int) -> None:
        """Remove one's own; its chats stay and are answered by the one for anything."""
        one = next((a for a in self._all if a.id == assistant_id), None)
        if self._store is None or one is None or one.key:
            return

        def deleted(removed: RemovedAssistant) -> None:
            self._removed = removed
            self._refresh()
            self.assistant_deleted.emit(removed.assistant)

        self._then(self._store.assistants.delete(assistant_id), deleted)

    @Slot()
    def undo_delete(self) -> None:
        """Take the last deletion back, its chats included."""
        removed, self._removed = self._removed, None
        if self._store is not None and removed is not None:
            self._then(self._store.assistants.restore(removed), lambda _: self._refresh())

    @Slot(object, object)
    def write(self, assistant: Assistant, path: Path | str) -> None:
        """Write one to a file; answered by `written`."""
        future = self._tasks.run(lambda: write_assistant(Path(path), assistant), "alcove-assistant")
        self._then(future, lambda _: self.written.emit())

    @Slot(object)
    def bring_in(self, path: Path | str) -> None:
        """Add one from a file; answered by `assistant_saved`."""
        self._then(
            self._tasks.run(lambda: read_assistant(Path(path)), "alcove-assistant"), self.save
        )

    def _shown(self, assistant: Assistant) -> Assistant:
        """As it is shown: with words of the window's language where a shipped one has none."""
        name = one_line(assistant.name)[:MOST_NAME].strip()
        if not assistant.key:
            return replace(assistant, name=name or "?")
        words = self._words(assistant.key)
        return replace(
            assistant,
            name=name or words.name,
            instructions=assistant.instructions or words.instructions,
        )

    def _kept(self, assistant: Assistant) -> Assistant:
        """Without the words of the window's language, so that they go on following it."""
        if not assistant.key:
            return assistant
        words = self._words(assistant.key)
        name, said = assistant.name.strip(), assistant.instructions.strip()
        return replace(
            assistant,
            id=next(a.id for a in self._all if a.key == assistant.key),
            name="" if name == words.name else name,
            instructions="" if said == words.instructions.strip() else said,
        )

    def _on_saved(self, assistant: Assistant) -> None:
        self._refresh(lambda: self.assistant_saved.emit(self._shown(assistant)))

    def _refresh(self, then: Callable[[], None] | None = None) -> None:
        if self._store is None:
            return

        def listed(found: tuple[Assistant, ...]) -> None:
            self._all = found
            self.assistants_changed.emit(self.all)
            if then is not None:
                then()

        self._then(self._store.assistants.list(SHIPPED), listed)

    def _then(self, future: Future[T], done: Callable[[T], None]) -> None:
        self._tasks.then(future, done, self._report)

    def _report(self, error: BaseException) -> None:
        if isinstance(error, LookupError):  # gone in the meantime
            self._refresh()
            return
        if not isinstance(error, AppError):
            raise error
        log.warning("assistant failed code=%s", error.code)
        self.error_raised.emit(error)
