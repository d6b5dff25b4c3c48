"""Whole chats: the list, folders, the bin, names. `ChatService` adds the open one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from app.core.errors import AppError
from app.core.records import ChatSummary, DeletedFolder, Folder, Message
from app.services.saved_chats import SavedChats
from app.services.tasks import Tasks
from app.services.titles import suggested_title

if TYPE_CHECKING:
    from app.store import Store

_TOLD = 4
"""How many messages tell what a chat is about."""

T = TypeVar("T")


class Shelf(QObject):
    """Keeps the list of chats, of folders and of the bin in step with the store.

    Signals:
        chats_changed: tuple[ChatSummary, ...], pinned first, then newest first.
        folders_changed: tuple[Folder, ...], by name.
        bin_changed: tuple[ChatSummary, ...], what was deleted last comes first; after `list_bin`
            and whenever the bin changes from then on.
        chat_deleted: ChatSummary, for an offer to undo.
        folder_deleted: DeletedFolder, for an offer to undo.
        title_suggested: Id of a chat, and a name for it ("" when nothing was said in it yet).
        error_raised: AppError or EngineError.
    """

    chats_changed = Signal(object)
    folders_changed = Signal(object)
    bin_changed = Signal(object)
    chat_deleted = Signal(object)
    folder_deleted = Signal(object)
    title_suggested = Signal(int, str)
    error_raised = Signal(object)

    def __init__(self, tasks: Tasks, saved: SavedChats, parent: QObject | None = None) -> None:
        """Make a shelf that has no store yet.

        Args:
            tasks: Brings the store's results to the main thread.
            saved: What was read of a chat goes with it.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._tasks = tasks
        self._saved = saved
        self._store: Store | None = None
        self._summaries: tuple[ChatSummary, ...] = ()
        self._bin_shown = False

    @Slot()
    def reload(self) -> None:
        """Read everything anew: something else changed it."""
        self._refresh_folders()
        self._refresh()

    @Slot(int, str)
    def rename_chat(self, chat_id: int, title: str) -> None:
        """Give a chat a name."""
        if self._store is not None and title.strip():
            self._then(self._store.chats.rename(chat_id, title.strip()), self._on_changed)

    @Slot(int)
    def suggest_title(self, chat_id: int) -> None:
        """Think of a name for a chat; answered by `title_suggested`."""
        if self._store is None:
            return

        def read(messages: tuple[Message, ...]) -> None:
            self.title_suggested.emit(chat_id, suggested_title(messages))

        self._then(self._store.chats.beginning(chat_id, _TOLD), read)

    @Slot(int, bool)
    def pin_chat(self, chat_id: int, pinned: bool) -> None:
        """Keep a chat at the top of the list, or no longer."""
        if self._store is not None:
            self._then(self._store.chats.pin(chat_id, pinned), self._on_changed)

    @Slot(int, object)
    def move_chat(self, chat_id: int, folder_id: int | None) -> None:
        """Lay a chat into a folder; None: out of any."""
        if self._store is not None:
            self._then(self._store.chats.move(chat_id, folder_id), self._on_changed)

    @Slot(str)
    def add_folder(self, name: str) -> None:
        """Make a folder; one that has this name already is enough."""
        if self._store is not None and name.strip():
            self._then(self._store.folders.add(name.strip()), self._on_folders)

    @Slot(int, str)
    def rename_folder(self, folder_id: int, name: str) -> None:
        """Give a folder another name."""
        if self._store is not None and name.strip():
            self._then(self._store.folders.rename(folder_id, name.strip()), self._on_folders)

    @Slot(int)
    def delete_folder(self, folder_id: int) -> None:
        """Remove a folder; its chats stay."""
        if self._store is None:
            return

        def deleted(folder: DeletedFolder) -> None:
            self.reload()
            self.folder_deleted.emit(folder)

        self._then(self._store.folders.delete(folder_id), deleted)

    @Slot(object)
    def restore_folder(self, folder: DeletedFolder) -> None:
        """Have a folder back, with its chats in it."""
        if self._store is not None:
            self._then(self._store.folders.restore(folder), lambda _: self.reload())

    @Slot(int)
    def delete_chat(self, chat_id: int) -> None:
        """Put a chat into the bin."""
        if self._store is None:
            return
        self._before_delete(chat_id)
        known = next((s for s in self._summaries if s.id == chat_id), None)

        def deleted(summary: ChatSummary) -> None:
            self._saved.forget(chat_id)
            self._after_delete(chat_id)
            self._refresh()
            self.chat_deleted.emit(known or summary)

        self._then(self._store.chats.delete(chat_id), deleted)

    @Slot()
    def list_bin(self) -> None:
        """Say what is in the bin, now and whenever it changes; answered by `bin_changed`."""
        self._bin_shown = True
        self._refresh_bin()

    @Slot(int)
    def destroy_chat(self, chat_id: int) -> None:
        """Destroy a chat of the bin; nothing brings it back."""
        if self._store is not None:
            self._then(self._store.chats.destroy(chat_id), lambda _: self._refresh_bin())

    @Slot()
    def empty_bin(self) -> None:
        """Destroy everything in the bin; nothing brings it back."""
        if self._store is not None:
            now = datetime.now(UTC)
            self._then(self._store.chats.purge_deleted(now), lambda _: self._refresh_bin())

    def _before_delete(self, chat_id: int) -> None:
        """A chat is about to go to the bin."""

    def _after_delete(self, chat_id: int) -> None:
        """A chat went to the bin."""

    def _on_listed(self) -> None:
        """The list was read anew."""

    def _on_changed(self, summary: ChatSummary) -> None:  # noqa: ARG002  what listens may want it
        self._refresh()

    def _on_folders(self, folders: tuple[Folder, ...]) -> None:
        self.folders_changed.emit(folders)

    def _refresh(self, then: Callable[[], None] | None = None) -> None:
        if self._store is None:
            return

        def listed(summaries: tuple[ChatSummary, ...]) -> None:
            self._summaries = summaries
            self._on_listed()
            self.chats_changed.emit(summaries)
            if then is not None:
                then()

        self._then(self._store.chats.list(), listed)
        if self._bin_shown:
            self._refresh_bin()

    def _refresh_folders(self) -> None:
        if self._store is not None:
            self._then(self._store.folders.list(), self._on_folders)

    def _refresh_bin(self) -> None:
        if self._store is not None:
            self._then(self._store.chats.deleted(), self.bin_changed.emit)

    def _then(
        self,
        future: Future[T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._tasks.then(future, done, failed or self._report)

    def _report(self, error: BaseException) -> None:
        if isinstance(error, LookupError):  # a chat that went in the meantime: show what there is
            self._refresh()
            return
        if not isinstance(error, AppError):
            raise error
        self.error_raised.emit(error)
