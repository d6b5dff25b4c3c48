"""The only place that builds objects and wires them.

Whatever is slow to import is imported where it is needed: the worker is started before the window
is built, so that it loads the assistant on another core meanwhile.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QObject, QTimer

from app import __version__
from app.core.errors import AppError
from app.core.logs import install_crash_hooks, native_crash_log, set_up_logging
from app.core.options import (
    ANSWER_LANGUAGE,
    BIN_DAYS,
    DEVICE,
    OFFLINE_LOCK,
    READING_PACE,
    SAVED_CHATS_MB,
    THREADS,
    USE_KEYRING,
)
from app.core.paths import Paths, policy_file, resources_folder
from app.core.settings import Settings
from app.services import heap
from app.services.assistants import AssistantService, ShippedWords
from app.services.chats import ChatService
from app.services.downloads import NetworkGate
from app.services.engine_host import EngineHost
from app.services.garbage import GarbageCollector
from app.services.i18n import I18n
from app.services.keeping import KeepingService
from app.services.models import ModelService
from app.services.saved_chats import SavedChats
from app.services.search import SearchService
from app.services.signals import ProcessSignals
from app.services.tasks import Tasks
from app.services.vault import UnlockService
from app.services.voice import Voice
from engine.types import Device

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from app.core.keeping import ExportWords
    from app.ui.frame.main_window import MainWindow
    from app.ui.frame.services import Services

log = logging.getLogger(__name__)

APP_NAME = "Alcove"
LEDGER_NAME = "connections.jsonl"


def read_settings(paths: Paths, command_line: Mapping[str, str]) -> Settings:
    """All layers of settings. Raises SettingsError for a bad command line or policy."""
    return Settings(paths.settings, command_line=command_line, policy_file=policy_file())


@dataclass(slots=True)
class Program:
    """Everything that runs behind a window or a terminal."""

    paths: Paths
    settings: Settings
    tasks: Tasks
    host: EngineHost
    gate: NetworkGate
    assistants: AssistantService
    chats: ChatService
    search: SearchService
    keeping: KeepingService
    models: ModelService
    unlock: UnlockService
    voice: Voice
    i18n: I18n

    def services(self) -> Services:
        """What a window works with."""
        from app.ui.frame.services import Services  # noqa: PLC0415  not without a window

        return Services(
            assistants=self.assistants,
            chats=self.chats,
            search=self.search,
            keeping=self.keeping,
            models=self.models,
            unlock=self.unlock,
            voice=self.voice,
            i18n=self.i18n,
            settings=self.settings,
            data=self.paths.data,
        )

    def load_model(self) -> bool:
        """Begin to load the assistant; False where there is none."""
        bundle = self.models.chosen_bundle()
        if bundle is not None:
            self.host.load(bundle)
        return bundle is not None

    def close(self) -> None:
        """Store what is on its way and end the worker; after this nothing happens any more."""
        self.voice.close()
        self.models.shutdown()
        self.keeping.shutdown()
        self.chats.shutdown()
        self.tasks.close()
        self.unlock.close()
        self.host.shutdown()


def build_program(paths: Paths, settings: Settings, parent: QObject | None = None) -> Program:
    """Build the services and wire them; nothing is started."""
    tasks = Tasks(parent)
    host = EngineHost(
        device=cast("Device", settings.get(DEVICE)),  # the option's choices are the type's
        threads=settings.get(THREADS),
        cache=paths.cache,
        parent=parent,
    )
    gate = NetworkGate(paths.data / LEDGER_NAME, lambda: _gate_is_locked(settings))
    saved = SavedChats(
        host, tasks, paths.saved_chats, lambda: settings.get(SAVED_CHATS_MB), parent
    )  # fmt: skip
    models = ModelService(paths, settings, gate, host, tasks, parent=parent)
    unlock = UnlockService(paths, tasks, use_keyring=settings.get(USE_KEYRING), parent=parent)
    keeping = KeepingService(tasks, _export_words, unlock, parent)
    i18n = I18n(settings, resources_folder() / "i18n", parent)
    voice = Voice(
        lambda: settings.get(READING_PACE),
        lambda: i18n.language.partition("_")[0],
        _code_left_out,
        _say_formulas,
        parent,
    )
    assistants = AssistantService(
        tasks,
        _shipped_words,
        lambda: (settings.get(ANSWER_LANGUAGE), i18n.language),
        models.bundle_named,
        parent,
    )
    chats = ChatService(
        host, tasks, saved, parent, assistants=assistants, bin_days=settings.get(BIN_DAYS)
    )
    search = SearchService(tasks, parent)

    def on_load_failed(error: Exception) -> None:
        if not chats.busy:  # otherwise the question that waits for it says so
            chats.error_raised.emit(error)

    models.ready.connect(host.load)
    host.load_failed.connect(on_load_failed)
    unlock.opened.connect(assistants.attach)
    unlock.opened.connect(chats.attach)
    unlock.opened.connect(search.attach)
    unlock.opened.connect(keeping.attach)
    for ended in (keeping.done, keeping.failed, keeping.cancelled):  # what came before stays
        ended.connect(chats.reload)
        ended.connect(assistants.reload)
    i18n.language_changed.connect(assistants.retranslate)
    assistants.error_raised.connect(chats.error_raised)
    search.error_raised.connect(chats.error_raised)
    chats.chat_deleted.connect(search.prepare)
    unlock.error_raised.connect(chats.error_raised)
    return Program(
        paths=paths,
        settings=settings,
        tasks=tasks,
        host=host,
        gate=gate,
        assistants=assistants,
        chats=chats,
        search=search,
        keeping=keeping,
        models=models,
        unlock=unlock,
        voice=voice,
        i18n=i18n,
    )


def run_window(paths: Paths, settings: Settings) -> int:
    """The window, until it is closed; returns the exit code."""
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415  not without a display

    from app.ui.look.menu import show_menus_to_screen_readers  # noqa: PLC0415

    heap.keep_small()
    show_menus_to_screen_readers()
    application = QApplication(sys.argv[:1])
    _name(application)

    from app.services.single_instance import SingleInstance  # noqa: PLC0415

    instance = SingleInstance(paths.data, application)
    if not instance.claim():
        log.info("second start handed over")
        return 0
    with native_crash_log(paths.logs):
        program = build_program(paths, settings, application)
        window = open_window(application, program)
        instance.raise_asked.connect(window.bring_to_front)
        signals = ProcessSignals(application)
        signals.interrupted.connect(window.close)
        signals.ended.connect(window.close)
        try:
            return application.exec()
        finally:
            signals.close()
            instance.release()
            program.close()


def open_window(application: QApplication, program: Program) -> MainWindow:
    """Start the program and show its window.

    Args:
        application: The one QApplication.
        program: Not started yet.
    """
    program.load_model()
    program.i18n.apply()
    from app.ui.frame.main_window import MainWindow  # noqa: PLC0415  while the worker loads

    window = MainWindow(program.services())
    install_crash_hooks(program.paths.logs, lambda _: _say_unexpected(program))
    application.aboutToQuit.connect(program.chats.shutdown)
    window.show()
    program.unlock.begin()
    program.chats.start()
    # What was imported and built stays until the end; looking through all of it for garbage again
    # and again would hold up the window for 40 ms each time.
    gc.freeze()
    GarbageCollector(application)
    return window


def run_terminal(paths: Paths, settings: Settings) -> int:
    """The conversation in the terminal; returns the exit code."""
    application = QCoreApplication(sys.argv[:1])
    _name(application)

    from app.services.single_instance import SingleInstance  # noqa: PLC0415
    from app.ui.error_text import error_text  # noqa: PLC0415
    from app.ui.terminal import texts  # noqa: PLC0415
    from app.ui.terminal.console import Console  # noqa: PLC0415
    from app.ui.terminal.conversation import TerminalConversation  # noqa: PLC0415

    instance = SingleInstance(paths.data, application)
    program = build_program(paths, settings, application)
    program.i18n.apply()
    if not instance.claim():
        print(texts.already_open())
        return 0
    install_crash_hooks(paths.logs, lambda _: _say_unexpected(program))
    program.load_model()
    console = Console(application)
    conversation = TerminalConversation(
        program.chats, program.unlock, console, error_text, _language_note(program), application
    )
    conversation.ended.connect(application.quit)
    signals = ProcessSignals(application)
    signals.interrupted.connect(conversation.interrupt)
    signals.ended.connect(application.quit)
    QTimer.singleShot(0, conversation.start)
    code = application.exec()
    program.close()
    instance.release()
    console.restore()
    sys.stdout.flush()
    # The console's thread may still wait for a line, which would keep the interpreter from ending.
    os._exit(code)


def run_ask(paths: Paths, settings: Settings, question: str, *, example: bool = False) -> int:
    """One answer on stdout; nothing is stored and nothing of the window is touched.

    Args:
        paths: Where the assistant is.
        settings: Which one, and the language.
        question: What is asked.
        example: Print the question too.
    """
    logging.getLogger().addHandler(logging.NullHandler())  # stderr belongs to the one clear line
    application = QCoreApplication(sys.argv[:1])
    _name(application)

    from app.ui.error_text import error_text  # noqa: PLC0415
    from app.ui.terminal import texts  # noqa: PLC0415
    from app.ui.terminal.ask import OneAnswer  # noqa: PLC0415

    program = build_program(paths, settings, application)
    program.i18n.apply()
    answer = OneAnswer(program.host, error_text, _language_note(program), application)
    answer.ended.connect(application.exit)
    signals = ProcessSignals(application)
    signals.interrupted.connect(answer.interrupt)
    signals.ended.connect(answer.interrupt)
    if example:
        print(texts.example(question), flush=True)
    say = program.assistants.instructions(None, (), question)
    QTimer.singleShot(0, lambda: answer.ask(program.models.chosen_bundle(), question, say))
    code = application.exec()
    program.host.shutdown()
    return code


def start_log(folder: Path) -> None:
    """Write a log from here on; without a writable folder there is none."""
    set_up_logging(folder)
    log.info("started version=%s qt=%s", __version__, QLibraryInfo.version().toString())


def _name(application: QCoreApplication) -> None:
    application.setApplicationName(APP_NAME)
    application.setApplicationVersion(__version__)
    if hasattr(application, "setDesktopFileName"):
        application.setDesktopFileName("alcove")


def _language_note(program: Program) -> Callable[[str], str]:
    """What to say of a question in a language that the loaded assistant hardly speaks."""
    from app.ui.conversation.language_hint import note_for  # noqa: PLC0415  not needed by a window's start

    return lambda question: note_for(question, program.models.languages())


def _shipped_words(key: str) -> ShippedWords:
    """What a shipped assistant is called and told, in the language that is on."""
    from app.ui.assistant_words import shipped_words  # noqa: PLC0415  not needed by a window's start

    return shipped_words(key)


def _export_words() -> ExportWords:
    """The words of an export, in the language that is on."""
    from app.ui.export_words import export_words  # noqa: PLC0415  not needed by a window's start

    return export_words()


def _code_left_out() -> str:
    """What is said in the place of code, in the language that is on."""
    from app.ui.voice_words import code_left_out  # noqa: PLC0415  not needed by a window's start

    return code_left_out()


def _say_formulas(text: str) -> str:
    """A line to read aloud, with words in the place of its formulas."""
    from app.ui.voice_words import say_formulas  # noqa: PLC0415  not needed by a window's start

    return say_formulas(text)


def _gate_is_locked(settings: Settings) -> bool:
    """The lock is on by default, which a person's click on one download opens for that one.

    Set by the person, the command line or the policy, no click opens it.
    """
    return settings.get(OFFLINE_LOCK) and settings.origin(OFFLINE_LOCK) != "default"


def _say_unexpected(program: Program) -> None:
    program.tasks.post(lambda: program.chats.error_raised.emit(AppError()))
