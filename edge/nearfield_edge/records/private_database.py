"""SQLite files with people's words in them: only their owner may read them, and what is erased is gone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nearfield_edge.errors import RecordError
from nearfield_sync.database import Database, open_database
from nearfield_sync.errors import DatabaseError


def open_private(path: Path, migrations: Sequence[str]) -> Database:
    """Open or make the file; what is deleted in it is overwritten.

    Raises:
        OSError: It cannot be made.
        DatabaseError: It cannot be opened, as for ``open_database``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Made before SQLite does, so that nobody else may read it; its log follows its permissions.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    database = open_database(path, migrations)
    database.execute("PRAGMA secure_delete=ON")
    return database


def empty_log(database: Database) -> None:
    """Write the log back and cut it to nothing: it still holds the words as they were before erasure.

    Raises:
        RecordError: Another process reads the log at this moment.
        DatabaseError: The file cannot be written.
    """
    ((busy, _, _),) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if busy:
        raise RecordError(
            f"what was erased from {database.path} is still in its log, which another process reads: end that"
            " process and erase again"
        )


@contextmanager
def as_record_errors(what: str) -> Iterator[None]:
    """Translate what the block's database raises.

    Args:
        what: Begins the message: ``turn records``.

    Raises:
        RecordError: The file cannot be made, read or written.
    """
    try:
        yield
    except DatabaseError as error:
        raise RecordError(f"{what}: {error}") from error
    except OSError as error:
        raise RecordError(f"{what}: {error.filename} cannot be made ({error.strerror})") from error
