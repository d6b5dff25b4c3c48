"""Keep and repair, from the settings, with real files and a real store."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.ui.pages.keeping_sentences import KeepingSentences
from app.ui.pages.settings_keeping import KeepingSection
from tests.gui.conftest import OpenRoom, Room
from tests.gui.test_settings import click, opened
from tests.helpers.gpt4all_file import gpt4all_file

SLOW = 20_000
DIALOG = "app.ui.pages.settings_keeping.QFileDialog."


def said(qtbot: QtBot, section: KeepingSection) -> str:
    qtbot.waitUntil(lambda: not section._running, timeout=SLOW)
    qtbot.waitUntil(section.said.isVisible, timeout=SLOW)
    return section.said.words()


def page_of(open_room: OpenRoom, folder: Path) -> tuple[Room, KeepingSection]:
    room = opened(open_room, keep=True, folder=folder)
    return room, room.window.settings_page.keeping


def choose(monkeypatch: pytest.MonkeyPatch, dialog: str, answer: object) -> None:
    monkeypatch.setattr(DIALOG + dialog, lambda *_: answer)


def test_conversations_leave_in_a_file_and_come_back_elsewhere(
    qtbot: QtBot, open_room: OpenRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, section = page_of(open_room, tmp_path / "one")
    chat = room.store.chats.create("A letter").result()
    room.store.messages.ask(chat.id, None, "Dear Sir").result()
    file = tmp_path / "mine.json"
    choose(monkeypatch, "getSaveFileName", (str(file), ""))
    click(qtbot, section, "Save to a file…")
    assert said(qtbot, section).startswith("1 conversation saved in")
    assert str(file) in section.said.words()
    other, section = page_of(open_room, tmp_path / "two")
    choose(monkeypatch, "getOpenFileNames", ([str(file)], ""))
    click(qtbot, section, "Bring in conversations…")
    assert said(qtbot, section) == "1 conversation brought in."
    assert [c.title for c in other.store.chats.list().result()] == ["A letter"]
    click(qtbot, section, "Bring in conversations…")
    qtbot.waitUntil(lambda: "already" in section.said.words(), timeout=SLOW)


def test_several_files_come_in_at_once(
    qtbot: QtBot, open_room: OpenRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, section = page_of(open_room, tmp_path / "one")
    files = [tmp_path / f"{number}.chat" for number in range(4)]
    for number, file in enumerate(files):
        file.write_bytes(gpt4all_file(9, 1_700_000_000 + number))
    files[2].write_bytes(files[2].read_bytes()[:40])
    choose(monkeypatch, "getOpenFileNames", ([str(file) for file in files], ""))
    click(qtbot, section, "Bring in conversations…")
    assert said(qtbot, section) == (
        "3 conversations brought in. 1 file could not be read to the end."
    )
    assert len(room.store.chats.list().result()) == 3
    choose(monkeypatch, "getOpenFileNames", ([str(files[2])] * 2, ""))
    click(qtbot, section, "Bring in conversations…")
    qtbot.waitUntil(lambda: "damaged" in section.said.words(), timeout=SLOW)


def test_a_folder_of_conversations_comes_in_as_it_is(
    qtbot: QtBot, open_room: OpenRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, section = page_of(open_room, tmp_path / "one")
    for name in ("Train to Lyon", "Potato gratin"):
        thread = tmp_path / "Jan" / "threads" / name.lower()
        thread.mkdir(parents=True)
        (thread / "thread.json").write_text(json.dumps({"title": name, "created": 1_700_000_000}))
        said_in_it = {
            "role": "user",
            "content": [{"type": "text", "text": {"value": name + "?"}}],
            "created_at": 1_700_000_100_000,
        }
        (thread / "messages.jsonl").write_text(json.dumps(said_in_it))
    choose(monkeypatch, "getExistingDirectory", "")
    click(qtbot, section, "Bring in a folder…")
    assert not section._running
    choose(monkeypatch, "getExistingDirectory", str(tmp_path / "Jan"))
    click(qtbot, section, "Bring in a folder…")
    assert said(qtbot, section) == "2 conversations brought in."
    titles = {c.title for c in room.store.chats.list().result()}
    assert titles == {"Train to Lyon", "Potato gratin"}


def test_a_name_without_an_ending_gets_that_of_the_chosen_kind(
    qtbot: QtBot, open_room: OpenRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, section = page_of(open_room, tmp_path / "one")
    answer = (str(tmp_path / "mine"), "Plain text (*.txt)")
    choose(monkeypatch, "getSaveFileName", answer)
    click(qtbot, section, "Save to a file…")
    said(qtbot, section)
    assert (tmp_path / "mine.txt").is_file()


def test_a_copy_from_elsewhere_asks_for_its_code(
    qtbot: QtBot, open_room: OpenRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, section = page_of(open_room, tmp_path / "one")
    chat = room.store.chats.create("From the old computer").result()
    room.store.messages.ask(chat.id, None, "Hello").result()
    code = room.window.shell.recovery._code_text
    stick = tmp_path / "stick"
    stick.mkdir()
    choose(monkeypatch, "getExistingDirectory", str(stick))
    click(qtbot, section, "Back up…")
    said(qtbot, section)
    [database] = stick.glob("*/*.db")
    other, section = page_of(open_room, tmp_path / "two")
    choose(monkeypatch, "getOpenFileNames", ([str(database)], ""))
    click(qtbot, section, "Bring in conversations…")
    qtbot.waitUntil(section.secret.isVisible, timeout=SLOW)
    qtbot.keyClicks(section.secret, "not the code")
    click(qtbot, section, "Open the copy")
    qtbot.waitUntil(lambda: not section._running and section.secret.isVisible(), timeout=SLOW)
    section.secret.setText(code)
    qtbot.keyClick(section.secret, Qt.Key.Key_Return)
    assert said(qtbot, section) == "1 conversation brought in."
    assert not section.secret.isVisible()
    assert [c.title for c in other.store.chats.list().result()] == ["From the old computer"]


def test_what_is_in_order_is_said_to_be(qtbot: QtBot, open_room: OpenRoom, tmp_path: Path) -> None:
    _, section = page_of(open_room, tmp_path)
    click(qtbot, section, "Repair my conversations")
    assert said(qtbot, section) == "Everything is in order. There was nothing to repair."


def test_damaged_conversations_are_repaired_from_the_bar(
    qtbot: QtBot, open_room: OpenRoom, tmp_path: Path
) -> None:
    room = open_room(keep=True)
    chat = room.store.chats.create("Kept").result()
    room.store.messages.ask(chat.id, None, "Hello").result()
    open_room.close(room)  # type: ignore[attr-defined]
    [database] = tmp_path.glob("*.db")
    copy = tmp_path / "backups" / "update-from-1-20260101-000000-000000"
    copy.mkdir(parents=True)
    data = bytearray(database.read_bytes())
    (copy / database.name).write_bytes(data)
    data[100:160] = os.urandom(60)
    database.write_bytes(data)
    room = open_room(keep=True, view="simple")
    bar = room.window.error_bar
    qtbot.waitUntil(bar.isVisible, timeout=SLOW)
    click(qtbot, bar, "Repair")
    section = room.window.settings_page.keeping
    assert section.isVisible()
    assert not section.backup.isVisible()
    assert "could be saved" in said(qtbot, section)
    assert not bar.isVisible()
    qtbot.waitUntil(section.backup.isVisible, timeout=SLOW)
    qtbot.waitUntil(lambda: room.program.unlock._store is not None)
    assert room.window.settings_page.recovery.isVisible()


def test_every_outcome_has_its_sentence(qtbot: QtBot) -> None:
    from app.core.keeping import RepairReport  # noqa: PLC0415

    sentences = KeepingSentences()
    states = ("sound", "mended", "rescued", "restored", "lost")
    told = {sentences.outcome(RepairReport(state, 3, 9, 0)) for state in states}
    assert len(told) == len(states)
    assert sentences.outcome("cancelled") == "Stopped. Nothing was changed."
    assert sentences.outcome(RepairReport("rescued", 3, 9, 2)) != sentences.outcome(
        RepairReport("rescued", 3, 9, 0)
    )
