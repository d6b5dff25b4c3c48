from __future__ import annotations

import os

import pytest

from app.core.errors import Corrupt
from app.core.records import Attachment
from app.store import Store
from app.store.repositories import attachments


def test_files_are_kept_with_their_message(store: Store) -> None:
    chat = store.chats.create().result()
    question, reply = store.messages.ask(chat.id, None, "q").result()
    content = os.urandom(300_000)
    first = store.attachments.add(question.id, "Brief.pdf", "application/pdf", content).result()
    second = store.attachments.add(question.id, "空.txt", "text/plain", b"").result()
    assert isinstance(first, Attachment)
    assert (first.name, first.media_type, first.size_bytes) == (
        "Brief.pdf",
        "application/pdf",
        300_000,
    )
    assert store.attachments.list(question.id).result() == (first, second)
    assert store.attachments.list(reply.id).result() == ()
    assert store.attachments.read(first.id).result() == content
    assert store.attachments.read(second.id).result() == b""


def test_too_large_is_refused_before_anything_is_written(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MAX_BYTES", 10)
    with pytest.raises(ValueError, match="too large"):
        store.attachments.add(1, "n", "t", bytes(11))


def test_content_that_changed_is_noticed(store: Store) -> None:
    chat = store.chats.create().result()
    question, _ = store.messages.ask(chat.id, None, "q").result()
    added = store.attachments.add(question.id, "n", "t", b"content").result()
    store._database.submit(  # damage that the pages' checksums cannot show
        lambda c: c.exec_driver_sql("UPDATE attachments SET content = x'00'")
    ).result()
    with pytest.raises(Corrupt):
        store.attachments.read(added.id).result()
