"""What is kept of long chats on the disk: by a real worker, for a real store."""

from __future__ import annotations

import logging
import os
import secrets
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from app.services import saved_chats
from app.services.engine_host import EngineHost
from app.services.saved_chats import SavedChats
from app.services.tasks import Tasks
from app.store import Store
from engine.types import StatesFile
from tests.helpers.chat_recorder import ChatRecorder
from tests.helpers.small_disk import fill, small_disk
from tests.helpers.tiny_bundle import talking_bundle

KEY = b"k" * 32
QUESTION = "What may the word quokkamarker mean?"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny model reads everything within a moment, and nobody wants to wait."""
    monkeypatch.setattr(saved_chats, "LEAST_READING_S", 0.0)
    monkeypatch.setattr(saved_chats, "PAUSE_MS", 20)
    monkeypatch.setattr(saved_chats, "FREE_BYTES", 0)


@pytest.fixture(scope="module")
def talking_host(qapp: QCoreApplication) -> Iterator[EngineHost]:
    """A worker for all tests here, whose replies can be read back."""
    made = EngineHost(threads=1)
    made.load(talking_bundle("llama"))
    yield made
    made.shutdown()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """A store on the disk."""
    store = Store.open(tmp_path / "alcove.db", KEY)
    yield store
    store.close()


class Desk:
    """A chat service with saved chats, as after a start of the program."""

    def __init__(
        self, qtbot: QtBot, host: EngineHost, tasks: Tasks, folder: Path, store: Store, mb: int = 99
    ) -> None:
        self.folder = folder
        self.budget_mb = mb
        self.saved = SavedChats(host, tasks, folder, lambda: self.budget_mb)
        self.chat = ChatRecorder(qtbot, host, tasks, self.saved)
        self.results: list[dict[str, Any]] = []
        host.request_finished.connect(lambda _, data: self.results.append(data))
        self.chat.service.attach(store, "temporary" if store.temporary else "stored")
        self.chat.service.start()

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*"), key=lambda path: path.stat().st_mtime_ns)

    def ask_and_wait(self, text: str = QUESTION) -> Path:
        """Ask; returns the file that is written afterwards."""
        count = len(self.saves)
        self.chat.ask(text)
        self.chat.wait(lambda: len(self.saves) > count)
        assert self.saves[-1]
        return self.files()[-1]

    @property
    def saves(self) -> list[bool]:
        """Whether each attempt to write something did."""
        return [data["saved"] for data in self.results if "saved" in data]

    @property
    def reused(self) -> int:
        """Tokens that the last question found read already."""
        return next(int(d["reused_tokens"]) for d in reversed(self.results) if "new_tokens" in d)


@pytest.fixture
def desk(
    qtbot: QtBot, tasks: Tasks, talking_host: EngineHost, tmp_path: Path
) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(store: Store, host: EngineHost = talking_host, **more: int) -> Desk:
        made.append(Desk(qtbot, host, tasks, tmp_path / "cache" / "chats", store, **more))
        return made[-1]

    yield make
    for one in made:
        one.chat.close()


def test_the_next_day_goes_on_without_reading_again(
    desk: Callable[..., Desk], kept: Store, host: EngineHost
) -> None:
    today = desk(kept)
    path = today.ask_and_wait()
    known = today.results[-2]["prompt_tokens"]
    chat_id = today.chat.service.chat_id
    assert chat_id is not None
    host.load(talking_bundle("llama"))  # another worker, which knows nothing
    tomorrow = desk(kept, host)
    tomorrow.chat.wait(lambda: tomorrow.saved.file_of(chat_id) is not None)
    tomorrow.chat.service.open_chat(chat_id)
    tomorrow.chat.wait(lambda: tomorrow.chat.service.chat_id == chat_id)
    tomorrow.chat.ask("And what else?")
    assert tomorrow.reused >= known
    assert path.exists()


def test_a_damaged_file_costs_nothing_but_time(
    desk: Callable[..., Desk], kept: Store, host: EngineHost
) -> None:
    today = desk(kept)
    path = today.ask_and_wait()
    chat_id = today.chat.service.chat_id
    assert chat_id is not None
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    host.load(talking_bundle("llama"))
    tomorrow = desk(kept, host)
    tomorrow.chat.wait(lambda: tomorrow.saved.file_of(chat_id) is not None)
    tomorrow.chat.service.open_chat(chat_id)
    tomorrow.chat.wait(lambda: tomorrow.chat.service.chat_id == chat_id)
    assert tomorrow.chat.ask("And what else?").state == "complete"
    assert tomorrow.reused == 0
    tomorrow.chat.wait(lambda: path.exists() and path.read_bytes() != content)


def test_nothing_in_it_can_be_read(
    desk: Callable[..., Desk], kept: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    today = desk(kept)
    path = today.ask_and_wait()
    chat_id = today.chat.service.chat_id
    assert chat_id is not None
    content = path.read_bytes()
    file = today.saved.file_of(chat_id)
    assert isinstance(file, StatesFile)
    assert content[:16].hex() == file.salt
    assert b"quokkamarker" not in content
    assert content[16:].count(0) < len(content) / 100  # random: states of zeros would be seen
    assert file.key not in caplog.text
    assert file.key not in repr(file)
    assert KEY.hex() not in (file.key, file.salt, path.name)
    first, second = file, None
    today.ask_and_wait("Again?")
    second = today.saved.file_of(chat_id)
    assert second is not None
    assert (first.path, True) == (second.path, first.key != second.key)
    if os.name == "posix":
        assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_deleted_chat_takes_its_file_with_it(desk: Callable[..., Desk], kept: Store) -> None:
    today = desk(kept)
    path = today.ask_and_wait()
    chat_id = today.chat.service.chat_id
    assert chat_id is not None
    other = path.open("rb")  # as a tool for undeleting files would still see it
    today.chat.service.delete_chat(chat_id)
    today.chat.wait(lambda: not path.exists())
    assert today.saved.file_of(chat_id) is None
    with other:
        assert other.read(16) == bytes(16)
    today.chat.service.restore_chat(chat_id)
    today.chat.wait(lambda: today.chat.service.chat_id == chat_id)
    today.chat.ask("Do you remember?")
    assert today.reused == 0, "not in memory either"


def test_a_chat_that_goes_while_it_is_written_leaves_nothing(
    desk: Callable[..., Desk], kept: Store
) -> None:
    today = desk(kept)
    today.chat.ask(QUESTION)
    chat_id = today.chat.service.chat_id
    assert chat_id is not None
    today.chat.wait(lambda: today.saved._writing is not None or bool(today.files()))
    today.saved.forget(chat_id)
    today.chat.wait(lambda: today.saved._writing is None and not today.files())
    today.chat.qtbot.wait(100)
    assert not today.files()


@pytest.mark.skipif(os.name != "posix", reason="stops the worker by a signal")
def test_a_worker_that_dies_while_it_writes_leaves_nothing_and_is_replaced(
    desk: Callable[..., Desk], kept: Store, host: EngineHost
) -> None:
    host.load(talking_bundle("llama"))
    today = desk(kept, host)
    path = today.ask_and_wait()
    pid = host.worker_pid
    today.chat.ask("And then?")
    os.kill(pid, signal.SIGSTOP)
    part = path.with_name(path.name + ".part")
    part.write_bytes(b"half of it")
    today.chat.wait(lambda: today.saved._writing is not None)
    os.kill(pid, signal.SIGKILL)
    today.chat.wait(lambda: today.files() == [])
    today.chat.wait(lambda: host.state == "ready" and host.worker_pid != pid)
    assert today.ask_and_wait("Are you there?").exists()
    assert today.reused == 0


def test_what_belongs_to_no_chat_is_swept_at_the_start(
    desk: Callable[..., Desk], kept: Store, qtbot: QtBot
) -> None:
    today = desk(kept)
    path = today.ask_and_wait()
    chat_id = today.chat.service.chat_id
    assert chat_id is not None
    litter = [path.with_name(name) for name in (f"{'0' * 32}.chat", path.name + ".part", "x")]
    for other in litter:
        other.write_bytes(secrets.token_bytes(99))
    tomorrow = desk(kept)
    tomorrow.chat.wait(lambda: not any(other.exists() for other in litter))
    tomorrow.chat.wait(lambda: tomorrow.saved.file_of(chat_id) is not None)
    assert path.exists()
    kept.chats.delete(chat_id).result()  # as if the program had ended just then
    desk(kept)
    qtbot.waitUntil(lambda: not path.exists())


def test_without_a_budget_nothing_is_written_and_nothing_stays(
    desk: Callable[..., Desk], kept: Store
) -> None:
    today = desk(kept)
    path = today.ask_and_wait()
    tomorrow = desk(kept, mb=0)
    tomorrow.chat.wait(lambda: not path.exists())
    tomorrow.chat.ask(QUESTION)
    tomorrow.chat.qtbot.wait(150)
    assert not tomorrow.files()


def test_room_that_is_taken_back_is_given_back_at_once(
    desk: Callable[..., Desk], kept: Store
) -> None:
    today = desk(kept)
    path = today.ask_and_wait()
    today.chat.service.fit_saved()
    today.chat.qtbot.wait(100)
    assert path.exists(), "it fits"
    today.budget_mb = 0
    today.chat.service.fit_saved()
    today.chat.wait(lambda: not path.exists())


def test_the_oldest_goes_when_the_budget_is_full(
    desk: Callable[..., Desk], kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = desk(kept)
    first = today.ask_and_wait("One " * 200)
    today.chat.service.new_chat()
    second = today.ask_and_wait("Two " * 200)
    monkeypatch.setattr(saved_chats, "_MB", first.stat().st_size + second.stat().st_size - 1)
    tomorrow = desk(kept, mb=1)
    tomorrow.chat.wait(lambda: tomorrow.files() == [second])


def test_a_temporary_store_leaves_nothing(desk: Callable[..., Desk], store: Store) -> None:
    today = desk(store)
    today.chat.ask(QUESTION)
    today.chat.ask("And then?")
    assert today.reused > 0, "but in memory it is kept"
    today.chat.qtbot.wait(150)
    assert not today.folder.exists()


def test_quick_chats_are_not_worth_a_file(
    desk: Callable[..., Desk], kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_chats, "LEAST_READING_S", 60.0)
    today = desk(kept)
    today.chat.ask(QUESTION)
    today.chat.qtbot.wait(150)
    assert not today.folder.exists()


def test_a_full_disk_is_no_trouble(
    qtbot: QtBot, tasks: Tasks, talking_host: EngineHost, kept: Store, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 4 << 20) as disk:
        folder = disk / "chats"
        folder.mkdir()
        filler = fill(disk)
        today = Desk(qtbot, talking_host, tasks, folder, kept)
        assert today.chat.ask(QUESTION).state == "complete"
        today.chat.qtbot.wait(300)
        assert today.files() == []
        assert today.chat.errors == []
        filler.unlink()
        assert today.ask_and_wait("Now?").exists()
        today.chat.close()
