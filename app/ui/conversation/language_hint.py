"""Which language a question seems to be in: enough to say that the assistant does not speak it."""

from __future__ import annotations

import re

from PySide6.QtCore import QCoreApplication, QTranslator

from app.ui.look.resources import resource

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_WORD = re.compile(r"[^\W\d_]+(?:['’])?")
_FRENCH_WORDS = """
le la les un une des du de et est sont je tu il elle nous vous ils elles que qui quoi quel quelle
quels quelles comment pourquoi où quand combien pour dans avec sans sur mon ma mes ton ta tes son sa
ses notre votre nos vos leur ce cette ces ne pas plus bonjour merci suis êtes avez peux pouvez puis
faire écrire écrivez aide aidez donne donnez moi très bien c' d' j' l' m' n' qu' s' t' au aux chez
lettre recette explique expliquez
"""
_ENGLISH_WORDS = """
the a an and is are i you he she we they what who which how why where when for in with without on my
your his her our their this that these not of to do does can could please me write
"""
_FRENCH = frozenset(_FRENCH_WORDS.split())
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_LONG_ENOUGH = 3
_LOOK_AT = 4_000


def language_of(text: str) -> str:
    """Code "zh" or "fr", or "" for everything else and for what is too short to tell."""
    text = text[:_LOOK_AT]
    han = len(_HAN.findall(text))
    if han >= 2 and not _KANA_OR_HANGUL.search(text):
        letters = sum(character.isalpha() for character in text)
        if han * 3 >= letters:
            return "zh"
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    if len(words) < _LONG_ENOUGH:
        return ""
    french = sum(word in _FRENCH for word in words)
    english = sum(word in _ENGLISH for word in words)
    return "fr" if french >= 2 and french > 2 * english and french * 5 >= len(words) else ""


def note_for(question: str, spoken: tuple[str, ...]) -> str:
    """What to tell somebody who asked in a language the assistant hardly speaks, "" if nothing.

    Args:
        question: What was asked.
        spoken: BCP 47 codes of the loaded assistant; empty when unknown.

    Returns:
        The note in the language of the question.
    """
    language = language_of(question)
    if not language or not spoken or any(code.split("-")[0] == language for code in spoken):
        return ""
    source = "This small assistant speaks English well and little else. Its answer may be wrong."
    wanted = {"zh": "zh_Hans"}.get(language, language)
    translator = QTranslator()
    if translator.load(str(resource("i18n", f"alcove_{wanted}.qm"))):
        translated = translator.translate("LanguageHint", source)
        if translated:
            return translated
    return QCoreApplication.translate(
        "LanguageHint",
        "This small assistant speaks English well and little else. Its answer may be wrong.",
    )
