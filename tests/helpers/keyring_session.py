"""A private session bus with a real, unlocked Secret Service, away from the person's own."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers.session_bus import (
    end_process,
    private_environment,
    start_bus,
    wait_for_process,
)

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
        env = private_environment(home)
        bus = start_bus(home, env)
        try:
            keyring = _start_keyring(env)
            session = KeyringSession(env, bus, keyring)
            try:
                yield session
            finally:
                end_process(keyring)
        finally:
            end_process(bus)


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

    wait_for_process(unlocked, keyring)
    return keyring
