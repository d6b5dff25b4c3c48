"""Every screen a person can reach, one after the other: pages, states, menus and questions."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QMessageBox, QPushButton, QWidget

from app.core.errors import Corrupt, DiskFull, KeyUnavailable, Unreachable
from app.core.records import ChatSummary
from app.services.chat_events import Waiting
from app.ui.chats.entries import FolderHeading
from app.ui.conversation.question_widget import QuestionWidget
from app.ui.conversation.reply_widget import ReplyWidget
from app.ui.conversation.thinking import ThinkingFold
from app.ui.look.menu import Menu
from app.ui.pages.bin_card import BinCard
from app.ui.paper.bar import PaperBar
from app.ui.paper.preview import PreviewPage
from tests.helpers.screen_tour import Screen, Tour, settle, wait_for

_A_WHILE_MS = 300
_CODE = "AB12-CD34-EF56-GH78-JK90-MN12"


def screens(tour: Tour, view: str) -> Iterator[Screen]:
    """Show one screen after the other; says the name of the one that is on."""
    tour.show_view(view)
    yield from _talk(tour)
    yield from _notes(tour)
    yield from _menus(tour)
    yield from _earlier(tour) if view == "simple" else _list(tour)
    yield from _settings(tour)
    yield from _pages(tour)
    yield from _assistants(tour)
    yield from _paper(tour)
    yield from _without_assistant(tour)
    yield from _locked(tour)


def _on(tour: Tour, name: str) -> Screen:
    settle()
    return name, tour.window


def _through(tour: Tour, name: str, area: QAbstractScrollArea) -> Iterator[Screen]:
    """A page, screen by screen, from its top to its end."""
    yield _on(tour, name)
    bar, number = area.verticalScrollBar(), 0
    while bar.value() < bar.maximum():
        number += 1
        bar.setValue(bar.value() + bar.pageStep() * 9 // 10)
        yield _on(tour, f"{name}-{number}")


def _talk(tour: Tour) -> Iterator[Screen]:
    talk = tour.window.talk
    yield from _through(tour, "new", talk.empty)
    tour.open("daily")
    yield _on(tour, "conversation")
    conversation = talk.conversation
    conversation.verticalScrollBar().setValue(0)
    yield _on(tour, "conversation-top")
    question = _first(conversation, QuestionWidget)
    question.edit()
    settle(_A_WHILE_MS)
    yield _on(tour, "editing")
    QTest.keyClick(tour.window.focusWidget(), Qt.Key.Key_Escape)
    tour.open("endings")
    yield _on(tour, "endings")
    bar = conversation.verticalScrollBar()
    while not (folds := [f for f in conversation.findChildren(ThinkingFold) if f.isVisible()]):
        bar.setValue(bar.value() - bar.pageStep() // 2)
        settle()
    folds[0].toggle.click()
    yield _on(tour, "thinking")
    folds[0].toggle.click()
    tour.open("waiting")
    actions = tour.window.shell.simple_actions
    for stage, seconds in (("reading", 20.0), ("writing", None)):
        conversation.show_waiting(Waiting(stage, seconds))  # type: ignore[arg-type]
        talk.composer.set_busy(True)
        actions.set_busy(True)
        yield _on(tour, stage)
    conversation.show_waiting(Waiting("idle"))
    talk.composer.set_busy(False)
    actions.set_busy(False)


def _notes(tour: Tour) -> Iterator[Screen]:
    """Lines above and below the conversation."""
    shell = tour.window.shell
    tour.open("daily")
    shell.error_bar.show_error(DiskFull())
    yield _on(tour, "error")
    shell.error_bar.show_error(Corrupt())
    yield _on(tour, "damaged")
    shell.error_bar.dismiss()
    for name, bar in (("long", shell.long_bar), ("temporary", shell.temporary_bar)):
        bar.show()
        yield _on(tour, name)
        bar.hide()
    gone = tour.store.chats.deleted().result()[0]
    tour.window.talk.undo.offer(gone)
    settle(_A_WHILE_MS)
    yield _on(tour, "deleted")
    tour.window.talk.undo.hide()


def _menus(tour: Tour) -> Iterator[Screen]:
    buttons = [b for b in tour.window.findChildren(QPushButton) if b.isVisible() and b.menu()]
    for number, button in enumerate({b.text(): b for b in buttons}.values()):
        yield from _menu(tour, f"menu-{number}", button.menu())
    reply = _last_reply(tour)
    menu = Menu(reply, reply.answer.accessibleName())
    reply.action_row.add_to(menu)
    yield from _menu(tour, "answer-menu", menu)
    reply.answer.ask_to_open(QUrl("https://example.org/" + "leaflet/" * 12))
    wait_for(lambda: bool(_questions(tour)), "the question")
    box = _questions(tour)[0]
    settle()
    yield "link", box
    box.close()
    settle()


def _list(tour: Tour) -> Iterator[Screen]:
    """The list at the side, which lies over the page in a narrow window."""
    window, finder = tour.window, tour.window.sidebar.finder
    if window.shell.workspace.narrow:
        window.shell.workspace.toggle_list()
        yield _on(tour, "list")
    for name, kind in (("chat-menu", ChatSummary), ("folder-menu", FolderHeading)):
        entry = next(r.entry for r in finder.chats.rows() if isinstance(r.entry, kind))
        menu = finder.chats.menu_for(entry)
        if menu is not None:
            yield from _menu(tour, name, menu)
    finder.chats.begin_rename(tour.chat_id("daily"))
    yield _on(tour, "rename")
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    finder.chats.begin_folder()
    yield _on(tour, "new-folder")
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    for name, text in _searches(tour):
        tour.look_for(finder.search.field, text)
        yield _on(tour, name)
    finder.search.clear()
    window.shell.workspace.hide_list()


def _earlier(tour: Tour) -> Iterator[Screen]:
    window = tour.window
    window.chats.show_earlier()
    yield _on(tour, "earlier")
    page = window.shell.earlier
    for name, text in _searches(tour):
        tour.look_for(page.search.field, text)
        yield _on(tour, name)
    page.search.clear()


def _searches(tour: Tour) -> tuple[tuple[str, str], ...]:
    texts = tour.texts
    return ("search", texts.word if texts is not None else ""), ("search-nothing", "qzxw")


def _settings(tour: Tour) -> Iterator[Screen]:
    window = tour.window
    window.show_settings()
    page = window.settings_page
    yield from _through(tour, "settings", page)
    page.show_keeping()
    keeping = page.keeping
    keeping.show_started("backup")
    keeping.show_progress("backup", 0.4)
    yield from _keeping(tour, "settings-working")
    keeping.show_done("backup", DiskFull())
    yield from _keeping(tour, "settings-failed")
    keeping.show_done("import", KeyUnavailable(reason="wrong"))
    yield from _keeping(tour, "settings-locked")
    keeping.show_cancelled("import")
    yield from _keeping(tour, "settings-cancelled")


def _keeping(tour: Tour, name: str) -> Iterator[Screen]:
    settle()
    page = tour.window.settings_page
    page.ensureWidgetVisible(page.keeping.said)
    yield _on(tour, name)


def _pages(tour: Tour) -> Iterator[Screen]:
    shell = tour.window.shell
    shell.show_help()
    yield from _through(tour, "help", shell.help_page)
    tour.show_bin()
    yield _on(tour, "bin")
    card = shell.bin_page.findChildren(BinCard)[0]
    card.remove.click()
    yield _on(tour, "bin-delete")
    card.keep.click()
    shell.bin_page.empty.click()
    yield _on(tour, "bin-empty")
    shell.recovery.set_code(_CODE)
    shell.show_page(shell.recovery)
    yield from _through(tour, "recovery", shell.recovery)


def _assistants(tour: Tour) -> Iterator[Screen]:
    assistants = tour.window.assistants
    assistants.show_page()
    page = assistants.page
    yield from _through(tour, "assistants", page)
    page.offer_undo(tour.program.assistants.all[-1])
    yield _on(tour, "assistants-undo")
    page.begin()
    for name, card in (("assistant-new", None), ("assistant-shipped", 0), ("assistant-own", -1)):
        page.change_wished.emit(0 if card is None else tour.program.assistants.all[card].id)
        yield from _through(tour, name, assistants.editor)
        assistants.editor.discard.click()


def _paper(tour: Tour) -> Iterator[Screen]:
    window = tour.window
    window.shell.show_page(window.talk)
    tour.open("daily")
    window.paper.print_chat()
    preview = window.findChildren(PreviewPage)[0]
    wait_for(preview.pdf_button.isEnabled, "the pages")
    settle(_A_WHILE_MS)
    yield _on(tour, "preview")
    preview.larger.click()
    yield _on(tour, "preview-larger")
    preview.larger.click()
    preview.back.click()
    bar = window.findChildren(PaperBar)[0]
    bar.begin(lambda: f"“{tour.chat_id('daily')}.pdf”…")
    bar.show_share(0.4)
    settle(_A_WHILE_MS)
    yield _on(tour, "writing-file")
    bar.finish(lambda: f"“{tour.chat_id('daily')}.pdf”", "conversation.pdf")
    yield _on(tour, "file-written")
    bar.hide()


def _without_assistant(tour: Tour) -> Iterator[Screen]:
    shell = tour.window.shell
    missing = shell.missing
    shell.show_page(missing)
    yield from _through(tour, "missing", missing)
    missing.blockSignals(True)  # nothing is to be downloaded
    missing.start()
    missing.blockSignals(False)
    missing.show_progress("download", 40_000_000, 93_000_000, 70.0)
    yield _on(tour, "missing-working")
    missing.show_error(Unreachable())
    yield from _through(tour, "missing-failed", missing)
    missing.blockSignals(True)
    missing.start()
    missing.stop()
    missing.blockSignals(False)
    shell.show_page(shell.talk)


def _locked(tour: Tour) -> Iterator[Screen]:
    shell = tour.window.shell
    for mode in ("create", "unlock", "recovery"):
        shell.passphrase.ask(mode)
        shell.lock()
        yield from _through(tour, f"passphrase-{mode}", shell.passphrase)
    shell.passphrase.show_failure(KeyUnavailable(reason="wrong"))
    yield _on(tour, "passphrase-wrong")
    shell.unlock()


def _menu(tour: Tour, name: str, menu: QMenu) -> Iterator[Screen]:
    menu.popup(tour.window.mapToGlobal(QPoint(40, 40)))
    settle()
    yield name, menu
    menu.close()
    settle()


def _questions(tour: Tour) -> list[QMessageBox]:
    return [box for box in tour.window.findChildren(QMessageBox) if box.isVisible()]


def _first(area: QWidget, kind: type[QuestionWidget]) -> QuestionWidget:
    return min(area.findChildren(kind), key=lambda widget: widget.y())


def _last_reply(tour: Tour) -> ReplyWidget:
    replies = tour.window.talk.conversation.findChildren(ReplyWidget)
    return max(replies, key=lambda widget: widget.y())
