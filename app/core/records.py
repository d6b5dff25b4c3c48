"""Frozen records: all that ever leaves the thread that owns the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Role = Literal["system", "user", "assistant"]
MessageState = Literal["complete", "generating", "interrupted", "stopped", "failed"]
StorageMode = Literal["stored", "temporary"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a reply's text, in characters.

    Attributes:
        kind: "thinking" or "answer".
        start: First character.
        end: One past the last character.
    """

    kind: Literal["thinking", "answer"]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ReplyDetails:
    """What the engine said about a reply; its numbers are tuples, or `Packed` from the store.

    Attributes:
        token_ids: Tokens of the whole reply, thinking included.
        logprobs: Natural-log probability of each token.
        spans: Thinking and answer, in order.
        finish_reason: The engine's, "" while generating, "error" after a failure.
        error_code: Code of the error that ended it, "" otherwise.
        model_hash: Names the exact weights that wrote it.
        duration_ms: From sending to the last token.
        thinking_ms: From the first to the last token of the thinking.
        token_ends: For each token, how many characters the text had with it; empty for replies of
            the first versions, which did not say.
    """

    token_ids: Sequence[int] = ()
    logprobs: Sequence[float] = ()
    spans: tuple[Span, ...] = ()
    finish_reason: str = ""
    error_code: str = ""
    model_hash: str = ""
    duration_ms: int = 0
    thinking_ms: int = 0
    token_ends: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One node of a chat's tree.

    Attributes:
        id: Primary key.
        chat_id: The chat it belongs to.
        parent_id: The message it follows, None for the first.
        role: Who wrote it.
        text: What is shown: thinking and answer one after the other, see `details.spans`.
        state: Where the reply stands; a person's message is always "complete".
        created_at: UTC.
        details: Only meaningful for replies.
        versions: Ids of all messages that follow the same parent, this one among them, oldest
            first; empty where it is the only one.
    """

    id: int
    chat_id: int
    parent_id: int | None
    role: Role
    text: str
    state: MessageState
    created_at: datetime
    details: ReplyDetails = field(default_factory=ReplyDetails)
    versions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatSummary:
    """A line in the list of chats.

    Attributes:
        id: Primary key.
        title: "" means: not named yet.
        pinned: Kept at the top.
        created_at: UTC.
        updated_at: UTC, of the newest message.
        folder_id: The folder it lies in, None for none.
        assistant_id: Who answers, None for the ordinary assistant.
        deleted_at: UTC; None outside the bin.
    """

    id: int
    title: str
    pinned: bool
    created_at: datetime
    updated_at: datetime
    folder_id: int | None = None
    assistant_id: int | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A name under which chats lie together."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class DeletedFolder:
    """A folder that was removed, for having it back.

    Attributes:
        name: As it was called.
        chat_ids: What lay in it, in the bin or not.
    """

    name: str
    chat_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Assistant:
    """Who answers, and how.

    Attributes:
        id: Primary key.
        key: Stable name of a shipped one, whose words come from the translations; "" for one's own.
        name: As the person calls it; "" for a shipped one that was not renamed.
        picture: A PNG of at most 256 pixels, b"" for none.
        instructions: What is said to the model before the conversation; may hold `{date}`.
        model: Name of the bundle, "" for the one that is chosen for everything.
        manner: How it should sound: "" as it comes, "plain", "warm", "formal" or "brief".
    """

    id: int
    key: str
    name: str
    picture: bytes
    instructions: str
    model: str
    manner: str


@dataclass(frozen=True, slots=True)
class ChatView:
    """A chat as it is shown: the branch that ends in the active leaf, and the draft."""

    summary: ChatSummary
    messages: tuple[Message, ...]
    draft: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message; its content is read separately."""

    id: int
    message_id: int
    name: str
    media_type: str
    size_bytes: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A message in which a search found something.

    Attributes:
        chat: Where it is.
        message_id: Which one.
        role: Who wrote it.
        text: The part of it around what was found, on one line, "…" where it was cut.
        marks: Where the words that were found begin and end in `text`, in characters.
        created_at: UTC, of the message.
    """

    chat: ChatSummary
    message_id: int
    role: Role
    text: str
    marks: tuple[tuple[int, int], ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SearchResults:
    """What a search found.

    Attributes:
        text: What was looked for, as it was typed.
        chats: Chats whose titles hold all the words.
        hits: Messages, the newest first.
        more: Whether there are older ones.
    """

    text: str
    chats: tuple[ChatSummary, ...]
    hits: tuple[SearchHit, ...]
    more: bool
