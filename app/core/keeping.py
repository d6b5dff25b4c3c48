"""Chats as wholes, for exports, imports and rescue, and what those came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from app.core.records import MessageState, ReplyDetails, Role
from app.core.text import one_line

ExportKind = Literal["markdown", "json", "text"]
RepairState = Literal["sound", "mended", "rescued", "restored", "lost"]


@dataclass(frozen=True, slots=True)
class WholeAttachment:
    """A file of a message with its content."""

    name: str
    media_type: str
    created_at: datetime
    content: bytes


@dataclass(frozen=True, slots=True)
class WholeMessage:
    """A message of a `WholeChat`.

    Attributes:
        parent: Place in the chat's messages of the one it follows; always a smaller number.
        role: Who wrote it.
        text: Thinking and answer one after the other, see `details.spans`.
        state: Never "generating".
        created_at: UTC.
        details: Only meaningful for replies.
        attachments: Its files.
    """

    parent: int | None
    role: Role
    text: str
    state: MessageState
    created_at: datetime
    details: ReplyDetails
    attachments: tuple[WholeAttachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers in a `WholeChat`; of an assistant nothing else leaves with a chat.

    Attributes:
        key: Stable name of a shipped one, "" for one's own.
        name: As the person calls it; "" for a shipped one that was not renamed.
    """

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class WholeChat:
    """A chat with all its branches, free of any database's numbers.

    Attributes:
        title: "" means: not named yet.
        pinned: Kept at the top.
        created_at: UTC.
        updated_at: UTC.
        folder: Name of its folder, "" for none.
        messages: Parents before those that follow them, versions from the oldest.
        active: Place of the message in which the shown branch ends, None for an empty chat.
        draft: What was being typed.
        answerer: None for the assistant for anything.
    """

    title: str
    pinned: bool
    created_at: datetime
    updated_at: datetime
    folder: str
    messages: tuple[WholeMessage, ...]
    active: int | None
    draft: str = ""
    answerer: Answerer | None = None

    def shown(self) -> tuple[WholeMessage, ...]:
        """The branch that is shown, from its first message."""
        branch: list[WholeMessage] = []
        place = self.active
        while place is not None:
            branch.append(self.messages[place])
            place = self.messages[place].parent
        return tuple(reversed(branch))


@dataclass(frozen=True, slots=True)
class ExportWords:
    """The words an export needs, in the language that is on.

    Attributes:
        you: Who asks.
        assistant: Who answers.
        untitled: A chat without a name.
        shipped: Names of the shipped assistants, by their keys.
        cautions: What is said below answers about money, medicine and law.
    """

    you: str
    assistant: str
    untitled: str
    shipped: Mapping[str, str] = field(default_factory=dict)
    cautions: Mapping[str, str] = field(default_factory=dict)

    def speaker(self, answerer: Answerer | None) -> str:
        """What who answers is called."""
        if answerer is None:
            return self.assistant
        return self.named(answerer.name or self.shipped.get(answerer.key, ""))

    def named(self, name: str) -> str:
        """An assistant with a name; nobody is to take "Dr. Marie" for a person."""
        name = one_line(name)
        return f"{self.assistant} · {name}" if name else self.assistant


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup was written into this folder."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Exported:
    """So many chats were written into this file."""

    path: Path
    chats: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought.

    Attributes:
        chats: Chats that are new here.
        messages: Messages in them.
        known: Chats that were here already and were left alone.
        unread: Files, of several, that could not be read or only to a point.
    """

    chats: int
    messages: int
    known: int
    unread: int = 0


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What "Repair my chats" found and did.

    Attributes:
        state: "sound": nothing was wrong; "mended": only the search or an index was, and was made
            again; "rescued": all that could be read is in a new file; "restored": nothing could be
            read, so the newest backup took its place; "lost": nor was there a backup.
        chats: Chats that are there now.
        messages: Messages in them.
        lost: Messages that were found damaged and could not be kept.
        damaged_file: Where the damaged file is kept; None where it was not replaced.
    """

    state: RepairState
    chats: int
    messages: int
    lost: int = 0
    damaged_file: Path | None = None
