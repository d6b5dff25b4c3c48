"""2: folders, assistants, and what marking words of doubt needs."""

from __future__ import annotations

STATEMENTS = (
    "CREATE TABLE folders (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL)",
    """
    CREATE TABLE assistants (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL DEFAULT '',
        name TEXT NOT NULL DEFAULT '',
        picture BLOB NOT NULL DEFAULT x'',
        instructions TEXT NOT NULL DEFAULT '',
        model TEXT NOT NULL DEFAULT '',
        manner TEXT NOT NULL DEFAULT ''
    )
    """,
    "ALTER TABLE chats ADD COLUMN folder_id INTEGER REFERENCES folders (id) ON DELETE SET NULL",
    """
    ALTER TABLE chats ADD COLUMN assistant_id INTEGER
        REFERENCES assistants (id) ON DELETE SET NULL
    """,
    "ALTER TABLE messages ADD COLUMN thinking_ms INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE messages ADD COLUMN token_ends BLOB NOT NULL DEFAULT x''",
)
