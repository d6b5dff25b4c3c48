"""Chats into one file: Markdown or plain text to read, JSON to bring back."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from app.core.jsonfile import storage_error, sync_folder
from app.core.keeping import Exported, ExportKind, ExportWords, WholeChat, WholeMessage
from app.core.text import one_line
from app.services.doubt import Caution, caution_for
from app.services.history import split_channels
from app.services.keeping import own_format
from app.services.keeping.job import Job

if TYPE_CHECKING:
    from app.store import Store


def export(
    store: Store,
    ids: tuple[int, ...] | None,
    path: Path,
    kind: ExportKind,
    words: ExportWords,
    job: Job,
) -> Exported:
    """Write chats into a file, which appears under its name only when it is whole.

    Args:
        store: Where they are.
        ids: Which ones, in this order; None: all outside the bin.
        path: The file; one that is there is replaced.
        kind: Its form.
        words: For the forms that are read by people.
        job: Is told how far it is.

    Raises:
        Cancelled: It was stopped; nothing is left of it.
        StoreError: The chats cannot be read, or the file cannot be written.
    """
    wanted = store.transfer.ids().result() if ids is None else ids
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                _write(file, _chats(store, wanted, job), kind, words)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
            sync_folder(path.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink(missing_ok=True)
            raise
    except OSError as exc:
        raise storage_error(exc) from exc
    return Exported(path, len(wanted))


def _chats(store: Store, ids: tuple[int, ...], job: Job) -> Iterator[WholeChat]:
    for number, chat_id in enumerate(ids):
        job.step(number / len(ids))
        with contextlib.suppress(LookupError):  # it was destroyed in the meantime
            yield store.transfer.read(chat_id).result()


def _write(file: TextIO, chats: Iterator[WholeChat], kind: ExportKind, words: ExportWords) -> None:
    if kind == "json":
        file.write(own_format.head())
        for number, chat in enumerate(chats):
            file.write(",\n" if number else "")
            file.writelines(own_format.chat_text(chat))
        file.write(own_format.tail())
        return
    for number, chat in enumerate(chats):
        if number:
            file.write("\n\n" if kind == "text" else "\n\n---\n\n")
        file.writelines(_markdown(chat, words) if kind == "markdown" else _plain(chat, words))


def _markdown(chat: WholeChat, words: ExportWords) -> Iterator[str]:
    """The branch that is shown; answers are Markdown already, questions stay as they were typed."""
    yield f"# {one_line(chat.title) or words.untitled}\n\n*{_day(chat)}*\n"
    for message, answer, caution in _said(chat):
        yield f"\n**{_speaker(chat, message, words)}**\n\n{answer}\n"
        if caution in words.cautions:
            yield f"\n*{words.cautions[caution]}*\n"


def _plain(chat: WholeChat, words: ExportWords) -> Iterator[str]:
    title = one_line(chat.title) or words.untitled
    yield f"{title}\n{'=' * min(len(title), 60)}\n{_day(chat)}\n"
    for message, answer, caution in _said(chat):
        yield f"\n{_speaker(chat, message, words)}:\n{answer}\n"
        if caution in words.cautions:
            yield f"\n({words.cautions[caution]})\n"


def _said(chat: WholeChat) -> Iterator[tuple[WholeMessage, str, Caution]]:
    """What was said, without thinking and without empty replies, and the caution it deserves."""
    question = ""
    for message in chat.shown():
        said = split_channels(message.text, message.details.spans)[1].strip()
        if message.role == "user":
            question = said
        if said:
            answers = message.role == "assistant"
            yield message, said, caution_for(question, said) if answers else ""


def _speaker(chat: WholeChat, message: WholeMessage, words: ExportWords) -> str:
    return words.you if message.role == "user" else words.speaker(chat.answerer)


def _day(chat: WholeChat) -> str:
    """The local day, in the one form that every language reads."""
    return chat.created_at.astimezone().strftime("%Y-%m-%d")
