"""What is exported as JSON comes back without loss."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import DamagedFile, UnknownFormat
from app.core.keeping import ExportKind, Imported, WholeChat
from app.core.records import Assistant, ReplyDetails, Span
from app.store import Store
from tests.helpers.keeping_recorder import KeepingRecorder

NASTY = "👩‍🚒 e\u0301 مرحبا \u202e abc \x00 NUL \x07 <|im_end|> \\ \" {[ '; drop table chats; --"


@pytest.fixture
def other() -> Iterator[Store]:
    opened = Store.open_temporary()
    yield opened
    opened.close()


@pytest.fixture
def filled(store: Store) -> Store:
    """Two chats: branches, thinking, numbers, files, a folder, a draft, every state."""
    chat = store.chats.create(NASTY).result()
    folder = store.folders.add("Lètters 路灯").result()[0]
    store.chats.move(chat.id, folder.id).result()
    store.chats.pin(chat.id, True).result()
    question, first = store.messages.ask(chat.id, None, NASTY).result()
    details = ReplyDetails(
        token_ids=(1, 2**32 - 1),
        logprobs=(-0.1, -1e-8),
        spans=(Span("thinking", 0, 2), Span("answer", 2, 5)),
        finish_reason="stop",
        error_code="worker.crashed",
        model_hash="abc",
        duration_ms=12_345,
        thinking_ms=678,
        token_ends=(3, 5),
    )
    store.messages.finish(first.id, "hmyes", details, "complete").result()
    second = store.messages.add_reply(chat.id, question.id).result()
    store.messages.finish(second.id, "no", ReplyDetails(), "stopped").result()
    store.messages.ask(chat.id, first.id, "and then").result()  # still being answered
    store.attachments.add(question.id, "päge.txt", "text/plain", bytes(range(256))).result()
    store.attachments.add(question.id, "empty", "", b"").result()
    store.chats.show(second.id).result()
    store.chats.save_draft(chat.id, "typing\x00").result()
    store.chats.create("empty").result()
    return store


def whole(store: Store) -> list[WholeChat]:
    return [store.transfer.read(chat_id).result() for chat_id in store.transfer.ids().result()]


def test_a_round_trip_loses_nothing(
    keeping: KeepingRecorder, filled: Store, other: Store, tmp_path: Path
) -> None:
    keeping.service.export_chats(None, tmp_path / "all.json", "json")
    keeping.end()
    keeping.service.attach(other)
    assert keeping.bring(tmp_path / "all.json") == Imported(1, 5, 0)
    [before, _empty], [after] = whole(filled), whole(other)
    assert after == before
    assert before.messages[4].state == "interrupted"
    [chat] = other.chats.list().result()
    assert chat.pinned
    view = other.chats.open(chat.id).result()
    assert [m.text for m in view.messages] == [NASTY, "no"]
    assert len(view.messages[1].versions) == 2
    assert view.draft == "typing\x00"
    assert [h.text for h in other.search.find("hmyes").result().hits] == ["hmyes"]
    assert [f.name for f in other.folders.list().result()] == ["Lètters 路灯"]


@pytest.fixture
def answered(store: Store) -> Store:
    """Chats with a shipped assistant, a renamed one, and one's own."""
    shipped = {a.key: a for a in store.assistants.list(("letter", "explain", "ask")).result()}
    store.assistants.change(replace(shipped["explain"], name="Grandson")).result()
    gardens = Assistant(0, "", "Gardens & <b>co</b>", b"", "You know gardens.", "tiny", "warm")
    own = store.assistants.add(gardens).result()
    for answerer in (shipped["letter"].id, shipped["explain"].id, own.id, None):
        chat = store.chats.create(f"Of {answerer}", answerer).result()
        _, reply = store.messages.ask(chat.id, None, f"Question to {answerer}").result()
        store.messages.finish(reply.id, "Well", ReplyDetails(), "complete").result()
    return store


def test_who_answered_comes_back_as_a_name_and_nothing_else(
    keeping: KeepingRecorder, answered: Store, other: Store, tmp_path: Path
) -> None:
    path = tmp_path / "all.json"
    keeping.service.export_chats(None, path, "json")
    keeping.end()
    assert "You know gardens" not in path.read_text("utf-8")
    other.assistants.list(("letter", "explain", "ask")).result()
    keeping.service.attach(other)
    assert keeping.bring(path) == Imported(4, 8, 0)
    known = {a.id: a for a in other.assistants.list().result()}
    chats = {c.title: c.assistant_id for c in other.chats.list().result()}
    found = [known[i] if i else None for _, i in sorted(chats.items())]
    assert [(a.key, a.name) if a else None for a in found] == [
        ("letter", ""), ("explain", ""), ("", "Gardens & <b>co</b>"), None
    ]  # fmt: skip
    assert found[2] is not None
    assert (found[2].instructions, found[2].model, found[2].manner) == ("", "", "")


def test_nothing_of_a_hostile_assistant_comes_in(
    keeping: KeepingRecorder, answered: Store, other: Store, tmp_path: Path
) -> None:
    path = tmp_path / "all.json"
    keeping.service.export_chats(None, path, "json")
    keeping.end()
    value = json.loads(path.read_text("utf-8"))
    hostile = {"key": "root", "name": "\u202eA\x00" + "x" * 10_000, "instructions": "Obey!"}
    for chat in value["chats"]:
        chat["assistant"] = hostile
    path.write_text(json.dumps(value), "utf-8")
    keeping.service.attach(other)
    assert keeping.bring(path) == Imported(4, 8, 0)
    [one] = other.assistants.list().result()
    assert (one.key, one.name, one.instructions) == ("", "A " + "x" * 58, "")


@pytest.mark.parametrize(
    ("kind", "said"), [("markdown", "**{name}**\n\nWell"), ("text", "{name}:\nWell")]
)
def test_what_is_read_by_people_says_who_answered(
    keeping: KeepingRecorder, answered: Store, tmp_path: Path, kind: ExportKind, said: str
) -> None:
    keeping.service.export_chats(None, tmp_path / "all", kind)
    keeping.end()
    text = (tmp_path / "all").read_text("utf-8")
    for name in ("Write a letter", "Grandson", "Gardens & <b>co</b>"):
        assert said.format(name=f"Assistant · {name}") in text
    assert said.format(name="Assistant") in text


def test_what_is_here_already_is_left_alone(
    keeping: KeepingRecorder, filled: Store, tmp_path: Path
) -> None:
    keeping.service.export_chats(None, tmp_path / "all.json", "json")
    keeping.end()
    assert keeping.bring(tmp_path / "all.json") == Imported(0, 0, 1)
    chat = whole(filled)[0]
    filled.chats.delete(filled.transfer.ids().result()[0]).result()
    assert keeping.bring(tmp_path / "all.json") == Imported(0, 0, 1)  # in the bin: on purpose
    changed = replace(chat.messages[0], text="another question in the same microsecond")
    other = replace(chat, messages=(changed, *chat.messages[1:]))
    assert filled.transfer.add(other).result()


def test_a_tidied_file_is_read_too(
    keeping: KeepingRecorder, filled: Store, other: Store, tmp_path: Path
) -> None:
    path = tmp_path / "all.json"
    keeping.service.export_chats(None, path, "json")
    keeping.end()
    value = json.loads(path.read_text("utf-8"))
    path.write_text("\ufeff" + json.dumps(value, indent=4), "utf-8")
    keeping.service.attach(other)
    assert keeping.bring(path) == Imported(1, 5, 0)


Spoil = Callable[[dict[str, object]], object]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda c: c.pop("title"),
        lambda c: c.update(title=7),
        lambda c: c.update(pinned="yes"),
        lambda c: c.update(created_at="yesterday"),
        lambda c: c.update(created_at="0001-01-01T00:00:00+23:00"),
        lambda c: c.update(updated_at="9999-12-31T23:59:59-12:00"),
        lambda c: c.update(active=None),
        lambda c: c.update(active=5),
        lambda c: c.update(active=-1),
        lambda c: c.update(active=True),
        lambda c: c.update(messages={}),
        lambda c: c["messages"].append(None),
        lambda c: c["messages"][0].update(parent=0),
        lambda c: c["messages"][1].update(parent=3),
        lambda c: c["messages"][1].update(role="tool"),
        lambda c: c["messages"][1].update(state="generating"),
        lambda c: c["messages"][1].update(text=["x"]),
        lambda c: c["messages"][1].update(details=[]),
        lambda c: c["messages"][1]["details"].update(spans=[["answer", 3, 99]]),
        lambda c: c["messages"][1]["details"].update(spans=[["other", 0, 1]]),
        lambda c: c["messages"][1]["details"].update(logprobs="!"),
        lambda c: c["messages"][1]["details"].update(logprobs="YWI="),
        lambda c: c["messages"][1]["details"].update(duration_ms=-1),
        lambda c: c["messages"][1]["details"].update(duration_ms=1 << 70),
        lambda c: c["messages"][0]["attachments"][0].update(content=5),
    ],
)
def test_wrong_fields_are_one_plain_error_and_bring_nothing(
    keeping: KeepingRecorder, filled: Store, other: Store, tmp_path: Path, spoil: Spoil
) -> None:
    path = tmp_path / "all.json"
    keeping.service.export_chats(None, path, "json")
    keeping.end()
    value = json.loads(path.read_text("utf-8"))
    spoil(value["chats"][0])
    path.write_text(json.dumps(value), "utf-8")
    keeping.service.attach(other)
    error = keeping.bring(path)
    assert isinstance(error, DamagedFile)
    assert error.params == {"chats": 0}
    assert other.chats.list().result() == ()


def test_a_newer_form_is_not_guessed_at(keeping: KeepingRecorder, tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    path.write_text('{"format": "alcove-chats", "version": 2, "chats": []}')
    assert isinstance(keeping.bring(path), UnknownFormat)
