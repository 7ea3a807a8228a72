"""The one place where SQLite is opened.

Every database of ours must survive a power cut, so all are opened alike: write-ahead log,
``synchronous=FULL``, foreign keys on, a busy timeout, and a schema that is brought up to date by numbered
migrations. What SQLite raises leaves this module as ``DatabaseError`` with one sentence; nothing else of
apsw's errors is to be caught elsewhere.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import apsw

from nearfield_sync.errors import DatabaseError

BUSY_TIMEOUT_MS: Final = 5_000

Bindings = Sequence[int | float | str | bytes | None]
Row = tuple[Any, ...]

_REASONS: Final[tuple[tuple[type[apsw.Error], str], ...]] = (
    (apsw.FullError, "the disk is full: free some space"),
    (apsw.ReadOnlyError, "it is read-only: let this user write the file and its folder"),
    (apsw.CantOpenError, "it cannot be opened: its folder must exist and be writable by this user"),
    (apsw.PermissionsError, "access was denied: let this user write the file and its folder"),
    (apsw.NotADBError, "it is not an SQLite database: name another file or move this one away"),
    (apsw.CorruptError, "it is damaged: restore a backup or move it away to start afresh"),
    (apsw.BusyError, "another process holds it locked: end that process or try again"),
    (apsw.LockedError, "another statement holds it locked: try again"),
    (apsw.IOError, "the disk failed to read or write it: see that it is not full or broken"),
    (apsw.ConnectionClosedError, "it has been closed"),
)


@contextmanager
def translating(path: Path) -> Iterator[None]:
    """Raise what SQLite raises inside the block as one sentence about the file.

    Raises:
        DatabaseError: Whatever apsw raised.
    """
    try:
        yield
    except apsw.Error as error:
        for kind, reason in _REASONS:
            if isinstance(error, kind):
                raise DatabaseError(f"database {path}: {reason} ({error})") from error
        raise DatabaseError(f"database {path}: {error}") from error


class Database:
    """One open file, shared by threads: a statement or a transaction at a time.

    Made by ``open_database``. ``connection`` is for what needs apsw itself (extensions, backup); use it
    inside ``transaction()`` or ``translating(path)``.
    """

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self._lock = threading.RLock()

    def execute(self, sql: str, bindings: Bindings = ()) -> list[Row]:
        """Run one statement and give all its rows; outside ``transaction()`` it commits by itself.

        Raises:
            DatabaseError: SQLite refused or failed.
        """
        with self._lock, translating(self.path):
            return list(self.connection.execute(sql, tuple(bindings)))

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """All of the block or nothing; durable once the block has ended without an exception.

        The write lock is taken at the start, so that what the block reads is what it changes. Not to be
        nested.

        Raises:
            DatabaseError: SQLite refused or failed; nothing of the block was kept.
        """
        with self._lock, translating(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self
                self.connection.execute("COMMIT")
            except BaseException:
                # SQLite may have rolled back by itself (a full disk); asking again is then refused.
                with suppress(apsw.Error):
                    if self.connection.in_transaction:
                        self.connection.execute("ROLLBACK")
                raise

    @property
    def rows_changed(self) -> int:
        """How many rows the last INSERT, UPDATE or DELETE touched; ask inside the same transaction."""
        return self.connection.changes()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        with self._lock, translating(self.path):
            self.connection.close()


def open_database(
    path: Path, migrations: Sequence[str], *, busy_timeout_ms: int = BUSY_TIMEOUT_MS
) -> Database:
    """Open or create a database and bring its schema up to date.

    Args:
        path: The file; missing folders above it are made.
        migrations: SQL scripts in order, only ever appended to. A file knows by ``user_version`` how many
            it has seen; each runs in one transaction with the count.
        busy_timeout_ms: How long to wait for another process's lock.

    Raises:
        DatabaseError: The file cannot be opened, is no database, is damaged, or was written by a newer
            version of this software.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"database {path}: its folder cannot be made ({error.strerror})") from error
    with translating(path):
        connection = apsw.Connection(str(path))
        try:
            connection.set_busy_timeout(busy_timeout_ms)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            database = Database(connection, path)
            _migrate(database, migrations)
        except BaseException:
            connection.close()
            raise
    return database


def _migrate(database: Database, migrations: Sequence[str]) -> None:
    version = database.connection.pragma("user_version")
    if version > len(migrations):
        raise DatabaseError(
            f"database {database.path}: it has schema {version}, this version knows up to "
            f"{len(migrations)}: update the software or move the file away"
        )
    for number in range(version + 1, len(migrations) + 1):
        with database.transaction():
            # Another process may have migrated between the first look and the lock.
            if database.connection.pragma("user_version") < number:
                database.connection.execute(migrations[number - 1])
                database.connection.pragma("user_version", number)
