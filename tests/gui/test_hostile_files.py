"""Files that mean harm, brought in by the window itself: listed, found, shown, printed, read."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from app.core.records import ChatSummary
from app.ui.pages.settings_keeping import KeepingSection
from tests.gui.conftest import OpenRoom, Room
from tests.gui.test_hostile_names import NAMES, check
from tests.gui.test_hostile_texts import HOSTILE
from tests.helpers.turns import Turns

TURN_S = 0.3
_SAID = 4_000
AT = 1_790_000_000


def conversation(title: str, *texts: str, at: float = AT) -> dict[str, object]:
    """As ChatGPT writes one: question, answer, question, answer."""
    mapping: dict[str, object] = {}
    for number, text in enumerate(texts):
        mapping[f"n{number}"] = {
            "parent": f"n{number - 1}" if number else None,
            "message": {
                "author": {"role": "assistant" if number % 2 else "user"},
                "content": {"content_type": "text", "parts": [text]},
                "create_time": at + number,
            },
        }
    return {"title": title, "create_time": at, "mapping": mapping}


def chatgpt(path: Path) -> Path:
    """Every hostile text as question and answer, under every hostile title."""
    titles = list(NAMES.values())
    chats = [
        conversation(titles[n % len(titles)], text[:_SAID], text[:_SAID], at=AT + n)
        for n, text in enumerate(HOSTILE.values())
    ]
    path = path / "conversations.json"
    path.write_text(json.dumps(chats), "utf-8")
    return path


def long_lines(path: Path) -> Path:
    """A question of 10 MB and a Chinese answer of 600 kB without a line break each."""
    path = path / "messages.jsonl"
    said = [("user", "word " * 2_000_000), ("assistant", "路灯" * 100_000)]
    path.write_text(
        "\n".join(json.dumps({"role": r, "content": c}, ensure_ascii=False) for r, c in said),
        "utf-8",
    )
    return path


def many_messages(path: Path) -> Path:
    """One conversation of 5,000 messages."""
    path = path / "messages.jsonl"
    roles = ("user", "assistant")
    lines = (json.dumps({"role": roles[n % 2], "content": f"Message {n}"}) for n in range(5_000))
    path.write_text("\n".join(lines), "utf-8")
    return path


def with_mark(path: Path) -> Path:
    """A byte order mark, as editors of Windows put it before everything."""
    path = path / "conversations.json"
    path.write_text(json.dumps([conversation("Marked", "Hello")]), "utf-8-sig")
    return path


def of_utf_16(path: Path) -> Path:
    """What PowerShell makes of a file."""
    path = path / "conversations.json"
    path.write_text(json.dumps([conversation("Wide 路灯", "Hello")], ensure_ascii=False), "utf-16")
    return path


def twice_packed(path: Path) -> Path:
    """A zip in a zip, beside what can be read."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("conversations.json", json.dumps([conversation("Inner", "Hello")]))
    path = path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
        archive.writestr("../../conversations.json", json.dumps([conversation("Outer", "Hello")]))
    return path


def cut(path: Path) -> Path:
    path = path / "conversations.json"
    path.write_text(json.dumps([conversation("Whole", "a"), conversation("Cut", "b")])[:-40])
    return path


def nested(path: Path) -> Path:
    path = path / "conversations.json"
    path.write_text('[{"mapping": ' * 500_000)
    return path


def wrong_types(path: Path) -> Path:
    path = path / "conversations.json"
    path.write_text(json.dumps([{"title": ["x"], "mapping": {"a": 5, "b": {"message": [None]}}}]))
    return path


def settled(turns: Turns, section: KeepingSection) -> str:
    turns.until("import", lambda: not section._running and section.said.isVisible(), 60)
    return section.said.words()


def bring(room: Room, turns: Turns, path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Import as a person does; returns what the window says of it."""
    section = room.window.settings_page.keeping
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    room.window.show_settings()
    turns.go_on("settings", 20)
    turns.do("import", section.bring.click)
    return settled(turns, section)


def chats_of(room: Room) -> list[ChatSummary]:
    return [e for e in room.window.sidebar.chats.entries if isinstance(e, ChatSummary)]


def use(room: Room, turns: Turns, entry: ChatSummary, *, aloud: bool = False) -> None:
    """Open, scroll, print, perhaps read aloud."""
    window, chats = room.window, room.program.chats
    turns.do("page", lambda: window.shell.show_page(window.talk))
    turns.do("open", lambda: chats.open_chat(entry.id))
    turns.until("open", lambda: chats.chat_id == entry.id)
    turns.go_on("open", 10)
    bar = window.talk.conversation.verticalScrollBar()
    for value in (0, bar.maximum() // 2, bar.maximum()):
        turns.do("scroll", partial(bar.setValue, value))
    assert chats.shown is not None
    last = chats.shown.messages[-1].id
    if aloud:
        turns.do("read", lambda: window.talk.action_wished.emit("read", last))
        turns.go_on("read", 20)
        turns.do("silent", room.program.voice.stop)
    turns.do("print", window.paper.print_chat)
    turns.go_on("print", 20)
    turns.do("back", lambda: window.shell.show_page(window.talk))


@pytest.fixture
def room(open_room: OpenRoom, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Room:
    monkeypatch.setenv("SPEECHD_ADDRESS", f"unix_socket:{tmp_path / 'none'}")
    return open_room(keep=True, folder=tmp_path / "data")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where files are brought in from."""
    made = tmp_path / "elsewhere"
    made.mkdir()
    return made


@pytest.mark.parametrize(
    ("make", "titles"),
    [(long_lines, 1), (many_messages, 1), (with_mark, 1), (of_utf_16, 1), (twice_packed, 1)],
)
def test_it_comes_in_and_the_window_answers(
    room: Room,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], Path],
    titles: int,
) -> None:
    turns = Turns()
    said = bring(room, turns, make(place), monkeypatch)
    assert "brought in" in said, said
    turns.until("list", lambda: len(chats_of(room)) == titles)
    for entry in chats_of(room):
        use(room, turns, entry)
    check(room)
    print(f"{make.__name__}: {turns.worst_s * 1000:.0f} ms, {turns.at}")
    assert turns.worst_s < TURN_S, turns.at


def test_hostile_texts_under_hostile_titles(
    room: Room, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns()
    said = bring(room, turns, chatgpt(place), monkeypatch)
    assert "brought in" in said, said
    turns.until("list", lambda: len(chats_of(room)) > 15)
    for entry in chats_of(room):
        use(room, turns, entry, aloud=True)
    check(room)
    finder = room.window.sidebar.finder
    for words in ("word", "alert(1)", "路灯", "\u202e", "e\u0301", "%_*\"'"):
        turns.do("search", lambda: finder.search.field.setText(words))  # noqa: B023
        turns.go_on("search", 60)
        turns.do("paint", finder.grab)
        check(room)
    print(f"texts: {turns.worst_s * 1000:.0f} ms, {turns.at}")
    assert turns.worst_s < TURN_S, turns.at


@pytest.mark.parametrize(("make", "chats"), [(cut, 1), (nested, 0), (wrong_types, 0)])
def test_what_is_broken_is_told_in_a_sentence(
    room: Room,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Path], Path],
    chats: int,
) -> None:
    turns = Turns()
    said = bring(room, turns, make(place), monkeypatch)
    assert "damaged" in said or "No conversations" in said, said
    turns.go_on("list", 100)
    assert len(chats_of(room)) == chats
    check(room)
    assert turns.worst_s < TURN_S, turns.at


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_lead_nowhere(room: Room, place: Path) -> None:
    secret = place / "messages.jsonl"
    secret.write_text(json.dumps({"role": "user", "content": "Not meant for you"}))
    export = place / "export"
    thread = export / "threads" / "one"
    thread.mkdir(parents=True)
    (thread / "messages.jsonl").symlink_to(secret)
    (export / "threads" / "again").symlink_to(export)
    turns = Turns()
    section = room.window.settings_page.keeping
    room.window.show_settings()
    turns.do("import", lambda: section.import_wished.emit((export,)))
    assert "brought in" not in settled(turns, section)
    assert chats_of(room) == []


def test_everything_leaves_again(room: Room, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns()
    bring(room, turns, chatgpt(place), monkeypatch)
    turns.until("list", lambda: len(chats_of(room)) > 15)
    section = room.window.settings_page.keeping
    for ending in (".json", ".md", ".txt"):
        path = place / f"mine{ending}"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))  # noqa: B023
        turns.do("export", section.take.click)
        assert "saved in" in settled(turns, section)
        assert path.stat().st_size > 20_000
    room.program.keeping.import_files((place / "mine.json",))
    turns.until("again", lambda: "already" in section.said.words())
    assert turns.worst_s < TURN_S, turns.at
