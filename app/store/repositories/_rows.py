"""Between rows and records."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Row

from app.core.packed import Packed
from app.core.records import ChatSummary, Message, ReplyDetails, Span
from app.core.text import storable
from app.store.tables import chats

SUMMARY_COLUMNS = (
    chats.c.id,
    chats.c.title,
    chats.c.pinned,
    chats.c.created_at,
    chats.c.updated_at,
    chats.c.folder_id,
    chats.c.assistant_id,
    chats.c.deleted_at,
)
NO_DETAILS = ReplyDetails()


def summary_of(row: Row[*tuple[Any, ...]]) -> ChatSummary:
    """A chat's line; the row begins with SUMMARY_COLUMNS."""
    return ChatSummary(*row[: len(SUMMARY_COLUMNS)])


def message_of(row: Row[*tuple[Any, ...]]) -> Message:
    """A message; the row has every column of the table."""
    return Message(
        id=row.id,
        chat_id=row.chat_id,
        parent_id=row.parent_id,
        role=row.role,
        text=row.text,
        state=row.state,
        created_at=row.created_at,
        details=NO_DETAILS
        if row.role == "user"
        else ReplyDetails(
            token_ids=_unpack("I", row.token_ids),
            logprobs=_unpack("f", row.logprobs),
            spans=_spans_of(row.spans),
            finish_reason=row.finish_reason,
            error_code=row.error_code,
            model_hash=row.model_hash,
            duration_ms=row.duration_ms,
            thinking_ms=row.thinking_ms,
            token_ends=_unpack("I", row.token_ends),
        ),
    )


def details_values(details: ReplyDetails) -> dict[str, Any]:
    """The columns of a reply's details.

    Token ids and ends are kept as little-endian uint32, log-probabilities as little-endian
    float32, the precision that the engine computes them in.
    """
    return {
        "token_ids": _pack("I", details.token_ids),
        "logprobs": _pack("f", details.logprobs),
        "spans": json.dumps([[s.kind, s.start, s.end] for s in details.spans])
        if details.spans
        else "",
        "finish_reason": storable(details.finish_reason),
        "error_code": storable(details.error_code),
        "model_hash": storable(details.model_hash),
        "duration_ms": details.duration_ms,
        "thinking_ms": details.thinking_ms,
        "token_ends": _pack("I", details.token_ends),
    }


def _pack(code: str, values: Sequence[int] | Sequence[float]) -> bytes:
    if isinstance(values, Packed):
        return values.data
    return struct.pack(f"<{len(values)}{code}", *values)


def _unpack(code: Literal["I", "f"], data: bytes) -> Sequence[Any]:
    return Packed(code, data) if data else ()


def _spans_of(text: str) -> tuple[Span, ...]:
    if not text:
        return ()
    return tuple(Span(kind, start, end) for kind, start, end in json.loads(text))
