"""What is said to the model before a conversation: who it is, how it sounds, in which language.

Most conversations have none of it, so that by default an answer is what it was without: there is a
system message only where something has to be said. (On 87 factual questions it made no difference
to the starter: 45 right without one, 45 to 47 with three different ones.)

For one chat it stays the same from question to question, because all that follows a changed word
has to be read again: the language is that of the chat's first question (a later question in another
language says so itself), and `{date}` is the day on which this sitting began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from PySide6.QtCore import QDate, QLocale

from app.core.languages import language_of
from app.core.records import Message

DATE, LANGUAGE = "{date}", "{language}"
MANNERS: Final = ("", "plain", "warm", "formal", "brief")
SITTING: Final = timedelta(hours=4)
"""After so long a pause somebody has gone and come back."""

_ANSWER: Final = {
    "en": ("Answer in English.", "Think and answer in English."),
    "fr": ("Répondez en français.", "Réfléchissez et répondez en français."),
    "zh": ("请用中文回答。", "请用中文思考并回答。"),
    "de": ("Antworten Sie auf Deutsch.", "Denken und antworten Sie auf Deutsch."),
    "es": ("Responda en español.", "Piense y responda en español."),
    "it": ("Risponda in italiano.", "Pensi e risponda in italiano."),
    "pt": ("Responda em português.", "Pense e responda em português."),
    "ja": ("日本語で答えてください。", "日本語で考え、日本語で答えてください。"),
    "ko": ("한국어로 답해 주세요.", "한국어로 생각하고 답해 주세요."),
    "ru": ("Отвечайте по-русски.", "Думайте и отвечайте по-русски."),
    "ar": ("أجب باللغة العربية.", "فكّر وأجب باللغة العربية."),
}
_MANNER: Final = {
    "plain": {
        "en": "Use plain, everyday words and short sentences.",
        "fr": "Employez des mots simples et des phrases courtes.",
        "zh": "请用简单易懂的词语和短句。",
    },
    "warm": {
        "en": "Be warm and encouraging.",
        "fr": "Soyez chaleureux et encourageant.",
        "zh": "语气请亲切、鼓励。",
    },
    "formal": {
        "en": "Write formally and politely.",
        "fr": "Écrivez dans un style soutenu et courtois.",
        "zh": "请用正式、礼貌的语气。",
    },
    "brief": {
        "en": "Answer briefly, in a few sentences at most.",
        "fr": "Répondez brièvement, en quelques phrases au plus.",
        "zh": "请简短回答，最多几句话。",
    },
}
_NAMES: Final = {
    "en": {"en": "English", "fr": "French", "zh": "Chinese"},
    "fr": {"en": "anglais", "fr": "français", "zh": "chinois"},
    "zh": {"en": "英语", "fr": "法语", "zh": "中文"},
}


@dataclass(frozen=True, slots=True)
class Speaker:
    """What is known of the model that will answer.

    Attributes:
        languages: BCP 47 codes of those it is good at, empty when unknown.
        thinks: Whether it thinks before it answers.
    """

    languages: tuple[str, ...] = ()
    thinks: bool = False

    def speaks(self, language: str) -> bool:
        """Whether it is of use to ask for this language."""
        return not self.languages or any(c.split("-")[0] == language for c in self.languages)


@dataclass(frozen=True, slots=True)
class Instructions:
    """Everything a system message is made of; the model decides whether there is one.

    Attributes:
        text: The assistant's own words, with the date and the language filled in.
        manner: One of `MANNERS`.
        language: Of the chat's first question or the one that is pinned, "" when unknown.
        pinned: Whether that language holds for every question.
        follows: Whether anything is to be said about languages; not where `text` does it.
        window: Language of the window, in which `text` is.
    """

    text: str = ""
    manner: str = ""
    language: str = ""
    pinned: bool = False
    follows: bool = True
    window: str = "en"

    def system(self, speaker: Speaker) -> str:
        """The system message for a model, "" for none."""
        parts = [self.text, self._manner_line(), self._language_line(speaker)]
        return "\n\n".join(part for part in parts if part)

    def question(self, text: str, speaker: Speaker) -> str:
        """A question; one in another language than the chat's asks for an answer in its own."""
        if not self._language_line(speaker) or self.pinned:
            return text
        language = language_of(text)
        if language in ("", self.language) or not speaker.speaks(language):
            return text
        return f"{text}\n\n({_ANSWER[language][speaker.thinks]})"

    def _manner_line(self) -> str:
        lines = _MANNER.get(self.manner, {})
        return lines.get(self.language) or lines.get(self.window, "")

    def _language_line(self, speaker: Speaker) -> str:
        if not self.follows or self.language not in _ANSWER:
            return ""
        # English needs no word: every model falls into it, unless it thinks, or was told what to
        # do in another language.
        drawn_away = speaker.thinks or (self.text and self.window != "en")
        if not self.pinned and not speaker.speaks(self.language):
            return ""
        if self.language == "en" and not self.pinned and not drawn_away:
            return ""
        return _ANSWER[self.language][speaker.thinks]


NOTHING_SAID: Final = Instructions()
ANYBODY: Final = Speaker()


def instructions_for(
    text: str,
    manner: str,
    questions: Sequence[str],
    *,
    pinned: str,
    window: str,
    day: datetime,
) -> Instructions:
    """Fill in what an assistant's instructions leave open.

    Args:
        text: The instructions; `{date}` and `{language}` are replaced, nothing else is.
        manner: How it should sound.
        questions: Those of the chat, oldest first, the one to answer included.
        pinned: The language chosen for all answers, "" to follow the questions.
        window: The language of the window.
        day: When this sitting began, in local time.
    """
    pinned, window = pinned.partition("_")[0], window.partition("_")[0]
    follows = LANGUAGE not in text
    own = pinned or window
    name = _NAMES.get(window, _NAMES["en"]).get(own, own)
    date = QLocale(window).toString(QDate(day.year, day.month, day.day))
    filled = text.strip().replace(DATE, date).replace(LANGUAGE, name)
    told = (language_of(question) for question in questions)
    language = pinned or next((code for code in told if code), "")
    return Instructions(filled, manner, language, bool(pinned), follows, window)


def sitting_began(branch: Sequence[Message], now: datetime) -> datetime:
    """When the person sat down to this conversation: after its last long pause.

    Args:
        branch: The messages before the question, oldest first.
        now: When the question is asked, aware.
    """
    began = now
    for message in reversed(branch):
        if began - message.created_at > SITTING:
            break
        began = message.created_at
    return began
