"""After set-up nothing connects or sends to an internet address: not the tests, not a window."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.helpers.display import private_display
from tests.helpers.keyring_session import keyring_session
from tests.helpers.strace import watch

ROOT = Path(__file__).resolve().parents[2]
IDLE_SECONDS = 30.0
# Those that open whole windows over real services; reading aloud is watched by a test of its own.
WINDOWS = ("window", "simple_view", "settings", "keeping_page", "finder")


def test_the_watch_sees_an_internet_connection(tmp_path: Path) -> None:
    """The instrument itself: a datagram to this very machine must be seen."""
    code = (
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1',9))"
    )
    trace = watch([sys.executable, "-c", code], tmp_path / "log", env=dict(os.environ))
    assert len(trace.internet_calls) == 1


@pytest.mark.starter
@pytest.mark.timeout(900)
def test_windows_are_silent_whatever_is_done(tmp_path: Path) -> None:
    files = [f"tests/gui/test_{name}.py" for name in WINDOWS]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    trace = watch(command, tmp_path / "log", env=env)
    assert trace.returncode == 0
    assert trace.local_calls > 0
    assert trace.internet_calls == ()


@pytest.mark.starter
@pytest.mark.timeout(120)
def test_idle_window_is_silent(tmp_path: Path) -> None:
    with private_display() as display, keyring_session() as session:
        env = {**os.environ, **session.env, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        command = [sys.executable, "-m", "app", "--data-dir", str(tmp_path / "data")]
        trace = watch(command, tmp_path / "log", env=env, seconds=IDLE_SECONDS)
    assert trace.local_calls > 0
    assert trace.internet_calls == ()
