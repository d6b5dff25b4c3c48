"""Messages: the tree of a chat, written before anything is done about it."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

from sqlalchemy import Connection, insert, select, update

from app.core.records import Message, MessageState, ReplyDetails, Role
from app.core.text import storable
from app.store.database import Database
from app.store.repositories import _chats_sql as sql
from app.store.repositories._index import add_entry
from app.store.repositories._rows import details_values, message_of
from app.store.repositories.meta import NEW_CHAT_DRAFT, read_value, write_value
from app.store.tables import chats, messages, now

_FINAL: frozenset[MessageState] = frozenset({"complete", "interrupted", "stopped", "failed"})


class Messages:
    """Questions and replies."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(
        self, chat_id: int, parent_id: int | None, text: str
    ) -> Future[tuple[Message, Message]]:
        """Commit a question and an empty reply to it in one transaction.

        The reply becomes the active leaf, the draft is cleared, the chat moves to the top.

        Returns:
            The question, and the reply in state "generating".
        """

        def work(connection: Connection) -> tuple[Message, Message]:
            _require_parent(connection, chat_id, parent_id)
            question = _add(
                connection, chat_id, parent_id, role="user", text=storable(text), state="complete"
            )
            add_entry(connection, question.id, question.text)
            reply = _add(connection, chat_id, question.id, role="assistant", state="generating")
            _make_active(connection, reply, draft="")
            _clear_new_chat_draft(connection, question.text)
            return question, reply

        return self._database.submit(work)

    def add_reply(self, chat_id: int, parent_id: int) -> Future[Message]:
        """Commit another empty reply to a message, beside those it has, and make it active."""

        def work(connection: Connection) -> Message:
            _require_parent(connection, chat_id, parent_id)
            reply = _add(connection, chat_id, parent_id, role="assistant", state="generating")
            _make_active(connection, reply)
            return reply

        return self._database.submit(work)

    def checkpoint(self, message_id: int, text: str, details: ReplyDetails) -> Future[None]:
        """Keep what a reply is so far; without effect once it is final."""

        def work(connection: Connection) -> None:
            connection.execute(
                update(messages)
                .where(messages.c.id == message_id, messages.c.state == "generating")
                .values(text=storable(text), **details_values(details))
            )

        return self._database.submit(work)

    def finish(
        self, message_id: int, text: str, details: ReplyDetails, state: MessageState
    ) -> Future[Message]:
        """Make a reply final and findable.

        A `LookupError` means that it is not being generated: gone, or final already.
        """
        if state not in _FINAL:
            raise ValueError("a finished reply cannot be generating")

        def work(connection: Connection) -> Message:
            changed = connection.execute(
                update(messages)
                .where(messages.c.id == message_id, messages.c.state == "generating")
                .values(text=storable(text), state=state, **details_values(details))
            )
            if changed.rowcount == 0:
                raise LookupError(message_id)
            message = _get(connection, message_id)
            add_entry(connection, message.id, message.text)
            return message

        return self._database.submit(work)

    def get(self, message_id: int) -> Future[Message]:
        """One message."""
        return self._database.submit(lambda c: _get(c, message_id))

    def replies(self, parent_id: int) -> Future[tuple[Message, ...]]:
        """The messages that follow one directly, oldest first."""

        def work(connection: Connection) -> tuple[Message, ...]:
            query = select(messages).where(messages.c.parent_id == parent_id)
            rows = connection.execute(query.order_by(messages.c.id))
            return tuple(message_of(row) for row in rows)

        return self._database.submit(work)

    def recover_interrupted(self) -> Future[int]:
        """At start-up: replies that were being written become "interrupted"; returns how many."""

        def work(connection: Connection) -> int:
            query = select(messages.c.id, messages.c.text).where(messages.c.state == "generating")
            rows = connection.execute(query).all()
            for message_id, text in rows:
                connection.execute(
                    update(messages).where(messages.c.id == message_id).values(state="interrupted")
                )
                add_entry(connection, message_id, text)
            return len(rows)

        return self._database.submit(work)


def _require_parent(connection: Connection, chat_id: int, parent_id: int | None) -> None:
    chat = select(chats.c.id).where(chats.c.id == chat_id, chats.c.deleted_at.is_(None))
    if connection.scalar(chat) is None:
        raise LookupError(chat_id)
    if parent_id is not None:
        owner = connection.scalar(select(messages.c.chat_id).where(messages.c.id == parent_id))
        if owner != chat_id:
            raise LookupError(parent_id)


def _add(
    connection: Connection,
    chat_id: int,
    parent_id: int | None,
    *,
    role: Role,
    text: str = "",
    state: MessageState,
) -> Message:
    row = insert(messages).values(
        chat_id=chat_id,
        parent_id=parent_id,
        role=role,
        text=text,
        state=state,
        created_at=now(),
    )
    added = _get(connection, connection.execute(row.returning(messages.c.id)).scalar_one())
    return replace(added, versions=sql.versions(connection, chat_id, parent_id))


def _get(connection: Connection, message_id: int) -> Message:
    row = connection.execute(select(messages).where(messages.c.id == message_id)).one_or_none()
    if row is None:
        raise LookupError(message_id)
    return message_of(row)


def _make_active(connection: Connection, reply: Message, **values: str) -> None:
    sql.update_chat(
        connection,
        reply.chat_id,
        active_leaf_id=reply.id,
        updated_at=reply.created_at,
        **values,
    )


def _clear_new_chat_draft(connection: Connection, question: str) -> None:
    # The first question of a new chat was typed before the chat existed.
    draft = read_value(connection, NEW_CHAT_DRAFT)
    if draft is not None and draft.strip() == question.strip():
        write_value(connection, NEW_CHAT_DRAFT, None)
