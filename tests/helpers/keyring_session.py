"""A private session bus with a real, unlocked Secret Service, away from the person's own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

_START_TIMEOUT_S = 15.0
_PASSWORD = b"password of the test keyring\n"


@dataclass
class KeyringSession:
    """A running session.

    Attributes:
        env: What a program needs to find this session, and not another one.
        bus: The bus; killing it takes the keyring out of reach.
        keyring: The Secret Service.
    """

    env: Mapping[str, str]
    bus: subprocess.Popen[bytes]
    keyring: subprocess.Popen[bytes]

    def freeze(self) -> None:
        """Make the keyring hang without ending it."""
        self.keyring.send_signal(signal.SIGSTOP)

    def lose(self) -> None:
        """Kill the keyring and its bus."""
        for process in (self.keyring, self.bus):
            process.kill()
            process.wait(10)


@contextmanager
def keyring_session() -> Iterator[KeyringSession]:
    """Start dbus-daemon and gnome-keyring-daemon with a home of their own, unlocked.

    Skips the test where one of them is not installed.
    """
    if shutil.which("dbus-daemon") is None or shutil.which("gnome-keyring-daemon") is None:
        pytest.skip("dbus-daemon and gnome-keyring are not installed")
    # Not under pytest's folder: the path of a socket may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="alcove-keyring-") as name:
        home = Path(name)
        env = _environment(home)
        bus = _start_bus(home, env)
        try:
            keyring = _start_keyring(env)
            session = KeyringSession(env, bus, keyring)
            try:
                yield session
            finally:
                _end(keyring)
        finally:
            _end(bus)


def _environment(home: Path) -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("DBUS_", "GNOME_", "XDG_"))}
    env.pop("PYTHON_KEYRING_BACKEND", None)
    env.pop("DISPLAY", None)
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    env |= {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={home / 'bus'}",
    }
    return env


def _start_bus(home: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # A configuration of our own: no service of this machine is started on demand.
    config = home / "bus.conf"
    config.write_text(
        "<busconfig><type>session</type>"
        f"<listen>{env['DBUS_SESSION_BUS_ADDRESS']}</listen>"
        '<auth>EXTERNAL</auth><policy context="default">'
        '<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>'
        "</policy></busconfig>",
        encoding="utf-8",
    )
    bus = subprocess.Popen(
        ["dbus-daemon", "--nofork", "--nopidfile", f"--config-file={config}"],
        env=env,
        stderr=subprocess.DEVNULL,
    )
    _wait_until((home / "bus").exists, bus)
    return bus


def _start_keyring(env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    keyring = subprocess.Popen(
        ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert keyring.stdin is not None
    with keyring.stdin as password:
        password.write(_PASSWORD)
    query = ["dbus-send", "--session", "--print-reply", "--reply-timeout=2000"]
    query += ["--dest=org.freedesktop.secrets", "/org/freedesktop/secrets"]
    query += ["org.freedesktop.Secret.Service.ReadAlias", "string:default"]

    def unlocked() -> bool:
        answer = subprocess.run(query, env=env, capture_output=True, check=False)
        return b"/org/freedesktop/secrets/collection" in answer.stdout

    _wait_until(unlocked, keyring)
    return keyring


def _wait_until(ready: object, process: subprocess.Popen[bytes]) -> None:
    assert callable(ready)
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            _end(process)
            raise RuntimeError(f"{process.args!r} did not come up")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGCONT)
        process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
