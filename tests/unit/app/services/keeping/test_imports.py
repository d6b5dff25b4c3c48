"""Chats of other programs, in the forms they are published in."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from app.core.keeping import Imported
from app.store import Store
from tests.helpers.gpt4all_file import gpt4all_file
from tests.helpers.keeping_recorder import KeepingRecorder


def node(name: str, parent: str | None, role: str, *parts: object, **more: Any) -> dict[str, Any]:
    content = more.pop("content", {"content_type": "text", "parts": list(parts)})
    message = {
        "id": name,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": 1_700_000_000.5,
        "content": content,
        "metadata": {},
        "recipient": "all",
        **more,
    }
    return {"id": name, "message": message, "parent": parent, "children": []}


def chatgpt() -> list[dict[str, Any]]:
    """One conversation with a changed question, hidden prompts, a tool and thoughts."""
    nodes = [
        {"id": "root", "message": None, "parent": None, "children": ["sys"]},
        node("sys", "root", "system", "You are ChatGPT"),
        node("q1", "sys", "user", "Old question"),
        node("a1", "q1", "assistant", "Old answer"),
        node("q2", "sys", "user", {"content_type": "image_asset_pointer"}, "New question"),
        node(
            "t2",
            "q2",
            "assistant",
            content={"content_type": "thoughts", "thoughts": [{"content": "Hm."}]},
        ),
        node(
            "c2",
            "t2",
            "assistant",
            content={"content_type": "code", "text": "search()"},
            recipient="browser",
        ),
        node("r2", "c2", "tool", "results"),
        node("a2", "r2", "assistant", "New *answer* 路灯"),
        node("h3", "a2", "user", "hidden", metadata={"is_visually_hidden_from_conversation": True}),
        node("q3", "h3", "user", "Thanks"),
    ]
    mapping = {item["id"]: item for item in nodes}
    mapping["sys"]["children"] = ["q1", "q2"]
    return [
        {
            "title": "Street  lamps",
            "create_time": 1_700_000_000.25,
            "update_time": 1_700_000_900,
            "mapping": mapping,
            "current_node": "q3",
            "conversation_id": "x",
        },
        {"title": None, "mapping": {"root": nodes[0]}, "current_node": "root"},
    ]


def texts(store: Store) -> list[str]:
    [chat] = store.chats.list().result()
    return [m.text for m in store.chats.open(chat.id).result().messages]


def check_chatgpt(store: Store) -> None:
    [chat] = store.chats.list().result()
    assert chat.title == "Street lamps"
    assert (chat.created_at.timestamp(), chat.updated_at.timestamp()) == (
        1_700_000_000.25,
        1_700_000_900,
    )
    view = store.chats.open(chat.id).result()
    assert [m.text for m in view.messages] == ["New question", "Hm.New *answer* 路灯", "Thanks"]
    assert [(s.kind, s.start, s.end) for s in view.messages[1].details.spans] == [
        ("thinking", 0, 3),
        ("answer", 3, 18),
    ]
    old = view.messages[0].versions[0]
    assert [m.text for m in store.chats.show(old).result().messages] == [
        "Old question",
        "Old answer",
    ]
    assert len(store.search.find("路灯").result().hits) == 1


def test_chatgpt_file(keeping: KeepingRecorder, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps(chatgpt()), "utf-8")
    assert keeping.bring(path) == Imported(1, 5, 0)
    check_chatgpt(store)
    assert keeping.bring(path) == Imported(0, 0, 1)


def test_chatgpt_zip_in_parts(keeping: KeepingRecorder, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations-000.json", json.dumps(chatgpt()))
        archive.writestr("conversations-001.json", "[]")
        archive.writestr("chat.html", "<html>")
        archive.writestr("../../escape.json", "{}")
    assert keeping.bring(path) == Imported(1, 5, 0)
    check_chatgpt(store)


def test_marks_that_only_its_own_page_can_show_are_left_out(
    keeping: KeepingRecorder, store: Store, tmp_path: Path
) -> None:
    said = (
        'In \ue200entity\ue202["city","Lyon","in France"]\ue201 it rains.'
        "\ue200cite\ue202turn0search1\ue202turn0news2\ue201 "
        "Take \ue200entity\ue202[broken\ue201an umbrella. \ue200 stays"
    )
    nodes = [node("q", None, "user", "Weather?"), node("a", "q", "assistant", said)]
    path = tmp_path / "conversations.json"
    value = [{"title": "Rain", "create_time": 1.0, "mapping": {n["id"]: n for n in nodes}}]
    path.write_text(json.dumps(value), "utf-8")
    assert keeping.bring(path) == Imported(1, 2, 0)
    assert texts(store)[1] == "In Lyon it rains. Take an umbrella. \ue200 stays"


def test_one_chatgpt_conversation(keeping: KeepingRecorder, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps(chatgpt()[0]), "utf-8")
    assert keeping.bring(path) == Imported(1, 5, 0)


def test_a_tree_that_bites_its_tail(keeping: KeepingRecorder, store: Store, tmp_path: Path) -> None:
    value = chatgpt()[:1]
    value[0]["mapping"]["q1"]["parent"] = "a1"
    value[0]["mapping"]["q3"]["parent"] = "nowhere"
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps(value), "utf-8")
    assert keeping.bring(path) == Imported(1, 3, 0)  # the two in the circle hang on nothing
    assert texts(store) == ["Thanks"]


def jan(folder: Path) -> None:
    thread = folder / "threads" / "jan_1700000000"
    thread.mkdir(parents=True)
    (thread / "thread.json").write_text(
        json.dumps(
            {"id": "t", "title": "Lamps", "created": 1_700_000_000, "updated": 1_700_000_100}
        )
    )
    lines = [
        {
            "role": "assistant",
            "created_at": 1_700_000_002_000,
            "content": [
                {
                    "type": "text",
                    "text": {"value": "<think>\nHm.\n</think>\n\nGas.", "annotations": []},
                }
            ],
        },
        {"role": "system", "content": "be kind"},
        {
            "role": "user",
            "created_at": 1_700_000_001,
            "content": [{"type": "text", "text": {"value": "Which?", "annotations": []}}],
        },
    ]
    (thread / "messages.jsonl").write_text("\n\n".join(json.dumps(line) for line in lines))


def check_jan(store: Store) -> None:
    [chat] = store.chats.list().result()
    assert (chat.title, chat.updated_at.timestamp()) == ("Lamps", 1_700_000_100)
    [question, reply] = store.chats.open(chat.id).result().messages
    assert (question.text, reply.text) == ("Which?", "Hm.Gas.")
    assert reply.created_at.timestamp() == 1_700_000_002
    assert reply.details.spans[0].end == 3


def test_jan_folder_and_each_of_its_files(
    keeping: KeepingRecorder, store: Store, tmp_path: Path
) -> None:
    jan(tmp_path)
    assert keeping.bring(tmp_path) == Imported(1, 2, 0)
    check_jan(store)
    thread = tmp_path / "threads" / "jan_1700000000"
    assert keeping.bring(thread / "thread.json") == Imported(0, 0, 1)
    assert keeping.bring(thread / "messages.jsonl") == Imported(0, 0, 1)
    assert keeping.bring(thread) == Imported(0, 0, 1)


def test_jan_zip(keeping: KeepingRecorder, store: Store, tmp_path: Path) -> None:
    jan(tmp_path)
    path = tmp_path / "jan.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in (tmp_path / "threads").rglob("*.json*"):
            archive.write(file, file.relative_to(tmp_path))
    assert keeping.bring(path) == Imported(1, 2, 0)
    check_jan(store)


def test_a_single_file_of_lines(keeping: KeepingRecorder, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "saved.jsonl"
    path.write_text('{"role": "user", "content": "Hello"}\n{"role": "assistant", "content": "Hi"}')
    assert keeping.bring(path) == Imported(1, 2, 0)
    assert texts(store) == ["Hello", "Hi"]


def test_gpt4all_of_every_version(keeping: KeepingRecorder, store: Store, tmp_path: Path) -> None:
    for version in range(1, 13):
        path = tmp_path / f"gpt4all-{version}.chat"
        path.write_bytes(gpt4all_file(version, created=1_700_000_000 + version))
    assert keeping.bring(tmp_path) == Imported(12, 48, 0)
    for chat in store.chats.list().result():
        assert chat.title == "Lamps 路灯"
        view = store.chats.open(chat.id).result()
        assert [m.role for m in view.messages] == ["user", "assistant"] * 2
        assert [m.text for m in view.messages[:2]] == ["Which lamps?", "Gas."]
        assert view.messages[3].text.endswith("Yes 👩‍🚒")
        if chat.created_at.timestamp() == 1_700_000_012:
            assert view.messages[3].text == "Hm.Yes 👩‍🚒"
            assert view.messages[3].details.spans[0].end == 3
            [file] = store.attachments.list(view.messages[0].id).result()
            assert file.name == "a page.txt"
            assert store.attachments.read(file.id).result() == b"content"
