"""Nothing that was typed can be read from the disk, and what was deleted not even with the key."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.core.logs import set_up_logging
from app.core.records import ReplyDetails
from app.store import Store
from app.store.keys import KeyVault
from app.store.repositories.meta import RECOVERY_CODE
from app.store.tokens import tokenize
from tests.helpers.sqlcipher_pages import decrypted

MARKERS = {
    name: f"Zqxmarker{name} 独特记号{name} ünïque"
    for name in ("title", "question", "reply", "draft", "file", "content", "newdraft")
}


def fill(store: Store, rounds: int = 1) -> int:
    chat = store.chats.create(MARKERS["title"]).result()
    parent = None
    for _ in range(rounds):
        question, reply = store.messages.ask(chat.id, parent, MARKERS["question"]).result()
        store.attachments.add(
            question.id, MARKERS["file"], "text/plain", MARKERS["content"].encode() * 500
        ).result()
        store.messages.checkpoint(reply.id, MARKERS["reply"][:12], ReplyDetails()).result()
        store.messages.finish(reply.id, MARKERS["reply"], ReplyDetails(), "complete").result()
        parent = reply.id
    store.chats.save_draft(chat.id, MARKERS["draft"]).result()
    store.chats.save_draft(None, MARKERS["newdraft"]).result()
    return chat.id


def forms(markers: list[str]) -> list[bytes]:
    words = [word for marker in markers for word in (marker.split() + tokenize(marker).split())]
    long_enough = [word for word in words if len(word.encode()) >= 9]
    return [word.encode(code) for word in long_enough for code in ("utf-8", "utf-16-le")]


def leaks(data: bytes, markers: list[str]) -> list[bytes]:
    return [form for form in forms(markers) if form in data]


def test_no_file_under_the_data_folder_holds_a_word_of_it(tmp_path: Path) -> None:
    handler = set_up_logging(tmp_path / "cache" / "logs", logging.DEBUG)
    vault = KeyVault(tmp_path / "keys.json", None)
    new = vault.create("Zqxmarkerpass phrase", use_keyring=False)
    store = Store.open(tmp_path / "alcove.db", new.data_key)
    store.meta.set(RECOVERY_CODE, new.recovery_code).result()
    fill(store, 30)
    store.backup(tmp_path / "copies").result()
    secrets = [*MARKERS.values(), "Zqxmarkerpass", new.recovery_code]
    secrets += [new.data_key.hex(), new.data_key.hex().upper()]

    def search() -> dict[str, list[bytes]]:
        files = [p for p in tmp_path.rglob("*") if p.is_file()]
        assert len(files) >= 6
        found = {p.name: leaks(p.read_bytes(), secrets) for p in files}
        found |= {
            f"{p.name} (key)": [new.data_key] for p in files if new.data_key in p.read_bytes()
        }
        return {name: hits for name, hits in found.items() if hits}

    try:
        assert (tmp_path / "alcove.db-wal").stat().st_size > 100_000
        assert search() == {}
        store.close()
        assert search() == {}
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


@pytest.mark.parametrize("rounds", [1, 80])
def test_what_was_purged_is_gone_even_for_the_holder_of_the_key(
    path: Path, key: bytes, rounds: int
) -> None:
    store = Store.open(path, key)
    kept = store.chats.create("a chat that stays").result()
    _, reply = store.messages.ask(kept.id, None, "the harbour master").result()
    store.messages.finish(reply.id, "stays as well", ReplyDetails(), "complete").result()
    chat_id = fill(store, rounds)
    assert set(leaks(decrypted(path, key), list(MARKERS.values()))) >= {
        MARKERS["question"].split()[0].encode()
    }
    store.chats.save_draft(None, "").result()
    store.chats.delete(chat_id).result()
    later = datetime.now(UTC) + timedelta(seconds=1)
    assert store.chats.purge_deleted(later).result() == 1
    assert leaks(decrypted(path, key), list(MARKERS.values())) == []
    assert [hit.text for hit in store.search.find("harbour").result().hits] == [
        "the harbour master"
    ]
    store.close()
    assert leaks(decrypted(path, key), list(MARKERS.values())) == []
    assert b"harbour" in decrypted(path, key)
