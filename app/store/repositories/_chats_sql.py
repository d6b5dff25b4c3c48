"""What several repositories do with chats inside their transactions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, select, update

from app.core.records import ChatSummary, ChatView, Message
from app.store.repositories._rows import SUMMARY_COLUMNS, message_of, summary_of
from app.store.tables import chats, messages


def summaries(connection: Connection, condition: ColumnElement[bool]) -> tuple[ChatSummary, ...]:
    """The chats under a condition: pinned first, then the newest first."""
    query = (
        select(*SUMMARY_COLUMNS)
        .where(condition)
        .order_by(chats.c.pinned.desc(), chats.c.updated_at.desc(), chats.c.id.desc())
    )
    return tuple(summary_of(row) for row in connection.execute(query))


def summary(connection: Connection, chat_id: int) -> ChatSummary:
    """One chat, in the bin or not; LookupError where there is none."""
    query = select(*SUMMARY_COLUMNS).where(chats.c.id == chat_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise LookupError(chat_id)
    return summary_of(row)


def update_chat(connection: Connection, chat_id: int, **values: Any) -> None:  # noqa: ANN401
    """Set columns of one chat; LookupError where there is none."""
    changed = connection.execute(update(chats).where(chats.c.id == chat_id).values(**values))
    if changed.rowcount == 0:
        raise LookupError(chat_id)


def view(connection: Connection, chat_id: int) -> ChatView:
    """A chat outside the bin as it is shown; LookupError where there is none."""
    query = select(*SUMMARY_COLUMNS, chats.c.draft, chats.c.active_leaf_id).where(
        chats.c.id == chat_id, chats.c.deleted_at.is_(None)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise LookupError(chat_id)
    messages_shown = () if row.active_leaf_id is None else branch(connection, row.active_leaf_id)
    return ChatView(summary_of(row), messages_shown, row.draft)


def branch(connection: Connection, leaf_id: int, first: int = -1) -> tuple[Message, ...]:
    """The messages from the root of the tree down to the leaf; -1: all, else so many of them."""
    path = (
        select(messages.c.id, messages.c.parent_id, literal(0).label("depth"))
        .where(messages.c.id == leaf_id)
        .cte("path", recursive=True)
    )
    path = path.union_all(
        select(messages.c.id, messages.c.parent_id, path.c.depth + 1).where(
            messages.c.id == path.c.parent_id
        )
    )
    query = select(messages).join(path, path.c.id == messages.c.id).order_by(path.c.depth.desc())
    shown = tuple(message_of(row) for row in connection.execute(query.limit(first)))
    return _with_versions(connection, shown)


def newest_leaf(connection: Connection, message_id: int) -> int:
    """The newest message below one, itself where nothing follows.

    What follows a message is younger than it, so that the newest of all below is a leaf.
    """
    below = select(messages.c.id).where(messages.c.id == message_id).cte("below", recursive=True)
    below = below.union_all(select(messages.c.id).join(below, messages.c.parent_id == below.c.id))
    return int(connection.execute(select(func.max(below.c.id))).scalar_one())


def versions(connection: Connection, chat_id: int, parent_id: int | None) -> tuple[int, ...]:
    """The ids of all that follow one message, oldest first; () where there is one at most."""
    query = (
        select(messages.c.id)
        .where(messages.c.chat_id == chat_id, messages.c.parent_id.is_not_distinct_from(parent_id))
        .order_by(messages.c.id)
    )
    found = tuple(connection.scalars(query))
    return found if len(found) > 1 else ()


def _with_versions(connection: Connection, shown: tuple[Message, ...]) -> tuple[Message, ...]:
    """Tell each message of a branch which others follow the same parent."""
    if not shown:
        return ()
    siblings: dict[int | None, list[int]] = {}
    query = (
        select(messages.c.id, messages.c.parent_id)
        .where(messages.c.chat_id == shown[0].chat_id)
        .order_by(messages.c.id)
    )
    for message_id, parent_id in connection.execute(query):
        siblings.setdefault(parent_id, []).append(message_id)
    return tuple(
        replace(m, versions=tuple(found)) if len(found := siblings[m.parent_id]) > 1 else m
        for m in shown
    )
