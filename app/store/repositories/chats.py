"""Chats: the list, the open one, the bin, drafts."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from app.core.records import ChatSummary, ChatView, Message
from app.core.text import storable
from app.store.database import Database
from app.store.repositories import _chats_sql as sql
from app.store.repositories.destroying import DOOMED, destroy
from app.store.repositories.meta import NEW_CHAT_DRAFT, read_value, write_value
from app.store.tables import chats, folders, messages, now

_NOT_DOOMED = chats.c.deleted_at.is_(None) | (chats.c.deleted_at > DOOMED)


class Chats:
    """What happens to whole chats."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> Future[tuple[ChatSummary, ...]]:
        """Every chat outside the bin: pinned first, then the newest first."""
        return self._database.submit(lambda c: sql.summaries(c, chats.c.deleted_at.is_(None)))

    def deleted(self) -> Future[tuple[ChatSummary, ...]]:
        """The chats in the bin, which can still be restored."""
        return self._database.submit(lambda c: sql.summaries(c, chats.c.deleted_at > DOOMED))

    def open(self, chat_id: int) -> Future[ChatView]:
        """The chat with the branch that ends in its active leaf, and its draft."""
        return self._database.submit(lambda c: sql.view(c, chat_id))

    def beginning(self, chat_id: int, count: int) -> Future[tuple[Message, ...]]:
        """The first messages of the branch that is shown, also of a chat in the bin."""

        def work(connection: Connection) -> tuple[Message, ...]:
            query = select(chats.c.active_leaf_id).where(chats.c.id == chat_id)
            leaf_id = connection.scalar(query)
            return () if leaf_id is None else sql.branch(connection, leaf_id, count)

        return self._database.submit(work)

    def create(self, title: str = "", assistant_id: int | None = None) -> Future[ChatSummary]:
        """A new, empty chat, and who answers in it."""

        def work(connection: Connection) -> ChatSummary:
            moment = now()
            row = insert(chats).values(
                title=storable(title),
                pinned=False,
                created_at=moment,
                updated_at=moment,
                draft="",
                assistant_id=assistant_id,
            )
            return sql.summary(
                connection, connection.execute(row.returning(chats.c.id)).scalar_one()
            )

        return self._database.submit(work)

    def rename(self, chat_id: int, title: str) -> Future[ChatSummary]:
        """Give it a title; its place in the list stays."""
        return self._change(chat_id, title=storable(title))

    def pin(self, chat_id: int, pinned: bool) -> Future[ChatSummary]:
        """Keep it at the top of the list, or no longer."""
        return self._change(chat_id, pinned=pinned)

    def assign(self, chat_id: int, assistant_id: int | None) -> Future[ChatSummary]:
        """Let another assistant answer from now on."""
        return self._change(chat_id, assistant_id=assistant_id)

    def delete(self, chat_id: int) -> Future[ChatSummary]:
        """Move it to the bin."""
        return self._change(chat_id, deleted_at=now())

    def restore(self, chat_id: int) -> Future[ChatSummary]:
        """Take it out of the bin."""

        def work(connection: Connection) -> ChatSummary:
            row = update(chats).where(chats.c.id == chat_id, _NOT_DOOMED).values(deleted_at=None)
            if connection.execute(row).rowcount == 0:
                raise LookupError(chat_id)
            return sql.summary(connection, chat_id)

        return self._database.submit(work)

    def move(self, chat_id: int, folder_id: int | None) -> Future[ChatSummary]:
        """Lay it into a folder; None: out of any."""

        def work(connection: Connection) -> ChatSummary:
            known = select(folders.c.id).where(folders.c.id == folder_id)
            if folder_id is not None and connection.scalar(known) is None:
                raise LookupError(folder_id)
            sql.update_chat(connection, chat_id, folder_id=folder_id)
            return sql.summary(connection, chat_id)

        return self._database.submit(work)

    def show(self, message_id: int) -> Future[ChatView]:
        """Make active, and show, the branch through a message down to its newest leaf.

        A branch that holds the message already stays as it is.
        """

        def work(connection: Connection) -> ChatView:
            found = connection.scalar(select(messages.c.chat_id).where(messages.c.id == message_id))
            if found is None:
                raise LookupError(message_id)
            chat_id = int(found)
            shown = sql.view(connection, chat_id)
            if any(message.id == message_id for message in shown.messages):
                return shown
            leaf_id = sql.newest_leaf(connection, message_id)
            sql.update_chat(connection, chat_id, active_leaf_id=leaf_id)
            return sql.view(connection, chat_id)

        return self._database.submit(work)

    def purge_deleted(self, before: datetime) -> Future[int]:
        """Destroy the chats that were moved to the bin before `before`; returns how many.

        Rows, attachments and search entries are overwritten, not only marked as free. Copies made
        before an update are removed once they are old enough.
        """
        return destroy(self._database, chats.c.deleted_at < before)

    def destroy(self, chat_id: int) -> Future[int]:
        """Destroy one chat of the bin at once, as `purge_deleted` does."""
        return destroy(self._database, chats.c.id == chat_id, one=True)

    def save_draft(self, chat_id: int | None, text: str) -> Future[None]:
        """Keep what is being typed; None: before any chat exists."""

        def work(connection: Connection) -> None:
            if chat_id is None:
                write_value(connection, NEW_CHAT_DRAFT, text)
            else:
                sql.update_chat(connection, chat_id, draft=storable(text))

        return self._database.submit(work)

    def draft(self, chat_id: int | None) -> Future[str]:
        """What was being typed, "" for nothing."""

        def work(connection: Connection) -> str:
            if chat_id is None:
                return read_value(connection, NEW_CHAT_DRAFT) or ""
            found = connection.scalar(select(chats.c.draft).where(chats.c.id == chat_id))
            if found is None:
                raise LookupError(chat_id)
            return str(found)

        return self._database.submit(work)

    def _change(self, chat_id: int, **values: Any) -> Future[ChatSummary]:  # noqa: ANN401
        def work(connection: Connection) -> ChatSummary:
            sql.update_chat(connection, chat_id, **values)
            return sql.summary(connection, chat_id)

        return self._database.submit(work)
