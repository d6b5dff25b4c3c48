"""Chats of other programs, and our own exports, from a file, a folder or a zip.

Each chat is committed as soon as it is read. Whatever ends an import, what was brought in is whole,
and the same import once more brings only what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import ImportFailed, UnknownFormat
from app.core.jsonfile import JsonObject
from app.core.keeping import Imported, WholeChat
from app.core.paths import DATABASE_NAME, KEYS_NAME
from app.services.keeping import chatgpt, gpt4all, jan, own_format
from app.services.keeping.job import Job, PartOfJob
from app.services.keeping.json_objects import MOST_BYTES, objects, parse_object
from app.services.keeping.sources import Entry, opened

if TYPE_CHECKING:
    from app.store import Store

_CONVERSATIONS = re.compile(r"conversations(-\d+)?\.json")
_OWN = re.compile(rb'\s*\{\s*"format"\s*:\s*"alcove-chats"\s*,\s*"version"\s*:\s*(\d+)')
_HEAD_BYTES = 4_096
_OWN_MOST_BYTES = 256 << 20  # files of messages are inside
_THREAD_BYTES = 1 << 20


def bring_all(store: Store, paths: Sequence[Path], secret: str, job: Job) -> Imported:
    """Bring chats in from one or several places; arguments and errors as of `bring`.

    What cannot be read keeps nothing else out; it is an error where it is all there is.
    """
    if len(paths) == 1:
        return bring(store, meant(paths[0]), secret, job)
    chats = messages = known = 0
    failures: list[ImportFailed] = []
    for number, path in enumerate(paths):
        try:
            one = bring(store, meant(path), secret, PartOfJob(job, number, len(paths)))
        except ImportFailed as exc:
            failures.append(exc)
            chats += int(exc.params.get("chats", 0))
        else:
            chats, messages = chats + one.chats, messages + one.messages
            known += one.known
    if failures and chats + known == 0:
        raise failures[0]
    return Imported(chats, messages, known, len(failures))


def bring(store: Store, path: Path, secret: str, job: Job) -> Imported:
    """Bring chats in.

    Args:
        store: Where to.
        path: A file, a folder or a zip; a backup too, whose chats come in beside those here.
        secret: For a backup of another computer its recovery code or passphrase, else "".
        job: Is told how far it is.

    Raises:
        Cancelled: It was stopped; what was brought in stays.
        ImportFailed: It cannot be read, or only to a point. Params: chats, those before it.
        KeyUnavailable: reason "wrong": the backup needs another secret.
        StoreError: It cannot be kept.
    """
    chats = messages = known = 0
    try:
        for chat in _backup(store, path, secret, job) if is_backup(path) else _files(path, job):
            if not (chat.messages or chat.draft):
                continue
            if store.transfer.add(chat).result():
                chats, messages = chats + 1, messages + len(chat.messages)
            else:
                known += 1
    except ImportFailed as exc:
        raise type(exc)(chats=chats) from exc
    if chats + known == 0:
        raise UnknownFormat(chats=0)
    return Imported(chats, messages, known)


def is_backup(path: Path) -> bool:
    """Whether it is a folder that a backup or an update wrote."""
    return (path / DATABASE_NAME).is_file() and (path / KEYS_NAME).is_file()


def meant(path: Path) -> Path:
    """What is read where one file out of a folder was chosen: of a thread or a backup all of it."""
    known = path.name in ("thread.json", "messages.jsonl")
    whole_thread = known and (path.parent / "messages.jsonl").is_file()
    whole_backup = path.name in (DATABASE_NAME, KEYS_NAME) and is_backup(path.parent)
    return path.parent if whole_thread or whole_backup else path


def _backup(store: Store, path: Path, secret: str, job: Job) -> Iterator[WholeChat]:
    job.step(0.0)
    with store.open_backup(path, secret) as backup:
        ids = backup.transfer.ids().result()
        for number, chat_id in enumerate(ids):
            job.step(number / len(ids))
            yield backup.transfer.read(chat_id).result()


def _files(path: Path, job: Job) -> Iterator[WholeChat]:
    with opened(path) as entries:
        yield from _Reader(entries, job).chats()


class _Reader:
    """Finds in a source what it knows, and reads it."""

    def __init__(self, entries: tuple[Entry, ...], job: Job) -> None:
        self._entries = entries
        self._job = job
        self._read_bytes = 0
        self._all_bytes = 1

    def chats(self) -> Iterator[WholeChat]:
        """All of them. Raises ImportFailed."""
        by_name = {entry.path: entry for entry in self._entries}
        alone = len(self._entries) == 1
        listed = [e for e in self._entries if _CONVERSATIONS.fullmatch(e.path.name)]
        binary = [e for e in self._entries if e.path.suffix == ".chat"]
        lines = [e for e in self._entries if e.path.name == "messages.jsonl"]
        if alone and not (listed or binary or lines):
            only = self._entries[0]
            listed, lines = ([], [only]) if only.path.suffix == ".jsonl" else ([only], [])
        elif not (listed or binary or lines):
            listed = [e for e in self._entries if e.path.suffix == ".json" and _is_own(e)]
        self._all_bytes = max(1, sum(e.size_bytes for e in (*listed, *binary, *lines)))
        for entry in listed:
            yield from self._json(entry)
        for entry in binary:
            with entry.open() as file:
                yield gpt4all.read_chat(file, entry.modified)
            self._count(entry.size_bytes)
        for entry in lines:
            yield self._thread(entry, by_name.get(entry.path.with_name("thread.json")))
            self._count(entry.size_bytes)

    def _json(self, entry: Entry) -> Iterator[WholeChat]:
        with entry.open_text() as file:
            head = file.read(_HEAD_BYTES)
        own = _OWN.match(head)
        if own is not None and int(own.group(1)) > own_format.VERSION:
            raise UnknownFormat
        depth = 3 if own else 2 if head.lstrip()[:1] == b"[" else 1
        if head.lstrip()[:1] not in (b"[", b"{"):
            raise UnknownFormat
        with entry.open_text() as file:
            most_bytes = _OWN_MOST_BYTES if own else MOST_BYTES
            for value in objects(file, depth, self._count, most_bytes):
                if own:
                    yield own_format.read_chat(value)
                elif chatgpt.is_conversation(value):
                    yield chatgpt.read_conversation(value, entry.modified)
                else:
                    raise UnknownFormat

    def _thread(self, entry: Entry, thread: Entry | None) -> WholeChat:
        described: JsonObject = {}
        if thread is not None and thread.size_bytes <= _THREAD_BYTES:
            with thread.open_text() as file:
                described = parse_object(file.read(_THREAD_BYTES))
        with entry.open_text() as file:
            return jan.read_thread(described, jan.read_lines(file), entry.modified)

    def _count(self, read_bytes: int) -> None:
        self._read_bytes += read_bytes
        self._job.step(self._read_bytes / self._all_bytes)


def _is_own(entry: Entry) -> bool:
    with entry.open_text() as file:
        return _OWN.match(file.read(_HEAD_BYTES)) is not None
