"""Where confirmed orders go when no server takes them: a table in the skill's data folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from nearfield_edge.skills.api import EffectCall
from nearfield_sync.database import open_database

MIGRATIONS: Final = (
    "CREATE TABLE placed (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, content TEXT NOT NULL);",
)


def record_order(call: EffectCall) -> None:
    """Write an order down; the same key a second time changes nothing.

    Raises:
        DatabaseError: The order book cannot be written.
    """
    book = open_database(Path(call.data_folder) / "orders.db", MIGRATIONS)
    try:
        content = json.dumps(dict(call.arguments), ensure_ascii=False)
        book.execute(
            "INSERT INTO placed (key, content) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
            (call.key, content),
        )
    finally:
        book.close()
