"""How the chats are opened. The keyring is a real one, in a process that has its session."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.core.errors import AppError, Corrupt, KeyUnavailable, ReadOnly
from app.core.paths import Paths, resolve_paths
from app.services.tasks import Tasks
from app.services.vault import UnlockService
from tests.helpers.keyring_session import KeyringSession, keyring_session
from tests.helpers.small_disk import make_read_only, small_disk

ROOT = Path(__file__).parents[4]
WAIT_MS = 20_000


class Watched:
    """An unlock service and what it said."""

    def __init__(self, paths: Paths, tasks: Tasks, qtbot: QtBot) -> None:
        self.service = UnlockService(paths, tasks, use_keyring=False)
        self.qtbot = qtbot
        self.asked: list[str] = []
        self.failures: list[AppError] = []
        self.errors: list[AppError] = []
        self.codes: list[str] = []
        self.opened: list[tuple[Any, str]] = []
        self.service.passphrase_needed.connect(self.asked.append)
        self.service.unlock_failed.connect(self.failures.append)
        self.service.error_raised.connect(self.errors.append)
        self.service.recovery_code_made.connect(self.codes.append)
        self.service.opened.connect(lambda store, mode: self.opened.append((store, mode)))

    def begin(self, question: str) -> None:
        self.service.begin()
        self.qtbot.waitUntil(lambda: self.asked == [question], timeout=WAIT_MS)

    def wait_mode(self) -> str:
        self.qtbot.waitUntil(lambda: bool(self.opened), timeout=WAIT_MS)
        return self.opened[0][1]


@pytest.fixture
def make(paths: Paths, tasks: Tasks, qtbot: QtBot) -> Iterator[Any]:
    made: list[Watched] = []

    def watched(where: Paths = paths) -> Watched:
        made.append(Watched(where, tasks, qtbot))
        return made[-1]

    yield watched
    for one in made:
        one.service.close()


def created(make: Any) -> str:
    """Chats locked by a passphrase; returns the recovery code."""
    first = make()
    first.begin("create")
    first.service.provide_passphrase("open sesame")
    assert first.wait_mode() == "stored"
    first.opened[0][0].chats.create("kept").result()
    first.service.close()
    return str(first.codes[0])


def test_passphrase_is_chosen_then_asked_for(make: Any) -> None:
    created(make)
    again = make()
    again.begin("unlock")
    again.service.provide_passphrase("open says me")
    again.qtbot.waitUntil(lambda: bool(again.failures), timeout=WAIT_MS)
    assert isinstance(again.failures[0], KeyUnavailable)
    assert not again.opened
    again.service.provide_passphrase("open sesame")
    assert again.wait_mode() == "stored"
    assert [c.title for c in again.opened[0][0].chats.list().result()] == ["kept"]
    assert not again.codes


def test_recovery_code_opens_and_a_new_passphrase_is_offered(make: Any) -> None:
    code = created(make)
    again = make()
    again.begin("unlock")
    again.service.provide_recovery(code[:-1])
    again.qtbot.waitUntil(lambda: bool(again.failures), timeout=WAIT_MS)
    again.service.provide_recovery(code.lower())
    again.qtbot.waitUntil(lambda: again.asked == ["unlock", "create"], timeout=WAIT_MS)
    again.service.provide_passphrase("a new one")
    assert again.wait_mode() == "stored"
    again.service.close()

    third = make()
    third.begin("unlock")
    third.service.provide_passphrase("a new one")
    assert third.wait_mode() == "stored"


def test_the_code_can_be_read_again(make: Any) -> None:
    code = created(make)
    again = make()
    again.begin("unlock")
    again.service.provide_passphrase("open sesame")
    again.wait_mode()
    read: list[str] = []
    again.service.recovery_code_read.connect(read.append)
    again.service.request_recovery_code()
    again.qtbot.waitUntil(lambda: read == [code], timeout=WAIT_MS)


def test_nobody_to_ask_keeps_nothing(make: Any, paths: Paths) -> None:
    watched = make()
    watched.begin("create")
    watched.service.decline()
    assert watched.wait_mode() == "temporary"
    assert not paths.keys.exists()
    assert not paths.database.exists()


def test_declining_to_unlock_touches_nothing(make: Any, paths: Paths) -> None:
    created(make)
    before = paths.database.read_bytes()
    watched = make()
    watched.begin("unlock")
    watched.service.decline()
    assert watched.wait_mode() == "temporary"
    assert paths.database.read_bytes() == before


def test_damaged_database_is_said_and_left_alone(make: Any, paths: Paths) -> None:
    created(make)
    paths.database.write_bytes(b"not a database" * 1000)
    watched = make()
    watched.begin("unlock")
    watched.service.provide_passphrase("open sesame")
    assert watched.wait_mode() == "temporary"
    assert [type(e) for e in watched.errors] == [Corrupt]
    assert paths.database.read_bytes() == b"not a database" * 1000


def test_read_only_data_directory(make: Any, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1 << 20) as disk:
        make_read_only(disk)
        watched = make(resolve_paths(disk / "data"))
        watched.service.begin()
        assert watched.wait_mode() == "temporary"
        assert [type(e) for e in watched.errors] == [ReadOnly]


OPEN = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from app.core.paths import resolve_paths
from app.services.tasks import Tasks
from app.services.vault import UnlockService
application = QCoreApplication([])
unlock = UnlockService(resolve_paths(Path(sys.argv[1])), Tasks())
said = []
def opened(store, mode):
    said.append(mode)
    application.quit()
def asked(mode):
    said.append(mode)
    unlock.decline()
unlock.opened.connect(opened)
unlock.passphrase_needed.connect(asked)
unlock.begin()
application.exec()
unlock.close()
print(json.dumps(said))
"""


def open_in(session: KeyringSession, data: Path) -> list[str]:
    """What is asked and how it ends, in a process that sees the session's keyring."""
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(data)],
        cwd=ROOT,
        env=dict(session.env),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answer: list[str] = json.loads(done.stdout)
    return answer


def test_keyring_opens_silently_and_its_loss_loses_no_chats(paths: Paths) -> None:
    with keyring_session() as session:
        assert open_in(session, paths.data) == ["stored"]
        assert open_in(session, paths.data) == ["stored"]
        size = paths.database.stat().st_size
        session.lose()
        assert open_in(session, paths.data) == ["recovery", "temporary"]
        assert paths.database.stat().st_size == size


def test_keyring_of_another_person_does_not_open(paths: Paths) -> None:
    with keyring_session() as session:
        assert open_in(session, paths.data) == ["stored"]
    with keyring_session() as other:
        assert open_in(other, paths.data) == ["recovery", "temporary"]
