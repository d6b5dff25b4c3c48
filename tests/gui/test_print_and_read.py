"""Print, Save as Word and Read aloud, from the buttons and keys of the window."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import docx
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.core.records import ChatSummary, ChatView, Message, ReplyDetails, Span
from app.services.chat_events import ReplyProgress
from app.ui.conversation.reply_widget import ReplyWidget
from app.ui.look.widgets import Button
from app.ui.paper.preview import PreviewPage
from tests.gui.conftest import OpenRoom, Room

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def show(room: Room, *texts: str) -> None:
    """Show a conversation: question, reply, question, reply."""
    messages = tuple(
        Message(
            n, 1, n - 1 or None, "user" if n % 2 else "assistant", text, "complete", NOW,
            ReplyDetails(spans=(Span("answer", 0, len(text)),)),
        )
        for n, text in enumerate(texts, 1)
    )  # fmt: skip
    room.program.chats._show(ChatView(ChatSummary(1, "The lamp", False, NOW, NOW), messages, ""))


def test_print_shows_the_pages_and_leads_back(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room(view="simple")
    window, actions = room.window, room.window.shell.simple_actions
    assert not actions.print_button.isEnabled()
    assert not actions.read_button.isEnabled()
    show(room, "A letter, please.", "Dear Ann")
    assert actions.print_button.isEnabled()
    qtbot.mouseClick(actions.print_button, Qt.MouseButton.LeftButton)
    preview = window.pages.currentWidget()
    assert isinstance(preview, PreviewPage)
    qtbot.waitUntil(preview.pdf_button.isEnabled)
    assert not actions.isVisible()
    qtbot.mouseClick(preview.back, Qt.MouseButton.LeftButton)
    assert window.pages.currentWidget() is window.talk
    assert actions.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.pages.currentWidget() is preview)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.pages.currentWidget() is not preview
    room.program.chats.new_chat()
    assert not actions.print_button.isEnabled()


def test_one_reply_becomes_a_word_file(qtbot: QtBot, open_room: OpenRoom, tmp_path: Path) -> None:
    room = open_room()
    show(room, "One?", "First answer.", "Two?", "Second **answer**.")
    widgets = room.window.talk.conversation.findChildren(ReplyWidget)
    widget = next(w for w in widgets if w.message.id == 4)
    widget.act("word")
    desk = room.window.paper._desk
    assert desk is not None
    qtbot.waitUntil(lambda: isinstance(desk._dialog, QFileDialog))
    dialog = desk._dialog
    assert isinstance(dialog, QFileDialog)
    assert dialog.selectedFiles()[0].endswith("The lamp.docx")
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile("mine.docx")
    dialog.accept()
    qtbot.waitUntil((tmp_path / "mine.docx").exists, timeout=20_000)
    qtbot.waitUntil(lambda: not desk.busy)
    words = [p.text for p in docx.Document(str(tmp_path / "mine.docx")).paragraphs]
    assert words == ["Second answer."]


@pytest.fixture
def nobody_speaks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Asked for before a window, so that it holds until that is closed."""
    monkeypatch.setenv("SPEECHD_ADDRESS", f"unix_socket:{tmp_path / 'none'}")


def test_a_computer_without_a_voice_says_so(
    qtbot: QtBot, nobody_speaks: None, open_room: OpenRoom
) -> None:
    room = open_room(view="simple")
    show(room, "A letter, please.", "Dear Ann")
    actions = room.window.shell.simple_actions
    qtbot.mouseClick(actions.read_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: room.window.error_bar.code == "voice", timeout=20_000)
    assert not room.window.voice.reading
    assert actions.read_button.accessibleName() == "Read aloud"
    assert not actions.stop_button.isEnabled()


def test_buttons_tell_what_is_being_read(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    show(room, "One?", "First answer.", "Two?", "Second answer.")
    reading: list[int] = []
    voice = room.program.voice
    voice._mouth.prepare = lambda: None  # type: ignore[method-assign]  the engine is not there yet
    voice.state_changed.connect(reading.append)
    widgets = {w.message.id: w for w in room.window.talk.conversation.findChildren(ReplyWidget)}

    def words(number: int) -> list[str]:
        return [b.accessibleName() for b in widgets[number].findChildren(Button)]

    assert "Read aloud" in words(4)
    widgets[4].act("read")
    assert "Stop reading" in words(4)
    room.window.talk.action_wished.emit("read", 2)
    assert reading == [4, 0, 2]
    assert "Read aloud" in words(4)
    widgets[4].act("read")
    assert "Stop reading" in words(4)
    actions = room.window.shell.simple_actions
    assert actions.read_button.accessibleName() == "Stop reading"
    assert actions.stop_button.isEnabled()
    qtbot.keyClick(room.window, Qt.Key.Key_Escape)
    assert "Read aloud" in words(4)
    assert reading[-1] == 0
    widgets[4].act("read")
    widgets[4].act("read")
    assert not room.window.voice.reading
    widgets[4].act("read")
    room.program.chats.new_chat()
    assert not room.window.voice.reading


def test_a_growing_reply_can_be_read(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room(view="simple")
    show(room, "One?", "First answer.", "Two?", "")
    voice, chats = room.program.voice, room.program.chats
    voice._mouth.prepare = lambda: None  # type: ignore[method-assign]  the engine is not there yet
    text = "It grows. And it"
    chats.reply_changed.emit(ReplyProgress(4, text, (Span("answer", 0, len(text)),), "generating"))
    room.window.voice.read_last()
    assert voice.message_id == 4
    assert list(voice._coming) == ["It grows."]
    text += " goes on. The end"
    chats.reply_changed.emit(ReplyProgress(4, text, (Span("answer", 0, len(text)),), "generating"))
    assert list(voice._coming) == ["And it goes on."]
    details = ReplyDetails(spans=(Span("answer", 0, len(text)),))
    chats.reply_finished.emit(Message(4, 1, 3, "assistant", text, "complete", NOW, details))
    assert list(voice._coming) == ["The end"]
    room.window.voice.stop()
