"""The vault with a real Secret Service: used, lost, refused, hanging."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.errors import KeyringFailed, KeyUnavailable
from app.store import Store
from app.store.keys import KeyVault
from app.store.repositories.meta import RECOVERY_CODE
from app.store.system_keyring import SERVICE, KeyringBackend, find_keyring
from tests.helpers.keyring_session import KeyringSession, keyring_session


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyringSession]:
    with keyring_session() as running:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", running.env["DBUS_SESSION_BUS_ADDRESS"])
        monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
        yield running


def required_keyring() -> KeyringBackend:
    found = find_keyring()
    assert found is not None
    return found


def entry_of(vault_file: Path) -> str:
    from app.store.keys import read_keys  # noqa: PLC0415

    wraps = read_keys(vault_file)["wraps"]
    assert isinstance(wraps, list)
    [entry] = [w["entry"] for w in wraps if isinstance(w, dict) and w["kind"] == "keyring"]
    assert isinstance(entry, str)
    return entry


def test_the_keyring_opens_the_chats_silently(session: KeyringSession, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    new = KeyVault(file, required_keyring()).create(None, use_keyring=True)
    store = Store.open(tmp_path / "alcove.db", new.data_key)
    store.chats.create("kept").result()
    store.meta.set(RECOVERY_CODE, new.recovery_code).result()
    store.close()
    vault = KeyVault(file, required_keyring())
    assert vault.kinds() == {"keyring", "recovery"}
    store = Store.open(tmp_path / "alcove.db", vault.unlock_with_keyring())
    assert [c.title for c in store.chats.list().result()] == ["kept"]
    assert store.meta.get(RECOVERY_CODE).result() == new.recovery_code
    store.close()


def test_a_lost_entry_is_recovered_by_the_code_and_wrapped_again(
    session: KeyringSession, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    backend = required_keyring()
    vault = KeyVault(file, backend)
    new = vault.create(None, use_keyring=True)
    backend.delete_password(SERVICE, entry_of(file))
    with pytest.raises(KeyUnavailable) as caught:
        vault.unlock_with_keyring()
    assert caught.value.params == {"reason": "missing"}
    key = vault.unlock_with_recovery(new.recovery_code)
    assert key == new.data_key
    vault.rewrap_keyring(key)
    assert KeyVault(file, required_keyring()).unlock_with_keyring() == key
    assert vault.unlock_with_recovery(new.recovery_code) == key


def test_wrapping_again_forgets_the_old_entry(session: KeyringSession, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    backend = required_keyring()
    vault = KeyVault(file, backend)
    new = vault.create(None, use_keyring=True)
    old = entry_of(file)
    vault.rewrap_keyring(new.data_key)
    assert entry_of(file) != old
    assert backend.get_password(SERVICE, old) is None


def test_an_entry_of_another_key_does_not_fit(session: KeyringSession, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    backend = required_keyring()
    vault = KeyVault(file, backend)
    vault.create(None, use_keyring=True)
    for value in ("", "not base 64", "QUJD", "A" * 43 + "="):
        backend.set_password(SERVICE, entry_of(file), value)
        with pytest.raises(KeyUnavailable) as caught:
            vault.unlock_with_keyring()
        assert caught.value.params == {"reason": "wrong"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # SecretStorage leaves the dead socket
def test_a_keyring_that_died_is_said_and_the_code_opens(
    session: KeyringSession, tmp_path: Path
) -> None:
    vault = KeyVault(tmp_path / "keys.json", required_keyring())
    new = vault.create(None, use_keyring=True)
    session.lose()
    with pytest.raises(KeyringFailed) as caught:
        vault.unlock_with_keyring()
    assert caught.value.params == {"reason": "error"}
    assert find_keyring() is None
    with pytest.raises(KeyringFailed):
        vault.rewrap_keyring(new.data_key)
    assert vault.unlock_with_recovery(new.recovery_code) == new.data_key
    before = (tmp_path / "keys.json").read_bytes()
    with pytest.raises(KeyringFailed):
        KeyVault(tmp_path / "keys.json", None).unlock_with_keyring()
    assert (tmp_path / "keys.json").read_bytes() == before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_keyring_that_never_answers_is_given_up(session: KeyringSession, tmp_path: Path) -> None:
    backend = required_keyring()
    vault = KeyVault(tmp_path / "keys.json", backend, keyring_timeout_s=0.5)
    new = vault.create(None, use_keyring=True)
    session.freeze()
    started = time.monotonic()
    with pytest.raises(KeyringFailed) as caught:
        vault.unlock_with_keyring()
    assert caught.value.params == {"reason": "timeout"}
    assert time.monotonic() - started < 5
    assert vault.unlock_with_recovery(new.recovery_code) == new.data_key


def test_no_keyring_while_creating_makes_nothing(session: KeyringSession, tmp_path: Path) -> None:
    backend = required_keyring()
    session.lose()
    vault = KeyVault(tmp_path / "keys.json", backend, keyring_timeout_s=5)
    with pytest.raises(KeyringFailed):
        vault.create(None, use_keyring=True)
    assert list(tmp_path.iterdir()) == []


def test_switched_off_by_its_environment_variable(
    session: KeyringSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    assert find_keyring() is None
