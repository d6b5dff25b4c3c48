"""What the window is given to work with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.settings import Settings
from app.services.assistants import AssistantService
from app.services.chats import ChatService
from app.services.i18n import I18n
from app.services.keeping import KeepingService
from app.services.models import ModelService
from app.services.search import SearchService
from app.services.vault import UnlockService
from app.services.voice import Voice


@dataclass(frozen=True, slots=True)
class Services:
    """Everything behind the window; each part of it takes what it needs.

    Attributes:
        assistants: Who can be asked.
        chats: Conversations.
        search: Finds words in them.
        keeping: Backups, exports, imports, repair.
        models: The assistant, and how it comes here.
        unlock: Opens the conversations.
        voice: Reads aloud.
        i18n: Language of the window.
        settings: What the person chose.
        data: Where the conversations are.
    """

    assistants: AssistantService
    chats: ChatService
    search: SearchService
    keeping: KeepingService
    models: ModelService
    unlock: UnlockService
    voice: Voice
    i18n: I18n
    settings: Settings
    data: Path
