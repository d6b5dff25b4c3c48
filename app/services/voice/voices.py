"""Which of the system's voices speak without the network, and which of them speaks best."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QDataStream, QIODevice, QLocale

if TYPE_CHECKING:
    from PySide6.QtTextToSpeech import QVoice

ENGINES: Final = ("speechd", "darwin", "macos", "winrt", "sapi", "flite")
"""Qt's engines that speak through the system, best first. Its "mock" is silent and no voice."""

# Modules of Speech Dispatcher that make their sound on this computer, the best voices first. A
# module that is not known here may be a script that sends the text to a service.
_MODULES: Final = (
    *("piper", "piper-generic", "piper-tts-generic", "rhvoice", "voxin", "baratinoo", "kali"),
    *("ibmtts", "pico", "pico-generic", "festival", "flite", "cicero", "open_jtalk"),
    *("espeak-ng-mbrola", "espeak-mbrola", "espeak-ng-mbrola-generic", "espeak-mbrola-generic"),
    *("espeak-ng", "espeak", "espeak-generic"),
)
# Bridges show the voices of a service beside those of the system, under names such as
# "Microsoft Aria Online (Natural)".
_FAR_AWAY: Final = re.compile(r"\b(online|cloud|network|azure|remote)\b", re.IGNORECASE)
VARIANT: Final = "+"
"""As in "French (France)+Alex": eSpeak has each voice in a hundred pitches."""
_PLAIN_REGIONS: Final = {"en": "en_US", "fr": "fr_FR", "zh": "zh_CN"}


def stays_here(voice: QVoice, engine: str) -> bool:
    """Whether a voice speaks on this computer alone; what cannot be told counts as no."""
    if engine not in ENGINES or _FAR_AWAY.search(voice.name()):
        return False
    return engine != "speechd" or module_of(voice) in _MODULES


def language_of_voice(voice: QVoice) -> str:
    """Such as "fr"; "" for a voice whose language Qt does not know."""
    locale = voice.locale()
    if locale.language() == QLocale.Language.C:
        # Qt knows no "cmn", which is what eSpeak calls Mandarin.
        return "zh" if voice.name().startswith("Chinese (Mandarin") else ""
    return QLocale.languageToCode(locale.language())


def best(voices: Iterable[QVoice], engine: str, region: str) -> QVoice | None:
    """The voice to read with.

    Args:
        voices: Of one language, all of which stay here.
        engine: Qt's engine.
        region: The system's, such as "en_GB"; its voice is preferred.
    """
    return min(voices, key=lambda voice: _rank(voice, engine, region), default=None)


def _rank(voice: QVoice, engine: str, region: str) -> tuple[int, int, str]:
    module = module_of(voice) if engine == "speechd" else ""
    quality = _MODULES.index(module) if module in _MODULES else 0
    place = voice.locale().name()
    usual = _PLAIN_REGIONS.get(place.partition("_")[0], "")
    nearness = 0 if place == region else 1 if place == usual else 2
    # Of eSpeak's two Mandarin voices the one that reads Latin letters as English is the better.
    return quality, nearness, voice.name()


def module_of(voice: QVoice) -> str:
    """Speech Dispatcher's module, which Qt keeps with the voice but tells nobody; "" if unknown."""
    content = QByteArray()
    writer = QDataStream(content, QIODevice.OpenModeFlag.WriteOnly)
    writer << voice
    reader = QDataStream(content)
    for _ in ("name", "locale"):
        reader.readQString()
    for _ in ("gender", "age"):
        reader.readInt32()
    module = reader.readQVariant()
    if reader.status() != QDataStream.Status.Ok or not isinstance(module, bytes | QByteArray):
        return ""
    return bytes(module.data() if isinstance(module, QByteArray) else module).decode(
        "ascii", "replace"
    )
