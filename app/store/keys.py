"""The data key and its wraps: keyring, passphrase, recovery code.

One random 256-bit key encrypts the database. It is kept only wrapped, in `keys.json` and a second
copy beside it, so that one damaged file loses nothing. Both always hold the same wraps: an old
passphrase does not live on in an older version. A key is never made where there is a key file or a
database already.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from app.core.errors import KeyringFailed, KeyUnavailable, StoreError, TooNew
from app.core.jsonfile import BadJsonFile, JsonObject, create_json, read_json, write_json
from app.core.paths import DATABASE_NAME, KEYS_NAME
from app.store import recovery_code
from app.store.system_keyring import PROMPT_TIMEOUT_S, Keyring, KeyringBackend
from app.store.wrapping import (
    KEY_BYTES,
    BadWrap,
    WrapKind,
    decode_bytes,
    key_check,
    passphrase_bytes,
    unwrap_key,
    wrap_key,
)

log = logging.getLogger(__name__)

VERSION = 1
COPY_SUFFIX = ".copy"
DAMAGED_SUFFIX = ".damaged"


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made.

    Attributes:
        data_key: 32 bytes for the database.
        recovery_code: To be shown, printed, and kept inside the database.
    """

    data_key: bytes = field(repr=False)
    recovery_code: str = field(repr=False)


class KeyVault:
    """The key file of one data folder. Methods may wait for the disk, the keyring or Argon2id."""

    def __init__(
        self,
        path: Path,
        keyring_backend: KeyringBackend | None,
        *,
        keyring_timeout_s: float = PROMPT_TIMEOUT_S,
    ) -> None:
        """Nothing is read yet.

        Args:
            path: keys.json; the database lies beside it.
            keyring_backend: From `find_keyring`; None where there is none.
            keyring_timeout_s: How long the keyring may take to answer.
        """
        self._path = path
        self._keyring = Keyring(keyring_backend, keyring_timeout_s) if keyring_backend else None

    @property
    def exists(self) -> bool:
        """Whether there is a key file, usable or not."""
        return self._path.exists() or _copy_of(self._path).exists()

    @property
    def has_keyring(self) -> bool:
        """Whether this session has a keyring."""
        return self._keyring is not None

    def kinds(self) -> frozenset[WrapKind]:
        """The ways in; empty where there is no key file.

        Raises:
            KeyUnavailable: reason "damaged".
        """
        if not self.exists:
            return frozenset()
        known: tuple[WrapKind, ...] = ("keyring", "passphrase", "recovery")
        found = {wrap.get("kind") for wrap in _wraps(self._read())}
        return frozenset(kind for kind in known if kind in found)

    def create(self, passphrase: str | None, use_keyring: bool) -> NewKey:
        """Make a new key, wrapped by a new recovery code and by what is asked for.

        Raises:
            KeyUnavailable: reason "exists": there is a key file; "missing": there is a database
                without one, which a new key could never open.
            KeyringFailed: The keyring did not keep its part; nothing was made.
            DiskFull: Nothing was made.
            ReadOnly: Nothing was made.
        """
        if not passphrase and not use_keyring:
            raise ValueError("a key needs a passphrase or the keyring")
        if self.exists:
            raise KeyUnavailable(reason="exists")
        if self._path.with_name(DATABASE_NAME).exists():
            raise KeyUnavailable(reason="missing")
        key = secrets.token_bytes(KEY_BYTES)
        key_id = secrets.token_hex(16)
        secret = recovery_code.new_secret()
        wraps = [wrap_key(key, "recovery", secret, key_id)]
        if passphrase:
            wraps.append(wrap_key(key, "passphrase", passphrase_bytes(passphrase), key_id))
        if use_keyring:
            wraps.append(self._keyring_wrap(key, key_id))
        document = _sealed({"key_id": key_id, "check": key_check(key, key_id)}, wraps)
        try:
            if not create_json(self._path, document):
                raise KeyUnavailable(reason="exists")
            write_json(_copy_of(self._path), document)
        except StoreError:
            if use_keyring:
                self._forget(wraps)
            if _reads_as(self._path, document):  # then the copy failed: leave nothing half made
                self._path.unlink(missing_ok=True)
            raise
        log.info("data key created wraps=%d", len(wraps))
        return NewKey(key, recovery_code.format_code(secret))

    def unlock_with_keyring(self) -> bytes:
        """The data key, by the keyring.

        Raises:
            KeyUnavailable: reason "missing": no file, no such wrap, or the keyring has lost its
                part; "wrong": the keyring's part does not fit; "damaged".
            KeyringFailed: reason "absent", "error" or "timeout".
        """
        document = self._read()
        wrap = _wrap_of(document, "keyring")
        value = self._required_keyring().read(str(wrap.get("entry")))
        if value is None:
            raise KeyUnavailable(reason="missing")
        try:
            secret = decode_bytes(value, KEY_BYTES)
        except BadWrap:
            raise KeyUnavailable(reason="wrong") from None
        return self._unlock(document, wrap, "keyring", secret)

    def unlock_with_passphrase(self, text: str) -> bytes:
        """The data key, by the passphrase; takes about a tenth of a second on purpose.

        Raises:
            KeyUnavailable: reason "missing", "wrong" or "damaged".
        """
        document = self._read()
        wrap = _wrap_of(document, "passphrase")
        return self._unlock(document, wrap, "passphrase", passphrase_bytes(text))

    def unlock_with_recovery(self, code: str) -> bytes:
        """The data key, by the recovery code.

        Raises:
            KeyUnavailable: reason "mistyped": cannot be a code; "missing", "wrong" or "damaged".
        """
        document = self._read()
        wrap = _wrap_of(document, "recovery")
        try:
            secret = recovery_code.parse_code(code)
        except recovery_code.Mistyped:
            raise KeyUnavailable(reason="mistyped") from None
        return self._unlock(document, wrap, "recovery", secret)

    def rewrap_keyring(self, key: bytes) -> None:
        """Put a fresh secret into the keyring, after the old one was lost or for the first time.

        Raises:
            KeyUnavailable: reason "wrong": not this file's key; "missing" or "damaged".
            KeyringFailed: The old wrap stays.
            DiskFull: The old wrap stays.
            ReadOnly: The old wrap stays.
        """
        document = self._read_for(key)
        old = _wraps(document)
        new = self._keyring_wrap(key, str(document["key_id"]))
        try:
            self._replace(document, [*_without(old, "keyring"), new])
        except StoreError:
            self._forget([new])
            raise
        self._forget(old)

    def set_passphrase(self, key: bytes, text: str) -> None:
        """Add or change the passphrase; errors as `rewrap_keyring`."""
        if not text:
            raise ValueError("an empty passphrase protects nothing")
        document = self._read_for(key)
        new = wrap_key(key, "passphrase", passphrase_bytes(text), str(document["key_id"]))
        self._replace(document, [*_without(_wraps(document), "passphrase"), new])

    def renew_recovery(self, key: bytes) -> str:
        """Make a new recovery code and forget the old one; errors as `rewrap_keyring`."""
        document = self._read_for(key)
        secret = recovery_code.new_secret()
        new = wrap_key(key, "recovery", secret, str(document["key_id"]))
        self._replace(document, [*_without(_wraps(document), "recovery"), new])
        return recovery_code.format_code(secret)

    def _unlock(
        self, document: JsonObject, wrap: JsonObject, kind: WrapKind, secret: bytes
    ) -> bytes:
        key_id = str(document.get("key_id"))
        try:
            key = unwrap_key(wrap, kind, secret, key_id)
        except BadWrap as exc:
            raise KeyUnavailable(reason="damaged") from exc
        if document.get("check") != key_check(key, key_id):
            raise KeyUnavailable(reason="damaged")
        self._renew_copy(document)
        return key

    def _renew_copy(self, document: JsonObject) -> None:
        """Make the copy whole again; a damaged main file stays as evidence until a wrap changes."""
        if not _reads_as(_copy_of(self._path), document):
            with suppress(StoreError):
                write_json(_copy_of(self._path), document)

    def _required_keyring(self) -> Keyring:
        if self._keyring is None:
            raise KeyringFailed(reason="absent")
        return self._keyring

    def _keyring_wrap(self, key: bytes, key_id: str) -> JsonObject:
        # Every wrap has its own entry, so that the old one stays good until the file is written.
        secret = secrets.token_bytes(KEY_BYTES)
        entry = f"{key_id}.{secrets.token_hex(4)}"
        self._required_keyring().write(entry, base64.b64encode(secret).decode("ascii"))
        return wrap_key(key, "keyring", secret, key_id, entry)

    def _forget(self, wraps: Sequence[JsonObject]) -> None:
        for wrap in wraps:
            if wrap.get("kind") == "keyring" and self._keyring is not None:
                self._keyring.forget(str(wrap.get("entry")))

    def _read(self) -> JsonObject:
        return read_keys(self._path)

    def _read_for(self, key: bytes) -> JsonObject:
        document = self._read()
        if document.get("check") != key_check(key, str(document.get("key_id"))):
            raise KeyUnavailable(reason="wrong")
        return document

    def _replace(self, document: JsonObject, wraps: list[JsonObject]) -> None:
        head: JsonObject = {"key_id": document["key_id"], "check": document["check"]}
        sealed = _sealed(head, wraps)
        if self._path.exists() and _read_one(self._path) is None:
            with suppress(OSError):
                self._path.replace(self._path.with_name(self._path.name + DAMAGED_SUFFIX))
        write_json(self._path, sealed)
        write_json(_copy_of(self._path), sealed)


def read_keys(path: Path) -> JsonObject:
    """The key file, or its copy where the file is gone or damaged. Damaged files stay in place.

    Raises:
        KeyUnavailable: reason "missing" or "damaged".
        TooNew: Written by a newer version.
    """
    found = False
    for candidate in (path, _copy_of(path)):
        if candidate.exists():
            found = True
            document = _read_one(candidate)
            if document is not None:
                return document
            log.warning("key file damaged copy=%s", candidate != path)
    raise KeyUnavailable(reason="damaged" if found else "missing")


def backup_key(folder: Path, own: bytes | None, secret: str) -> bytes:
    """The key of a backup: our own, or by a secret that only its owner has.

    Args:
        folder: The backup.
        own: The data key of the open chats, None where there is none.
        secret: A recovery code or a passphrase, "" for none.

    Raises:
        KeyUnavailable: reason "wrong", or that of `read_keys`.
    """
    path = folder / KEYS_NAME
    document = read_keys(path)
    if own is not None and document.get("check") == key_check(own, str(document.get("key_id"))):
        return own
    vault = KeyVault(path, None)
    if secret:
        with suppress(KeyUnavailable):
            return vault.unlock_with_recovery(secret)
        with suppress(KeyUnavailable):
            return vault.unlock_with_passphrase(secret)
    raise KeyUnavailable(reason="wrong")


def _read_one(path: Path) -> JsonObject | None:
    try:
        document = read_json(path)
    except (BadJsonFile, OSError):
        return None
    if document.get("seal") != _seal(document):
        return None
    version = document.get("version")
    if type(version) is int and version > VERSION:
        raise TooNew(found=version, known=VERSION)
    return document if version == VERSION else None


def _reads_as(path: Path, document: JsonObject) -> bool:
    return _read_one(path) == document


def _copy_of(path: Path) -> Path:
    return path.with_name(path.name + COPY_SUFFIX)


def _sealed(head: JsonObject, wraps: list[JsonObject]) -> JsonObject:
    document: JsonObject = {**head, "version": VERSION, "wraps": list(wraps)}
    return {**document, "seal": _seal(document)}


def _seal(document: JsonObject) -> str:
    # Against accidents only: tells a damaged file from a wrong passphrase.
    content = {name: value for name, value in document.items() if name != "seal"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _wraps(document: JsonObject) -> list[JsonObject]:
    wraps = document.get("wraps")
    return [wrap for wrap in wraps if isinstance(wrap, dict)] if isinstance(wraps, list) else []


def _wrap_of(document: JsonObject, kind: WrapKind) -> JsonObject:
    for wrap in _wraps(document):
        if wrap.get("kind") == kind:
            return wrap
    raise KeyUnavailable(reason="missing")


def _without(wraps: list[JsonObject], kind: WrapKind) -> list[JsonObject]:
    return [wrap for wrap in wraps if wrap.get("kind") != kind]
