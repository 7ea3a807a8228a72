"""Where calls go when no server or broker takes them: a table in the skill's data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from nearfield_edge.skills.api import EffectCall
from nearfield_sync.database import open_database

MIGRATIONS: Final = (
    """
    CREATE TABLE call (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        called_at TEXT NOT NULL,
        person TEXT NOT NULL,
        address TEXT NOT NULL
    );
    """,
)


def record_call(call: EffectCall) -> None:
    """Write a call down; the same key a second time changes nothing.

    Raises:
        DatabaseError: The log cannot be written.
    """
    log = open_database(Path(call.data_folder) / "calls.db", MIGRATIONS)
    try:
        log.execute(
            "INSERT INTO call (key, called_at, person, address) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (key) DO NOTHING",
            (call.key, *(str(call.arguments[name]) for name in ("called_at", "person", "address"))),
        )
    finally:
        log.close()
