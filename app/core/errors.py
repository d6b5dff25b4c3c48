"""Everything the app raises on purpose.

    AppError
    ├── StoreError
    │   ├── DiskFull          no room left; what was stored stays
    │   ├── ReadOnly          the data directory cannot be written
    │   ├── Locked            another process holds the database
    │   ├── Corrupt           not a database, or a damaged one
    │   ├── TooNew            written by a newer version
    │   ├── KeyUnavailable    the key cannot be had: keyring gone, wrong passphrase or code
    │   └── KeyringFailed     the keyring answered with an error
    ├── SettingsError         a value of a settings file is not usable
    ├── DownloadError
    │   ├── OfflineLock       the network gate is closed
    │   ├── Unreachable       the other side cannot be reached
    │   └── HashMismatch      what came is not what was expected
    ├── PolicyError           the office's policy forbids it
    ├── ImportFailed          what was to be brought in cannot be read as chats
    │   ├── UnknownFormat     none of the forms this version knows
    │   ├── DamagedFile       it breaks off or contradicts itself
    │   └── FileTooLarge      it would not fit, or pretends to be small
    ├── AssistantFileBroken   a file that was to become an assistant is none
    ├── SavingFailed          a file for the person could not be written where they chose
    │   ├── NoRoomForFile     the disk is full
    │   ├── FolderReadOnly    nothing may be written there
    │   └── FileInUse         another program holds the file that is to be replaced
    ├── PrintingFailed        the printer took nothing
    ├── NoVoice               nothing on this computer can read aloud by itself
    │   ├── OnlyNetworkVoices what is there would send the text away
    │   └── LanguageNotSpoken there are voices, but none for this language
    ├── AlreadyRunning        a window with this data directory is open
    └── NoModel               there is no model to answer with

An error is a code and parameters; `app/ui/error_text.py` turns it into a sentence. Parameters never
hold what a person wrote, a title or a file name of theirs.
"""

from __future__ import annotations

from typing import ClassVar

ParamValue = str | int | float | bool


class AppError(Exception):
    """Base of all errors the app raises on purpose."""

    code: ClassVar[str] = "app"

    def __init__(self, **params: ParamValue) -> None:
        self.params: dict[str, ParamValue] = params
        super().__init__(self.code, params)

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code}: {details}" if details else self.code


class StoreError(AppError):
    """The database is the trouble."""

    code = "store"


class DiskFull(StoreError):
    """No room left on the disk; what was stored stays."""

    code = "store.disk_full"


class ReadOnly(StoreError):
    """The data directory cannot be written."""

    code = "store.read_only"


class Locked(StoreError):
    """Another process holds the database."""

    code = "store.locked"


class Corrupt(StoreError):
    """Not a database, or a damaged one."""

    code = "store.corrupt"


class TooNew(StoreError):
    """Written by a newer version. Params: found, known."""

    code = "store.too_new"


class KeyUnavailable(StoreError):
    """The data key cannot be unwrapped.

    Params: reason ("missing", "wrong", "damaged", "mistyped", "exists").
    """

    code = "store.key_unavailable"


class KeyringFailed(StoreError):
    """The system's keyring answered with an error or not at all.

    Params: reason ("absent", "error", "timeout", "lost").
    """

    code = "store.keyring_failed"


class SettingsError(AppError):
    """A value of a settings file is not usable. Params: key, origin."""

    code = "settings"


class DownloadError(AppError):
    """Fetching failed."""

    code = "download"


class OfflineLock(DownloadError):
    """The network gate is closed."""

    code = "download.offline_lock"


class Unreachable(DownloadError):
    """The other side cannot be reached."""

    code = "download.unreachable"


class HashMismatch(DownloadError):
    """What came is not what was expected."""

    code = "download.hash_mismatch"


class PolicyError(AppError):
    """The office's policy forbids it. Params: key."""

    code = "policy"


class ImportFailed(AppError):
    """What was to be brought in cannot be read. Params: chats, those that were in time."""

    code = "import"


class UnknownFormat(ImportFailed):
    """The file or folder has none of the forms this version knows, or no chats."""

    code = "import.unknown"


class DamagedFile(ImportFailed):
    """The file breaks off or contradicts itself. Params: chats, those before the damage."""

    code = "import.damaged"


class FileTooLarge(ImportFailed):
    """Larger than any real file of its kind, or packed so as to pretend to be small."""

    code = "import.too_large"


class SavingFailed(AppError):
    """A file could not be written where the person chose. Params: errno."""

    code = "saving"


class NoRoomForFile(SavingFailed):
    """The disk is full; nothing was left there."""

    code = "saving.no_room"


class FolderReadOnly(SavingFailed):
    """Nothing may be written in that folder."""

    code = "saving.read_only"


class FileInUse(SavingFailed):
    """Another program holds the file that is to be replaced."""

    code = "saving.in_use"


class PrintingFailed(AppError):
    """The printer took nothing."""

    code = "printing"


class NoVoice(AppError):
    """Nothing on this computer can read aloud by itself."""

    code = "voice"


class OnlyNetworkVoices(NoVoice):
    """There are voices, but they would send the text to somebody else's computer."""

    code = "voice.network"


class LanguageNotSpoken(NoVoice):
    """There are voices, but none for the language of the text. Params: language."""

    code = "voice.language"


class AlreadyRunning(AppError):
    """A window with this data directory is open already."""

    code = "app.already_running"


class AssistantFileBroken(AppError):
    """A file that was to become an assistant is none. Params: reason."""

    code = "assistant.file"


class NoModel(AppError):
    """There is no model to answer with."""

    code = "app.no_model"


def _subclasses(cls: type[AppError]) -> list[type[AppError]]:
    return [cls, *(leaf for child in cls.__subclasses__() for leaf in _subclasses(child))]


def all_error_types() -> dict[str, type[AppError]]:
    """Every error type by its code."""
    return {cls.code: cls for cls in _subclasses(AppError)}
