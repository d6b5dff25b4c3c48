"""Between the lock on the conversations and the window."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.services.vault import UnlockService
from app.ui.frame.shell import Shell


class UnlockWiring(QObject):
    """Asks for the passphrase, shows the recovery code."""

    def __init__(self, shell: Shell, unlock: UnlockService) -> None:
        super().__init__(shell)
        self._shell = shell
        self._unlock = unlock
        self._code_is_new = False
        unlock.passphrase_needed.connect(self._on_passphrase_needed)
        unlock.unlock_failed.connect(shell.passphrase.show_failure)
        unlock.recovery_code_made.connect(self._on_code_made)
        unlock.recovery_code_read.connect(self._show_code)
        unlock.opened.connect(self._on_opened)
        shell.passphrase.passphrase_given.connect(unlock.provide_passphrase)
        shell.passphrase.recovery_given.connect(unlock.provide_recovery)
        shell.passphrase.declined.connect(unlock.decline)
        shell.recovery.closed.connect(shell.back)
        shell.settings_page.recovery_wished.connect(unlock.request_recovery_code)

    def _on_passphrase_needed(self, mode: str) -> None:
        self._shell.passphrase.ask(mode)
        self._shell.lock()

    def _on_code_made(self, code: str) -> None:
        # A computer with a password store is not asked anything; the code waits in the settings.
        self._code_is_new = self._shell.locked
        self._shell.recovery.set_code(code)

    def _on_opened(self, _store: object, _mode: str) -> None:
        self._shell.settings_page.set_damaged(self._unlock.damaged)
        self._shell.unlock()
        if self._code_is_new:
            self._code_is_new = False
            self._shell.show_page(self._shell.recovery)
        else:
            self._shell.talk.composer.setFocus()

    def _show_code(self, code: str) -> None:
        self._shell.recovery.set_code(code)
        self._shell.show_page(self._shell.recovery)
