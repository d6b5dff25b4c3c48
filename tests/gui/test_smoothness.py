"""The window stays quick: streaming, a long list and typing at the same time."""

from __future__ import annotations

import time
from datetime import timedelta

from PySide6.QtCore import QAbstractEventDispatcher, Qt
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from app.core.records import ChatSummary, ChatView, Message, ReplyDetails, Span
from app.services.chat_events import ReplyProgress, Waiting
from app.ui.conversation.reply_widget import ReplyWidget
from tests.gui.conftest import OpenRoom, Room
from tests.gui.test_chat_list import NOW

FRAME_S = 0.016
LENGTH = 30_000
PARAGRAPH = (
    "The **lamp** in the alcove burns all evening, and whoever sits below it can read in peace, "
    "write a letter or simply look at the *small flame*. "
)


class FrameClock:
    """Processor time of the main thread between waking up and going to sleep again."""

    def __init__(self) -> None:
        self.frames: list[float] = []
        self._began: float | None = None
        dispatcher = QAbstractEventDispatcher.instance()
        assert dispatcher is not None
        self._dispatcher = dispatcher
        dispatcher.awake.connect(self._on_awake)
        dispatcher.aboutToBlock.connect(self._on_sleep)

    def close(self) -> None:
        self._dispatcher.awake.disconnect(self._on_awake)
        self._dispatcher.aboutToBlock.disconnect(self._on_sleep)

    def percentile(self, share: float) -> float:
        return sorted(self.frames)[int(len(self.frames) * share)]

    def _on_awake(self) -> None:
        if self._began is None:
            self._began = time.thread_time()

    def _on_sleep(self) -> None:
        if self._began is not None:
            self.frames.append(time.thread_time() - self._began)
            self._began = None


def message(number: int, role: str, text: str, state: str = "complete") -> Message:
    details = ReplyDetails(spans=(Span("answer", 0, len(text)),) if role == "assistant" else ())
    return Message(number, 1, number - 1 or None, role, text, state, NOW, details)  # type: ignore[arg-type]


def three_hundred_chats(room: Room) -> None:
    chats = tuple(
        ChatSummary(n, f"Conversation number {n}", False, NOW, NOW - timedelta(hours=7 * n))
        for n in range(1, 301)
    )
    room.program.chats.chats_changed.emit(chats)


def test_streaming_with_a_long_list_while_typing(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    three_hundred_chats(room)
    text = ""
    while len(text) < LENGTH:
        text += PARAGRAPH * 3 + "\n\n"
    text = text[:LENGTH]
    service = room.program.chats
    service.chat_opened.emit(
        ChatView(
            ChatSummary(1, "One", False, NOW, NOW),
            (message(1, "user", "Tell me"), message(2, "assistant", "", "generating")),
            "",
        )
    )
    service.waiting_changed.emit(Waiting("writing"))
    editor = room.window.talk.composer.findChild(QPlainTextEdit)
    assert editor is not None
    qtbot.wait(100)
    clock = FrameClock()
    began = time.monotonic()
    updates = 0
    step = 100  # 300 updates
    costs: list[float] = []
    for end in range(step, LENGTH + 1, step):
        grown = text[:end]
        start = time.thread_time()
        spans = (Span("answer", 0, end),)
        service.reply_changed.emit(ReplyProgress(2, grown, spans, "generating"))
        updates += 1
        if updates % 4 == 0:
            qtbot.keyClick(editor, Qt.Key.Key_A)
        qtbot.wait(1)
        costs.append(time.thread_time() - start)
    spent = time.monotonic() - began
    clock.close()
    assert editor.toPlainText() == "a" * (updates // 4)
    reply = room.window.talk.findChild(ReplyWidget)
    assert reply is not None
    assert reply.answer.markdown() == text.strip("\n")
    bar = room.window.talk.conversation.verticalScrollBar()
    assert bar.value() >= bar.maximum() - 48, "the end stays in view"
    print(
        f"updates/s={updates / spent:.0f} frames={len(clock.frames)} "
        f"p95={clock.percentile(0.95) * 1000:.1f}ms max={max(clock.frames) * 1000:.1f}ms "
        f"one update with its painting: p95={sorted(costs)[int(len(costs) * 0.95)] * 1000:.1f}ms"
    )
    assert sorted(costs)[int(len(costs) * 0.95)] <= FRAME_S
    assert updates / spent >= 30
    assert clock.percentile(0.95) <= FRAME_S


def test_reading_above_is_not_pulled_down(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    service = room.program.chats
    long = (PARAGRAPH * 4 + "\n\n") * 12
    view = ChatView(
        ChatSummary(1, "One", False, NOW, NOW),
        (message(1, "user", "Tell me"), message(2, "assistant", long, "generating")),
        "",
    )
    service.chat_opened.emit(view)
    conversation = room.window.talk.conversation
    bar = conversation.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 200 and bar.value() == bar.maximum())
    qtbot.wait(200)
    bar.setValue(40)
    longer = long + PARAGRAPH * 20
    service.reply_changed.emit(
        ReplyProgress(2, longer, (Span("answer", 0, len(longer)),), "generating")
    )
    qtbot.wait(50)
    assert bar.value() == 40
    assert conversation._to_end.isVisible()
    qtbot.mouseClick(conversation._to_end, Qt.MouseButton.LeftButton)
    assert bar.value() == bar.maximum()
