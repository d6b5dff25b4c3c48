"""`alcove` as it is typed: window, terminal, one answer, paths."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.small_disk import make_read_only, small_disk
from tests.helpers.terminal import Terminal
from tests.helpers.tiny_bundle import tiny_bundle
from tests.helpers.window_client import WindowClient, app_environment

ROOT = Path(__file__).parents[2]
STORY = "Tell me a long story about a lighthouse."


def headless(**more: str) -> dict[str, str]:
    environment = app_environment(LANGUAGE="en", LANG="C.UTF-8", LC_ALL="C.UTF-8", **more)
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        environment.pop(name, None)
    return environment


def alcove(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=headless(**environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_paths(tmp_path: Path) -> None:
    done = alcove("paths", "--json", "--data-dir", str(tmp_path / "d"))
    assert done.returncode == 0
    paths = json.loads(done.stdout)
    assert set(paths) == {"data", "cache", "models", "starter_bundle"}
    assert all(Path(path).is_absolute() for path in paths.values())
    assert paths["data"] == str(tmp_path / "d")
    before = alcove("--data-dir", str(tmp_path / "d"), "paths", "--json")
    assert before.stdout == done.stdout
    assert not (tmp_path / "d").exists()  # asking creates nothing


@pytest.mark.parametrize(
    "arguments",
    [
        ["--ask"],
        ["--ask", "  "],
        ["--nonsense"],
        ["nonsense"],
        ["--ask", "hello", "--example"],
        ["--ask", "hello", "--language", "tlh"],
    ],
)
def test_wrong_usage(arguments: list[str], tmp_path: Path) -> None:
    done = alcove(*arguments, "--data-dir", str(tmp_path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_version() -> None:
    assert alcove("--version").stdout.startswith("alcove ")


@pytest.mark.starter
def test_ask_prints_the_answer_and_nothing_else(tmp_path: Path) -> None:
    done = alcove("--ask", "What is the capital of France?", "--data-dir", str(tmp_path / "d"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Paris" in done.stdout
    assert done.stdout == done.stdout.strip() + "\n"
    assert not files_below(tmp_path)


@pytest.mark.starter
def test_ask_says_where_a_mistake_would_cost_health(tmp_path: Path) -> None:
    done = alcove(
        "--ask", "Is ibuprofen an antibiotic? Say yes or no.", "--data-dir", str(tmp_path)
    )
    assert done.returncode == 0
    assert done.stderr.startswith("This is about health. Please ask a doctor")
    assert "doctor or a pharmacist" not in done.stdout


@pytest.mark.starter
def test_ask_with_a_read_only_data_directory(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1 << 20) as disk:
        make_read_only(disk)
        done = alcove("--ask", "What is the capital of France?", "--data-dir", str(disk))
        assert (done.returncode, done.stderr) == (0, "")
        assert "Paris" in done.stdout


@pytest.mark.starter
def test_ask_while_the_window_is_open_and_a_second_window(tmp_path: Path) -> None:
    with WindowClient(tmp_path) as window:
        window.wait_for("storage", lambda e: e["mode"] == "stored")
        done = alcove("--ask", "What is the capital of France?", "--data-dir", str(tmp_path))
        assert (done.returncode, done.stderr) == (0, "")
        second = alcove("--data-dir", str(tmp_path), QT_QPA_PLATFORM="offscreen")
        assert (second.returncode, second.stderr) == (0, "")
        assert window.look()["visible"]
        assert not [e for e in window.events if e["event"] == "error"]
        assert window.close() == 0


def use_bundle(data: Path, bundle: Path | str) -> None:
    data.mkdir(parents=True, exist_ok=True)
    values = {"version": 1, "values": {"model": str(bundle)}}
    (data / "settings.json").write_text(json.dumps(values))


def test_ask_without_a_model_is_one_line(tmp_path: Path) -> None:
    use_bundle(tmp_path, "nothing-here")
    done = alcove("--ask", "hello", "--data-dir", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_ask_with_too_long_a_question_is_one_line(tmp_path: Path) -> None:
    use_bundle(tmp_path, tiny_bundle())
    done = alcove("--ask", "x" * 100_000, "--data-dir", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.strip().splitlines()) == 1


def test_ask_speaks_the_language_asked_for(tmp_path: Path) -> None:
    use_bundle(tmp_path, "nothing-here")
    answers = {
        alcove("--ask", "hi", "--data-dir", str(tmp_path), "--language", code).stderr
        for code in ("en", "fr", "zh_Hans")
    }
    assert len(answers) == 3


def test_ask_in_french_says_that_the_starter_speaks_english(tmp_path: Path) -> None:
    done = alcove("--ask", "Quelle est la capitale de la France ?", "--data-dir", str(tmp_path))
    assert done.returncode == 0
    assert done.stdout.strip()
    assert done.stderr.startswith("Ce petit assistant parle bien l’anglais")


def test_ctrl_c_ends_ask_with_one_line(tmp_path: Path) -> None:
    use_bundle(tmp_path, "nothing-here")
    with Terminal(
        "--ask", STORY, "--data-dir", str(tmp_path / "other"), environment=headless()
    ) as terminal:
        terminal.wait_for("waking up")
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait_for("Stopped.")
        assert terminal.wait() == 1
        assert "Traceback" not in terminal.shown


@pytest.mark.starter
def test_neither_screen_nor_terminal_answers_an_example(tmp_path: Path) -> None:
    done = alcove("--data-dir", str(tmp_path / "d"))
    assert (done.returncode, done.stderr) == (0, "")
    question, answer = done.stdout.strip().split("\n", 1)
    assert question.endswith("?")
    assert "Paris" in answer


@pytest.mark.starter
def test_conversation_in_the_terminal(tmp_path: Path) -> None:
    data = ["--data-dir", str(tmp_path)]
    with Terminal(*data, environment=headless()) as terminal:
        terminal.wait_for("New passphrase: ")
        terminal.type("open sesame\n")
        terminal.wait_for("The same again: ")
        terminal.type("open sesami\n")
        terminal.wait_for("not the same")
        for prompt in ("New passphrase: ", "The same again: "):
            terminal.wait_for(prompt)
            terminal.type("open sesame\n")
        before = terminal.wait_for("You: ")
        assert "recovery code" in before
        assert "open sesame" not in before
        terminal.type("What is the capital of France?\n")
        assert "Paris" in terminal.wait_for("You: ")
        terminal.type(STORY + "\n")
        terminal.wait_for("lighthouse.\r\n")
        time.sleep(1.5)
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait_for("(stopped here)")
        terminal.wait_for("You: ")
        terminal.type("\x04")
        terminal.wait_for("Goodbye.")
        assert terminal.wait() == 0

    with Terminal(*data, environment=headless()) as terminal:
        terminal.wait_for("Passphrase: ")
        terminal.type("open says me\n")
        terminal.wait_for("Passphrase: ")
        terminal.type("open sesame\n")
        terminal.wait_for("You: ")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait() == 0


def test_terminal_without_a_passphrase_keeps_nothing(tmp_path: Path) -> None:
    with Terminal("--data-dir", str(tmp_path), environment=headless()) as terminal:
        terminal.wait_for("New passphrase: ")
        terminal.type("\n")
        terminal.wait_for("not kept")
        terminal.wait_for("You: ")
        terminal.type("\x04")
        assert terminal.wait() == 0
    assert not (tmp_path / "alcove.db").exists()
    assert not (tmp_path / "keys.json").exists()


def test_terminal_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    termios = pytest.importorskip("termios")
    with Terminal("--data-dir", str(tmp_path), environment=headless()) as terminal:
        before = termios.tcgetattr(terminal._master)
        terminal.wait_for("New passphrase: ")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait() == 0
        assert termios.tcgetattr(terminal._master) == before
