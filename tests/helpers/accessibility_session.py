"""A display with a real accessibility bus, and the real program on it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from installers.shared.system import ACCESSIBILITY_BUS
from tests.helpers.atspi import Bus
from tests.helpers.display import private_display
from tests.helpers.session_bus import (
    end_process,
    first_file,
    private_environment,
    start_bus,
    wait_for_process,
)


@dataclass(frozen=True)
class AccessibilitySession:
    """A running session.

    Attributes:
        env: For programs that are to be seen on its bus and its display.
        bus: The accessibility bus.
        home: Of those programs.
    """

    env: Mapping[str, str]
    bus: Bus
    home: Path


@contextmanager
def accessibility_session(width: int = 1280, height: int = 860) -> Iterator[AccessibilitySession]:
    """Start a display, a session bus and at-spi2-core on it.

    Skips the test where one of them is not installed.
    """
    launcher = first_file(ACCESSIBILITY_BUS)
    if launcher is None or shutil.which("dbus-daemon") is None or shutil.which("Xvfb") is None:
        pytest.skip("at-spi2-core, dbus-daemon and Xvfb are not all installed")
    # Not under pytest's folder: the path of a socket may have 107 characters.
    with (
        tempfile.TemporaryDirectory(prefix="alcove-a11y-", ignore_cleanup_errors=True) as name,
        private_display(width, height) as display,
    ):
        home = Path(name)
        env = private_environment(home) | {
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
            "PYTHON_KEYRING_BACKEND": "none",
        }
        session_bus = start_bus(home, env)
        try:
            at_spi = subprocess.Popen(
                [str(launcher), "--launch-immediately", "--a11y=1"],
                env=env,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                bus = _connect(env, at_spi)
                try:
                    yield AccessibilitySession(env, bus, home)
                finally:
                    bus.close()
            finally:
                end_process(at_spi)
        finally:
            end_process(session_bus)


def _connect(env: Mapping[str, str], at_spi: subprocess.Popen[bytes]) -> Bus:
    found: list[Bus] = []

    def connected() -> bool:
        try:
            found.append(Bus(env["DBUS_SESSION_BUS_ADDRESS"]))
        except Exception:  # noqa: BLE001  it owns its name a moment after it starts
            return False
        return True

    wait_for_process(connected, at_spi)
    return found[0]
