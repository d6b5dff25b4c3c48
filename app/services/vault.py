"""Opens the chats at the start: by the keyring silently, else by asking, else not at all.

                     ┌─ key file? ── keyring answers ──────────────────▶ opened "stored"
    begin ── thread ─┤               keyring does not: ask "unlock" or "recovery"
                     └─ none yet ─── keyring keeps a new key ──────────▶ opened "stored"
                                     no keyring: ask "create"
    nobody to ask, or a store that cannot be opened ───────────────────▶ opened "temporary"

Everything slow (keyring, Argon2id, the database, and importing them) happens in other threads.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, Signal, Slot

from app.core.errors import AppError, Corrupt, KeyringFailed, KeyUnavailable
from app.core.keeping import RepairReport
from app.core.paths import Paths
from app.core.records import StorageMode
from app.services.tasks import Tasks

if TYPE_CHECKING:
    from app.store import Store
    from app.store.keys import KeyVault

log = logging.getLogger(__name__)

AskMode = Literal["create", "unlock", "recovery"]


@dataclass(frozen=True, slots=True)
class Opening:
    """What an attempt in a thread came to.

    Attributes:
        store: The open store, None while a person must be asked.
        ask: What to ask then.
        recovery_code: Of a key that was just made, "" otherwise.
        code_was_used: The recovery code opened it, so another way in should be made.
        key: The data key, where it may be wrapped anew.
    """

    store: Store | None = None
    ask: AskMode = "create"
    recovery_code: str = ""
    code_was_used: bool = False
    key: bytes = b""


class UnlockService(QObject):
    """Decides how the chats are opened, and opens them once.

    Signals:
        passphrase_needed: "create" (choose one), "unlock" (type it) or "recovery" (type the
            recovery code); answered by a slot below. "create" may come once more after the
            recovery code, so that it need not be typed each time.
        unlock_failed: KeyUnavailable: what was typed does not fit; ask again.
        recovery_code_made: The code to show and print, once, for a new key.
        recovery_code_read: The code of the open chats, on request; "" where none is kept.
        error_raised: AppError for which nothing can be kept this time.
        opened: The Store and its StorageMode; comes once, and once more when damaged chats were
            rescued.
    """

    passphrase_needed = Signal(str)
    unlock_failed = Signal(object)
    recovery_code_made = Signal(str)
    recovery_code_read = Signal(str)
    error_raised = Signal(object)
    opened = Signal(object, str)

    def __init__(
        self,
        paths: Paths,
        tasks: Tasks,
        *,
        use_keyring: bool = True,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._paths = paths
        self._tasks = tasks
        self._use_keyring = use_keyring
        self._vault: KeyVault | None = None
        self._store: Store | None = None
        self._done = False
        self._key = b""
        self._damaged_key = b""
        self._rescued: Store | None = None

    @property
    def damaged(self) -> bool:
        """Whether the chats could not be opened because their file is damaged."""
        return bool(self._damaged_key)

    @property
    def has_passphrase(self) -> bool:
        """Whether a passphrase opens the chats, so that a forgotten one can be got around."""
        return self._vault is not None and "passphrase" in self._vault.kinds()

    @Slot()
    def begin(self) -> None:
        """Look for the key; returns at once."""
        self._attempt(self._try_silently)

    @Slot(str)
    def provide_passphrase(self, text: str) -> None:
        """The answer to "create" and "unlock"."""
        vault = self._vault
        if vault is None or not text:
            return
        if self._key:
            key, self._key = self._key, b""
            future = self._tasks.run(lambda: vault.set_passphrase(key, text), "alcove-unlock")
            self._tasks.then(future, lambda _: self._finish_pending(), self._on_pending_failed)
        elif vault.exists:
            self._attempt(lambda: self._open(vault.unlock_with_passphrase(text), mend=True))
        else:
            self._attempt(lambda: self._create(vault, text))

    @Slot(str)
    def provide_recovery(self, code: str) -> None:
        """The answer to "recovery", also in place of a forgotten passphrase."""
        vault = self._vault
        if vault is not None:
            self._attempt(lambda: self._open_by_code(vault, code))

    @Slot()
    def decline(self) -> None:
        """Nobody to ask, or nobody who answers: nothing is kept this time."""
        if self._key:
            self._key = b""
            self._finish_pending()
        else:
            self._go_temporary()

    @Slot()
    def request_recovery_code(self) -> None:
        """Read the code out of the open chats; answered by `recovery_code_read`."""
        from app.store.repositories.meta import RECOVERY_CODE  # noqa: PLC0415  as above

        if self._store is None or self._store.temporary:
            self.recovery_code_read.emit("")
            return
        future = self._store.meta.get(RECOVERY_CODE)
        self._tasks.then(future, lambda code: self.recovery_code_read.emit(code or ""))

    def rescue(self, step: Callable[[float], None]) -> RepairReport:
        """Repair chats that could not be opened; in any thread. `take_up` shows them.

        What was said in the meantime, in the temporary store, comes along.

        Args:
            step: Is told the share that is done.

        Raises:
            StoreError: No room, or the folder cannot be written; nothing was changed.
        """
        from app.store import Store  # noqa: PLC0415  heavy: in this thread
        from app.store.repair import repair_file  # noqa: PLC0415

        path, key, meanwhile = self._paths.database, self._damaged_key, self._store
        outcome = repair_file(path, key, step)
        if outcome.state == "lost":
            return RepairReport("lost", 0, 0)
        store = Store.open(path, key)
        if meanwhile is not None:
            for chat_id in meanwhile.transfer.ids().result():
                store.transfer.add(meanwhile.transfer.read(chat_id).result()).result()
        self._rescued = store
        chats, messages = store.count().result()
        return RepairReport(outcome.state, chats, messages, outcome.lost, outcome.damaged_file)

    def take_up(self) -> None:
        """Use what `rescue` brought back, in place of the temporary store."""
        if self._rescued is None:
            return
        before, self._store = self._store, self._rescued
        self._rescued, self._damaged_key = None, b""
        self.opened.emit(self._store, "stored")
        if before is not None:
            before.close()

    def close(self) -> None:
        """Close the store, when it was opened. Blocks until it is safe on the disk."""
        self._done = True
        if self._store is not None:
            self._store.close()

    def _try_silently(self) -> Opening:
        from app.store.keys import KeyVault  # noqa: PLC0415  heavy: in this thread
        from app.store.system_keyring import find_keyring  # noqa: PLC0415

        self._paths.create()
        vault = KeyVault(self._paths.keys, find_keyring() if self._use_keyring else None)
        self._vault = vault
        if not vault.exists:
            return self._create(vault, None) if vault.has_keyring else Opening(ask="create")
        kinds = vault.kinds()
        if "keyring" in kinds and vault.has_keyring:
            try:
                return self._open(vault.unlock_with_keyring())
            except (KeyringFailed, KeyUnavailable) as exc:
                log.warning("keyring did not open the chats code=%s", exc.code)
        return Opening(ask="unlock" if "passphrase" in kinds else "recovery")

    def _create(self, vault: KeyVault, passphrase: str | None) -> Opening:
        try:
            new = vault.create(passphrase, passphrase is None)
        except KeyringFailed as exc:
            log.warning("keyring kept no key reason=%s", exc.params.get("reason"))
            return Opening(ask="create")
        from app.store import Store  # noqa: PLC0415  heavy: in this thread
        from app.store.repositories.meta import RECOVERY_CODE  # noqa: PLC0415

        store = Store.open(self._paths.database, new.data_key)
        store.meta.set(RECOVERY_CODE, new.recovery_code).result()
        return Opening(store, recovery_code=new.recovery_code)

    def _open(self, key: bytes, *, mend: bool = False) -> Opening:
        from app.store import Store  # noqa: PLC0415  heavy: in this thread

        try:
            store = Store.open(self._paths.database, key)
        except Corrupt:
            self._damaged_key = key
            raise
        if mend:
            self._mend_keyring(key)
        return Opening(store)

    def _open_by_code(self, vault: KeyVault, code: str) -> Opening:
        key = vault.unlock_with_recovery(code)
        opening = self._open(key)
        mended = self._mend_keyring(key, always=True)
        return Opening(opening.store, code_was_used=not mended, key=key)

    def _mend_keyring(self, key: bytes, *, always: bool = False) -> bool:
        """Give the keyring its part again when it lost it; returns whether it has one now."""
        vault = self._vault
        if vault is None or not vault.has_keyring:
            return False
        if not always and "keyring" not in vault.kinds():
            return False  # somebody chose a passphrase
        try:
            vault.rewrap_keyring(key)
        except AppError as exc:
            log.warning("keyring not mended code=%s", exc.code)
            return False
        return True

    def _attempt(self, work: Callable[[], Opening]) -> None:
        if self._done:
            return
        future = self._tasks.run(work, "alcove-unlock")
        self._tasks.then(future, self._on_attempted, self._on_failed)

    def _on_attempted(self, opening: Opening) -> None:
        if opening.store is None:
            self.passphrase_needed.emit(opening.ask)
            return
        self._store = opening.store
        if opening.recovery_code:
            self.recovery_code_made.emit(opening.recovery_code)
        if opening.code_was_used:
            self._key = opening.key
            self.passphrase_needed.emit("create")
        else:
            self._finish_pending()

    def _on_failed(self, error: BaseException) -> None:
        if not isinstance(error, AppError):
            raise error
        retry = isinstance(error, KeyUnavailable) and error.params.get("reason") in (
            "wrong",
            "mistyped",
        )
        if retry:
            self.unlock_failed.emit(error)
            return
        self.error_raised.emit(error)
        self._go_temporary()

    def _on_pending_failed(self, error: BaseException) -> None:
        self._finish_pending()
        if not isinstance(error, AppError):
            raise error
        self.error_raised.emit(error)

    def _finish_pending(self) -> None:
        if self._store is not None:
            self._announce(self._store, "stored")

    def _go_temporary(self) -> None:
        if not self._done:
            future = self._tasks.run(_open_temporary, "alcove-unlock")
            self._tasks.then(future, lambda store: self._announce(store, "temporary"))

    def _announce(self, store: Store, mode: StorageMode) -> None:
        if self._done:
            store.close()
            return
        self._done = True
        self._store = store
        self.opened.emit(store, mode)


def _open_temporary() -> Store:
    from app.store import Store  # noqa: PLC0415  heavy: in the thread

    return Store.open_temporary()
