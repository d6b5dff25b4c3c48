"""The monkey's hands: the real program in a process of its own, pressed and typed into at random.

Run by `tests.perf.monkey` as `python -m tests.perf.monkey_hands DATA --seed N --journal FILE`.
With `--restless S` it does four times as much for the first S seconds, and changes the look eight
times as often: sizes, colours, languages and views. Qt keeps what it needed to draw letters of a
size (faces, glyphs), and whether anything else grows can only be seen when that is there.

Nothing of the app is replaced. The hands hold on to the window that `bootstrap` opens, send it the
events of a mouse and a keyboard, and write into the journal what the store has committed and what
was destroyed on purpose: one JSON object a line, each in one write, so that a killed process leaves
no half of a line.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import json
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, qInstallMessageHandler
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QWidget,
)

from app import bootstrap
from app.core.options import LANGUAGE, TEXT_SIZE_PT, THEME, VIEW
from app.core.paths import resolve_paths
from app.store.repositories.chats import Chats
from app.store.repositories.messages import Messages
from app.ui.frame.main_window import MainWindow
from tests.helpers.heap import heap_mb
from tests.helpers.window_driver import PASSPHRASE
from tests.perf.monkey_texts import few_keys, some_text

BEAT_S = 2.0
_LEFT, _RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
_PLAIN, _CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
_KEYS = (
    *(Qt.Key.Key_Tab,) * 4,
    *(Qt.Key.Key_Backtab, Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Escape),
    *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right),
    *(Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End),
    *(Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_F1, Qt.Key.Key_F2, Qt.Key.Key_Menu),
)
_SHORTCUTS = tuple("NFRPC=-,AVZ")


class Journal:
    """What happened, in a file that outlives the process."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, kind: str, **values: object) -> None:
        """Write a line, whole or not at all; from any thread."""
        line = json.dumps({"kind": kind, "at": round(time.time(), 3), **values})
        os.write(self._file, line.encode() + b"\n")


def listen_to_store(journal: Journal) -> None:
    """Note what was committed, in the moment the store says so, and what was meant to go."""

    def after(work: Callable[..., Future[Any]], tell: Callable[..., None]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Future[Any]:
            future = work(*arguments, **named)

            def done(finished: Future[Any]) -> None:
                if not finished.cancelled() and finished.exception() is None:
                    tell(finished.result(), *arguments[1:])

            future.add_done_callback(done)
            return future

        return call

    def wrote(message: Any) -> None:
        journal.note("wrote", id=message.id, chat=message.chat_id, text=message.text)

    Messages.ask = after(Messages.ask, lambda pair, *_: (wrote(pair[0]), wrote(pair[1])))  # type: ignore[method-assign]
    Messages.add_reply = after(Messages.add_reply, lambda reply, *_: wrote(reply))  # type: ignore[method-assign]
    Messages.finish = after(Messages.finish, lambda reply, *_: wrote(reply))  # type: ignore[method-assign]

    def before(work: Callable[..., Any], kind: str) -> Callable[..., Any]:
        def call(self: object, argument: Any) -> Any:
            journal.note(kind, chat=argument if isinstance(argument, int) else 0)
            return work(self, argument)

        return call

    Chats.delete = before(Chats.delete, "binned")  # type: ignore[method-assign]
    Chats.restore = before(Chats.restore, "restored")  # type: ignore[method-assign]
    Chats.destroy = before(Chats.destroy, "destroyed")  # type: ignore[method-assign]
    Chats.purge_deleted = before(Chats.purge_deleted, "purged")  # type: ignore[method-assign]


def tell_errors(journal: Journal) -> None:
    """Note what nobody expected, in full: the app's own reports leave out what an error says."""
    main, other = sys.excepthook, threading.excepthook

    def note(error: BaseException | None, thread: str) -> None:
        if error is not None:
            lines = traceback.format_exception(error)
            journal.note("unexpected", thread=thread, trace="".join(lines))

    def on_main(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        note(error, "main")
        main(kind, error, trace)

    def on_thread(told: threading.ExceptHookArgs) -> None:
        note(told.exc_value, told.thread.name if told.thread else "")
        other(told)

    def unraisable(told: sys.UnraisableHookArgs) -> None:
        note(told.exc_value, f"{threading.current_thread().name}, {told.err_msg} {told.object!r}")

    sys.excepthook, threading.excepthook = on_main, on_thread
    sys.unraisablehook = unraisable


def watch_collections(journal: Journal) -> None:
    """Note garbage that is looked for outside the main thread, where widgets would be destroyed."""

    def told(phase: str, _: dict[str, int]) -> None:
        thread = threading.current_thread()
        if phase == "start" and thread is not threading.main_thread():
            journal.note("collection", thread=thread.name)

    gc.callbacks.append(told)


class Hands:
    """Does something every few milliseconds, also while a menu or a dialog is open."""

    def __init__(
        self,
        program: bootstrap.Program,
        window: MainWindow,
        journal: Journal,
        seed: int,
        restless_s: float,
    ) -> None:
        self._program, self._window, self._journal = program, window, journal
        self._chance = random.Random(seed)
        self._restless_until = time.monotonic() + restless_s
        self._done = 0
        self._beaten = 0.0
        self._dialog_since = 0.0
        # One for all steps: PySide keeps something of every QTimer.singleShot with a method.
        self._timer = QTimer(singleShot=True)
        self._timer.timeout.connect(self._step)
        unlock, chats, host = program.unlock, program.chats, program.host
        unlock.passphrase_needed.connect(lambda _: unlock.provide_passphrase(PASSPHRASE))
        chats.error_raised.connect(
            lambda error: journal.note("error", code=error.code, params=error.params)
        )
        host.state_changed.connect(
            lambda state: journal.note("host", state=state, pid=host.worker_pid)
        )
        journal.note("shown", pid=os.getpid(), worker=host.worker_pid)
        # Not before the store is open: a press on “Not now” would keep nothing at all.
        unlock.opened.connect(self._begin)

    def _begin(self, _store: object, mode: str) -> None:
        self._journal.note("opened", mode=mode)
        self._later()

    def _later(self) -> None:
        share = 4 if self._is_restless() else 1
        self._timer.start(self._chance.choice((5, 30, 60, 120, 250)) // share)

    def _is_restless(self) -> bool:
        return time.monotonic() < self._restless_until

    def _step(self) -> None:
        # Before anything that may open a menu or a dialog with an event loop of its own.
        self._later()
        if time.monotonic() - self._beaten > BEAT_S:
            self._beaten = time.monotonic()
            # Not gc.get_objects(): it shows tuples that other threads have half made, and a tuple
            # that somebody else knows cannot be finished (“bad argument to internal function”).
            self._journal.note(
                "beat",
                done=self._done,
                page=self._page(),
                widgets=len(QApplication.allWidgets()),
                blocks=sys.getallocatedblocks(),
                heap_mb=heap_mb(),
            )
        self._done += 1
        popup, dialog = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        if popup is not None:
            self._in_popup(popup)
        elif isinstance(dialog, QDialog):
            self._in_dialog(dialog)
        else:
            self._dialog_since = 0.0
            self._anywhere()

    def _anywhere(self) -> None:
        acts = {
            self._ask: 14,
            self._press_button: 30,
            self._click_somewhere: 10,
            self._right_click: 5,
            self._press_key: 14,
            self._press_shortcut: 4,
            self._type: 8,
            self._roll: 8,
            self._resize: 3,
            self._change_look: 6 if self._is_restless() else 3,
            self._select: 3,
            self._to_talk: 4,
        }
        self._chance.choices(list(acts), list(acts.values()))[0]()

    def _page(self) -> str:
        return type(self._window.pages.currentWidget()).__name__

    def _visible(self, kind: type[Any]) -> list[Any]:
        found = self._window.findChildren(kind)
        return [w for w in found if w.isVisible() and w.isEnabled() and w.width() and w.height()]

    def _ask(self) -> None:
        composer = self._window.talk.composer
        if not composer.isVisible():
            self._to_talk()
            return
        composer.set_text(f"{self._done}: {some_text(self._chance)}")
        composer.setFocus()
        self._key(composer.focusProxy() or composer, Qt.Key.Key_Return)

    def _press_button(self) -> None:
        buttons = self._visible(QAbstractButton)
        if buttons:
            self._click(self._chance.choice(buttons), _LEFT)

    def _click_somewhere(self) -> None:
        place = self._somewhere()
        widget = self._window.childAt(place)
        if widget is not None:
            self._click(widget, _LEFT, widget.mapFrom(self._window, place))

    def _right_click(self) -> None:
        place = self._somewhere()
        widget = self._window.childAt(place)
        if widget is not None:
            inside = widget.mapFrom(self._window, place)
            event = QContextMenuEvent(
                QContextMenuEvent.Reason.Mouse, inside, widget.mapToGlobal(inside)
            )
            QApplication.postEvent(widget, event)

    def _press_key(self) -> None:
        target = QApplication.focusWidget() or self._window
        for _ in range(self._chance.randint(1, 3)):
            self._key(target, self._chance.choice(_KEYS))

    def _press_shortcut(self) -> None:
        key = self._chance.choice(_SHORTCUTS)
        QTest.keyClick(QApplication.focusWidget() or self._window, key, _CTRL)

    def _type(self) -> None:
        fields = [*self._visible(QLineEdit), *self._visible(QPlainTextEdit)]
        if not fields:
            return
        field = self._chance.choice(fields)
        field.setFocus()
        for letter in few_keys(self._chance):  # QTest knows the keys of ASCII only
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QApplication.sendEvent(field, QKeyEvent(kind, 0, _PLAIN, letter))
        if self._chance.random() < 0.2:
            self._key(field, Qt.Key.Key_Return)

    def _roll(self) -> None:
        place = self._somewhere()
        widget = self._window.childAt(place) or self._window
        inside = widget.mapFrom(self._window, place)
        steps = QPoint(0, self._chance.choice((-1200, -240, -120, 120, 240, 1200)))
        event = QWheelEvent(
            inside.toPointF(),
            widget.mapToGlobal(inside).toPointF(),
            QPoint(),
            steps,
            _no_button(),
            _PLAIN,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.postEvent(widget, event)

    def _resize(self) -> None:
        self._window.resize(self._chance.randint(320, 1600), self._chance.randint(300, 1000))

    def _change_look(self) -> None:
        option, value = self._chance.choice(
            (
                (THEME, self._chance.choice(("light", "dark", "contrast"))),
                (TEXT_SIZE_PT, self._chance.randint(16, 28)),
                (LANGUAGE, self._chance.choice(("en", "fr", "zh_Hans"))),
                (VIEW, self._chance.choice(("simple", "full"))),
            )
        )
        self._window.preferences.choose(option, value)

    def _select(self) -> None:
        first, last = self._somewhere(), self._somewhere()
        widget = self._window.childAt(first)
        if widget is None:
            return
        for kind, place, button, held in (
            (QEvent.Type.MouseButtonPress, first, _LEFT, _LEFT),
            (QEvent.Type.MouseMove, last, _no_button(), _LEFT),
            (QEvent.Type.MouseButtonRelease, last, _LEFT, _no_button()),
        ):
            inside = widget.mapFrom(self._window, place)
            outside = widget.mapToGlobal(inside)
            event = QMouseEvent(kind, inside.toPointF(), outside.toPointF(), button, held, _PLAIN)
            # Posted: what the press leads to may take the widget away.
            QApplication.postEvent(widget, event)

    def _to_talk(self) -> None:
        """Back to a conversation, an earlier one now and then."""
        ids = [summary.id for summary in self._program.chats._summaries]
        if ids and self._chance.random() < 0.7:
            self._program.chats.open_chat(self._chance.choice(ids))
        else:
            self._program.chats.new_chat()

    def _in_popup(self, popup: QWidget) -> None:
        if not isinstance(popup, QMenu) or self._chance.random() < 0.4:
            self._key(popup, Qt.Key.Key_Escape)
            if popup.isVisible():
                popup.close()
            return
        actions = [a for a in popup.actions() if a.isEnabled() and not a.isSeparator()]
        if actions:
            popup.setActiveAction(self._chance.choice(actions))
            self._key(popup, Qt.Key.Key_Return)
        else:
            popup.close()

    def _in_dialog(self, dialog: QDialog) -> None:
        if not self._dialog_since:
            self._dialog_since = time.monotonic()
            name = type(dialog).__name__
            self._journal.note("dialog", name=name, title=dialog.windowTitle())
        if time.monotonic() - self._dialog_since > 4:
            self._dialog_since = 0.0
            dialog.reject()
            return
        if isinstance(dialog, QFileDialog):
            # Qt's own, which stands in for the system's: only what leads in and out of it.
            # Overwriting only what the monkey wrote itself: the folder is its own.
            (dialog.accept if self._chance.random() < 0.5 else dialog.reject)()
            return
        buttons = [b for b in dialog.findChildren(QAbstractButton) if b.isVisible()]
        act = self._chance.random()
        if act < 0.6 and buttons:
            self._click(self._chance.choice(buttons), _LEFT)
        elif act < 0.9:
            # Not into a dialog behind it, which no real key would reach: a file dialog that is
            # closed under its question whether to overwrite a file deletes that question twice.
            focused = QApplication.focusWidget()
            within = focused is not None and dialog.isAncestorOf(focused)
            self._key(focused if focused and within else dialog, self._chance.choice(_KEYS))
        else:
            dialog.reject()

    def _somewhere(self) -> QPoint:
        return QPoint(
            self._chance.randrange(max(1, self._window.width())),
            self._chance.randrange(max(1, self._window.height())),
        )

    def _key(self, widget: QWidget, key: Qt.Key) -> None:
        QTest.keyClick(widget, key)

    def _click(self, widget: QWidget, button: Qt.MouseButton, place: QPoint | None = None) -> None:
        QTest.mouseClick(widget, button, _PLAIN, place or widget.rect().center())


def _where() -> str:
    """The functions of the program that are running, the innermost last."""
    frames = [f for f in traceback.extract_stack() if "/app/" in f.filename]
    return " > ".join(f"{Path(f.filename).name}:{f.lineno}" for f in frames[-5:])


def _no_button() -> Qt.MouseButton:
    return Qt.MouseButton.NoButton


def main() -> int:
    """Open the window and never stop; the supervisor ends the process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--restless", type=float, default=0.0)
    options = parser.parse_args()
    # A hanging window says where when the supervisor asks.
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    journal = Journal(options.journal)
    listen_to_store(journal)
    watch_collections(journal)
    qInstallMessageHandler(
        lambda kind, _, text: journal.note("qt", level=kind.name, text=text, told=_where())
    )
    paths = resolve_paths(options.data)
    bootstrap.start_log(paths.logs)
    open_window = bootstrap.open_window
    hands: list[Hands] = []

    def open_and_hold(application: QApplication, program: bootstrap.Program) -> MainWindow:
        window = open_window(application, program)
        tell_errors(journal)  # after the program's own, which it calls
        hands.append(Hands(program, window, journal, options.seed, options.restless))
        return window

    bootstrap.open_window = open_and_hold
    code = bootstrap.run_window(paths, bootstrap.read_settings(paths, {}))
    journal.note("ended", code=code)
    return code


if __name__ == "__main__":
    sys.exit(main())
