from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from app.core.errors import AppError, AssistantFileBroken
from app.core.records import Assistant
from app.services import generation
from app.services.assistants import SHIPPED, AssistantService, ShippedWords
from app.services.engine_host import EngineHost
from app.services.tasks import Tasks
from app.store import Store
from tests.helpers.chat_recorder import ChatRecorder
from tests.helpers.tiny_bundle import rambling_bundle, talking_bundle

OWN = Assistant(0, "", "Gardener", b"", "Talk of plants. It is {date}.", "", "brief")


class Room:
    """The service with everything it says."""

    def __init__(self, qtbot: QtBot, tasks: Tasks, store: Store) -> None:
        self.qtbot = qtbot
        self.window = "en"
        self.pinned = ""
        self.bundles: dict[str, Path] = {"": rambling_bundle()}
        self.service = AssistantService(
            tasks,
            lambda key: ShippedWords(f"{self.window} {key}", "" if key == "ask" else f"do {key}"),
            lambda: (self.pinned, self.window),
            lambda name: self.bundles.get(name, self.bundles[""]),
        )
        self.seen: list[tuple[Assistant, ...]] = []
        self.saved: list[Assistant] = []
        self.errors: list[AppError] = []
        self.service.assistants_changed.connect(self.seen.append)
        self.service.assistant_saved.connect(self.saved.append)
        self.service.error_raised.connect(self.errors.append)
        self.service.attach(store, "temporary")
        qtbot.waitUntil(lambda: bool(self.seen))

    def save(self, assistant: Assistant) -> Assistant:
        count = len(self.saved)
        self.service.save(assistant)
        self.qtbot.waitUntil(lambda: len(self.saved) > count)
        return self.saved[-1]


@pytest.fixture
def room(qtbot: QtBot, tasks: Tasks, store: Store) -> Room:
    return Room(qtbot, tasks, store)


def test_four_come_with_the_program_in_the_language_of_the_window(room: Room) -> None:
    assert [a.key for a in room.service.all] == list(SHIPPED)
    assert [a.name for a in room.service.all] == [f"en {key}" for key in SHIPPED]
    room.window = "fr"
    room.service.retranslate()
    assert room.seen[-1][0].name == "fr letter"


def test_the_one_for_anything_stands_in(room: Room) -> None:
    assert room.service.of(None).key == "ask"
    assert room.service.of(9999).key == "ask"
    assert room.service.instructions(None, (), "What is it?").text == ""


def test_unchanged_words_of_a_shipped_one_go_on_following_the_language(room: Room) -> None:
    letter = room.service.all[0]
    room.save(replace(letter, manner="formal"))
    room.window = "fr"
    assert room.service.of(letter.id).name == "fr letter"
    assert room.service.of(letter.id).manner == "formal"
    room.save(replace(room.service.of(letter.id), name="Post", instructions="My words."))
    room.window = "en"
    assert room.service.of(letter.id).name == "Post"
    assert room.service.of(letter.id).instructions == "My words."
    room.service.reset(letter.id)
    room.qtbot.waitUntil(lambda: room.service.of(letter.id).name == "en letter")
    assert room.service.of(letter.id).manner == ""


def test_ones_own_are_saved_deleted_and_brought_back(room: Room) -> None:
    own = room.save(OWN)
    assert room.service.all[-1] == own
    with room.qtbot.waitSignal(room.service.assistant_deleted) as deleted:
        room.service.delete(own.id)
    assert deleted.args == [own]
    room.qtbot.waitUntil(lambda: own not in room.service.all)
    room.service.undo_delete()
    room.qtbot.waitUntil(lambda: own in room.service.all)


def test_shipped_ones_cannot_be_deleted(room: Room) -> None:
    room.service.delete(room.service.all[0].id)
    room.save(OWN)
    assert [a.key for a in room.service.all][:4] == list(SHIPPED)


def test_instructions_hold_the_day_and_the_manner(room: Room) -> None:
    own = room.save(OWN)
    said = room.service.instructions(own.id, (), "How deep do tulips go?")
    assert str(datetime.now(UTC).astimezone().year) in said.text
    assert said.manner == "brief"
    room.pinned = "fr"
    assert room.service.instructions(own.id, (), "How?").language == "fr"


def test_files_go_out_and_come_in(room: Room, tmp_path: Path) -> None:
    own = room.save(OWN)
    path = tmp_path / "gardener"
    with room.qtbot.waitSignal(room.service.written):
        room.service.write(own, path)
    count = len(room.saved)
    room.service.bring_in(path)
    room.qtbot.waitUntil(lambda: len(room.saved) > count)
    assert room.saved[-1] == replace(own, id=room.saved[-1].id)
    assert room.saved[-1].id != own.id
    path.write_bytes(b"nonsense")
    room.service.bring_in(path)
    room.qtbot.waitUntil(lambda: bool(room.errors))
    assert isinstance(room.errors[0], AssistantFileBroken)


@pytest.fixture(scope="module")
def talking_host(qapp: QCoreApplication) -> Iterator[EngineHost]:
    made = EngineHost(threads=1)
    made.load(rambling_bundle())
    yield made
    made.shutdown()


def test_a_chat_remembers_who_answers_and_on_which_model(
    room: Room, qtbot: QtBot, tasks: Tasks, store: Store, talking_host: EngineHost
) -> None:
    room.bundles["talker"] = talking_bundle("llama")
    own = room.save(replace(OWN, model="talker"))
    chat = ChatRecorder(qtbot, talking_host, tasks, assistants=room.service)
    sent: list[tuple[str, ...]] = []
    generate = talking_host.generate

    def spy(messages: Callable[[], tuple[object, ...]], *args: object, **kw: object) -> str:
        def asked() -> tuple[object, ...]:
            made = messages()
            sent.append(tuple(m.role for m in made))  # type: ignore[attr-defined]
            return made

        return generate(asked, *args, **kw)  # type: ignore[arg-type]

    talking_host.generate = spy  # type: ignore[method-assign, assignment]
    try:
        chat.service.attach(store, "temporary")
        chat.service.start()
        chat.service.choose_assistant(own.id)
        chat.ask("How deep do tulips go?")
        assert sent == [("system", "user")]
        assert talking_host.bundle == room.bundles["talker"]
        assert chat.service.assistant_id == own.id
        first = chat.service.chat_id
        chat.service.new_chat()
        assert chat.service.assistant_id is None
        chat.ask("And what else is there?")
        assert sent[-1] == ("user",), "nothing is said where nothing has to be"
        assert talking_host.bundle == room.bundles[""]
        room.pinned = "fr"
        chat.ask("And in French?")
        assert sent[-1][0] == "system", "a language was chosen"
        assert first is not None
        chat.service.open_chat(first)
        chat.wait(lambda: chat.service.assistant_id == own.id)
        chat.service.choose_assistant(None)
        chat.wait(lambda: chat.service.assistant_id is None)
        assert store.chats.open(first).result().summary.assistant_id is None
    finally:
        del talking_host.generate
        chat.close()


def test_the_words_before_a_chat_stay_and_what_was_read_is_not_read_again(
    room: Room,
    qtbot: QtBot,
    tasks: Tasks,
    store: Store,
    talking_host: EngineHost,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(generation, "MAX_NEW_TOKENS", 20)
    own = room.save(OWN)
    chat = ChatRecorder(qtbot, talking_host, tasks, assistants=room.service)
    results: list[dict[str, int]] = []
    talking_host.request_finished.connect(lambda _, data: results.append(data))
    try:
        chat.service.attach(store, "temporary")
        chat.service.start()
        chat.service.choose_assistant(own.id)
        chat.ask("How deep do tulips go?")
        chat.ask("And what about the daffodils?")
        assert chat.shortened == 0
        assert results[1]["reused_tokens"] >= results[0]["prompt_tokens"] - 1
    finally:
        chat.close()
