"""The real program with its real window, driven through stdin and watched through stdout.

Run as `python -m tests.helpers.window_driver DATA_DIR`. Nothing of the app is replaced: the driver
only holds on to the window that `bootstrap` opens, types into its composer and listens to the
services. One JSON object a line in both directions. With `--save-chats-at-once` what was read of a
chat goes to the disk although it is short and nobody paused.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from app import bootstrap
from app.core.paths import resolve_paths
from app.core.records import ChatView, Message
from app.services import saved_chats
from app.ui.error_text import error_text
from app.ui.frame.main_window import MainWindow

PASSPHRASE = "passphrase of the tests"


class Driver(QObject):
    """Types and listens."""

    wished = Signal(dict)

    def __init__(self, program: bootstrap.Program, window: MainWindow) -> None:
        super().__init__()
        self.program = program
        self.window = window
        self.wished.connect(self.do)
        chats, host, unlock = program.chats, program.host, program.unlock
        chats.storage_changed.connect(lambda mode: say("storage", mode=mode))
        chats.waiting_changed.connect(lambda w: say("waiting", stage=w.stage))
        chats.reply_changed.connect(lambda p: say("reply", length=len(p.text)))
        chats.reply_finished.connect(lambda m: say("finished", **described(m)))
        chats.error_raised.connect(lambda e: say("error", code=e.code, sentence=error_text(e)))
        chats.chat_opened.connect(self.say_opened)
        chats.chats_changed.connect(lambda s: say("chats", titles=[c.title for c in s]))
        chats.draft_restored.connect(lambda text: say("draft", text=text))
        chats.question_returned.connect(lambda text: say("returned", text=text))
        host.state_changed.connect(lambda state: say("host", state=state, pid=host.worker_pid))
        unlock.passphrase_needed.connect(lambda _: unlock.provide_passphrase(PASSPHRASE))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        for line in sys.stdin:
            self.wished.emit(json.loads(line))

    def do(self, wish: dict[str, Any]) -> None:
        composer = self.window.talk.composer
        if wish["do"] == "send":
            composer.set_text(wish["text"])
            composer.send()
        elif wish["do"] == "type":
            composer.set_text(wish["text"])
            self.program.chats.save_draft(wish["text"])
        elif wish["do"] == "stop":
            self.program.chats.stop()
        elif wish["do"] == "close":
            self.window.close()
        elif wish["do"] == "look":
            composed = composer.text()
            pid = self.program.host.worker_pid
            say("seen", visible=self.window.isVisible(), composer=composed, pid=pid)

    def say_opened(self, view: ChatView | None) -> None:
        say("opened", messages=[described(m) for m in view.messages] if view else [])


def described(message: Message) -> dict[str, Any]:
    return {
        "role": message.role,
        "state": message.state,
        "text": message.text,
        "error_code": message.details.error_code,
    }


def say(event: str, **values: object) -> None:
    sys.stdout.write(json.dumps({"event": event, **values}) + "\n")
    sys.stdout.flush()


def main() -> int:
    paths = resolve_paths(Path(sys.argv[1]))
    if "--save-chats-at-once" in sys.argv:
        saved_chats.LEAST_READING_S, saved_chats.PAUSE_MS = 0.0, 100
    open_window = bootstrap.open_window
    drivers = []

    def open_and_drive(application: QApplication, program: bootstrap.Program) -> MainWindow:
        program.host.state_changed.connect(
            lambda state: say("host_early", state=state, pid=program.host.worker_pid)
        )
        window = open_window(application, program)
        drivers.append(Driver(program, window))
        say("shown", pid=program.host.worker_pid)
        return window

    bootstrap.open_window = open_and_drive
    return bootstrap.run_window(paths, bootstrap.read_settings(paths, {}))


if __name__ == "__main__":
    sys.exit(main())
