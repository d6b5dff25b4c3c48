"""The tables, private to the store. Migrations create them; this describes them to SQLAlchemy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine.interfaces import Dialect

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, kept as whole microseconds since 1970 so that order is order."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Python to database."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, ANN401
        """Database to Python."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


metadata = MetaData()

chats = Table(
    "chats",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("deleted_at", UtcTime),
    Column("active_leaf_id", Integer),
    Column("draft", Text, nullable=False),
    Column("folder_id", Integer, ForeignKey("folders.id")),
    Column("assistant_id", Integer, ForeignKey("assistants.id")),
)

folders = Table(
    "folders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
)

assistants = Table(
    "assistants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("picture", LargeBinary, nullable=False),
    Column("instructions", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("manner", Text, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("chat_id", Integer, ForeignKey("chats.id"), nullable=False),
    Column("parent_id", Integer, ForeignKey("messages.id")),
    Column("role", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("finish_reason", Text, nullable=False, default=""),
    Column("error_code", Text, nullable=False, default=""),
    Column("model_hash", Text, nullable=False, default=""),
    Column("duration_ms", Integer, nullable=False, default=0),
    Column("spans", Text, nullable=False, default=""),
    Column("token_ids", LargeBinary, nullable=False, default=b""),
    Column("logprobs", LargeBinary, nullable=False, default=b""),
    Column("thinking_ms", Integer, nullable=False, default=0),
    Column("token_ends", LargeBinary, nullable=False, default=b""),
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", Integer, ForeignKey("messages.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)


def now() -> datetime:
    """The time as the tables keep it: UTC, whole microseconds."""
    return datetime.now(UTC)
