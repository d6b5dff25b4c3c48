"""Pictures of the real window: `python -m tests.helpers.screenshots` (or `make screenshots`).

Every picture comes from the program itself: a data directory of its own, the encrypted store, the
worker process with the starter model, the window on a private X display. What is answered is what
the model answered.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.helpers.display import private_display

if TYPE_CHECKING:
    from app.store import Store
    from app.ui.frame.main_window import MainWindow

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "resources" / "screenshots"
SIZE = (1280, 860)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a language's pictures show.

    Attributes:
        titles: Earlier conversations, oldest first.
        questions: Asked one after the other.
        appearances: Schemes in which the conversation is shown.
    """

    titles: tuple[str, ...]
    questions: tuple[str, ...]
    appearances: tuple[str, ...]


SCENES = {
    "en": Scene(
        (
            "Train to Lyon",
            "Potato gratin for six",
            "Names for the kitten",
            "A letter to the town hall",
        ),
        ("What is the capital of France?", "How do vaccines work?"),
        ("light", "dark", "contrast"),
    ),
    "fr": Scene(
        ("Le train pour Lyon", "Une lettre à la mairie", "Des noms pour le chaton"),
        (
            "What is the capital of France?",
            "How do vaccines work?",
            "Merci beaucoup, c’est très clair !",
        ),
        ("light", "dark"),
    ),
    "zh_Hans": Scene(
        ("去里昂的火车", "写给居委会的信", "给小猫起名字"),
        ("What is the capital of France?", "How do vaccines work?", "你好！"),
        ("light", "dark"),
    ),
}


def main() -> int:
    """Take all pictures, one process for each language."""
    parser = argparse.ArgumentParser(prog="screenshots")
    parser.add_argument("--language", choices=sorted(SCENES), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.language:
        return _take(arguments.language, arguments.folder)
    with private_display(*SIZE) as display:
        for language in SCENES:
            command = [sys.executable, "-m", "tests.helpers.screenshots"]
            command += ["--language", language, "--folder", str(arguments.folder)]
            environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
            environment.pop("WAYLAND_DISPLAY", None)
            subprocess.run(command, check=True, cwd=ROOT, env=environment, timeout=600)
    return 0


def _take(language: str, folder: Path) -> int:
    # Only in the child, which has a display.
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    from app.bootstrap import build_program, open_window  # noqa: PLC0415
    from app.core.paths import resolve_paths  # noqa: PLC0415
    from app.core.settings import Settings  # noqa: PLC0415
    from tests.helpers.screen_tour import settle, wait_for  # noqa: PLC0415

    application = QApplication([])
    scene = SCENES[language]
    with tempfile.TemporaryDirectory() as data:
        settings = Settings(
            None, command_line={"language": language, "theme": "light", "view": "full"}
        )
        program = build_program(resolve_paths(Path(data)), settings, application)
        # The pictures must not depend on whether this computer has a keyring.
        program.unlock.passphrase_needed.connect(
            lambda _: program.unlock.provide_passphrase("only for the pictures")
        )
        stores: list[Store] = []
        program.unlock.opened.connect(lambda store, _mode: stores.append(store))
        window = open_window(application, program)
        window.resize(*SIZE)
        window.move(0, 0)
        wait_for(lambda: bool(stores), "the store")
        for title in scene.titles:
            stores[0].chats.create(title).result()
        window.pages.setCurrentWidget(window.talk)
        program.chats.new_chat()
        if language == "en":
            settle(400)
            _save(window, folder / "new-en-light.png")
        for question in scene.questions:
            window.talk.composer.set_text(question)
            window.talk.composer.send()
            wait_for(lambda: program.chats.busy, "the question")
            wait_for(lambda: not program.chats.busy, "the answer")
        for appearance in scene.appearances:
            window.theme.set_appearance(appearance)
            settle(400)
            window.talk.conversation.go_to_end()
            _save(window, folder / f"conversation-{language}-{appearance}.png")
        window.sidebar.simple_wished.emit()
        simple = "contrast" if language == "en" else "light"
        window.theme.set_appearance(simple)
        settle(400)
        window.talk.conversation.go_to_end()
        _save(window, folder / f"simple-{language}-{simple}.png")
        window.shell.simple_header.full_wished.emit()
        if language != "en":
            window.theme.set_appearance("light")
            program.chats.new_chat()
            settle(400)
            _save(window, folder / f"new-{language}-light.png")
        window.close()
        settle(50)
        program.close()
    return 0


def _save(window: MainWindow, path: Path) -> None:
    if not window.grab().save(str(path)):
        raise OSError(f"cannot write {path}")
    print(path.name, flush=True)


if __name__ == "__main__":
    sys.exit(main())
