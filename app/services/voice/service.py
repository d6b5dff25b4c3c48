"""Reads replies aloud, sentence by sentence, also while they are being written."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, Signal, Slot

from app.core.errors import LanguageNotSpoken, NoVoice, OnlyNetworkVoices
from app.core.languages import language_of
from app.services.spoken import Sentences
from app.services.voice.mouth import Mouth

log = logging.getLogger(__name__)

_RATES = {"slow": -0.35, "normal": 0.0, "fast": 0.35}  # of an engine's -1 to 1


class Voice(QObject):
    """Reads one text at a time.

    Signals:
        state_changed: Id of the message that is being read, 0 for none.
        unavailable: NoVoice; it stays silent.
        sentence_begun: What is said now.
    """

    state_changed = Signal(int)
    unavailable = Signal(object)
    sentence_begun = Signal(str)

    def __init__(
        self,
        pace: Callable[[], str],
        language: Callable[[], str],
        code_words: Callable[[], str],
        plain: Callable[[str], str],
        parent: QObject | None = None,
    ) -> None:
        """Make a voice; nothing of the system is touched before the first wish.

        Args:
            pace: How fast: "slow", "normal" or "fast".
            language: The window's, such as "fr": of what is too short to tell.
            code_words: What is said in the place of code, in the window's language.
            plain: Puts words in the place of formulas.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._pace = pace
        self._language = language
        self._code_words = code_words
        self._plain = plain
        self._mouth = Mouth(self)
        self._mouth.ready.connect(self._on_ready)
        self._mouth.said.connect(self._next)
        self._mouth.failed.connect(self._on_failed)
        self._message_id = 0
        self._hint = ""
        self._sentences = Sentences()
        self._coming: Iterator[str] = iter(())
        self._ended = False
        self._speaking = False
        self._spoke = False
        self._missed = ""

    @property
    def message_id(self) -> int:
        """The message that is being read, 0 for none."""
        return self._message_id

    @Slot(int, str)
    def read(self, message_id: int, text: str, language: str = "", *, ended: bool = True) -> None:
        """Read a message from its beginning; whatever was being read ends.

        Args:
            message_id: Which one.
            text: Its Markdown.
            language: What it is in, if that is known.
            ended: False while it is still being written: `follow` brings the rest.
        """
        self.stop()
        self._message_id = message_id
        self._hint = language or language_of(text)
        self._sentences = Sentences(self._code_words, self._plain)
        self._ended = self._speaking = self._spoke = False
        self._missed = ""
        self.state_changed.emit(message_id)
        self._mouth.prepare()
        self.follow(message_id, text, ended=ended)

    @Slot(int, str)
    def follow(self, message_id: int, text: str, *, ended: bool = False) -> None:
        """The message that is being read has grown; ignored for any other.

        Args:
            message_id: Which one.
            text: All of it so far.
            ended: Whether nothing will follow.
        """
        if message_id != self._message_id or self._ended:
            return
        self._ended = ended
        self._coming = self._sentences.more(text, ended=ended)
        if not self._speaking:
            self._next()

    @Slot()
    def stop(self) -> None:
        """Be silent at once."""
        if self._message_id:
            self._mouth.stop()
            self._rest()

    def close(self) -> None:
        """The program ends."""
        self.stop()
        self._mouth.close()

    def _on_ready(self) -> None:
        if self._message_id:
            self._next()

    @Slot()
    def _next(self) -> None:
        """Say the next sentence for which there is a voice."""
        self._speaking = False
        if not self._mouth.settled:
            return
        for sentence in self._coming:
            language = language_of(sentence) or self._hint or self._language()
            voice = self._mouth.voice_for(language)
            if voice is None:
                self._missed = self._missed or language
                continue
            self._speaking = self._spoke = True
            self._mouth.say(sentence, voice, _RATES[self._pace()])
            self.sentence_begun.emit(sentence)
            return
        if self._ended or self._missed:
            self._finish()

    def _finish(self) -> None:
        missed, spoke = self._missed, self._spoke
        if missed and not spoke:
            self._rest()
            self._tell(missed)
        elif self._ended:
            self._rest()

    def _tell(self, language: str) -> None:
        """Say why it stays silent."""
        if self._mouth.refused(language):
            error: NoVoice = OnlyNetworkVoices()
        elif any(self._mouth.voice_for(other) for other in ("en", "fr", "zh")):
            error = LanguageNotSpoken(language=language)
        else:
            error = NoVoice()
        log.info("no voice code=%s language=%s", error.code, language)
        self.unavailable.emit(error)

    def _on_failed(self) -> None:
        if self._message_id:
            self._rest()
            self.unavailable.emit(NoVoice())

    def _rest(self) -> None:
        self._message_id = 0
        self._coming = iter(())
        self._speaking = False
        self.state_changed.emit(0)
