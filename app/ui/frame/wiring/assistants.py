"""Between those who can be asked and the window."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from app.services.assistants import AssistantService
from app.services.chats import ChatService
from app.services.models import ModelService
from app.ui.frame.shell import Shell
from app.ui.look.theme import Theme

if TYPE_CHECKING:
    from app.ui.pages.assistant_editor import AssistantEditorPage
    from app.ui.pages.assistants import AssistantsPage


class AssistantsWiring(QObject):
    """Shows who answers, lets somebody else be chosen, and opens their pages.

    The pages are made when they are first needed: most people never open them.
    """

    def __init__(
        self,
        shell: Shell,
        theme: Theme,
        assistants: AssistantService,
        chats: ChatService,
        models: ModelService,
    ) -> None:
        super().__init__(shell)
        self._shell = shell
        self._theme = theme
        self._assistants = assistants
        self._chats = chats
        self._models = models
        assistants.assistants_changed.connect(self._show)
        chats.assistant_changed.connect(self._show)
        for chooser in (shell.header.assistant, shell.talk.empty.assistants):
            chooser.chosen.connect(self._choose)
            chooser.page_wished.connect(self.show_page)
        self._show()

    @cached_property
    def page(self) -> AssistantsPage:
        """All of them."""
        from app.ui.pages.assistants import AssistantsPage  # noqa: PLC0415  not at the start

        page = AssistantsPage(self._theme)
        self._shell.pages.addWidget(page)
        service = self._assistants
        page.set_assistants(service.all)
        service.assistants_changed.connect(page.set_assistants)
        service.assistant_deleted.connect(page.offer_undo)
        page.closed.connect(self._shell.back)
        page.begin_wished.connect(self._begin)
        page.change_wished.connect(self._change)
        page.delete_wished.connect(service.delete)
        page.undo_wished.connect(service.undo_delete)
        page.file_chosen.connect(service.bring_in)
        return page

    @cached_property
    def editor(self) -> AssistantEditorPage:
        """One of them."""
        from app.ui.pages.assistant_editor import AssistantEditorPage  # noqa: PLC0415  as above

        editor = AssistantEditorPage(self._theme)
        self._shell.pages.addWidget(editor)
        editor.closed.connect(self._back_to_page)
        editor.saved.connect(self._assistants.save)
        editor.reset_wished.connect(self._assistants.reset)
        editor.write_wished.connect(self._assistants.write)
        return editor

    @Slot()
    def show_page(self) -> None:
        """Show everybody."""
        if not self._shell.locked:
            self._shell.workspace.hide_list()
            self.page.begin()
            self._shell.show_page(self.page)

    def _back_to_page(self) -> None:
        self._shell.show_page(self.page)

    def _show(self, _: object = None) -> None:
        everybody, current = self._assistants.all, self._assistants.of(self._chats.assistant_id)
        self._shell.header.assistant.set_assistants(everybody, current)
        self._shell.talk.empty.assistants.set_assistants(everybody, current)

    def _choose(self, assistant_id: int) -> None:
        self._chats.choose_assistant(assistant_id or None)

    def _begin(self, assistant_id: int) -> None:
        assistant = self._assistants.of(assistant_id)
        self._chats.new_chat()
        self._choose(0 if assistant.key == "ask" else assistant_id)

    def _change(self, assistant_id: int) -> None:
        found = self._assistants.of(assistant_id) if assistant_id else None
        self.editor.begin(found, self._models.installed())
        self._shell.show_page(self.editor)
