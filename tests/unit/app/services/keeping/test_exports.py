from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.core.errors import ReadOnly, StoreError
from app.core.keeping import BackedUp, Exported, ExportKind
from app.core.records import ReplyDetails, Span
from app.services.keeping.exporting import export
from app.services.keeping.job import Cancelled, Job
from app.store import Store
from app.store.keys import KeyVault
from tests.helpers.keeping_recorder import KeepingRecorder


@pytest.fixture
def lamps(store: Store) -> int:
    chat = store.chats.create("Street\nlamps").result()
    question, first = store.messages.ask(chat.id, None, "Which *lamps*?").result()
    store.messages.finish(first.id, "the wrong branch", ReplyDetails(), "complete").result()
    second = store.messages.add_reply(chat.id, question.id).result()
    details = ReplyDetails(spans=(Span("thinking", 0, 7), Span("answer", 7, 24)))
    store.messages.finish(second.id, "hm, hm.\n\n**Gas** lamps 路灯", details, "complete").result()
    _, failed = store.messages.ask(chat.id, second.id, "And\nnow?").result()
    store.messages.finish(failed.id, "", ReplyDetails(), "failed").result()
    return chat.id


def test_markdown(keeping: KeepingRecorder, lamps: int, store: Store, tmp_path: Path) -> None:
    keeping.service.export_chats((lamps,), tmp_path / "lamps.md", "markdown")
    assert keeping.end() == Exported(tmp_path / "lamps.md", 1)
    day = store.chats.list().result()[0].created_at.astimezone().strftime("%Y-%m-%d")
    assert (tmp_path / "lamps.md").read_text("utf-8") == (
        f"# Street lamps\n\n*{day}*\n\n**You**\n\nWhich *lamps*?\n\n"
        "**Assistant**\n\n**Gas** lamps 路灯\n\n**You**\n\nAnd\nnow?\n"
    )


@pytest.mark.parametrize(
    ("kind", "said"), [("markdown", "*Ask a doctor.*"), ("text", "(Ask a doctor.)")]
)
def test_a_caution_goes_along(
    keeping: KeepingRecorder, lamps: int, store: Store, tmp_path: Path, kind: ExportKind, said: str
) -> None:
    chat = store.chats.create().result()
    question = "What is the dosage of ibuprofen?"
    _, reply = store.messages.ask(chat.id, None, question).result()
    store.messages.finish(reply.id, "Take two.", ReplyDetails(), "complete").result()
    keeping.service.export_chats(None, tmp_path / "all", kind)
    keeping.end()
    text = (tmp_path / "all").read_text("utf-8")
    assert text.count(said) == 1
    assert text.index(said) > text.index("Take two.")


def test_text_of_all(keeping: KeepingRecorder, lamps: int, store: Store, tmp_path: Path) -> None:
    other = store.chats.create().result()
    store.messages.ask(other.id, None, "second").result()
    binned = store.chats.create("deleted").result()
    store.chats.delete(binned.id).result()
    keeping.service.export_chats(None, tmp_path / "all.txt", "text")
    assert keeping.end() == Exported(tmp_path / "all.txt", 2)
    text = (tmp_path / "all.txt").read_text("utf-8")
    assert "Street lamps\n============\n" in text
    assert "\n\n\nNo name\n=======\n" in text
    assert "\nYou:\nsecond\n" in text
    assert "deleted" not in text


def test_json_holds_everything(keeping: KeepingRecorder, lamps: int, tmp_path: Path) -> None:
    keeping.service.export_chats((lamps,), str(tmp_path / "lamps.json"), "json")
    assert isinstance(keeping.end(), Exported)
    written = json.loads((tmp_path / "lamps.json").read_text("utf-8"))
    [chat] = written["chats"]
    assert [m["parent"] for m in chat["messages"]] == [None, 0, 0, 2, 3]
    assert chat["messages"][2]["details"]["spans"] == [["thinking", 0, 7], ["answer", 7, 24]]


def test_nothing_to_export_is_an_empty_file_of_its_form(
    keeping: KeepingRecorder, tmp_path: Path
) -> None:
    keeping.service.export_chats(None, tmp_path / "all.json", "json")
    assert keeping.end() == Exported(tmp_path / "all.json", 0)
    assert json.loads((tmp_path / "all.json").read_text())["chats"] == []


def test_what_was_there_stays_when_it_fails(
    keeping: KeepingRecorder, lamps: int, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "kept.md"
    path.write_text("before")
    job = Job(lambda _: None)
    job.cancel()
    with pytest.raises(Cancelled):
        export(store, (lamps,), path, "markdown", keeping.service._words(), job)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["kept.md"]
    keeping.service.export_chats((lamps,), tmp_path / "nowhere" / "x.md", "markdown")
    assert isinstance(keeping.end(), StoreError)


def test_only_one_thing_at_a_time(keeping: KeepingRecorder, lamps: int, tmp_path: Path) -> None:
    keeping.service.export_chats((lamps,), tmp_path / "a.md", "markdown")
    assert keeping.service.busy
    keeping.service.export_chats((lamps,), tmp_path / "b.md", "markdown")
    keeping.end()
    assert not keeping.service.busy
    assert sorted(p.name for p in tmp_path.glob("*.md")) == ["a.md"]


def test_a_backup_on_demand(keeping: KeepingRecorder, tmp_path: Path) -> None:
    new = KeyVault(tmp_path / "keys.json", None).create("passphrase", use_keyring=False)
    store = Store.open(tmp_path / "alcove.db", new.data_key)
    store.chats.create("kept").result()
    keeping.service.attach(store)
    keeping.service.back_up(tmp_path / "stick")
    result = keeping.end()
    assert isinstance(result, BackedUp)
    assert sorted(p.name for p in result.folder.iterdir()) == ["alcove.db", "keys.json"]
    keeping.service.back_up(tmp_path / "alcove.db")  # not a folder
    keeping.done.clear()
    assert isinstance(keeping.end(), StoreError)
    store.close()


def test_a_backup_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    new = KeyVault(tmp_path / "keys.json", None).create("passphrase", use_keyring=False)
    store = Store.open(tmp_path / "alcove.db", new.data_key)

    def stop(_share: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        store.backup(tmp_path / "stick", stop).result()
    assert list((tmp_path / "stick").iterdir()) == []
    store.chats.create("still works").result()
    store.close()


def test_a_temporary_store_has_nothing_to_back_up(keeping: KeepingRecorder, tmp_path: Path) -> None:
    keeping.service.back_up(tmp_path)
    error = keeping.end()
    assert isinstance(error, StoreError)
    assert not isinstance(error, ReadOnly)
