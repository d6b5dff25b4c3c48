"""A real model that thinks aloud is interrupted and answers: in the engine and the terminal."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from app.core.options import MODEL
from app.core.paths import resolve_paths
from app.core.settings import Settings
from engine import GenerationConfig, Message, load_model
from engine.types import LoadOptions
from tests.helpers.reasoning import thinking_starter
from tests.helpers.terminal import Terminal
from tests.integration.test_app_commands import headless

pytestmark = pytest.mark.starter
QUESTION = [Message("user", "How do vaccines work?")]


def test_the_answer_follows_from_what_was_thought(tmp_path: Path) -> None:
    bundle = thinking_starter(tmp_path / "thinker")
    answer_now = threading.Event()
    ids: list[int] = []
    texts = {"thinking": "", "answer": ""}
    with load_model(bundle, LoadOptions(threads=2)) as model:
        assert model.reasoning is not None
        closing = model.reasoning.closing
        for event in model.stream(
            QUESTION, GenerationConfig(max_new_tokens=60), answer_now=answer_now
        ):
            ids += event.token_ids
            texts[event.channel] += event.text
            if len(ids) >= 40:
                answer_now.set()
        run = model.last_run
    start = next(at for at in range(len(ids)) if tuple(ids[at:][: len(closing)]) == closing)
    assert 40 <= start <= 42
    assert len(ids) == run.new_tokens == 60
    assert "immune system" in texts["thinking"]
    assert len(texts["answer"].split()) >= 5
    assert "think>" not in texts["thinking"] + texts["answer"]


def test_ctrl_c_in_the_terminal_asks_for_the_answer_first(tmp_path: Path) -> None:
    bundle = thinking_starter(tmp_path / "thinker")
    data = tmp_path / "data"
    paths = resolve_paths(data)
    paths.create()
    Settings(paths.settings).set_user(MODEL, str(bundle))
    with Terminal("--data-dir", str(data), environment=headless()) as terminal:
        terminal.wait_for("New passphrase: ")
        terminal.type("\n")
        terminal.wait_for("You: ")
        terminal.type("Tell me a long story about a lighthouse.\n")
        terminal.wait_for("Press Ctrl-C for the answer now.")
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait_for(".")  # of the answer: thoughts are not shown
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait_for("(stopped here)")
        terminal.wait_for("You: ")
        terminal.type("\x04")
        assert terminal.wait() == 0
