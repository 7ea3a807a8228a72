"""One database for all of the gateway: opened, brought up to date, asked, and its faults given one name."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from nearfield_cloud.errors import StorageError
from nearfield_cloud.storage.tables import EXPIRING

BUSY_SECONDS: Final = 5.0
_MIGRATING: Final = 4_180_339
"""Any number, the same for all: the lock under which one process migrates."""


class Storage:
    """Connections to one database."""

    def __init__(self, url: str, *, pool: int = 5) -> None:
        """Prepare; nothing is connected yet.

        Args:
            url: SQLAlchemy's, ``sqlite+aiosqlite:///FILE`` or ``postgresql+asyncpg://…``.
            pool: Connections at once.

        Raises:
            StorageError: It is no such URL.
        """
        try:
            parsed = sa.make_url(url)
            self._engine = _engine(parsed, pool)
        except (SQLAlchemyError, ImportError, ValueError) as error:
            raise StorageError(f"storage.url cannot be used: {error}") from error
        self.where = parsed.render_as_string(hide_password=True)
        self._writing = self._engine.execution_options(writing=True)

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of this machine."""
        return self._engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Ask in one transaction.

        Raises:
            StorageError: The database failed.
        """
        async with self._in(self._engine) as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """All of the block or nothing; durable once it has ended without an exception.

        Raises:
            StorageError: The database failed; nothing of the block was kept.
        """
        async with self._in(self._writing) as connection:
            yield connection

    async def migrate(self) -> None:
        """Bring the schema up to date; of several processes at once, one does.

        Raises:
            StorageError: It cannot be, or a newer version of this software has been here.
        """
        async with self.writing() as connection:
            if not self.is_sqlite:  # SQLite's write lock is held already
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
            try:
                await connection.run_sync(_upgrade)
            except CommandError as error:
                raise StorageError(
                    f"database {self.where}: its schema is of another version ({error})"
                ) from error

    async def prune(self, now: float) -> int:
        """Drop what has expired; gives how many rows."""
        dropped = 0
        async with self.writing() as connection:
            for table in EXPIRING:
                done = await connection.execute(sa.delete(table).where(table.c.expires_at <= now))
                dropped += done.rowcount
        return dropped

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _in(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        try:
            async with engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise StorageError(f"database {self.where} failed: {type(error).__name__}") from error


def sqlite_url(path: Path) -> str:
    """The URL of a file, which is made with mode 0600 in a folder of mode 0700.

    Raises:
        StorageError: It cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    except OSError as error:
        raise StorageError(f"database {path} cannot be made ({error.strerror})") from error
    return sa.URL.create("sqlite+aiosqlite", database=str(path)).render_as_string()


def _engine(url: sa.URL, pool: int) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, pool_size=pool, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(url, pool_size=pool, max_overflow=pool, pool_pre_ping=True, pool_timeout=10)


def _prepare_sqlite(connection: Any, record: object) -> None:
    del record
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`
    cursor = connection.cursor()
    for setting in ("synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {setting}")
    # It stays with the file. Whoever finds it locked, and no waiting helps here, comes while another process
    # switches it on.
    with suppress(sqlite3.OperationalError):
        cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # Whoever is going to write takes the lock at once: one taken later may be refused without waiting.
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _upgrade(connection: sa.Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("nearfield_cloud.storage") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
