"""The encrypted database: keys, tables, repositories, migrations."""

from app.store.store import Store

__all__ = ["Store"]
