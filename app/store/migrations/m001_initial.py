"""1: chats, the tree of messages, attachments, search and small values."""

from __future__ import annotations

# parent_id has no ON DELETE: a chain of thousands of messages would pass SQLite's limit on nested
# actions. A chat's messages are deleted in one statement, at whose end the tree is whole again.
STATEMENTS = (
    """
    CREATE TABLE chats (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL DEFAULT '',
        pinned INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        deleted_at INTEGER,
        active_leaf_id INTEGER,
        draft TEXT NOT NULL DEFAULT ''
    )
    """,
    "CREATE INDEX chats_by_time ON chats (deleted_at, pinned DESC, updated_at DESC, id DESC)",
    """
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
        parent_id INTEGER REFERENCES messages (id),
        role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
        text TEXT NOT NULL,
        state TEXT NOT NULL
            CHECK (state IN ('complete', 'generating', 'interrupted', 'stopped', 'failed')),
        created_at INTEGER NOT NULL,
        finish_reason TEXT NOT NULL DEFAULT '',
        error_code TEXT NOT NULL DEFAULT '',
        model_hash TEXT NOT NULL DEFAULT '',
        duration_ms INTEGER NOT NULL DEFAULT 0,
        spans TEXT NOT NULL DEFAULT '',
        token_ids BLOB NOT NULL DEFAULT x'',
        logprobs BLOB NOT NULL DEFAULT x''
    )
    """,
    "CREATE INDEX messages_by_chat ON messages (chat_id)",
    "CREATE INDEX messages_by_parent ON messages (parent_id)",
    "CREATE INDEX messages_generating ON messages (state) WHERE state = 'generating'",
    """
    CREATE TABLE attachments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        media_type TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        sha256 BLOB NOT NULL,
        created_at INTEGER NOT NULL,
        content BLOB NOT NULL
    )
    """,
    "CREATE INDEX attachments_by_message ON attachments (message_id)",
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # The tokens come ready-made from app/store/tokens.py, separated by spaces. The text itself is
    # only in `messages`: an entry is taken out by giving FTS5 the same tokens again.
    "CREATE VIRTUAL TABLE search USING fts5 (tokens, content = '', tokenize = 'ascii')",
    "INSERT INTO search (search, rank) VALUES ('secure-delete', 1)",
)
