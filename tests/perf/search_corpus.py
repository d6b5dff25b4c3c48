"""A database with a million messages to search in: words as rare and as common as in real ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from app.store import Store
from app.store.tokens import tokenize

MESSAGES_PER_CHAT = 100
EVERYWHERE = "because"
RARE = "zeppelin"
RARE_CHINESE = "罕见"
COMMON_CHINESE = "路灯"
_VOCABULARY = 30_000
_WORDS = 40  # on average; questions are short and replies long
_SYLLABLES = "ba be bi bo ca ce co da de di fa fe ga go ha ho ka ki la le lo ma me mi na no pa po"
_HAN = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就"
    "出会可也你对生能而子那得于着下自之年过发后作里"
)
_BATCH = 5_000


def build(folder: Path, key: bytes, messages: int) -> Path:
    """Write the database, a tenth of its chats in the bin and a fifth in folders."""
    path = folder / "alcove.db"
    store = Store.open(path, key)
    names = store.folders.add("Letters").result()
    folder_id = names[0].id
    words = _Words(random.Random(7))
    for first in range(0, messages, _BATCH):
        rows = [(n, words.message(n)) for n in range(first, min(first + _BATCH, messages))]
        store._database.submit(partial(_insert, rows=rows, folder_id=folder_id)).result()
    store.close()
    return path


class _Words:
    """Words whose n-th is n times rarer than the first, as in every language."""

    def __init__(self, seed: random.Random) -> None:
        self._random = seed
        syllables = _SYLLABLES.split()
        self._words = [
            "".join(seed.choices(syllables, k=seed.randint(1, 4))) for _ in range(_VOCABULARY)
        ]
        self._weights = list(accumulate(1 / n for n in range(3, _VOCABULARY + 3)))

    def message(self, number: int) -> str:
        count = 10 if number % 2 == 0 else 2 * _WORDS - 10
        chosen = self._random.choices(self._words, cum_weights=self._weights, k=count)
        if number % 50:
            chosen.append(EVERYWHERE)
        if number % 100_003 == 17:
            chosen += [RARE, RARE_CHINESE]
        if number % 10 == 3:
            chosen.append("".join(self._random.choices(_HAN, k=40)))
        if number % 40 == 3:
            chosen.append("昨晚路灯亮了")
        return " ".join(chosen)


def _insert(connection: Connection, rows: list[tuple[int, str]], folder_id: int) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    chats: list[tuple[Any, ...]] = []
    messages: list[tuple[Any, ...]] = []
    entries: list[tuple[Any, ...]] = []
    for number, text in rows:
        chat, place = divmod(number, MESSAGES_PER_CHAT)
        at = (moment + timedelta(seconds=number)).timestamp() * 1_000_000
        if place == 0:
            deleted = at if chat % 10 == 9 else None
            chats.append(
                (chat + 1, text[:40], at, at, deleted, folder_id if chat % 5 == 0 else None)
            )
        parent = number if place else None
        role = "assistant" if number % 2 else "user"
        messages.append((number + 1, chat + 1, parent, role, text, at))
        entries.append((number + 1, tokenize(text)))
    _execute(connection, _CHAT, chats)
    _execute(connection, _MESSAGE, messages)
    _execute(connection, "INSERT INTO search (rowid, tokens) VALUES (?, ?)", entries)


def _execute(connection: Connection, statement: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        connection.exec_driver_sql(statement, rows)


_CHAT = """
INSERT INTO chats (id, title, created_at, updated_at, deleted_at, folder_id)
VALUES (?, ?, ?, ?, ?, ?)
"""
_MESSAGE = """
INSERT INTO messages (id, chat_id, parent_id, role, text, state, created_at)
VALUES (?, ?, ?, ?, ?, 'complete', ?)
"""


def queries() -> Iterator[tuple[str, str]]:
    """What is looked for, by name."""
    yield "word in nearly every message", EVERYWHERE
    yield "its first letter", EVERYWHERE[0]
    yield "its first three letters", EVERYWHERE[:3]
    yield "its first six letters", EVERYWHERE[:6]
    yield "rare word", RARE
    yield "rare and everywhere", f"{RARE} {EVERYWHERE}"
    yield "two common words", f"{EVERYWHERE} ba"
    yield "common Chinese", COMMON_CHINESE
    yield "rare Chinese", RARE_CHINESE
    yield "one Chinese character", COMMON_CHINESE[0]
    yield "Chinese and a word", f"{COMMON_CHINESE} {EVERYWHERE}"
    yield "nowhere", "qqqqq"
