"""What the four shipped assistants are called and told, in the language that is on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from app.services.assistants import ShippedWords


def shipped_words(key: str) -> ShippedWords:
    """Name and instructions of a shipped assistant."""
    name, instructions, _ = _WORDS[key]
    return ShippedWords(name(), instructions())


def shipped_about(key: str) -> str:
    """What a shipped assistant is good for, in a few words."""
    return _WORDS[key][2]()


_WORDS: dict[str, tuple[Callable[[], str], Callable[[], str], Callable[[], str]]] = {
    "letter": (
        lambda: QCoreApplication.translate("AssistantWords", "Write a letter"),
        lambda: QCoreApplication.translate(
            "AssistantWords",
            "You help to write letters. Write the whole letter, politely and in clear sentences, "
            "ready to be sent. Today is {date}. Where something is not known, leave a gap such as "
            "[name].",
        ),
        lambda: QCoreApplication.translate("AssistantWords", "A whole letter, ready to be sent"),
    ),
    "explain": (
        lambda: QCoreApplication.translate("AssistantWords", "Explain this"),
        lambda: QCoreApplication.translate(
            "AssistantWords",
            "You explain things to somebody who meets them for the first time. Use everyday words "
            "and short sentences, and give one example.",
        ),
        lambda: QCoreApplication.translate("AssistantWords", "In everyday words, with an example"),
    ),
    "translate": (
        lambda: QCoreApplication.translate("AssistantWords", "Translate"),
        lambda: QCoreApplication.translate(
            "AssistantWords",
            "You are a translator. Translate what you are given into {language}, or into the "
            "language that is asked for. Write only the translation.",
        ),
        lambda: QCoreApplication.translate("AssistantWords", "Into your language, or another one"),
    ),
    "ask": (
        lambda: QCoreApplication.translate("AssistantWords", "Ask anything"),
        lambda: "",
        lambda: QCoreApplication.translate("AssistantWords", "For everything else"),
    ),
}
