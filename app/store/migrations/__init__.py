"""Numbered steps from one layout of the database to the next.

Step N brings a database from version N-1 to N; the version is SQLite's `user_version`. All missing
steps run in one transaction: a failure leaves the database as it was. A step is never changed once
it has been released; its tests keep a database of the version before it.
"""

from __future__ import annotations

from sqlalchemy import Connection

from app.core.errors import TooNew
from app.store.migrations import m001_initial, m002_folders_assistants, m003_quick_reads

Steps = tuple[tuple[str, ...], ...]

STEPS: Steps = (
    m001_initial.STATEMENTS,
    m002_folders_assistants.STATEMENTS,
    m003_quick_reads.STATEMENTS,
)


def schema_version(connection: Connection, steps: Steps = STEPS) -> int:
    """The layout that the database has; 0 for an empty one.

    Raises:
        TooNew: A newer version of the program wrote it. Params: found, known.
    """
    found = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    if found > len(steps):
        raise TooNew(found=found, known=len(steps))
    return found


def migrate(connection: Connection, steps: Steps = STEPS) -> None:
    """Run the missing steps inside the caller's transaction."""
    found = schema_version(connection, steps)
    for number, statements in enumerate(steps[found:], start=found + 1):
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"PRAGMA user_version = {number}")
