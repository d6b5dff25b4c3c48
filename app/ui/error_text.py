"""One plain sentence or two for every error: what happened, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QCoreApplication, QLocale

from app.core.errors import AppError
from engine.errors import EngineError


def error_text(error: AppError | EngineError) -> str:
    """The sentence for an error, in the language that is on."""
    if error.code == "store.key_unavailable":
        return _key_text(str(error.params.get("reason", "")))
    if error.code == "resource.insufficient_memory":
        return _memory_text(error.params)
    return text_for_code(error.code)


def text_for_code(code: str) -> str:
    """The sentence for an error's code; an unknown code gets the sentence of its family."""
    while code and code not in _SENTENCES:
        code = code.rpartition(".")[0]
    return _SENTENCES.get(code, _unexpected)()


def known_codes() -> frozenset[str]:
    """Codes that have a sentence of their own."""
    return frozenset(_SENTENCES)


def _unexpected() -> str:
    return QCoreApplication.translate(
        "Errors",
        "Something went wrong that should not have. Your conversations are safe. "
        "Please try once more.",
    )


def _key_text(reason: str) -> str:
    if reason == "wrong":
        return QCoreApplication.translate(
            "Errors", "That is not the right one. Please check it and try again."
        )
    if reason == "mistyped":
        return QCoreApplication.translate(
            "Errors",
            "There is a typing mistake in this code. Please compare it with your paper.",
        )
    return text_for_code("store.key_unavailable")


def _memory_text(params: Mapping[str, object]) -> str:
    """What would help: another length of conversation, other programs, another assistant."""
    reason, missing = params.get("reason"), params.get("close_programs")
    if reason == "length":
        return QCoreApplication.translate(
            "Errors",
            "This conversation has become too long for the free memory. Please start a new one, "
            "or close other programs.",
        )
    if reason == "conversation":
        return QCoreApplication.translate(
            "Errors",
            "Conversations this long do not fit into the free memory. Please choose shorter ones, "
            "or close other programs.",
        )
    if not isinstance(missing, int):
        return text_for_code("resource.insufficient_memory")
    return QCoreApplication.translate(
        "Errors",
        "There is not enough free memory for this assistant: {size} more would be needed. Please "
        "close other programs, or choose a smaller assistant.",
    ).format(size=QLocale().formattedDataSize(missing, 1, QLocale.DataSizeFormat.DataSizeSIFormat))


_SENTENCES: dict[str, Callable[[], str]] = {
    "app": _unexpected,
    "engine": _unexpected,
    "store": lambda: QCoreApplication.translate(
        "Errors",
        "Your conversations could not be read or saved. Please close Alcove and open it again.",
    ),
    "store.disk_full": lambda: QCoreApplication.translate(
        "Errors",
        "There is no room left on the disk, so this could not be saved. What was saved before is "
        "safe. Please delete something you no longer need, then try again.",
    ),
    "store.read_only": lambda: QCoreApplication.translate(
        "Errors",
        "Alcove is not allowed to write in its folder, so nothing can be saved. Please ask the "
        "person who looks after this computer.",
    ),
    "store.locked": lambda: QCoreApplication.translate(
        "Errors",
        "Another program is using your conversations. Please close it, then try again.",
    ),
    "store.corrupt": lambda: QCoreApplication.translate(
        "Errors",
        "The file with your conversations is damaged. It was left as it is. “Keep and repair” in "
        "the settings brings back what can be read.",
    ),
    "store.too_new": lambda: QCoreApplication.translate(
        "Errors",
        "Your conversations were saved by a newer Alcove. Please install the newer version to "
        "read them. Nothing was changed.",
    ),
    "store.key_unavailable": lambda: QCoreApplication.translate(
        "Errors",
        "The key to your conversations could not be found. Your recovery code opens them.",
    ),
    "store.keyring_failed": lambda: QCoreApplication.translate(
        "Errors",
        "The password store of this computer does not answer. Your passphrase or your recovery "
        "code opens your conversations.",
    ),
    "settings": lambda: QCoreApplication.translate(
        "Errors", "One of the settings could not be read, so the usual one is used instead."
    ),
    "download": lambda: QCoreApplication.translate(
        "Errors", "The download did not work. What has arrived is kept. Please try again later."
    ),
    "download.offline_lock": lambda: QCoreApplication.translate(
        "Errors",
        "Alcove does not go to the internet unless you ask it to, so nothing was downloaded.",
    ),
    "download.unreachable": lambda: QCoreApplication.translate(
        "Errors",
        "The internet cannot be reached just now. Please check the connection, then try again. "
        "What has arrived is kept.",
    ),
    "download.hash_mismatch": lambda: QCoreApplication.translate(
        "Errors",
        "What was downloaded is not what was expected, so it was thrown away. Please try again.",
    ),
    "policy": lambda: QCoreApplication.translate(
        "Errors", "Your office has set this, so it cannot be changed here."
    ),
    "import": lambda: QCoreApplication.translate(
        "Errors", "This could not be opened. Nothing was changed."
    ),
    "import.unknown": lambda: QCoreApplication.translate(
        "Errors",
        "No conversations were found in there. Alcove can read what ChatGPT, GPT4All, Jan and "
        "Alcove itself have saved.",
    ),
    "import.damaged": lambda: QCoreApplication.translate(
        "Errors",
        "This file is damaged or incomplete. What came before the damage was brought in; nothing "
        "else was changed.",
    ),
    "import.too_large": lambda: QCoreApplication.translate(
        "Errors", "This file is far too large to be conversations, so it was not opened."
    ),
    "saving": lambda: QCoreApplication.translate(
        "Errors", "The file could not be saved there. Please choose another place."
    ),
    "saving.no_room": lambda: QCoreApplication.translate(
        "Errors",
        "There is no room left there for the file. Please delete something, or choose another "
        "place.",
    ),
    "saving.read_only": lambda: QCoreApplication.translate(
        "Errors",
        "Alcove is not allowed to save files there. Please choose another folder, such as your "
        "documents.",
    ),
    "saving.in_use": lambda: QCoreApplication.translate(
        "Errors",
        "A file of this name is open in another program. Please close it there, or choose "
        "another name.",
    ),
    "printing": lambda: QCoreApplication.translate(
        "Errors", "The printer did not take the pages. Please check that it is switched on."
    ),
    "voice": lambda: QCoreApplication.translate(
        "Errors",
        "This computer has no voice yet that works without the internet, so nothing can be read "
        "aloud.",
    ),
    "voice.network": lambda: QCoreApplication.translate(
        "Errors",
        "The voices of this computer would send the text over the internet, so nothing is read "
        "aloud.",
    ),
    "voice.language": lambda: QCoreApplication.translate(
        "Errors", "This computer has no voice for the language of this text."
    ),
    "app.already_running": lambda: QCoreApplication.translate(
        "Errors", "Alcove is already open. Please look for its window."
    ),
    "assistant.file": lambda: QCoreApplication.translate(
        "Errors",
        "This file is not an assistant that Alcove can read. Nothing was changed. Please choose "
        "another file, or ask for it once more.",
    ),
    "app.no_model": lambda: QCoreApplication.translate(
        "Errors", "There is no assistant on this computer yet. Please download one first."
    ),
    "model": lambda: QCoreApplication.translate(
        "Errors", "The assistant could not be used. Please download it again."
    ),
    "model.not_found": lambda: QCoreApplication.translate(
        "Errors", "The assistant is no longer where it was. Please download it again."
    ),
    "model.bad_bundle": lambda: QCoreApplication.translate(
        "Errors", "The assistant's files are damaged or incomplete. Please download it again."
    ),
    "model.bad_checkpoint": lambda: QCoreApplication.translate(
        "Errors", "This file is not an assistant that can be trusted, so it was not opened."
    ),
    "model.unsafe_format": lambda: QCoreApplication.translate(
        "Errors",
        "This assistant is stored in files that can also hold programs, which would run as soon "
        "as the files are opened. They were not opened. Please choose another download of it.",
    ),
    "model.unsupported_family": lambda: QCoreApplication.translate(
        "Errors", "This kind of assistant does not work with this version of Alcove."
    ),
    "resource": lambda: QCoreApplication.translate(
        "Errors", "This computer does not have enough room for that. Please try again later."
    ),
    "resource.insufficient_memory": lambda: QCoreApplication.translate(
        "Errors",
        "There is not enough free memory for the assistant. Please close other programs, then "
        "try again.",
    ),
    "resource.context_too_long": lambda: QCoreApplication.translate(
        "Errors",
        "This is longer than the assistant can read at once. Please ask about a shorter part, or "
        "start a new conversation.",
    ),
    "resource.disk_full": lambda: QCoreApplication.translate(
        "Errors",
        "There is no room left on the disk. Please delete something you no longer need, then try "
        "again.",
    ),
    "resource.device_unavailable": lambda: QCoreApplication.translate(
        "Errors",
        "The part of this computer that was chosen for answering cannot be used. Please choose "
        "“automatic” in its place.",
    ),
    "resource.processor_too_old": lambda: QCoreApplication.translate(
        "Errors",
        "The processor of this computer is too old for the assistant: it was made before about "
        "2013, or is a very small one. Everything else in Alcove works; for answers, please use "
        "a newer computer.",
    ),
    "request": lambda: QCoreApplication.translate(
        "Errors", "The assistant could not work on this question. Please put it differently."
    ),
    "request.invalid": lambda: QCoreApplication.translate(
        "Errors", "The assistant could not work on this question. Please put it differently."
    ),
    "request.template_failed": lambda: QCoreApplication.translate(
        "Errors",
        "This assistant does not know how to read a conversation. Please use another assistant.",
    ),
    "worker": lambda: QCoreApplication.translate(
        "Errors", "The assistant stopped unexpectedly. Your conversation is safe; please try again."
    ),
    "worker.crashed": lambda: QCoreApplication.translate(
        "Errors",
        "The assistant stopped unexpectedly and has been started again. Your conversation is "
        "safe; please ask once more.",
    ),
    "worker.stalled": lambda: QCoreApplication.translate(
        "Errors",
        "The assistant no longer answered and has been started again. Your conversation is safe; "
        "please ask once more.",
    ),
    "worker.protocol": lambda: QCoreApplication.translate(
        "Errors",
        "The assistant said something that Alcove did not understand. Please close Alcove and "
        "open it again.",
    ),
}
