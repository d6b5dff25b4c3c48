"""Between the menus of the lists and what prints and writes files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from app.core.keeping import ExportKind
from app.core.records import ChatSummary, ChatView
from app.services.chats import ChatService
from app.services.keeping import KeepingService
from app.ui.chats.finder import Finder
from app.ui.frame.shell import Shell
from app.ui.frame.wiring.paper import PaperWiring
from app.ui.look.theme import Theme
from app.ui.pages.keeping_sentences import KeepingSentences

if TYPE_CHECKING:
    from pathlib import Path

    from app.ui.paper.bar import PaperBar


class RowWishes(QObject):
    """Prints and saves a conversation from its row; what goes on paper is opened first."""

    def __init__(
        self,
        shell: Shell,
        theme: Theme,
        finders: tuple[Finder, ...],
        chats: ChatService,
        keeping: KeepingService,
        paper: PaperWiring,
    ) -> None:
        """Connect them.

        Args:
            shell: Where dialogs belong and outcomes are told.
            theme: Colours and sizes.
            finders: The lists.
            chats: Opens what is to be printed.
            keeping: Writes files that other programs read.
            paper: Prints, and writes PDF and Word.
        """
        super().__init__(shell)
        self._shell = shell
        self._theme = theme
        self._chats = chats
        self._keeping = keeping
        self._paper = paper
        self._awaited: tuple[str, int] | None = None
        self._listed: tuple[ChatSummary, ...] = ()
        self._bar: PaperBar | None = None
        self._path: Path | None = None
        self._sentences = KeepingSentences(self)
        chats.chats_changed.connect(self._on_listed)
        chats.chat_opened.connect(self._on_opened)
        keeping.progressed.connect(self._on_progressed)
        keeping.done.connect(self._on_ended)
        keeping.failed.connect(self._on_ended)
        keeping.cancelled.connect(lambda work: self._on_ended(work, "cancelled"))
        for finder in finders:
            finder.chats.set_offered(("print", "word", "pdf", "export"))
            finder.chats.more_wished.connect(self._on_wish)

    @Slot(str, int)
    def _on_wish(self, wish: str, chat_id: int) -> None:
        if wish == "export":
            self._ask_place(chat_id)
        elif chat_id == self._chats.chat_id:
            self._shell.show_page(self._shell.talk)
            self._put_on_paper(wish)
        else:
            self._awaited = (wish, chat_id)
            self._chats.open_chat(chat_id)

    def _on_opened(self, view: ChatView | None) -> None:
        awaited, self._awaited = self._awaited, None
        if awaited is not None and view is not None and view.summary.id == awaited[1]:
            QTimer.singleShot(0, self, lambda: self._put_on_paper(awaited[0]))

    def _put_on_paper(self, wish: str) -> None:
        if wish == "print":
            self._paper.print_chat()
        elif wish in ("pdf", "word"):
            self._paper.save_chat("pdf" if wish == "pdf" else "word")

    def _ask_place(self, chat_id: int) -> None:
        from app.ui.chats.export_dialog import ExportDialog  # noqa: PLC0415  not at the start

        title = next((chat.title for chat in self._listed if chat.id == chat_id), "")
        dialog = ExportDialog(title, self._shell)
        dialog.chosen.connect(lambda path, kind: self.export(chat_id, path, kind))
        dialog.open()

    def export(self, chat_id: int, path: Path, kind: ExportKind) -> None:
        """Write one conversation into a file that was chosen, and tell what came of it."""
        if self._keeping.busy:
            return
        if self._bar is None:
            from app.ui.paper.bar import PaperBar  # noqa: PLC0415

            self._bar = PaperBar(self._theme)
            self._bar.stop_wished.connect(self._keeping.cancel)
            self._shell.add_bar(self._bar)
        self._path = path
        self._bar.begin(lambda: self._sentences.doing("export"))
        self._keeping.export_chats((chat_id,), path, kind)

    def _on_progressed(self, _work: str, share: float) -> None:
        if self._bar is not None and self._path is not None:
            self._bar.show_share(share)

    def _on_ended(self, work: str, outcome: object) -> None:
        path, self._path = (self._path, None) if work == "export" else (None, self._path)
        if self._bar is not None and path is not None:
            written = str(path) if path.exists() and outcome != "cancelled" else ""
            self._bar.finish(lambda: self._sentences.outcome(outcome), written)

    def _on_listed(self, chats: tuple[ChatSummary, ...]) -> None:
        self._listed = chats
