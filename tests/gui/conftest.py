"""A window with its real services, a real encrypted store and a real worker process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.bootstrap import Program, build_program
from app.core.paths import resolve_paths
from app.core.settings import Settings
from app.store import Store
from app.ui.frame.main_window import MainWindow
from app.ui.look.theme import Theme

PASSPHRASE = "a lamp in the alcove"


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    """A light theme at 16 points."""
    return Theme(qapp, "light", 16)


@dataclass(slots=True)
class Room:
    """A running program."""

    window: MainWindow
    program: Program
    stores: list[Store] = field(default_factory=list)

    @property
    def store(self) -> Store:
        """The open store."""
        return self.stores[0]


def _answer(program: Program, *, keep: bool) -> None:
    if keep:
        program.unlock.provide_passphrase(PASSPHRASE)
    else:
        program.unlock.decline()


OpenRoom = Callable[..., Room]


@pytest.fixture
def open_room(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[OpenRoom]:
    """Opens windows on one data directory; closes them in the end."""
    rooms: list[Room] = []

    def open_one(
        *,
        bundle: Path | None = None,
        keep: bool = False,
        folder: Path = tmp_path,
        page: bool = False,
        **options: str,
    ) -> Room:
        """Open a window.

        Args:
            bundle: Assistant to load; None leaves the window without one.
            keep: Keep chats (by a passphrase), else everything is temporary.
            folder: The data directory.
            page: Leave what is asked at the start to the test.
            options: Settings, as on the command line.
        """
        paths = replace(resolve_paths(folder), starter_bundle=bundle or folder / "none")
        values = {"language": "en", "theme": "light", "view": "full", "use_keyring": "false"}
        values |= options
        settings = Settings(folder / "settings.json", command_line=values)
        program = build_program(paths, settings, None)
        program.i18n.apply()
        window = MainWindow(program.services())
        room = Room(window, program)
        program.unlock.opened.connect(lambda store, _mode: room.stores.append(store))
        rooms.append(room)
        if not page:
            program.unlock.passphrase_needed.connect(lambda _: _answer(program, keep=keep))
        if bundle is not None:
            program.load_model()
        window.show()
        program.unlock.begin()
        program.chats.start()
        if not page:
            qtbot.waitUntil(lambda: bool(room.stores), timeout=20_000)
            window.pages.setCurrentWidget(window.talk)  # the code of a new key was read
        return room

    def close_one(room: Room) -> None:
        rooms.remove(room)
        room.window.close()
        room.program.close()
        for translator in room.program.i18n._translators:
            QCoreApplication.removeTranslator(translator)
        room.window.deleteLater()

    open_one.close = close_one  # type: ignore[attr-defined]
    yield open_one
    for room in tuple(rooms):
        close_one(room)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
