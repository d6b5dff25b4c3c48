from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from pytestqt.qtbot import QtBot

from app.services.single_instance import SingleInstance, socket_name

ROOT = Path(__file__).parents[4]
CLAIM = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from app.services.single_instance import SingleInstance
application = QCoreApplication([])
instance = SingleInstance(Path(sys.argv[1]))
print(instance.claim(), flush=True)
if sys.argv[2] == "stay":
    sys.stdin.read()
"""


def claim_elsewhere(data: Path, what: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(data), what],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_ACTIVATION_TOKEN": "token-7"},
    )


def test_second_start_raises_the_first(qtbot: QtBot, tmp_path: Path) -> None:
    first = SingleInstance(tmp_path)
    tokens: list[str] = []
    first.raise_asked.connect(tokens.append)
    assert first.claim()
    second = claim_elsewhere(tmp_path, "go")
    qtbot.waitUntil(lambda: second.poll() is not None, timeout=10_000)
    assert second.communicate()[0].strip() == "False"
    qtbot.waitUntil(lambda: tokens == ["token-7"])
    first.release()


def test_socket_left_by_a_killed_window_is_taken_over(qtbot: QtBot, tmp_path: Path) -> None:
    killed = claim_elsewhere(tmp_path, "stay")
    assert killed.stdout is not None
    assert killed.stdout.readline().strip() == "True"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    heir = SingleInstance(tmp_path)
    assert heir.claim()
    heir.release()


def test_other_directories_have_windows_of_their_own(qtbot: QtBot, tmp_path: Path) -> None:
    one, two = SingleInstance(tmp_path / "a"), SingleInstance(tmp_path / "b")
    assert one.claim()
    assert two.claim()
    one.release()
    two.release()


def test_one_directory_has_one_name_however_it_is_spelled(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    name = socket_name(tmp_path / "real")
    assert socket_name(tmp_path / "link") == name
    assert socket_name(tmp_path / "real" / ".." / "real") == name
    assert "real" not in name


def test_of_many_starts_at_once_one_wins(qtbot: QtBot, tmp_path: Path) -> None:
    starts = [claim_elsewhere(tmp_path, "stay") for _ in range(3)]
    words: list[str] = []

    def read(start: subprocess.Popen[str]) -> None:
        assert start.stdout is not None
        words.append(start.stdout.readline().strip())

    threads = [threading.Thread(target=read, args=(start,)) for start in starts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    for start in starts:
        start.kill()
        start.communicate()
    assert sorted(words) == ["False", "False", "True"]
