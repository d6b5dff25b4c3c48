"""Every screen of the window, one after the other, filled as in daily use.

The window has its real services and a real encrypted store; what was said in it is written into the
store directly, so that a tour takes no model and is the same every time.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.bootstrap import build_program
from app.core.errors import Corrupt, DiskFull
from app.core.options import LANGUAGE, TEXT_SIZE_PT, THEME, VIEW
from app.core.paths import resolve_paths
from app.core.records import ReplyDetails, Span
from app.core.settings import Settings
from app.store import Store
from app.ui.frame.main_window import MainWindow
from tests.helpers.screen_texts import TEXTS

VIEWS = ("simple", "full")
LANGUAGES = ("en", "fr", "zh_Hans")
SCHEMES = ("light", "dark", "contrast")
_PATIENCE_S = 60.0


class Tour:
    """A window to look at."""

    def __init__(self, application: QApplication, folder: Path) -> None:
        settings = Settings(
            folder / "settings.json", command_line={"use_keyring": "false", "model": str(folder)}
        )
        self.program = build_program(resolve_paths(folder), settings, application)
        self.program.i18n.apply()
        stores: list[Store] = []
        unlock = self.program.unlock
        unlock.opened.connect(lambda store, _mode: stores.append(store))
        unlock.passphrase_needed.connect(lambda _: unlock.provide_passphrase("for pictures only"))
        self.window = MainWindow(self.program.services())
        self.window.show()
        unlock.begin()
        self.program.chats.start()
        _wait(lambda: bool(stores), "the store")
        self.store = stores[0]
        self._chats: dict[str, int] = {}
        self.window.activateWindow()

    def close(self) -> None:
        """End the program."""
        self.window.close()
        self.program.close()

    def dress(self, language: str, scheme: str, size_pt: int = 0) -> None:
        """Choose how it looks; size 0 is what suits the view."""
        choose = self.window.preferences.choose
        choose(LANGUAGE, language)
        choose(THEME, scheme)
        if size_pt:
            choose(TEXT_SIZE_PT, size_pt)
        if language not in self._chats:
            self._chats[language] = self._fill(language)
            self.program.chats.reload()
        settle()

    def screens(self, view: str, language: str) -> Iterator[str]:
        """Show one screen after the other; says the name of the one that is on."""
        window, shell, chats = self.window, self.window.shell, self.program.chats
        window.preferences.choose(VIEW, view)
        shell.error_bar.dismiss()
        chats.new_chat()
        shell.show_page(shell.talk)
        yield self._on("new")
        chats.open_chat(self._chats[language])
        _wait(lambda: chats.chat_id == self._chats[language], "the conversation")
        settle()
        window.talk.conversation.go_to_end()
        yield self._on("conversation")
        shell.error_bar.show_error(DiskFull())
        yield self._on("error")
        shell.error_bar.dismiss()
        shell.long_bar.show()
        yield self._on("long")
        shell.long_bar.hide()
        shell.temporary_bar.show()
        yield self._on("temporary")
        shell.temporary_bar.hide()
        if view == "simple":
            window.chats.show_earlier()
            yield self._on("earlier")
        window.show_settings()
        yield self._on("settings")
        bar = window.settings_page.verticalScrollBar()
        page = 0
        while bar.value() < bar.maximum():
            page += 1
            bar.setValue(bar.value() + bar.pageStep() * 9 // 10)
            yield self._on(f"settings-{page}")
        shell.show_help()
        yield self._on("help")
        chats.list_bin()
        shell.show_page(shell.bin_page)
        shell.bin_page.begin()
        yield self._on("bin")
        shell.recovery.set_code("AB12-CD34-EF56-GH78-JK90-MN12")
        shell.show_page(shell.recovery)
        yield self._on("recovery")
        shell.show_page(shell.missing)
        yield self._on("assistant")
        shell.missing.show_error(Corrupt())
        yield self._on("assistant-failed")
        shell.missing.stop()
        shell.back()
        for mode in ("new", "known"):
            shell.passphrase.ask(mode)
            shell.lock()
            yield self._on(f"passphrase-{mode}")
        shell.unlock()

    def _on(self, name: str) -> str:
        settle()
        return name

    def _fill(self, language: str) -> int:
        texts = TEXTS[language]
        for title in texts.titles:
            self.store.chats.create(title).result()
        gone = self.store.chats.create(texts.gone).result()
        self.store.chats.delete(gone.id).result()
        chat = self.store.chats.create(texts.questions[0]).result()
        parent: int | None = None
        for question, answer in zip(texts.questions, texts.answers, strict=True):
            _, reply = self.store.messages.ask(chat.id, parent, question).result()
            details = _details(answer)
            self.store.messages.finish(reply.id, answer, details, "complete").result()
            parent = reply.id
        return chat.id


def settle(wait_ms: int = 40) -> None:
    """Let layouts and the store's answers arrive."""
    QTest.qWait(wait_ms)


def tour(application: QApplication) -> Iterator[Tour]:
    """A tour with a folder of its own, closed in the end."""
    with tempfile.TemporaryDirectory(prefix="alcove-tour-") as name:
        one = Tour(application, Path(name))
        try:
            yield one
        finally:
            one.close()


def _details(answer: str) -> ReplyDetails:
    """As if it was sure of everything but of the numbers: one token a word."""
    ends: list[int] = []
    logprobs: list[float] = []
    for word in answer.split(" "):
        ends.append((ends[-1] if ends else -1) + 1 + len(word))
        logprobs.append(-4.0 if any(letter.isdigit() for letter in word) else -0.01)
    return ReplyDetails(
        token_ids=tuple(range(len(ends))),
        logprobs=tuple(logprobs),
        spans=(Span("answer", 0, len(answer)),),
        finish_reason="stop",
        duration_ms=4_200,
        token_ends=tuple(ends),
    )


def _wait(condition: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(what)
        QTest.qWait(20)
