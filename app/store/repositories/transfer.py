"""Whole chats, out of the database and into it."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future

from sqlalchemy import Connection, insert, select, update

from app.core.keeping import Answerer, WholeAttachment, WholeChat, WholeMessage
from app.core.text import storable
from app.store.database import Database
from app.store.repositories._index import add_entry
from app.store.repositories._rows import details_values, message_of
from app.store.repositories.assistants import find_or_add
from app.store.repositories.folders import add_folder
from app.store.tables import assistants, attachments, chats, folders, messages

_ADD_MESSAGE = insert(messages).returning(messages.c.id)  # made once: building it costs the most


class Transfer:
    """Chats with all their branches and files, one at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ids(self) -> Future[tuple[int, ...]]:
        """Every chat outside the bin, the oldest first."""
        query = select(chats.c.id).where(chats.c.deleted_at.is_(None)).order_by(chats.c.id)
        return self._database.submit(lambda c: tuple(c.scalars(query)))

    def read(self, chat_id: int) -> Future[WholeChat]:
        """One chat; a reply that is being written counts as interrupted."""
        return self._database.submit(lambda c: read_chat(c, chat_id))

    def add(self, chat: WholeChat) -> Future[bool]:
        """Keep a chat in one transaction; False, and nothing done, if it is here already."""
        return self._database.submit(lambda c: add_chat(c, chat))


def read_chat(connection: Connection, chat_id: int) -> WholeChat:
    """Inside a transaction: a chat, in the bin or not; LookupError where there is none."""
    query = (
        select(chats, folders.c.name.label("folder"), assistants.c.key, assistants.c.name)
        .join_from(chats, folders, folders.c.id == chats.c.folder_id, isouter=True)
        .outerjoin(assistants, assistants.c.id == chats.c.assistant_id)
        .where(chats.c.id == chat_id)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise LookupError(chat_id)
    found = connection.execute(
        select(messages).where(messages.c.chat_id == chat_id).order_by(messages.c.id)
    ).all()
    files = _files(connection, chat_id)
    places = {message.id: place for place, message in enumerate(found)}
    whole = []
    for message in map(message_of, found):
        state = "interrupted" if message.state == "generating" else message.state
        parent = None if message.parent_id is None else places[message.parent_id]
        whole.append(
            WholeMessage(
                parent,
                message.role,
                message.text,
                state,
                message.created_at,
                message.details,
                files.get(message.id, ()),
            )
        )
    return WholeChat(
        row.title,
        row.pinned,
        row.created_at,
        row.updated_at,
        row.folder or "",
        tuple(whole),
        places.get(row.active_leaf_id),
        row.draft,
        Answerer(row.key, row.name) if row.key is not None else None,
    )


def add_chat(connection: Connection, chat: WholeChat) -> bool:
    """Inside a transaction: keep a chat; False, and nothing done, if it is here already."""
    if _is_known(connection, chat):
        return False
    row = insert(chats).values(
        title=storable(chat.title),
        pinned=chat.pinned,
        created_at=chat.created_at,
        updated_at=chat.updated_at,
        folder_id=add_folder(connection, chat.folder) if chat.folder else None,
        draft=storable(chat.draft),
        assistant_id=find_or_add(connection, chat.answerer) if chat.answerer else None,
    )
    chat_id = int(connection.execute(row.returning(chats.c.id)).scalar_one())
    ids: list[int] = []
    for message in chat.messages:
        parent_id = None if message.parent is None else ids[message.parent]
        ids.append(_add_message(connection, chat_id, parent_id, message))
    if chat.active is not None:
        leaf = update(chats).where(chats.c.id == chat_id).values(active_leaf_id=ids[chat.active])
        connection.execute(leaf)
    return True


def _add_message(
    connection: Connection, chat_id: int, parent_id: int | None, message: WholeMessage
) -> int:
    text = storable(message.text)
    row = {
        "chat_id": chat_id,
        "parent_id": parent_id,
        "role": message.role,
        "text": text,
        "state": message.state,
        "created_at": message.created_at,
        **details_values(message.details),
    }
    message_id = int(connection.execute(_ADD_MESSAGE, row).scalar_one())
    add_entry(connection, message_id, text)
    for file in message.attachments:
        connection.execute(
            insert(attachments).values(
                message_id=message_id,
                name=storable(file.name),
                media_type=storable(file.media_type),
                size_bytes=len(file.content),
                sha256=hashlib.sha256(file.content).digest(),
                created_at=file.created_at,
                content=file.content,
            )
        )
    return message_id


def _is_known(connection: Connection, chat: WholeChat) -> bool:
    """Whether the same chat is here, in the bin too: begun at the same time, the same words."""
    query = select(chats.c.id).where(chats.c.created_at == chat.created_at)
    ours = None
    for chat_id in connection.scalars(query).all():
        rows = select(messages.c.created_at, messages.c.text).where(messages.c.chat_id == chat_id)
        here = sorted((at, text) for at, text in connection.execute(rows))
        ours = ours or sorted((m.created_at, storable(m.text)) for m in chat.messages)
        if here == ours:
            return True
    return False


def _files(connection: Connection, chat_id: int) -> dict[int, tuple[WholeAttachment, ...]]:
    query = (
        select(
            attachments.c.message_id,
            attachments.c.name,
            attachments.c.media_type,
            attachments.c.created_at,
            attachments.c.content,
        )
        .join_from(attachments, messages, messages.c.id == attachments.c.message_id)
        .where(messages.c.chat_id == chat_id)
        .order_by(attachments.c.id)
    )
    files: dict[int, tuple[WholeAttachment, ...]] = {}
    for message_id, *values in connection.execute(query):
        files[message_id] = (*files.get(message_id, ()), WholeAttachment(*values))
    return files
