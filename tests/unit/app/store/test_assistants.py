from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.records import Assistant
from app.store import Store

OWN = Assistant(0, "", "Gärtner 🌱", b"\x89PNG", "Talk of plants on {date}.", "big", "warm")


def test_shipped_ones_are_made_once_and_come_first(store: Store) -> None:
    own = store.assistants.add(OWN).result()
    first = store.assistants.list(("b", "a")).result()
    assert [a.key for a in first] == ["b", "a", ""]
    assert first[2] == own == replace(OWN, id=own.id)
    assert store.assistants.list(("b", "a")).result() == first


def test_changes_are_kept(store: Store) -> None:
    own = store.assistants.add(OWN).result()
    changed = store.assistants.change(replace(own, name="Koch", manner="")).result()
    assert store.assistants.list().result() == (changed,)
    with pytest.raises(LookupError):
        store.assistants.change(replace(own, id=99)).result()


def test_deleting_one_keeps_its_chats_and_can_be_taken_back(store: Store) -> None:
    own, other = (store.assistants.add(OWN).result() for _ in range(2))
    kept = store.chats.create("kept", own.id).result()
    moved = store.chats.create("moved", own.id).result()
    assert (kept.assistant_id, moved.assistant_id) == (own.id, own.id)
    removed = store.assistants.delete(own.id).result()
    assert store.assistants.list().result() == (other,)
    assert store.chats.open(kept.id).result().summary.assistant_id is None
    store.chats.assign(moved.id, other.id).result()
    assert store.assistants.restore(removed).result() == own
    assert store.chats.open(kept.id).result().summary.assistant_id == own.id
    assert store.chats.open(moved.id).result().summary.assistant_id == other.id
    with pytest.raises(LookupError):
        store.assistants.delete(99).result()
