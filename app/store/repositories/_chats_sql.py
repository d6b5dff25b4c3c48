"""What several repositories do with chats inside their transactions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from app.core.records import ChatSummary, ChatView, Message
from app.store.repositories._rows import SUMMARY_COLUMNS, message_of, summary_of
from app.store.tables import chats, messages

_CHUNK = 500
_TREE = "SELECT id, parent_id FROM messages WHERE chat_id = ?"


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


def branch(connection: Connection, leaf_id: int, first: int | None = None) -> tuple[Message, ...]:
    """The messages from the root of the tree down to the leaf, or the first of them.

    The tree comes from an index alone; following it in Python takes a fifth of the time of a
    recursive query, and tells the versions as well.
    """
    chat_id = connection.scalar(select(messages.c.chat_id).where(messages.c.id == leaf_id))
    rows = [(row.id, row.parent_id) for row in connection.exec_driver_sql(_TREE, (chat_id,))]
    parents: dict[int, int | None] = dict(rows)
    path = [leaf_id]
    while (parent_id := parents[path[-1]]) is not None:
        path.append(parent_id)
    path = path[::-1][:first]
    siblings: dict[int | None, list[int]] = {}
    for message_id, parent_id in rows:
        siblings.setdefault(parent_id, []).append(message_id)
    found = _read(connection, chat_id, path, len(rows))
    return tuple(
        replace(found[n], versions=tuple(sorted(same)))
        if len(same := siblings[parents[n]]) > 1
        else found[n]
        for n in path
    )


def _read(
    connection: Connection, chat_id: int | None, ids: list[int], in_chat: int
) -> dict[int, Message]:
    """These messages of a chat, by id."""
    if len(ids) > in_chat // 2:
        wanted = set(ids)
        rows = connection.execute(select(messages).where(messages.c.chat_id == chat_id))
        return {row.id: message_of(row) for row in rows if row.id in wanted}
    found: dict[int, Message] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(messages).where(messages.c.id.in_(ids[start : start + _CHUNK]))
        found.update((row.id, message_of(row)) for row in connection.execute(query))
    return found


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
