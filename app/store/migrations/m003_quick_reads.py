"""3: versions read from an index alone, chats found by birth, words by their first letters."""

from __future__ import annotations

# Without its own index, a search for all words that begin with one letter would gather every place
# of every such word before the first result. The entries come back at the next start, since the
# version of the tokenizer is forgotten with them.
STATEMENTS = (
    "CREATE INDEX messages_by_place ON messages (chat_id, parent_id)",
    "DROP INDEX messages_by_chat",
    "CREATE INDEX chats_by_birth ON chats (created_at)",
    "DROP TABLE search",
    """
    CREATE VIRTUAL TABLE search
    USING fts5 (tokens, content = '', tokenize = 'ascii', prefix = '1 2 3')
    """,
    "INSERT INTO search (search, rank) VALUES ('secure-delete', 1)",
    "DELETE FROM meta WHERE key = 'search_version'",
)
