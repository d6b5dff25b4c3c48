"""Attachments: files inside the encrypted database."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from app.core.errors import Corrupt
from app.core.records import Attachment
from app.core.text import storable
from app.store.database import Database
from app.store.tables import attachments, messages, now

MAX_BYTES = 512 * 1024 * 1024  # SQLite's own limit for a row is 1e9 bytes

_COLUMNS = (
    attachments.c.id,
    attachments.c.message_id,
    attachments.c.name,
    attachments.c.media_type,
    attachments.c.size_bytes,
    attachments.c.created_at,
)


class Attachments:
    """Files that go with messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, message_id: int, name: str, media_type: str, content: bytes
    ) -> Future[Attachment]:
        """Keep a file with a message.

        Raises:
            ValueError: Larger than MAX_BYTES.
        """
        if len(content) > MAX_BYTES:
            raise ValueError("attachment too large")

        def work(connection: Connection) -> Attachment:
            if connection.scalar(select(messages.c.id).where(messages.c.id == message_id)) is None:
                raise LookupError(message_id)
            row = insert(attachments).values(
                message_id=message_id,
                name=storable(name),
                media_type=storable(media_type),
                size_bytes=len(content),
                sha256=hashlib.sha256(content).digest(),
                created_at=now(),
                content=content,
            )
            added = connection.execute(row.returning(attachments.c.id)).scalar_one()
            found = connection.execute(select(*_COLUMNS).where(attachments.c.id == added)).one()
            return _attachment_of(found)

        return self._database.submit(work)

    def list(self, message_id: int) -> Future[tuple[Attachment, ...]]:
        """The files of a message, in the order they were added."""

        def work(connection: Connection) -> tuple[Attachment, ...]:
            query = select(*_COLUMNS).where(attachments.c.message_id == message_id)
            rows = connection.execute(query.order_by(attachments.c.id))
            return tuple(_attachment_of(row) for row in rows)

        return self._database.submit(work)

    def read(self, attachment_id: int) -> Future[bytes]:
        """The content of one file."""

        def work(connection: Connection) -> bytes:
            query = select(attachments.c.content, attachments.c.sha256)
            row = connection.execute(query.where(attachments.c.id == attachment_id)).one_or_none()
            if row is None:
                raise LookupError(attachment_id)
            content = bytes(row.content)
            if hashlib.sha256(content).digest() != row.sha256:
                raise Corrupt(reason="attachment")
            return content

        return self._database.submit(work)


def _attachment_of(row: Row[*tuple[Any, ...]]) -> Attachment:
    return Attachment(*row)
