"""Reads aloud with the real service and tells what happened: `python -m tests.helpers.speaker`.

A process of its own, since Speech Dispatcher's address is read from the environment once. Takes one
JSON object as its argument or on stdin: `text`, and optionally `pieces` (characters that arrive at
a time), `pace`, `stop_after` (sentences), `then` (read after `then_ms`), `limit_ms` and `language`.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from PySide6.QtCore import QCoreApplication, QTimer

from app.core.errors import AppError
from app.services.voice import Voice
from app.ui.voice_words import say_formulas

_LIMIT_MS = 40_000


def watch(events: dict[str, Any]) -> QTimer:
    """Note the longest turn of the event loop, in its own time and in everybody's."""
    last, seen = time.thread_time(), time.monotonic()

    def beat() -> None:
        nonlocal last, seen
        now, moment = time.thread_time(), time.monotonic()
        events["longest_turn_ms"] = max(events["longest_turn_ms"], (now - last) * 1000)
        events["longest_wait_ms"] = max(events["longest_wait_ms"], (moment - seen) * 1000)
        last, seen = now, moment

    timer = QTimer()
    timer.timeout.connect(beat)
    timer.start(5)
    return timer


def main() -> int:
    """Read, and print what happened as one JSON object."""
    wish: dict[str, Any] = json.loads(sys.argv[1]) if sys.argv[1:] else json.load(sys.stdin)
    application = QCoreApplication([])
    events: dict[str, Any] = {"sentences": [], "states": [], "error": "", "longest_turn_ms": 0.0}
    events["longest_wait_ms"] = 0.0
    voice = Voice(
        lambda: wish.get("pace", "normal"),
        lambda: wish.get("language", "en"),
        lambda: "Here the answer shows a piece of code.",
        say_formulas,
    )

    def on_state(message_id: int) -> None:
        events["states"].append(message_id)
        if not message_id:
            QTimer.singleShot(300, application.quit)

    def on_sentence(sentence: str) -> None:
        events["sentences"].append(sentence)
        if len(events["sentences"]) == wish.get("stop_after"):
            started = time.monotonic()
            voice.stop()
            events["stop_ms"] = (time.monotonic() - started) * 1000

    def on_error(error: AppError) -> None:
        events["error"] = error.code

    voice.state_changed.connect(on_state)
    voice.sentence_begun.connect(on_sentence)
    voice.unavailable.connect(on_error)
    timer = watch(events)
    text, pieces = wish["text"], wish.get("pieces", 0)
    voice.read(7, text[:pieces] if pieces else text, ended=not pieces)
    grown = [pieces]

    def grow() -> None:
        grown[0] += pieces
        ended = grown[0] >= len(text)
        voice.follow(7, text[: grown[0]], ended=ended)
        if not ended:
            QTimer.singleShot(30, grow)

    if pieces:
        grow()
    if then := wish.get("then"):
        QTimer.singleShot(wish["then_ms"], lambda: voice.read(8, then))
    QTimer.singleShot(wish.get("limit_ms", _LIMIT_MS), application.quit)
    application.exec()
    timer.stop()
    voice.close()
    print(json.dumps(events))
    return 0


if __name__ == "__main__":
    sys.exit(main())
