"""A private D-Bus session with a home of its own, away from the person's."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_START_TIMEOUT_S = 15.0


def private_environment(home: Path) -> dict[str, str]:
    """Variables for processes that know no session, no desktop and no home but this one."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("DBUS_", "GNOME_", "XDG_"))}
    for name in ("PYTHON_KEYRING_BACKEND", "DISPLAY", "WAYLAND_DISPLAY", "AT_SPI_BUS_ADDRESS"):
        env.pop(name, None)
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    return env | {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={home / 'bus'}",
    }


def start_bus(home: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start the session bus that `env` names; no service of this machine is started on demand."""
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
    wait_for_process((home / "bus").exists, bus)
    return bus


def wait_for_process(ready: Callable[[], bool], process: subprocess.Popen[Any]) -> None:
    """Wait until it is ready; when it ends or takes too long, RuntimeError."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            end_process(process)
            raise RuntimeError(f"{process.args!r} did not come up")
        time.sleep(0.02)


def end_process(process: subprocess.Popen[Any]) -> None:
    """End it, also where it was stopped."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGCONT)
        process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


def first_file(candidates: Iterable[str]) -> Path | None:
    """The first of them that is there."""
    return next((Path(name) for name in candidates if Path(name).is_file()), None)
