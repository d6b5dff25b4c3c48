"""The window of a tour, filled as in daily use.

It has its real services and a real encrypted store; what was said in it is written into the store
directly, so that a tour takes no model and is the same every time.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app.bootstrap import build_program
from app.core.options import LANGUAGE, TEXT_SIZE_PT, THEME, VIEW
from app.core.paths import resolve_paths
from app.core.records import Assistant, ReplyDetails, SearchResults, Span
from app.core.settings import Settings
from app.store import Store
from app.ui.frame.main_window import MainWindow
from app.ui.markdown.view import MarkdownView
from tests.helpers.screen_texts import TEXTS, Texts

VIEWS = ("simple", "full")
LANGUAGES = ("en", "fr", "zh_Hans")
SCHEMES = ("light", "dark", "contrast")
Screen = tuple[str, QWidget]
"""Its name, and the window that shows it: the program's own, a menu or a question."""

_PATIENCE_S = 60.0
_SLOWLY_MS, _FIRST_MS = 160, 1_000


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
        wait_for(lambda: bool(stores), "the store")
        self.store = stores[0]
        self._chats: dict[str, int] = {}
        self.texts: Texts | None = None
        self._opened: set[int] = set()
        self.window.activateWindow()

    def close(self) -> None:
        """End the program."""
        self.window.close()
        self.program.close()

    def dress(self, language: str, scheme: str, size_pt: int) -> None:
        """Choose how it looks."""
        choose = self.window.preferences.choose
        choose(LANGUAGE, language)
        choose(THEME, scheme)
        choose(TEXT_SIZE_PT, size_pt)
        if self.texts is not TEXTS[language]:
            self._empty()
            self._fill(TEXTS[language])
        settle()

    def show_view(self, view: str) -> None:
        """Show one of the views, from its beginning."""
        self.window.preferences.choose(VIEW, view)
        self.window.activateWindow()
        self.window.shell.error_bar.dismiss()
        self.program.chats.new_chat()
        self.window.shell.show_page(self.window.shell.talk)

    def chat_id(self, name: str) -> int:
        """One of the conversations: "daily", "endings" or "waiting"."""
        return self._chats[name]

    def open(self, name: str) -> None:
        """Open one of the conversations."""
        chats, chat_id = self.program.chats, self._chats[name]
        opened: list[object] = []
        chats.chat_opened.connect(opened.append)
        chats.open_chat(chat_id)
        wait_for(lambda: bool(opened) and chats.chat_id == chat_id, "the conversation")
        chats.chat_opened.disconnect(opened.append)
        self.window.talk.conversation.go_to_end()
        # Formulas and colours of code come after the words; the first time they are loaded, too.
        settle(_SLOWLY_MS if chat_id in self._opened else _FIRST_MS)
        wait_for(self._formulas_are_drawn, "the formulas")
        self._opened.add(chat_id)
        self.window.talk.conversation.go_to_end()

    def _formulas_are_drawn(self) -> bool:
        return not any(
            view._writer.runs.places
            for view in self.window.talk.conversation.findChildren(MarkdownView)
            if view.isVisible()
        )

    def look_for(self, field: QLineEdit, text: str) -> None:
        """Type into a field of a search, and wait for what is found."""
        found: list[SearchResults] = []
        self.program.search.found.connect(found.append)
        field.setText(text)
        wait_for(lambda: any(results.text == text for results in found), "what was found")
        self.program.search.found.disconnect(found.append)

    def show_bin(self) -> None:
        """Show the page of the bin, with what is in it."""
        listed: list[object] = []
        self.program.chats.bin_changed.connect(listed.append)
        self.window.bin.show_bin()
        wait_for(lambda: bool(listed), "the bin")
        self.program.chats.bin_changed.disconnect(listed.append)

    def _empty(self) -> None:
        chats = self.store.chats
        self.program.chats.new_chat()
        for chat in chats.list().result():
            chats.delete(chat.id).result()
        for chat in chats.deleted().result():
            chats.destroy(chat.id).result()
        for folder in self.store.folders.list().result():
            self.store.folders.delete(folder.id).result()
        for own in self.store.assistants.list().result():
            if not own.key:
                self.store.assistants.delete(own.id).result()

    def _fill(self, texts: Texts) -> None:
        self.texts = texts
        store = self.store
        for title in texts.titles:
            listed = store.chats.create(title).result()
        store.chats.pin(listed.id, True).result()
        folder = store.folders.add(texts.folder).result()[0]
        inside = store.chats.create(texts.titles[0]).result()
        store.chats.move(inside.id, folder.id).result()
        for title in texts.gone:
            store.chats.delete(store.chats.create(title).result().id).result()
        self._chats = {
            "daily": self._daily(texts),
            "endings": self._endings(texts),
            "waiting": self._waiting(texts),
        }
        store.assistants.add(
            Assistant(0, "", texts.assistant, b"", texts.instructions, "", "plain")
        ).result()
        self.program.assistants.attach(store)
        self.program.chats.reload()

    def _daily(self, texts: Texts) -> int:
        chat = self.store.chats.create(texts.questions[0]).result()
        parent: int | None = None
        for question, answer in zip(texts.questions, texts.answers, strict=True):
            parent = self._say(chat.id, parent, question, answer)
        return chat.id

    def _endings(self, texts: Texts) -> int:
        """Thinking, two versions, one that was stopped and one that failed."""
        store = self.store
        chat = store.chats.create(texts.endings).result()
        parent: int | None = self._say(chat.id, None, texts.endings, texts.thinking)
        question, reply = store.messages.ask(chat.id, parent, texts.questions[1]).result()
        details = ReplyDetails(finish_reason="error", error_code="engine_crashed")
        store.messages.finish(reply.id, texts.assistant, details, "failed").result()
        second = store.messages.add_reply(chat.id, question.id).result()
        details = _thought(texts.thinking, texts.answers[0])
        whole = texts.thinking + texts.answers[0]
        store.messages.finish(second.id, whole, details, "stopped").result()
        return chat.id

    def _waiting(self, texts: Texts) -> int:
        chat = self.store.chats.create(texts.questions[1]).result()
        parent = self._say(chat.id, None, texts.questions[0], texts.thinking)
        self.store.messages.ask(chat.id, parent, texts.questions[1]).result()
        return chat.id

    def _say(self, chat_id: int, parent: int | None, question: str, answer: str) -> int:
        _, reply = self.store.messages.ask(chat_id, parent, question).result()
        self.store.messages.finish(reply.id, answer, _details(answer), "complete").result()
        return reply.id


def settle(wait_ms: int = 40) -> None:
    """Let layouts, the store's answers and drawings arrive."""
    # Not QTest.qWait, which keeps Python's lock: other threads would stand still as long.
    loop = QEventLoop()
    QTimer.singleShot(wait_ms, loop.quit)
    loop.exec()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Go on when it holds."""
    ends = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(what)
        settle(20)


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


def _thought(thinking: str, answer: str) -> ReplyDetails:
    middle = len(thinking)
    spans = (Span("thinking", 0, middle), Span("answer", middle, middle + len(answer)))
    return ReplyDetails(spans=spans, finish_reason="cancelled", thinking_ms=4_000)
