"""Choosing who answers; making, changing, deleting, exporting and importing assistants."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.core.records import Assistant
from app.services.assistant_file import is_picture
from app.services.assistants import SHIPPED
from app.ui.assistant_words import shipped_words
from app.ui.look.portrait import decoded, initial, portrait, portrait_icon
from app.ui.look.theme import Theme
from app.ui.pages.assistant_editor import AssistantEditorPage
from app.ui.pages.assistant_picture import CropView, read_picture
from tests.gui.conftest import OpenRoom, Room
from tests.helpers.tiny_bundle import rambling_bundle

SLOW = 30_000
OWN = Assistant(0, "", "Garden & co", b"", "You know gardens.", "", "warm")


def with_own(qtbot: QtBot, room: Room) -> Assistant:
    service = room.program.assistants
    with qtbot.waitSignal(service.assistant_saved, timeout=SLOW):
        service.save(OWN)
    return service.all[-1]


def menu_of(room: Room) -> list[str]:
    button = room.window.header.assistant
    button._fill()
    return [a.text().replace("&&", "&") for a in button._menu.actions() if a.text()]


def test_the_header_and_the_empty_page_choose_who_answers(
    qtbot: QtBot, open_room: OpenRoom
) -> None:
    room = open_room()
    own = with_own(qtbot, room)
    row, header = room.window.talk.empty.assistants, room.window.header.assistant
    shipped = [shipped_words(key).name for key in SHIPPED]
    assert menu_of(room) == [*shipped, own.name, "All assistants…"]
    shown = [button for button in row.buttons if button.isVisible()]
    assert [button.accessibleName() for button in shown] == [*shipped, own.name]
    assert header.accessibleName() == "Assistant: Ask anything"
    qtbot.mouseClick(shown[4], Qt.MouseButton.LeftButton)
    assert room.program.chats.assistant_id == own.id
    assert header.accessibleName() == f"Assistant: {own.name}"
    next(a for a in header._menu.actions() if a.text() == "Translate").trigger()
    assert shown[2].isChecked()
    header._fill()
    next(a for a in header._menu.actions() if a.text() == "Ask anything").trigger()
    assert room.program.chats.assistant_id is None


def test_a_chat_remembers_its_assistant(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room(bundle=rambling_bundle())
    own = with_own(qtbot, room)
    chats = room.program.chats
    room.window.assistants.show_page()
    qtbot.mouseClick(room.window.assistants.page.cards[-1].begin, Qt.MouseButton.LeftButton)
    assert room.window.talk.isVisible()
    with qtbot.waitSignal(chats.reply_finished, timeout=SLOW):
        chats.send("Hello there")
    chat_id = chats.chat_id
    assert chat_id is not None
    chats.new_chat()
    assert room.window.header.assistant.accessibleName() == "Assistant: Ask anything"
    chats.open_chat(chat_id)
    wanted = f"Assistant: {own.name}"
    qtbot.waitUntil(lambda: room.window.header.assistant.accessibleName() == wanted)


def test_in_simple_nothing_has_to_be_chosen(open_room: OpenRoom) -> None:
    window = open_room(view="simple").window
    assert not window.talk.empty.assistants.isVisible()
    assert not window.header.assistant.isVisible()


def test_one_is_made_with_the_keyboard_and_kept_on_every_way_out(
    qtbot: QtBot, open_room: OpenRoom
) -> None:
    room = open_room()
    wiring, service = room.window.assistants, room.program.assistants
    wiring.show_page()
    qtbot.keyClick(wiring.page.new, Qt.Key.Key_Space)
    editor = wiring.editor
    assert editor.isVisible()
    qtbot.keyClicks(editor.name.field, "Cook")
    qtbot.keyClicks(editor.instructions.field, "Today is")
    qtbot.keyClick(editor.instructions.date, Qt.Key.Key_Space)
    warm = editor.manner.choice._buttons["warm"]
    qtbot.keyClick(warm, Qt.Key.Key_Space)
    with qtbot.waitSignal(service.assistant_saved, timeout=SLOW):
        qtbot.keyClick(room.window, Qt.Key.Key_Escape)
    made = service.all[-1]
    assert (made.name, made.instructions, made.manner) == ("Cook", "Today is {date}", "warm")
    assert not editor.isVisible()


def test_tab_goes_from_top_to_bottom(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    own = with_own(qtbot, room)
    wiring = room.window.assistants
    room.window.resize(1000, 3000)
    wiring.show_page()
    for page in (wiring.page, wiring.editor):
        if page is wiring.editor:
            wiring.page.change_wished.emit(own.id)
        qtbot.wait(30)
        seen = []
        widget = page.nextInFocusChain()
        while widget is not None and widget is not page:
            tabbed = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            if tabbed and page.isAncestorOf(widget) and widget.isVisibleTo(page):
                seen.append(widget.mapTo(page, widget.rect().center()))
            widget = widget.nextInFocusChain()
        assert len(seen) >= 8
        rows = [(round(point.y() / 40), point.x()) for point in seen]
        assert rows == sorted(rows)


def test_changes_can_be_discarded(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    own = with_own(qtbot, room)
    wiring = room.window.assistants
    wiring.show_page()
    qtbot.mouseClick(wiring.page.cards[-1].change, Qt.MouseButton.LeftButton)
    wiring.editor.name.field.setText("Other")
    with qtbot.assertNotEmitted(room.program.assistants.assistant_saved, wait=200):
        qtbot.mouseClick(wiring.editor.discard, Qt.MouseButton.LeftButton)
    assert room.program.assistants.all[-1] == own
    assert wiring.page.isVisible()


def test_looking_at_one_changes_nothing(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    wiring = room.window.assistants
    with qtbot.assertNotEmitted(room.program.assistants.assistant_saved, wait=200):
        wiring.show_page()
        for _ in range(2):  # an existing one, a new one
            wiring.page.change_wished.emit(room.program.assistants.all[0].id)
            wiring.editor.closed.emit()
            wiring.page.change_wished.emit(0)
            wiring.editor.closed.emit()


def test_a_changed_shipped_one_gets_its_words_back(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    service, wiring = room.program.assistants, room.window.assistants
    qtbot.waitUntil(lambda: service.all[0].id > 0)
    letter = service.all[0]
    wiring.show_page()
    wiring.page.change_wished.emit(letter.id)
    wiring.editor.name.field.setText("Post office")
    with qtbot.waitSignal(service.assistant_saved, timeout=SLOW):
        qtbot.mouseClick(wiring.editor.done, Qt.MouseButton.LeftButton)
    assert wiring.page.cards[0].name.words() == "Post office"
    wiring.page.change_wished.emit(letter.id)
    assert wiring.editor.original.isVisible()
    with qtbot.waitSignal(service.assistant_saved, timeout=SLOW):
        qtbot.mouseClick(wiring.editor.original, Qt.MouseButton.LeftButton)
    assert wiring.page.cards[0].name.words() == "Write a letter"


def test_shipped_ones_follow_the_language_of_the_window(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    room.window.assistants.show_page()
    names = set()
    for language in ("en", "fr", "zh_Hans"):
        room.program.i18n._install(language)
        qtbot.wait(20)
        names.add(room.window.assistants.page.cards[0].name.words())
        assert "{date}" in room.program.assistants.all[0].instructions
        assert "{language}" in room.program.assistants.all[2].instructions
    assert names == {"Write a letter", "Écrire une lettre", "写信"}


def test_deleting_can_be_taken_back(qtbot: QtBot, open_room: OpenRoom) -> None:
    room = open_room()
    own = with_own(qtbot, room)
    page = room.window.assistants.page
    room.window.assistants.show_page()
    assert [card.delete.isVisible() for card in page.cards] == [False] * 4 + [True]
    qtbot.mouseClick(page.cards[-1].delete, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.undo_card.isVisible, timeout=SLOW)
    assert "Garden & co" in page._undo_words.words()
    qtbot.waitUntil(lambda: len(page.cards) == 4)
    qtbot.keyClick(page.undo, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: room.program.assistants.all[-1] == own, timeout=SLOW)
    assert not page.undo_card.isVisible()


def test_files_go_out_and_come_in(
    qtbot: QtBot, open_room: OpenRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = open_room()
    own = with_own(qtbot, room)
    service, wiring = room.program.assistants, room.window.assistants
    path = tmp_path / "garden"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    wiring.show_page()
    wiring.page.change_wished.emit(own.id)
    with qtbot.waitSignal(service.written, timeout=SLOW):
        qtbot.mouseClick(wiring.editor.file, Qt.MouseButton.LeftButton)
    written = tmp_path / "garden.alcove-assistant"
    assert json.loads(written.read_text("utf-8"))["name"] == own.name
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(written), ""))
    with qtbot.waitSignal(service.assistant_saved, timeout=SLOW):
        qtbot.mouseClick(wiring.page.from_file, Qt.MouseButton.LeftButton)
    assert [a.name for a in service.all[4:]] == [own.name, own.name]
    written.write_text("<script>alert(1)</script>", "utf-8")
    qtbot.mouseClick(wiring.page.from_file, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(room.window.error_bar.isVisible, timeout=SLOW)
    assert "not an assistant" in room.window.error_bar.words.words()
    assert len(service.all) == 6


def painted(path: Path, width: int, height: int) -> Path:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    for x in range(width // 2, width):
        for y in range(height):
            image.setPixelColor(x, y, QColor("blue"))
    image.save(str(path))
    return path


def test_a_picture_is_cropped_by_keys_and_mouse(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    view = CropView(theme)
    qtbot.addWidget(view)
    view.show()
    view.set_image(read_picture(painted(tmp_path / "p.jpg", 90, 30)))
    assert is_picture(view.png())
    for _ in range(40):
        qtbot.keyClick(view, Qt.Key.Key_Right)
    right = decoded(view.png())
    assert right.pixelColor(10, 128).blue() > 200
    assert right.pixelColor(250, 128).blue() > 200
    view.set_zoom(1.0)
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=view.rect().center())
    for _ in range(200):
        qtbot.keyClick(view, Qt.Key.Key_Left)
    assert decoded(view.png()).pixelColor(128, 128).red() > 200
    assert is_picture(view.png())


def test_a_picture_comes_from_a_file_and_goes_again(
    qtbot: QtBot, theme: Theme, tmp_path: Path
) -> None:
    page = AssistantEditorPage(theme)
    qtbot.addWidget(page)
    page.begin(OWN, ())
    page.show()
    section = page.picture
    with qtbot.waitSignal(section._loader.loaded, timeout=SLOW):
        section.load(painted(tmp_path / "p.png", 3000, 40))
    assert is_picture(page.current().picture)
    assert section.crop.isVisible()
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    with qtbot.waitSignal(section._loader.loaded, timeout=SLOW):
        section.load(bad)
    assert section._trouble.isVisible()
    qtbot.mouseClick(section.remove, Qt.MouseButton.LeftButton)
    assert page.current().picture == b""


def test_portraits_are_drawn_once_for_a_look(theme: Theme) -> None:
    """Each drawing stays for good among what Qt keeps of painted icons."""
    first = portrait_icon(theme, OWN, 24)
    assert portrait_icon(theme, OWN, 24).cacheKey() == first.cacheKey()
    others = [replace(OWN, name="Kitchen"), replace(OWN, key="write", name="")]
    keys = {portrait_icon(theme, other, 24).cacheKey() for other in others}
    keys.add(portrait_icon(theme, OWN, 24, 8).cacheKey())
    theme.set_appearance("dark")
    keys.add(portrait_icon(theme, OWN, 24).cacheKey())
    assert len(keys - {first.cacheKey()}) == 4


def test_portraits_never_fail(theme: Theme) -> None:
    for name in ("Garden", "", " 花园", "👩‍🌾 Farm", "\u0301", "\u202eabc"):
        for picture in (b"", b"nonsense", b"\x89PNG\r\n\x1a\n"):
            drawn = portrait(theme, Assistant(1, "", name, picture, "", "", ""), 40, 2.0)
            assert (drawn.width(), drawn.height()) == (80, 80)
    assert initial("élan") == "É"
    assert initial("👩‍🌾 Farm") == "👩‍🌾"
    assert initial("  ") == ""


@pytest.mark.parametrize("points", [16, 28])
@pytest.mark.parametrize("language", ["en", "fr", "zh_Hans"])
def test_nothing_is_cut_on_their_pages(
    qtbot: QtBot, open_room: OpenRoom, points: int, language: str
) -> None:
    room = open_room(text_size_pt=str(points), language=language)
    with_own(qtbot, room)
    window, wiring = room.window, room.window.assistants
    window.resize(800, 600)
    wiring.show_page()
    for page in (window.talk, wiring.page, wiring.editor):
        if page is wiring.editor:
            wiring.page.change_wished.emit(room.program.assistants.all[-1].id)
        else:
            window.pages.setCurrentWidget(page)
        qtbot.wait(30)
        for button in window.findChildren(type(wiring.page.new)):
            if button.isVisible() and button.window() is window:
                assert button.accessibleName(), button
                assert button.height() >= 44, button.accessibleName()
                assert button.width() + 1 >= button.minimumSizeHint().width(), button.text()
                right = button.mapTo(window, button.rect().topRight()).x()
                assert right <= window.width(), button.text()
