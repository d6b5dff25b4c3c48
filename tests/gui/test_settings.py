"""The settings with the real program: what is clicked takes effect, is kept, and can be read."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.options import ANSWER_LANGUAGE, MARK_DOUBT, SAVED_CHATS_MB, TEXT_SIZE_PT, VIEW
from app.core.settings import Settings
from app.ui.look.motion import SystemMotion, kde_wants_stillness, mac_wants_stillness
from app.ui.look.theme import Theme
from app.ui.pages.settings_words import AnswerSection, WritingSection
from tests.gui.conftest import OpenRoom, Room


def click(qtbot: QtBot, inside: QWidget, words: str) -> None:
    found = [
        b
        for b in inside.findChildren(QAbstractButton)
        if b.accessibleName() == words and b.isVisible()
    ]
    assert len(found) == 1, words
    qtbot.mouseClick(found[0], Qt.MouseButton.LeftButton)


def kept(folder: Path) -> dict[str, object]:
    values = json.loads((folder / "settings.json").read_text("utf-8"))["values"]
    assert isinstance(values, dict)
    return values


def opened(
    open_room: OpenRoom, *, keep: bool = False, folder: Path | None = None, **options: str
) -> Room:
    place = {"folder": folder} if folder is not None else {}
    room = open_room(keep=keep, **place, **options)
    room.window.show_settings()
    return room


def test_a_choice_takes_effect_and_is_kept(
    qtbot: QtBot, open_room: OpenRoom, tmp_path: Path
) -> None:
    room = opened(open_room, keep=True)
    page, theme = room.window.settings_page, room.window.theme
    click(qtbot, page.text_size, "Larger text")
    assert theme.text_size_pt == 17
    assert page.text_size.sample.font().pointSizeF() == 17
    click(qtbot, page.appearance, "Dark")
    assert theme.scheme == "dark"
    click(qtbot, page.answers, "Français")
    click(qtbot, page.answers, "Underline what the assistant was not sure about")
    click(qtbot, page.saved_chats, "5 GB")
    values = kept(tmp_path)
    assert values["text_size_pt"] == 17
    assert values["theme"] == "dark"
    assert values[ANSWER_LANGUAGE.key] == "fr"
    assert values[MARK_DOUBT.key] is False
    assert values[SAVED_CHATS_MB.key] == 5_000
    qtbot.keyClick(room.window, Qt.Key.Key_Escape)
    assert not page.isVisible()


def test_room_on_the_disk_is_given_back_at_once(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = opened(open_room, keep=True)
    folder = room.program.paths.saved_chats
    qtbot.wait(100)  # what belongs to no conversation is swept at the start
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.states").write_bytes(b"read before")
    click(qtbot, room.window.settings_page.saved_chats, "None, I can wait")
    qtbot.waitUntil(lambda: not (folder / "a.states").exists())


def test_what_the_office_decided_cannot_be_chosen_and_says_so(theme: Theme, tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text('{"version": 1, "settings": {"mark_doubt": true}}')
    values = Settings(policy_file=policy)
    locked, free = AnswerSection(theme), WritingSection(theme)
    for section in (locked, free):
        section.show_values(values)
    assert not locked.marks.isEnabled()
    assert locked.choice.isEnabled()
    assert free.switch.isEnabled()
    assert [s._office.isVisibleTo(s) for s in (locked, free)] == [True, False]


def test_a_key_changes_nothing_that_the_office_decided(
    open_room: OpenRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(open_room).window
    monkeypatch.setattr(window.preferences, "locked", lambda option: option is TEXT_SIZE_PT)
    window.preferences.zoom(1)
    assert window.theme.text_size_pt == 16
    assert window.error_bar.isVisible()


def test_simple_shows_the_plain_things_first(qtbot: QtBot, open_room: OpenRoom) -> None:
    page = opened(open_room, view="simple").window.settings_page
    assert page.text_size.isVisible()
    assert not page.writing.isVisible()
    click(qtbot, page, "More settings")
    assert page.writing.isVisible()
    assert page.answers.isAncestorOf(page.window().focusWidget())


def test_full_shows_everything(open_room: OpenRoom) -> None:
    page = opened(open_room, keep=True).window.settings_page
    assert page.writing.isVisible()
    assert page.keeping.isVisible()
    assert not page.more.isVisible()


def test_temporary_conversations_offer_nothing_to_keep(open_room: OpenRoom) -> None:
    page = opened(open_room).window.settings_page
    assert not page.keeping.isVisible()
    assert not page.recovery.isVisible()


def test_the_view_changes_around_the_same_page(
    qtbot: QtBot, open_room: OpenRoom, tmp_path: Path
) -> None:
    room = opened(open_room)
    window = room.window
    assert window.theme.text_size_pt == 16
    click(qtbot, window.settings_page.view, "Simple")
    assert window.settings_page.isVisible()
    assert not window.sidebar.isVisible()
    assert window.theme.text_size_pt == 18, "what suits the view, as nobody chose a size"
    assert kept(tmp_path)[VIEW.key] == "simple"
    window.shell.show_page(window.talk)
    assert window.shell.simple_actions.isVisible()
    click(qtbot, window.shell.simple_header, "Full view")
    assert window.sidebar.isVisible()
    assert window.theme.text_size_pt == 16


def test_a_chosen_size_holds_in_both_views(qtbot: QtBot, open_room: OpenRoom) -> None:
    window = opened(open_room).window
    click(qtbot, window.settings_page.text_size, "Larger text")
    click(qtbot, window.settings_page.view, "Simple")
    assert window.theme.text_size_pt == 17


def test_enter_sends_or_begins_a_line(qtbot: QtBot, open_room: OpenRoom) -> None:
    window = opened(open_room).window
    click(qtbot, window.settings_page.writing, "The Enter key sends the question")
    sent: list[str] = []
    window.talk.composer.sent.connect(sent.append)
    field = window.talk.composer.findChild(QPlainTextEdit)
    assert field is not None
    qtbot.keyClicks(field, "one")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.keyClicks(field, "two")
    assert not sent
    qtbot.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert [text.split() for text in sent] == [["one", "two"]]


def test_stillness_can_be_chosen(qtbot: QtBot, open_room: OpenRoom) -> None:
    window = opened(open_room).window
    hints = window.theme._application.styleHints()
    before = hints.cursorFlashTime()
    window.preferences._on_system_motion(False)
    words = "Keep everything still: nothing blinks and nothing glides"
    click(qtbot, window.settings_page.motion, words)
    assert hints.cursorFlashTime() == 0
    assert window.theme.still
    click(qtbot, window.settings_page.motion, words)
    assert hints.cursorFlashTime() == before
    window.preferences._on_system_motion(True)
    assert window.theme.still, "the system's own wish"


@pytest.mark.parametrize(
    ("text", "still"),
    [
        ("[KDE]\nAnimationDurationFactor=0\n", True),
        ("[KDE]\nAnimationDurationFactor=0.5\n", False),
        ("[General]\nx=1\n", False),
        ("no ini at all", False),
    ],
)
def test_kde_says_whether_it_moves(tmp_path: Path, text: str, still: bool) -> None:
    (tmp_path / "kdeglobals").write_text(text)
    assert kde_wants_stillness(tmp_path / "kdeglobals") is still


def test_macos_says_whether_it_moves(tmp_path: Path) -> None:
    import plistlib  # noqa: PLC0415

    file = tmp_path / "a.plist"
    assert mac_wants_stillness(file) is False
    file.write_bytes(plistlib.dumps({"reduceMotion": True}))
    assert mac_wants_stillness(file) is True
    file.write_bytes(b"broken")
    assert mac_wants_stillness(file) is False


def test_a_slider_does_not_turn_while_the_page_scrolls(open_room: OpenRoom) -> None:
    slider = opened(open_room).window.settings_page.text_size.slider
    before = slider.value()
    middle = QPointF(slider.rect().center())
    wheel = QWheelEvent(
        middle,
        QPointF(slider.mapToGlobal(slider.rect().center())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QCoreApplication.sendEvent(slider, wheel)
    assert slider.value() == before
    assert not wheel.isAccepted(), "the page gets it"


def test_a_backup_says_how_it_went(
    qtbot: QtBot, open_room: OpenRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = opened(open_room, keep=True)
    section = room.window.settings_page.keeping
    stick = tmp_path / "stick"
    stick.mkdir()
    monkeypatch.setattr(
        "app.ui.pages.settings_keeping.QFileDialog.getExistingDirectory", lambda *_: str(stick)
    )
    click(qtbot, section, "Back up…")
    qtbot.waitUntil(section.said.isVisible, timeout=20_000)
    assert str(stick) in section.said.words()
    assert section.backup.isEnabled()
    assert not section.stop.isVisible()
    assert list(stick.iterdir())


def test_a_failure_is_said_in_the_same_place(
    qtbot: QtBot, open_room: OpenRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = opened(open_room, keep=True)
    section = room.window.settings_page.keeping
    no_folder = tmp_path / "a file"
    no_folder.write_text("in the way")
    monkeypatch.setattr(
        "app.ui.pages.settings_keeping.QFileDialog.getExistingDirectory", lambda *_: str(no_folder)
    )
    click(qtbot, section, "Back up…")
    qtbot.waitUntil(section.said.isVisible, timeout=20_000)
    assert section.said.property("tone") == "alert"


@pytest.mark.skipif(sys.platform != "linux", reason="asks GNOME")
@pytest.mark.parametrize(("answer", "still"), [("false", True), ("true", False)])
def test_gnome_is_asked(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, still: bool
) -> None:
    program = tmp_path / "gsettings"
    program.write_text(f'#!/bin/sh\ntest "$3" = enable-animations && echo {answer}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    motion = SystemMotion()
    with qtbot.waitSignal(motion.known, timeout=5_000) as known:
        motion.ask()
    assert known.args == [still]
