"""3: a chat's tree is read from an index alone, without touching the messages."""

from __future__ import annotations

STATEMENTS = (
    "CREATE INDEX messages_by_place ON messages (chat_id, parent_id)",
    "DROP INDEX messages_by_chat",
)
