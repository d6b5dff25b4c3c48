"""Keeps what the assistant has read of long chats in files, so that yesterday's opens at once.

Reading a long chat again takes as long as it took the first time; what was read is large: 46 KB a
token for the starter, five times that for a model of eight billion weights. So a chat is written
only when reading it again would take seconds, only after a pause, and only within a budget; the
oldest file goes first. Whatever is in these files can be made again: none is worth a word to the
person, and any may be deleted at any time.

Each writing has its own key, derived from the key of the chats and a new salt, which stands in
front of the file in clear. The worker gets that key and no other. Names say nothing either: they
are derived from the chat's number. In a temporary store, without a key, nothing is written.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Slot

from app.core.records import ChatSummary, StorageMode
from app.services.engine_host import EngineHost
from app.services.tasks import Tasks
from engine.types import StatesFile

if TYPE_CHECKING:
    from app.store import Store

log = logging.getLogger(__name__)

LEAST_READING_S = 3.0
"""What is read again faster than this is not worth a file."""
PAUSE_MS = 5_000
"""How long nothing is asked before a chat is written."""
FREE_BYTES = 2 << 30
"""Room that is left to everything else on the disk."""
SALT_BYTES = 16
_SUFFIX = ".chat"
_THREAD = "alcove-saved-chats"
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class _Writing:
    """A request to write a file that was sent and not answered yet."""

    request_id: str
    chat_id: int
    salt: str


class SavedChats(QObject):
    """Decides what is written, and sees to it that no file outlives its chat."""

    def __init__(
        self,
        host: EngineHost,
        tasks: Tasks,
        folder: Path | None = None,
        budget_mb: Callable[[], int] = lambda: 0,
        parent: QObject | None = None,
    ) -> None:
        """Nothing is read or written before `attach`.

        Args:
            host: Writes.
            tasks: Runs what waits for the disk.
            folder: For these files alone; None keeps nothing.
            budget_mb: Megabytes that all files may take; 0 keeps nothing.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._host = host
        self._tasks = tasks
        self._folder = folder
        self._budget_mb = budget_mb
        self._store: Store | None = None
        self._salts: dict[int, str] = {}
        self._asked: dict[str, int] = {}  # chats by request
        self._due: dict[int, int] = {}  # bytes by chat
        self._writing: _Writing | None = None
        self._pause = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self._write_next)
        host.request_finished.connect(self._on_finished)
        host.request_failed.connect(self._on_failed)

    def attach(self, store: Store, mode: StorageMode) -> None:
        """Look what there is for the chats of this store, and remove what belongs to none."""
        folder = self._folder
        if mode != "stored" or folder is None:
            return
        self._store = store

        def listed(summaries: tuple[ChatSummary, ...]) -> None:
            chats = summaries if self._budget_mb() > 0 else ()

            def sweep() -> dict[int, str]:
                return _sweep(folder, {_name(store, chat.id): chat.id for chat in chats})

            self._tasks.then(self._tasks.run(sweep, _THREAD), self._on_swept)

        self._tasks.then(store.chats.list(), listed, lambda _: None)

    def _on_swept(self, salts: Mapping[int, str]) -> None:
        self._salts.update(salts)
        self._keep_within_budget()

    def file_of(self, chat_id: int) -> StatesFile | None:
        """Where a chat was written, with the key; None where it was not."""
        salt = self._salts.get(chat_id)
        return self._file(chat_id, salt) if salt is not None else None

    def asked(self, request_id: str, chat_id: int) -> None:
        """A question was sent; nothing is written until its reply has ended."""
        self._pause.stop()
        self._asked[request_id] = chat_id

    def _consider(self, chat_id: int, result: Mapping[str, Any]) -> None:
        """A reply has ended, in whatever way."""
        if self._store is None:
            return
        size = int(result.get("kept_bytes", 0))
        budget = self._budget_mb() * _MB
        if float(result.get("read_again_s", 0)) >= LEAST_READING_S and 0 < size <= budget:
            self._due[chat_id] = size
        if self._due:
            self._pause.start()

    def forget(self, chat_id: int) -> None:
        """A chat goes: what was read of it goes from memory and from the disk."""
        self._due.pop(chat_id, None)
        self._salts.pop(chat_id, None)
        self._host.forget(str(chat_id))
        if self._writing is not None and self._writing.chat_id == chat_id:
            self._host.cancel(self._writing.request_id)
        self._remove(chat_id)

    @Slot()
    def _write_next(self) -> None:
        if self._writing is not None or not self._due or self._folder is None:
            return
        chat_id, size = next(iter(self._due.items()))
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            free_bytes = shutil.disk_usage(self._folder).free
        except OSError as exc:
            log.warning("chats not saved errno=%d", exc.errno or 0)
            self._due.clear()
            return
        if free_bytes < FREE_BYTES + size:
            self._due.clear()
            return
        salt = secrets.token_bytes(SALT_BYTES).hex()
        file = self._file(chat_id, salt)
        request_id = self._host.save(str(chat_id), file) if file is not None else ""
        if request_id:
            self._writing = _Writing(request_id, chat_id, salt)

    @Slot(str, dict)
    def _on_finished(self, request_id: str, data: dict[str, Any]) -> None:
        if request_id in self._asked:
            self._consider(self._asked.pop(request_id), data)
            return
        writing = self._writing
        if writing is None or request_id != writing.request_id:
            return
        self._writing = None
        if writing.chat_id not in self._due:  # forgotten while it was written
            self._remove(writing.chat_id)
        elif "finish_reason" not in data:  # otherwise it gave way to a question: again later
            del self._due[writing.chat_id]
            if data.get("saved"):
                self._salts[writing.chat_id] = writing.salt
                self._keep_within_budget()
        if self._due:
            self._pause.start()

    @Slot(str, object)
    def _on_failed(self, request_id: str, _error: object) -> None:
        """A worker that ended may have left a file whose key nobody knows any more."""
        if request_id in self._asked:
            self._consider(self._asked.pop(request_id), {})
            return
        writing = self._writing
        if writing is None or request_id != writing.request_id:
            return
        self._writing = None
        self._due.pop(writing.chat_id, None)
        self._salts.pop(writing.chat_id, None)
        self._remove(writing.chat_id)

    def _keep_within_budget(self) -> None:
        folder, budget = self._folder, self._budget_mb() * _MB
        if folder is not None:
            self._run(lambda: _shrink(folder, budget))

    def fit(self) -> None:
        """The room was changed: give back what is too much."""
        if self._store is not None:
            self._keep_within_budget()

    def _remove(self, chat_id: int) -> None:
        folder = self._folder
        if self._store is not None and folder is not None:
            path = folder / _name(self._store, chat_id)
            self._run(lambda: _destroy(path))

    def _run(self, work: Callable[[], None]) -> None:
        self._tasks.then(self._tasks.run(work, _THREAD))

    def _file(self, chat_id: int, salt: str) -> StatesFile | None:
        if self._store is None or self._folder is None:
            return None
        path = self._folder / _name(self._store, chat_id)
        key = self._store.derived_key(f"saved chat {chat_id}", bytes.fromhex(salt))
        return StatesFile(str(path), salt, key.hex())


def _name(store: Store, chat_id: int) -> str:
    return store.derived_key(f"name of saved chat {chat_id}", b"").hex()[:32] + _SUFFIX


def _sweep(folder: Path, chats: Mapping[str, int]) -> dict[int, str]:
    """Remove what belongs to no chat; the salts of the others by chat."""
    salts: dict[int, str] = {}
    for path in _files(folder):
        chat_id = chats.get(path.name)
        salt = _salt(path) if chat_id is not None else b""
        if chat_id is None or len(salt) != SALT_BYTES:
            _destroy(path)
        else:
            salts[chat_id] = salt.hex()
    return salts


def _shrink(folder: Path, budget_bytes: int) -> None:
    """Remove the oldest files until the others fit."""
    known = []
    for path in _files(folder):
        with suppress(OSError):
            status = path.stat()
            known.append((status.st_mtime_ns, status.st_size, path))
    total = sum(size for _, size, _ in known)
    for _, size, path in sorted(known):
        if total <= budget_bytes:
            return
        _destroy(path)
        total -= size


def _destroy(path: Path) -> None:
    """Remove a file, its salt first: without it no key can be derived again."""
    for victim in (path, path.with_name(path.name + ".part")):
        with suppress(OSError), victim.open("r+b", buffering=0) as file:
            file.write(bytes(SALT_BYTES))
            os.fsync(file.fileno())
        with suppress(OSError):
            victim.unlink(missing_ok=True)


def _salt(path: Path) -> bytes:
    try:
        with path.open("rb", buffering=0) as file:
            return file.read(SALT_BYTES)
    except OSError:
        return b""


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_file()]
    except OSError:
        return []
