"""Between the lists of conversations, the search and the services behind them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from app.core.errors import AppError
from app.core.options import CLOSED_FOLDERS
from app.core.records import ChatSummary, Folder, SearchResults
from app.core.settings import Settings
from app.services.chats import ChatService
from app.services.search import SearchService
from app.ui.chats.finder import Finder
from app.ui.frame.shell import Shell


class FinderWiring(QObject):
    """Fills every list, and does what is wished for in it."""

    def __init__(
        self,
        shell: Shell,
        finders: tuple[Finder, ...],
        chats: ChatService,
        search: SearchService,
        settings: Settings,
        open_chat: Callable[..., None],
    ) -> None:
        """Connect them.

        Args:
            shell: Qt parent.
            finders: The lists with their search fields.
            chats: Conversations and folders.
            search: Finds words in them.
            settings: Remembers which folders are closed.
            open_chat: Shows a conversation, at a message if one is given.
        """
        super().__init__(shell)
        self._finders = finders
        self._chats = chats
        self._settings = settings
        self._listed: tuple[ChatSummary, ...] = ()
        self._awaited: tuple[str, int] = ("", 0)
        self._closed = _read(settings.get(CLOSED_FOLDERS))
        chats.chats_changed.connect(self._on_chats_changed)
        chats.folders_changed.connect(self._on_folders_changed)
        chats.title_suggested.connect(self._on_title_suggested)
        search.found.connect(self._on_found)
        for finder in finders:
            finder.find_wished.connect(search.find)
            finder.results.chat_chosen.connect(open_chat)
            finder.results.hit_chosen.connect(open_chat)
            rows = finder.chats
            rows.set_closed(self._closed)
            rows.chat_chosen.connect(open_chat)
            rows.rename_wished.connect(chats.rename_chat)
            rows.suggestion_wished.connect(chats.suggest_title)
            rows.delete_wished.connect(chats.delete_chat)
            rows.pin_wished.connect(chats.pin_chat)
            rows.move_wished.connect(self._move)
            rows.folder_wished.connect(self._add_folder)
            rows.folder_rename_wished.connect(chats.rename_folder)
            rows.folder_delete_wished.connect(chats.delete_folder)
            rows.folder_closed.connect(self._close_folder)

    @Slot(int, object)
    def _move(self, chat_id: int, folder_id: int | None) -> None:
        # Pinned ones are listed at the top wherever they lie: one that goes into a folder is seen
        # to go there.
        pinned = any(chat.id == chat_id and chat.pinned for chat in self._listed)
        if pinned and folder_id is not None:
            self._chats.pin_chat(chat_id, False)
        self._chats.move_chat(chat_id, folder_id)

    @Slot(str, int)
    def _add_folder(self, name: str, chat_id: int) -> None:
        self._awaited = (name, chat_id)
        self._chats.add_folder(name)

    @Slot(int, bool)
    def _close_folder(self, folder_id: int, closed: bool) -> None:
        self._closed = self._closed | {folder_id} if closed else self._closed - {folder_id}
        for finder in self._finders:
            finder.chats.set_closed(self._closed)
        # That a folder is closed is not worth an error.
        with contextlib.suppress(AppError):
            self._settings.set_user(CLOSED_FOLDERS, ",".join(map(str, sorted(self._closed))))

    def _on_chats_changed(self, chats: tuple[ChatSummary, ...]) -> None:
        self._listed = chats
        for finder in self._finders:
            finder.chats.set_chats(chats)
            finder.look_again()

    def _on_folders_changed(self, folders: tuple[Folder, ...]) -> None:
        for finder in self._finders:
            finder.chats.set_folders(folders)
        name, chat_id = self._awaited
        made = next((folder for folder in folders if folder.name == name), None)
        if made is not None:
            self._awaited = ("", 0)
            if chat_id:
                self._move(chat_id, made.id)

    def _on_title_suggested(self, chat_id: int, title: str) -> None:
        for finder in self._finders:
            finder.chats.suggest_title(chat_id, title)

    def _on_found(self, results: SearchResults) -> None:
        for finder in self._finders:
            finder.show_results(results)


def _read(numbers: str) -> frozenset[int]:
    return frozenset(int(part) for part in numbers.split(",") if part.isascii() and part.isdigit())
