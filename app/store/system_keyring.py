"""The system's keyring: Secret Service, KWallet, Windows Credential Locker, macOS Keychain.

A keyring may be locked and ask the person, may have lost its bus, may raise anything or never
answer. Every call therefore runs on a thread of its own with a time limit, and whatever goes wrong
is KeyringFailed.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from app.core.errors import KeyringFailed

log = logging.getLogger(__name__)

T = TypeVar("T")

SERVICE = "Alcove"
PROMPT_TIMEOUT_S = 30.0  # the keyring may be asking the person for its own password
_FIND_TIMEOUT_S = 10.0

# Only what encrypts at rest. Anything else, such as a file in plain text, is no keyring.
_BACKENDS = {
    "linux": (
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
    ),
    "win32": ("keyring.backends.Windows.WinVaultKeyring",),
    "darwin": ("keyring.backends.macOS.Keyring",),
}


class KeyringBackend(Protocol):
    """What is used of a `keyring` backend."""

    def get_password(self, service: str, username: str) -> str | None:
        """The entry's value, None where there is none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a value."""

    def delete_password(self, service: str, username: str) -> None:
        """Forget a value."""


def find_keyring(timeout_s: float = _FIND_TIMEOUT_S) -> KeyringBackend | None:
    """The keyring of this session, None where there is none that encrypts and answers.

    May wait; not for the window's thread. `PYTHON_KEYRING_BACKEND` can choose among the known ones
    or, naming any other, switch the keyring off.
    """
    try:
        return _bounded(_find, timeout_s)
    except KeyringFailed:
        return None


class Keyring:
    """One backend, with time limits."""

    def __init__(self, backend: KeyringBackend, timeout_s: float = PROMPT_TIMEOUT_S) -> None:
        self._backend = backend
        self._timeout_s = timeout_s

    def read(self, entry: str) -> str | None:
        """The entry's value, None where there is none.

        Raises:
            KeyringFailed: reason "error" or "timeout".
        """
        return _bounded(lambda: self._backend.get_password(SERVICE, entry), self._timeout_s)

    def write(self, entry: str, value: str) -> None:
        """Keep a value and read it back.

        Raises:
            KeyringFailed: reason "error", "timeout", or "lost" when it does not come back.
        """
        _bounded(lambda: self._backend.set_password(SERVICE, entry, value), self._timeout_s)
        if self.read(entry) != value:
            raise KeyringFailed(reason="lost")

    def forget(self, entry: str) -> None:
        """Remove an entry, if that is possible."""
        with contextlib.suppress(KeyringFailed):
            _bounded(lambda: self._backend.delete_password(SERVICE, entry), self._timeout_s)


def _find() -> KeyringBackend | None:
    known = _BACKENDS.get(sys.platform, _BACKENDS["linux"])
    wanted = os.environ.get("PYTHON_KEYRING_BACKEND")
    for name in known if wanted is None else [n for n in known if n == wanted]:
        module, _, cls = name.rpartition(".")
        with contextlib.suppress(ImportError, RuntimeError, AttributeError):
            backend = getattr(importlib.import_module(module), cls)
            if backend.priority > 0:  # raises RuntimeError where the backend cannot work
                found: KeyringBackend = backend()
                return found
    return None


def _bounded(call: Callable[[], T], timeout_s: float) -> T:
    answers: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            answers.put((call(), None))
        except Exception as exc:  # noqa: BLE001 - the top of a thread, around foreign code
            answers.put((None, exc))

    threading.Thread(target=run, name="alcove-keyring", daemon=True).start()
    try:
        value, error = answers.get(timeout=timeout_s)
    except queue.Empty:
        log.warning("keyring silent timeout_s=%.1f", timeout_s)
        raise KeyringFailed(reason="timeout") from None
    if error is not None:
        log.warning("keyring failed error=%s", type(error).__name__)
        raise KeyringFailed(reason="error") from error
    return value  # type: ignore[return-value]  # no error, so this is the call's own result
