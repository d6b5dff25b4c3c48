"""Qt's speech engine, kept off the main thread where it would hold it up."""

from __future__ import annotations

import atexit
import os
import sys
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import Q_ARG, QLocale, QMetaObject, QObject, Qt, QThread, QTimer, Signal

from app.core.languages import KNOWN
from app.services.voice.voices import ENGINES, VARIANT, best, language_of_voice, stays_here

if TYPE_CHECKING:
    from PySide6.QtTextToSpeech import QTextToSpeech, QVoice

_PATIENCE_MS = 12_000  # for the engine, and for the first sound of a sentence
_CLOSING_S = 5.0  # Speech Dispatcher's plugin may be in the middle of asking for its voices
_SENTENCE_MS, _CHARACTER_MS = 5_000, 400  # more than any voice needs: then its daemon has died
_QUEUED = Qt.ConnectionType.QueuedConnection


class Mouth(QObject):
    """Says one sentence at a time.

    Speech Dispatcher's plugin asks for thirteen thousand voices when it is made, which takes more
    than a second; so the engine lives in a thread of its own there and is only ever called through
    its event loop. Elsewhere engines are made in no time and want the main thread.

    Signals:
        ready: The engine is there, or it is certain that there is none.
        said: The sentence has been said.
        failed: It could not be said.
    """

    ready = Signal()
    said = Signal()
    failed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine: QTextToSpeech | None = None
        self._thread: QThread | None = None
        self._name = ""
        self._works = False
        self._settled = False
        self._saying = self._sounds = False
        self._length_ms = 0
        self._voices: dict[str, QVoice | None] = {}
        self._refused: set[str] = set()
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._on_silence)

    @property
    def settled(self) -> bool:
        """Whether it is known what this computer has."""
        return self._settled

    def refused(self, language: str) -> bool:
        """Whether there were voices for a language that would have sent the text away."""
        return language in self._refused

    def prepare(self) -> None:
        """Find the engine; `ready` tells when that is done."""
        if self._engine is not None or self._settled:
            return
        try:
            # Needs libraries of sound that a computer without a desktop may not have.
            from PySide6.QtTextToSpeech import QTextToSpeech  # noqa: PLC0415
        except ImportError:
            self._settle(works=False)
            return
        known = QTextToSpeech.availableEngines()
        self._name = next((name for name in ENGINES if name in known), "")
        if not self._name:
            self._settle(works=False)
            return
        self._engine = QTextToSpeech("none")
        self._engine.engineChanged.connect(self._on_engine)
        self._engine.stateChanged.connect(self._on_state)
        if self._name == "speechd":
            self._thread = QThread(self)
            # A thread without a name asks for its type's as it begins, and PySide looks that up
            # without Python's lock: one of 150 starts on a busy machine ended the process.
            self._thread.setObjectName("voice")
            self._thread.start()
            self._engine.moveToThread(self._thread)
        self._patience.start()
        QMetaObject.invokeMethod(self._engine, "setEngine", _QUEUED, Q_ARG(str, self._name))

    def voice_for(self, language: str) -> QVoice | None:
        """The best voice for a language that keeps the text here; None before `ready`."""
        return self._voices.get(language)

    def say(self, text: str, voice: QVoice, rate: float) -> None:
        """Say a sentence.

        Args:
            text: What is said.
            voice: Of `voice_for`.
            rate: From -1.0, slow, to 1.0, fast.
        """
        from PySide6.QtTextToSpeech import QVoice as Voice  # noqa: PLC0415  known by now

        if self._engine is None:
            return
        self._saying, self._sounds = True, False
        self._length_ms = _SENTENCE_MS + _CHARACTER_MS * len(text)
        self._patience.start(_PATIENCE_MS)
        for method, argument in (
            ("setVoice", Q_ARG(Voice, voice)),
            ("setRate", Q_ARG(float, rate)),
            ("say", Q_ARG(str, text)),
        ):
            QMetaObject.invokeMethod(self._engine, method, _QUEUED, argument)

    def stop(self) -> None:
        """Be silent at once."""
        self._saying = False
        self._patience.stop()
        if self._engine is not None and self._works:
            QMetaObject.invokeMethod(self._engine, "stop", _QUEUED)

    def close(self) -> None:
        """End the engine's thread; what is being said ends."""
        self.stop()
        if self._engine is not None:
            self._engine.stateChanged.disconnect(self._on_state)
            self._engine.deleteLater()
            self._engine = None
        if self._thread is not None:
            self._thread.quit()
            # Not `wait`, which keeps Python's lock: the engine needs it to be deleted over there.
            ends = time.monotonic() + _CLOSING_S
            while not self._thread.isFinished() and time.monotonic() < ends:
                time.sleep(0.005)
            if not self._thread.isFinished():
                _leave_behind(self._thread)
            self._thread = None

    def _find(self, engine: QTextToSpeech, language: str) -> QVoice | None:
        locales = [QLocale(language)]
        if language == "zh":
            locales.append(QLocale.c())
        voices = [
            voice
            for locale in locales
            for voice in engine.allVoices(locale)
            if language_of_voice(voice) == language
        ]
        voices = [voice for voice in voices if VARIANT not in voice.name()] or voices
        here = [voice for voice in voices if stays_here(voice, self._name)]
        if len(here) < len(voices):
            self._refused.add(language)
        return best(here, self._name, QLocale.system().name())

    def _on_engine(self, _name: str) -> None:
        # Its state tells nothing: an engine without a voice for the system's own language calls
        # that an error and speaks the others well.
        engine = self._engine
        works = engine is not None and bool(engine.availableLocales())
        if engine is not None and works:
            # Now, since the plugin asks the daemon, and waits: a daemon that has just answered does
            # so in 2 ms each; one that sticks in a sentence would hold the window up for ever.
            self._voices = {language: self._find(engine, language) for language in KNOWN}
        self._settle(works=works)

    def _settle(self, *, works: bool) -> None:
        if not self._settled:
            self._settled, self._works = True, works
            self._patience.stop()
            self.ready.emit()

    def _on_state(self, state: object) -> None:
        name = getattr(state, "name", "")
        if name in ("Speaking", "Synthesizing"):
            self._sounds = True
            if self._saying:
                self._patience.start(self._length_ms)
        elif name == "Ready" and self._saying and self._sounds:
            self._saying = False
            self._patience.stop()
            self.said.emit()
        elif name == "Error" and self._saying and self._sounds:
            # Before the sound it may still be the complaint about the system's language.
            self._saying = False
            self.failed.emit()

    def _on_silence(self) -> None:
        """Nothing was heard of the engine for long."""
        if not self._settled:
            self._settle(works=False)
        elif self._saying:
            self.stop()
            self.failed.emit()


def _leave_behind(thread: QThread) -> None:
    """Let a thread whose daemon sticks be: it can neither be ended nor be deleted as it runs."""
    thread.setParent(None)
    atexit.register(_end_with, thread)


def _end_with(_thread: QThread) -> None:
    sys.stdout.flush()
    os._exit(0)
