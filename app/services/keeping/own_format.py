"""Our own JSON: a chat with everything it has, and back without loss.

    {"format": "alcove-chats", "version": 1, "chats": [
    {"title": ..., "messages": [{"parent": null, "role": "user", "text": ...}, ...]},
    ...
    ]}

A message names its parent by its place in the list. Numbers that belong to tokens are base 64 of
little-endian uint32 and float32, as the database keeps them: exact, and a tenth of the size.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, cast, get_args

from app.core.errors import DamagedFile
from app.core.jsonfile import JsonObject, JsonValue
from app.core.keeping import Answerer, WholeAttachment, WholeChat, WholeMessage
from app.core.packed import NUMBER_BYTES, Packed
from app.core.records import MessageState, ReplyDetails, Role, Span
from app.core.text import LONGEST_LINE, one_line
from app.services.assistant_file import MOST_NAME

FORMAT = "alcove-chats"
VERSION = 1
_ROLES: tuple[str, ...] = get_args(Role)
_STATES: tuple[str, ...] = tuple(s for s in get_args(MessageState) if s != "generating")
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def head() -> str:
    """What the file begins with."""
    return f'{{"format": "{FORMAT}", "version": {VERSION}, "chats": [\n'


def tail() -> str:
    """What the file ends with."""
    return "\n]}\n"


def chat_text(chat: WholeChat) -> Iterator[str]:
    """One chat as JSON, piece by piece: a whole long one would hold up the window."""
    fields: JsonObject = {
        "title": chat.title,
        "pinned": chat.pinned,
        "created_at": chat.created_at.isoformat(),
        "updated_at": chat.updated_at.isoformat(),
        "folder": chat.folder,
        "draft": chat.draft,
        "active": chat.active,
    }
    if chat.answerer is not None:
        fields["assistant"] = {"key": chat.answerer.key, "name": chat.answerer.name}
    yield _dumps(fields)[:-1] + ', "messages": ['
    for number, message in enumerate(chat.messages):
        yield (",\n" if number else "\n") + _dumps(_message_fields(message))
    yield "]}"


def read_chat(value: JsonObject) -> WholeChat:
    """A chat from its JSON.

    Raises:
        DamagedFile: A field is missing, of another type, or contradicts another.
    """
    fields = Fields(value)
    messages = tuple(
        _read_message(Fields(item), place) for place, item in enumerate(fields.objects("messages"))
    )
    active = fields.place("active", len(messages))
    if messages and active is None:
        raise DamagedFile
    return WholeChat(
        fields.text("title")[:LONGEST_LINE],
        fields.flag("pinned"),
        fields.time("created_at"),
        fields.time("updated_at"),
        fields.text("folder")[:LONGEST_LINE],
        messages,
        active,
        fields.text("draft"),
        _read_answerer(fields.part("assistant")),
    )


class Fields:
    """A JSON object of which nothing is believed before it was looked at."""

    def __init__(self, value: JsonValue) -> None:
        if not isinstance(value, dict):
            raise DamagedFile
        self._value = value

    def text(self, name: str, allowed: Sequence[str] = ()) -> str:
        """A text, one of `allowed` where that is not empty."""
        value = self._typed(name, str)
        if allowed and value not in allowed:
            raise DamagedFile
        return cast("str", value)

    def flag(self, name: str) -> bool:
        """True or false."""
        return cast("bool", self._typed(name, bool))

    def number(self, name: str) -> int:
        """A whole number that is not negative and fits."""
        value = cast("int", self._typed(name, int))
        if not 0 <= value < 1 << 62:
            raise DamagedFile
        return value

    def place(self, name: str, limit: int) -> int | None:
        """A place in a list below `limit`, or None."""
        if self._value.get(name) is None:
            return None
        number = self.number(name)
        if number >= limit:
            raise DamagedFile
        return number

    def time(self, name: str) -> datetime:
        """A moment with its time zone."""
        try:
            value = datetime.fromisoformat(self.text(name)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise DamagedFile from None
        if not _EARLIEST <= value <= _LATEST:
            raise DamagedFile
        return value

    def objects(self, name: str) -> list[JsonValue]:
        """A list."""
        return cast("list[JsonValue]", self._typed(name, list))

    def list_or_empty(self, name: str) -> list[JsonValue]:
        """A list that may be missing."""
        return self.objects(name) if name in self._value else []

    def part(self, name: str) -> Fields | None:
        """An object within this one, None where there is none."""
        return Fields(self._value[name]) if name in self._value else None

    def data(self, name: str) -> bytes:
        """Bytes in base 64."""
        try:
            return base64.b64decode(self.text(name), validate=True)
        except (binascii.Error, ValueError):
            raise DamagedFile from None

    def numbers(self, name: str, code: Literal["I", "f"]) -> Sequence[Any]:
        """Numbers packed into base 64."""
        data = self.data(name)
        if len(data) % NUMBER_BYTES:
            raise DamagedFile
        return Packed(code, data) if data else ()

    def _typed(self, name: str, kind: type) -> JsonValue:
        value = self._value.get(name)
        if type(value) is not kind:
            raise DamagedFile
        return value


def _message_fields(message: WholeMessage) -> JsonObject:
    details = message.details
    fields: JsonObject = {
        "parent": message.parent,
        "role": message.role,
        "text": message.text,
        "state": message.state,
        "created_at": message.created_at.isoformat(),
    }
    if details != ReplyDetails():
        fields["details"] = {
            "token_ids": _packed("I", details.token_ids),
            "logprobs": _packed("f", details.logprobs),
            "token_ends": _packed("I", details.token_ends),
            "spans": [[span.kind, span.start, span.end] for span in details.spans],
            "finish_reason": details.finish_reason,
            "error_code": details.error_code,
            "model_hash": details.model_hash,
            "duration_ms": details.duration_ms,
            "thinking_ms": details.thinking_ms,
        }
    if message.attachments:
        fields["attachments"] = [
            {
                "name": file.name,
                "media_type": file.media_type,
                "created_at": file.created_at.isoformat(),
                "content": base64.b64encode(file.content).decode("ascii"),
            }
            for file in message.attachments
        ]
    return fields


def _read_message(fields: Fields, place: int) -> WholeMessage:
    text = fields.text("text")
    return WholeMessage(
        fields.place("parent", place),
        cast("Role", fields.text("role", _ROLES)),
        text,
        cast("MessageState", fields.text("state", _STATES)),
        fields.time("created_at"),
        _read_details(fields, text),
        tuple(_read_attachment(Fields(item)) for item in fields.list_or_empty("attachments")),
    )


def _read_answerer(fields: Fields | None) -> Answerer | None:
    """Who answered: one's own by the name, whatever else the file says of it."""
    if fields is None:
        return None
    key, name = fields.text("key")[:LONGEST_LINE], one_line(fields.text("name"))
    return Answerer(key, name[:MOST_NAME]) if key or name else None


def _read_details(outer: Fields, text: str) -> ReplyDetails:
    fields = outer.part("details")
    if fields is None:
        return ReplyDetails()
    return ReplyDetails(
        token_ids=fields.numbers("token_ids", "I"),
        logprobs=fields.numbers("logprobs", "f"),
        spans=tuple(_read_span(item, len(text)) for item in fields.objects("spans")),
        finish_reason=fields.text("finish_reason"),
        error_code=fields.text("error_code"),
        model_hash=fields.text("model_hash"),
        duration_ms=fields.number("duration_ms"),
        thinking_ms=fields.number("thinking_ms"),
        token_ends=fields.numbers("token_ends", "I"),
    )


def _read_span(value: JsonValue, length: int) -> Span:
    match value:
        case ["thinking" | "answer" as kind, int(start), int(end)] if 0 <= start <= end <= length:
            return Span(kind, start, end)
        case _:
            raise DamagedFile


def _read_attachment(fields: Fields) -> WholeAttachment:
    return WholeAttachment(
        fields.text("name"),
        fields.text("media_type"),
        fields.time("created_at"),
        fields.data("content"),
    )


def _packed(code: str, values: Sequence[int] | Sequence[float]) -> str:
    if isinstance(values, Packed):
        data = values.data
    else:
        data = struct.pack(f"<{len(values)}{code}", *values)
    return base64.b64encode(data).decode("ascii")


def _dumps(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False)
