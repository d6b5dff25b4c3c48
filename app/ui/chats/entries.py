"""What the list of conversations shows, line by line: headings, folders, conversations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.records import ChatSummary, Folder


@dataclass(frozen=True, slots=True)
class Heading:
    """Words above a group.

    Attributes:
        name: "pinned", "today", "week" or "earlier".
    """

    name: str


@dataclass(frozen=True, slots=True)
class FolderHeading:
    """A folder, whose conversations follow unless it is closed."""

    folder: Folder
    count: int
    closed: bool


@dataclass(frozen=True, slots=True)
class NewFolder:
    """Where the name of a new folder is typed.

    Attributes:
        chat_id: The conversation it is made for, 0 for none.
    """

    chat_id: int


# A conversation stands for itself: ten thousand of them are grouped within a frame.
Entry = Heading | FolderHeading | NewFolder | ChatSummary


def arranged(
    chats: Iterable[ChatSummary],
    folders: Sequence[Folder],
    closed: frozenset[int],
    now: datetime,
) -> list[Entry]:
    """The lines of the list.

    Pinned conversations come first, wherever they lie; then the folders by name, each with its
    conversations unless it is closed; then everything else by the day of its newest message.

    Args:
        chats: All conversations, pinned first, then the newest.
        folders: All folders, by name.
        closed: Ids of the folders whose conversations are not listed.
        now: Decides what is today, in the time zone of the person.
    """
    pinned: list[Entry] = []
    inside: dict[int, list[Entry]] = {folder.id: [] for folder in folders}
    today: list[Entry] = []
    week: list[Entry] = []
    earlier: list[Entry] = []
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    week_began = midnight - timedelta(days=6)
    for chat in chats:
        if chat.pinned:
            pinned.append(chat)
        elif chat.folder_id in inside:
            inside[chat.folder_id].append(chat)
        elif chat.updated_at >= midnight:
            today.append(chat)
        elif chat.updated_at >= week_began:
            week.append(chat)
        else:
            earlier.append(chat)
    entries: list[Entry] = []
    _add(entries, "pinned", pinned)
    for folder in folders:
        held = inside[folder.id]
        entries.append(FolderHeading(folder, len(held), folder.id in closed))
        if folder.id not in closed:
            entries.extend(held)
    for name, group in (("today", today), ("week", week), ("earlier", earlier)):
        _add(entries, name, group)
    return entries


def _add(entries: list[Entry], name: str, group: list[Entry]) -> None:
    if group:
        entries.append(Heading(name))
        entries.extend(group)
