"""Which language a text is in, as far as its script and its smallest words tell."""

from __future__ import annotations

import re
from typing import Final

_LOOKED_AT: Final = 4_000
_LONG_ENOUGH: Final = 3
_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_SCRIPTS: Final = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’])?")
_SMALL_WORDS: Final = {
    "fr": """
        le la les un une des du de et est sont je tu il elle nous vous ils elles que qui quoi quel
        quelle quels quelles comment pourquoi où quand combien pour dans avec sans sur mon ma mes
        ton ta tes son sa ses notre votre nos vos leur ce cette ces ne pas plus bonjour merci suis
        êtes avez peux pouvez puis faire écrire écrivez aide aidez donne donnez moi très bien c' d'
        j' l' m' n' qu' s' t' au aux chez lettre recette explique expliquez""",
    "en": """
        the a an and is are i you he she we they what who which how why where when for in with
        without on my your his her our their this that these not of to do does can could please
        me write it was were did has have many much from there give tell""",
    "de": """
        der die das ein eine einen einem und ist sind ich du er sie wir ihr was wer wie warum wo
        wann für mit ohne auf mein meine dein ihre unser nicht von zu im den dem des bitte kann
        können wieviel viele gibt hat welche welcher welches schreiben schreibe mir""",
    "es": """
        el la los las un una unos y es son yo tú él ella nosotros qué quién cómo por dónde cuándo
        cuánto cuántos para con sin sobre mi tu su nuestro este esta no de del al puede puedes
        escribe dame hay fue cuál en""",
    "it": """
        il lo la i gli le un una e è sono io tu lui lei noi che chi come perché dove quando quanto
        quanti per con senza su mio tuo suo nostro questo questa non di del della al può puoi
        scrivi dammi qual quale nel""",
    "pt": """
        o a os as um uma e é são eu você ele ela nós que quem como por onde quando quanto quantos
        para com sem sobre meu seu nosso este esta não de do da ao pode escreva qual em no na
        foi""",
}
KNOWN: Final = tuple(sorted({"zh", *(name for name, _ in _SCRIPTS), *_SMALL_WORDS}))
"""What `language_of` can tell."""
_SETS: Final = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}


def language_of(text: str) -> str:
    """The language a text is mostly in, "" for what is too short or too mixed to tell.

    Returns:
        One of `KNOWN`: "ar", "de", "en", "es", "fr", "it", "ja", "ko", "pt", "ru", "zh"; or "".
    """
    text = text[:_LOOKED_AT]
    letters = sum(character.isalpha() for character in text)
    for language, script in _SCRIPTS:
        if len(script.findall(text)) * 4 > letters:
            return language
    han = len(_HAN.findall(text))
    if han >= 2 and han * 3 >= letters:
        return "zh"
    return _by_small_words([word.lower().replace("’", "'") for word in _WORD.findall(text)])


def _by_small_words(words: list[str]) -> str:
    """The language with clearly the most small words."""
    if len(words) < _LONG_ENOUGH:
        return ""
    counts = {known: sum(word in small for word in words) for known, small in _SETS.items()}
    (best, most), (_, next_most) = sorted(counts.items(), key=lambda item: -item[1])[:2]
    clear = most >= 2 and most * 5 >= len(words) and most > next_most
    return best if clear and (most >= 1.4 * next_most or best == "en") else ""
