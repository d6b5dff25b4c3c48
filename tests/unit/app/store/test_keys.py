from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.errors import KeyringFailed, KeyUnavailable, TooNew
from app.core.jsonfile import JsonObject, read_json, write_json
from app.store import Store, wrapping
from app.store.keys import KeyVault, _sealed, read_keys

PASSPHRASE = "correct horse é 电池"


class ForeignKeyring:
    """A keyring of somebody else's making; `trouble` decides what it does wrong."""

    def __init__(self, trouble: str = "") -> None:
        self.trouble = trouble
        self.entries: dict[str, str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        if self.trouble == "get":
            raise OSError("no bus")
        return self.entries.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.trouble == "set":
            raise RuntimeError("refused")
        if self.trouble != "forgets":
            self.entries[username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.trouble == "delete":
            raise KeyError(username)
        del self.entries[username]


REAL_COSTS = dict(wrapping._ARGON2)


@pytest.fixture(autouse=True)
def _cheap_argon2(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least costs that are accepted; nothing here is about how long it takes."""
    monkeypatch.setitem(wrapping._ARGON2, "time", 1)
    monkeypatch.setitem(wrapping._ARGON2, "memory_kib", 8192)


def test_the_real_costs_are_those_of_rfc_9106() -> None:
    assert REAL_COSTS == {"name": "argon2id", "time": 3, "memory_kib": 65536, "lanes": 4}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def vault(file: Path) -> KeyVault:
    return KeyVault(file, None)


def reason_of(call: Callable[[], object]) -> object:
    with pytest.raises(KeyUnavailable) as caught:
        call()
    return caught.value.params["reason"]


def test_passphrase_and_code_open_the_same_key(vault: KeyVault) -> None:
    new = vault.create(PASSPHRASE, use_keyring=False)
    assert len(new.data_key) == 32
    assert vault.kinds() == {"passphrase", "recovery"}
    assert vault.unlock_with_passphrase(PASSPHRASE) == new.data_key
    assert vault.unlock_with_passphrase(unicodedata.normalize("NFD", PASSPHRASE)) == new.data_key
    assert vault.unlock_with_recovery(new.recovery_code) == new.data_key
    assert vault.unlock_with_recovery(f" {new.recovery_code.lower()} ") == new.data_key


def test_what_does_not_fit_is_told_apart(vault: KeyVault, tmp_path: Path) -> None:
    assert reason_of(lambda: vault.unlock_with_passphrase("x")) == "missing"
    vault.create(PASSPHRASE, use_keyring=False)
    other = KeyVault(tmp_path / "other.json", None)
    code = other.create("p", use_keyring=False).recovery_code
    assert reason_of(lambda: vault.unlock_with_passphrase("wrong")) == "wrong"
    assert reason_of(lambda: vault.unlock_with_passphrase("")) == "wrong"
    assert reason_of(lambda: vault.unlock_with_recovery(code)) == "wrong"
    assert reason_of(lambda: vault.unlock_with_recovery("0" + code[1:])) in {"mistyped", "wrong"}
    assert reason_of(lambda: vault.unlock_with_recovery("what?")) == "mistyped"
    assert reason_of(vault.unlock_with_keyring) == "missing"


def test_two_keys_are_never_alike(tmp_path: Path) -> None:
    made = [KeyVault(tmp_path / f"{n}.json", None).create("p", use_keyring=False) for n in range(3)]
    assert len({m.data_key for m in made}) == len({m.recovery_code for m in made}) == 3


def test_secrets_are_not_in_the_representation(vault: KeyVault) -> None:
    new = vault.create(PASSPHRASE, use_keyring=False)
    assert repr(new) == "NewKey()"


def test_nothing_secret_is_in_the_files(vault: KeyVault, file: Path) -> None:
    new = vault.create(PASSPHRASE, use_keyring=False)
    for path in file.parent.iterdir():
        text = path.read_text("utf-8")
        assert new.data_key.hex() not in text
        assert new.recovery_code not in text
        assert "horse" not in text
        assert path.stat().st_mode & 0o077 == 0


def test_a_key_is_never_made_over_another(vault: KeyVault, file: Path) -> None:
    vault.create(PASSPHRASE, use_keyring=False)
    before = file.read_bytes()
    assert reason_of(lambda: vault.create("p", use_keyring=False)) == "exists"
    file.unlink()  # only the copy is left
    assert reason_of(lambda: vault.create("p", use_keyring=False)) == "exists"
    assert vault.exists
    file.write_text("{broken")
    file.with_name("keys.json.copy").unlink()
    assert reason_of(lambda: vault.create("p", use_keyring=False)) == "exists"
    assert file.read_text() == "{broken"
    assert before


def test_a_key_is_never_made_beside_a_database_it_cannot_open(
    vault: KeyVault, file: Path, key: bytes
) -> None:
    Store.open(file.with_name("alcove.db"), key).close()
    assert reason_of(lambda: vault.create("p", use_keyring=False)) == "missing"
    assert not vault.exists


def test_a_key_needs_a_way_in(vault: KeyVault) -> None:
    for passphrase in (None, ""):
        with pytest.raises(ValueError, match="passphrase"):
            vault.create(passphrase, use_keyring=False)


def test_the_passphrase_can_be_changed_and_the_old_one_is_gone_from_every_file(
    vault: KeyVault, file: Path
) -> None:
    new = vault.create(PASSPHRASE, use_keyring=False)
    old = json.dumps(read_json(file)["wraps"])
    vault.set_passphrase(new.data_key, "another")
    assert vault.unlock_with_passphrase("another") == new.data_key
    assert reason_of(lambda: vault.unlock_with_passphrase(PASSPHRASE)) == "wrong"
    assert vault.unlock_with_recovery(new.recovery_code) == new.data_key
    [passphrase_wrap] = [w for w in json.loads(old) if w["kind"] == "passphrase"]
    for path in file.parent.iterdir():
        assert passphrase_wrap["ciphertext"] not in path.read_text("utf-8")
    with pytest.raises(ValueError, match="empty"):
        vault.set_passphrase(new.data_key, "")


def test_the_recovery_code_can_be_renewed(vault: KeyVault) -> None:
    new = vault.create(PASSPHRASE, use_keyring=False)
    code = vault.renew_recovery(new.data_key)
    assert vault.unlock_with_recovery(code) == new.data_key
    assert reason_of(lambda: vault.unlock_with_recovery(new.recovery_code)) == "wrong"


def test_only_the_right_key_is_wrapped(vault: KeyVault) -> None:
    vault.create(PASSPHRASE, use_keyring=False)
    assert reason_of(lambda: vault.set_passphrase(bytes(32), "p")) == "wrong"
    assert reason_of(lambda: vault.renew_recovery(bytes(32))) == "wrong"
    assert reason_of(lambda: vault.rewrap_keyring(bytes(32))) == "wrong"


DAMAGE: list[Callable[[bytes], bytes]] = [
    lambda data: data[: len(data) // 2],
    lambda data: data[:0],
    lambda data: b"\0" * len(data),
    lambda data: data.replace(b'"version": 1', b'"version": 0'),
    lambda data: data.replace(b'"kind": "recovery"', b'"kind": "keyring"'),
    lambda data: data[:300] + bytes([data[300] ^ 1]) + data[301:],
    lambda data: b"[" * 100_000 + data[:0],
    lambda data: b"\xff\xfe" + data,
    lambda data: b"[]" + data[:0],
]


@pytest.fixture
def quick_vault(file: Path) -> KeyVault:
    """Without a passphrase, whose derivation takes its time on purpose."""
    return KeyVault(file, ForeignKeyring())


@pytest.mark.parametrize("damage", DAMAGE)
def test_one_damaged_file_loses_nothing(
    quick_vault: KeyVault, file: Path, damage: Callable[[bytes], bytes]
) -> None:
    new = quick_vault.create(None, use_keyring=True)
    broken = damage(file.read_bytes())
    file.write_bytes(broken)
    assert quick_vault.unlock_with_recovery(new.recovery_code) == new.data_key
    assert file.read_bytes() == broken  # left in place
    code = quick_vault.renew_recovery(new.data_key)
    assert file.with_name("keys.json.damaged").read_bytes() == broken
    copy = file.with_name("keys.json.copy")
    assert read_keys(file) == read_json(copy)
    copy.write_bytes(broken)
    assert quick_vault.unlock_with_recovery(code) == new.data_key
    assert read_json(copy) == read_json(file)  # made whole again


@pytest.mark.parametrize("damage", DAMAGE)
def test_two_damaged_files_are_said_and_left_in_place(
    quick_vault: KeyVault, file: Path, damage: Callable[[bytes], bytes]
) -> None:
    new = quick_vault.create(None, use_keyring=True)
    broken = damage(file.read_bytes())
    for path in (file, file.with_name("keys.json.copy")):
        path.write_bytes(broken)
    for call in (
        quick_vault.kinds,
        quick_vault.unlock_with_keyring,
        lambda: quick_vault.unlock_with_passphrase(PASSPHRASE),
        lambda: quick_vault.unlock_with_recovery(new.recovery_code),
        lambda: quick_vault.rewrap_keyring(new.data_key),
        lambda: quick_vault.set_passphrase(new.data_key, "p"),
    ):
        assert reason_of(call) == "damaged"
    assert sorted(p.name for p in file.parent.iterdir()) == ["keys.json", "keys.json.copy"]
    assert file.read_bytes() == broken


def test_a_file_that_is_gone_is_replaced_by_its_copy(vault: KeyVault, file: Path) -> None:
    new = vault.create(PASSPHRASE, use_keyring=False)
    file.unlink()
    assert vault.unlock_with_passphrase(PASSPHRASE) == new.data_key


def change_wraps(file: Path, change: Callable[[JsonObject], None]) -> None:
    """Change every wrap as somebody with an editor could, seal included."""
    document = read_json(file)
    wraps = document["wraps"]
    assert isinstance(wraps, list)
    for wrap in wraps:
        assert isinstance(wrap, dict)
        change(wrap)
    head = {name: document[name] for name in ("key_id", "check")}
    for path in (file, file.with_name("keys.json.copy")):
        write_json(path, _sealed(head, wraps))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("memory_kib", 2**40),
        ("memory_kib", 8),
        ("time", 10**9),
        ("lanes", 10**6),
        ("lanes", "4"),
        ("time", True),
        ("name", "md5"),
        ("name", "hkdf-sha256"),
        ("salt", "AA=="),
        ("salt", None),
    ],
)
def test_a_derivation_that_was_tampered_with_is_refused_at_once(
    vault: KeyVault, file: Path, name: str, value: object
) -> None:
    vault.create(PASSPHRASE, use_keyring=False)
    change_wraps(file, lambda wrap: wrap["kdf"].update({name: value}))  # type: ignore[union-attr]
    assert reason_of(lambda: vault.unlock_with_passphrase(PASSPHRASE)) == "damaged"


def test_a_derivation_made_cheaper_does_not_open(vault: KeyVault, file: Path) -> None:
    vault.create(PASSPHRASE, use_keyring=False)
    change_wraps(file, lambda wrap: wrap["kdf"].update({"lanes": 1}))  # type: ignore[union-attr]
    assert reason_of(lambda: vault.unlock_with_passphrase(PASSPHRASE)) == "wrong"


def test_a_wrap_of_another_file_does_not_open(vault: KeyVault, file: Path, tmp_path: Path) -> None:
    vault.create(PASSPHRASE, use_keyring=False)
    other = KeyVault(tmp_path / "other.json", None)
    code = other.create(PASSPHRASE, use_keyring=False).recovery_code
    foreign = read_json(tmp_path / "other.json")["wraps"]
    head = {name: read_json(file)[name] for name in ("key_id", "check")}
    write_json(file, _sealed(head, foreign))  # type: ignore[arg-type]
    assert reason_of(lambda: vault.unlock_with_recovery(code)) == "wrong"
    assert reason_of(lambda: vault.unlock_with_passphrase(PASSPHRASE)) == "wrong"


def test_a_newer_key_file_is_refused(vault: KeyVault, file: Path) -> None:
    vault.create(PASSPHRASE, use_keyring=False)
    document = {k: v for k, v in read_json(file).items() if k != "seal"} | {"version": 2}
    from app.store.keys import _seal  # noqa: PLC0415

    write_json(file, {**document, "seal": _seal(document)})
    with pytest.raises(TooNew):
        vault.unlock_with_passphrase(PASSPHRASE)


def test_a_keyring_that_forgets_is_noticed_before_it_is_relied_on(file: Path) -> None:
    for trouble, reason in (("forgets", "lost"), ("set", "error"), ("get", "error")):
        vault = KeyVault(file, ForeignKeyring(trouble))
        with pytest.raises(KeyringFailed) as caught:
            vault.create(None, use_keyring=True)
        assert caught.value.params == {"reason": reason}
        assert not vault.exists
    with pytest.raises(KeyringFailed) as caught:
        KeyVault(file, None).create(None, use_keyring=True)
    assert caught.value.params == {"reason": "absent"}


def test_a_failing_rewrap_leaves_the_old_way_in(file: Path) -> None:
    keyring = ForeignKeyring()
    vault = KeyVault(file, keyring)
    new = vault.create(None, use_keyring=True)
    before = file.read_bytes()
    keyring.trouble = "set"
    with pytest.raises(KeyringFailed):
        vault.rewrap_keyring(new.data_key)
    assert file.read_bytes() == before
    keyring.trouble = ""
    assert vault.unlock_with_keyring() == new.data_key
    keyring.trouble = "delete"
    vault.rewrap_keyring(new.data_key)
    assert vault.unlock_with_keyring() == new.data_key


def test_the_data_key_itself_never_goes_to_the_keyring(file: Path) -> None:
    keyring = ForeignKeyring()
    new = KeyVault(file, keyring).create(None, use_keyring=True)
    assert new.data_key.hex() not in str(keyring.entries)
    [value] = keyring.entries.values()
    assert len(value) == 44  # another 32 bytes, in base 64
