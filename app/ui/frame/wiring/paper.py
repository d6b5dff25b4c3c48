"""Between messages and paper: print, save as PDF, save as Word."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.core.options import MARK_DOUBT
from app.core.records import ChatView
from app.core.settings import Settings
from app.services.assistants import ASK, AssistantService
from app.services.chats import ChatService
from app.services.history import answer_text
from app.ui.frame.shell import Shell
from app.ui.look.theme import Theme

if TYPE_CHECKING:
    from app.ui.paper.desk import FileKind, PaperDesk
    from app.ui.paper.preview import PreviewPage


class PaperWiring(QObject):
    """Brings messages to the desk, which comes into being when it is first needed.

    Signals:
        failed: AppError.
    """

    failed = Signal(object)

    def __init__(
        self,
        shell: Shell,
        theme: Theme,
        chats: ChatService,
        assistants: AssistantService,
        settings: Settings,
    ) -> None:
        super().__init__(shell)
        self._shell = shell
        self._theme = theme
        self._chats = chats
        self._assistants = assistants
        self._settings = settings
        self._desk: PaperDesk | None = None
        self._preview: PreviewPage | None = None
        shell.talk.action_wished.connect(self._on_action)
        shell.simple_actions.print_wished.connect(self.print_chat)
        for signal in (chats.chat_opened, chats.message_added, chats.reply_finished):
            signal.connect(self._show_what_can_be_done)
        shell.page_shown.connect(self._on_page_shown)

    @Slot()
    def print_chat(self) -> None:
        """Show the open conversation as pages; on the pages themselves, print them."""
        if self._preview is not None and self._shell.showing(self._preview):
            self._preview.print_button.click()
            return
        view = self._chats.shown
        if view is not None and view.messages and self._shell.showing(self._shell.talk):
            self._print(view, None)

    def save_chat(self, kind: FileKind) -> None:
        """Save the open conversation as a document."""
        view = self._chats.shown
        if view is not None and view.messages:
            self._save(kind, view, None)

    def _on_action(self, name: str, message_id: int) -> None:
        view = self._chats.shown
        if view is None:
            return
        if name == "print":
            self._print(view, message_id)
        elif name in ("pdf", "word"):
            self._save("pdf" if name == "pdf" else "word", view, message_id)

    def _print(self, view: ChatView, message_id: int | None) -> None:
        desk, preview = self._ready()
        if self._shell.locked:
            return
        self._to_desk(desk.print_messages, view, message_id)
        self._shell.show_page(preview)

    def _save(self, kind: FileKind, view: ChatView, message_id: int | None) -> None:
        desk, _ = self._ready()
        self._to_desk(
            lambda title, messages, **how: desk.save(kind, title, messages, **how), view, message_id
        )

    def _to_desk(self, give: Callable[..., None], view: ChatView, message_id: int | None) -> None:
        """Give the desk a whole chat, or one of its replies with the question it answers."""
        answerer = self._assistants.of(view.summary.assistant_id)
        give(
            view.summary.title,
            view.messages,
            speaker="" if answerer.key == ASK else answerer.name,
            only=message_id,
            mark_doubt=self._settings.get(MARK_DOUBT),
        )

    def _ready(self) -> tuple[PaperDesk, PreviewPage]:
        """The desk and its pages, made at the first wish: a window has to open fast."""
        if self._desk is None or self._preview is None:
            from app.ui.paper.bar import PaperBar  # noqa: PLC0415
            from app.ui.paper.desk import PaperDesk  # noqa: PLC0415
            from app.ui.paper.preview import PreviewPage  # noqa: PLC0415

            self._preview, bar = PreviewPage(self._theme), PaperBar(self._theme)
            self._shell.add_page(self._preview)
            self._shell.add_bar(bar)
            self._desk = PaperDesk(self._theme, self._preview, bar, self._shell)
            self._desk.failed.connect(self.failed)
            self._preview.closed.connect(lambda: self._shell.show_page(self._shell.talk))
        return self._desk, self._preview

    def _on_page_shown(self, page: QWidget) -> None:
        if self._desk is not None and page is not self._preview:
            self._desk.leave_preview()

    def _show_what_can_be_done(self, _: object = None) -> None:
        view = self._chats.shown
        replies = (m for m in view.messages if m.role == "assistant") if view is not None else ()
        self._shell.simple_actions.set_answer(there=any(answer_text(m).strip() for m in replies))
