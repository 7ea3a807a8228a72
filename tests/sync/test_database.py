from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nearfield_sync.database import Database, open_database
from nearfield_sync.errors import DatabaseError

MIGRATIONS = ("CREATE TABLE note (text TEXT NOT NULL);",)


def _write_twice(database: Database) -> None:
    database.execute("INSERT INTO note VALUES ('lost')")
    database.execute("INSERT INTO nowhere VALUES (1)")


def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    database = open_database(tmp_path / "deep" / "notes.db", MIGRATIONS)
    database.execute("INSERT INTO note VALUES (?)", ("kept",))
    database.close()
    again = open_database(tmp_path / "deep" / "notes.db", MIGRATIONS)
    assert again.execute("SELECT text FROM note") == [("kept",)]
    again.close()


def test_a_database_is_opened_to_survive_a_power_cut(tmp_path: Path) -> None:
    database = open_database(tmp_path / "notes.db", MIGRATIONS)
    assert database.execute("PRAGMA journal_mode") == [("wal",)]
    assert database.execute("PRAGMA synchronous") == [(2,)]
    database.close()


def test_a_transaction_that_raises_leaves_nothing_behind(tmp_path: Path) -> None:
    database = open_database(tmp_path / "notes.db", MIGRATIONS)
    with pytest.raises(DatabaseError, match="nowhere"), database.transaction():
        _write_twice(database)
    assert database.execute("SELECT count(*) FROM note") == [(0,)]
    database.close()


def test_later_migrations_run_once_on_an_older_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    open_database(path, MIGRATIONS).close()
    later = (*MIGRATIONS, "ALTER TABLE note ADD COLUMN stars INTEGER; INSERT INTO note VALUES ('new', 5);")
    open_database(path, later).close()
    database = open_database(path, later)
    assert database.execute("SELECT * FROM note") == [("new", 5)]
    database.close()


def test_a_migration_that_fails_leaves_the_older_schema_whole(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    open_database(path, MIGRATIONS).close()
    broken = (*MIGRATIONS, "ALTER TABLE note ADD COLUMN stars INTEGER; INSERT INTO nowhere VALUES (1);")
    with pytest.raises(DatabaseError, match="nowhere"):
        open_database(path, broken)
    database = open_database(path, MIGRATIONS)
    assert [row[1] for row in database.execute("PRAGMA table_info(note)")] == ["text"]
    database.close()


def test_a_file_of_a_newer_version_is_refused_with_both_numbers(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    open_database(path, (*MIGRATIONS, "CREATE TABLE b (x);")).close()
    with pytest.raises(DatabaseError, match="schema 2, this version knows up to 1"):
        open_database(path, MIGRATIONS)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(b"dear diary, " * 500)
    with pytest.raises(DatabaseError, match="not an SQLite database"):
        open_database(path, MIGRATIONS)
    assert path.read_bytes() == b"dear diary, " * 500


def test_a_damaged_file_is_named_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    database = open_database(path, MIGRATIONS)
    with database.transaction():
        for number in range(2_000):
            database.execute("INSERT INTO note VALUES (?)", (f"a note of some length, number {number}",))
    database.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    database = open_database(path, MIGRATIONS)
    with pytest.raises(DatabaseError, match="damaged"):
        database.execute("SELECT count(text) FROM note")
    database.close()


def test_a_folder_in_place_of_the_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="cannot be opened"):
        open_database(tmp_path, MIGRATIONS)


def test_a_file_in_place_of_the_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match="folder cannot be made"):
        open_database(tmp_path / "file" / "notes.db", MIGRATIONS)


def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = open_database(tmp_path / "notes.db", MIGRATIONS)
    database.close()
    database.close()
    with pytest.raises(DatabaseError, match="closed"):
        database.execute("SELECT 1")


def test_threads_take_turns_and_no_transaction_mixes_with_another(tmp_path: Path) -> None:
    database = open_database(tmp_path / "notes.db", ("CREATE TABLE counter (n INTEGER);",))
    database.execute("INSERT INTO counter VALUES (0)")

    def count_up() -> None:
        for _ in range(20):
            with database.transaction():
                ((n,),) = database.execute("SELECT n FROM counter")
                database.execute("UPDATE counter SET n = ?", (n + 1,))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.execute("SELECT n FROM counter") == [(80,)]
    database.close()


def test_another_writer_is_waited_for_and_then_named(tmp_path: Path) -> None:
    first = open_database(tmp_path / "notes.db", MIGRATIONS)
    second = open_database(tmp_path / "notes.db", MIGRATIONS, busy_timeout_ms=20)
    with first.transaction():
        first.execute("INSERT INTO note VALUES ('mine')")
        with pytest.raises(DatabaseError, match="another process holds it locked"), second.transaction():
            pass
    first.close()
    second.close()


FILL = """
import sys
from pathlib import Path
from nearfield_sync.database import open_database
from nearfield_sync.errors import DatabaseError
database = open_database(Path(sys.argv[1]), ("CREATE TABLE note (text TEXT NOT NULL);",))
kept = 0
try:
    for _ in range(10_000):
        with database.transaction():
            database.execute("INSERT INTO note VALUES (?)", ("x" * 1000,))
        kept += 1
except DatabaseError as error:
    print(kept, error)
"""


def _limit_file_size() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))


def test_a_write_that_the_disk_refuses_is_one_sentence_and_earlier_ones_stay(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(tmp_path / "notes.db")],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=_limit_file_size,
        check=True,
    )
    kept, sentence = done.stdout.split(" ", 1)
    assert "notes.db: the disk f" in sentence
    database = open_database(tmp_path / "notes.db", MIGRATIONS)
    assert database.execute("SELECT count(*) FROM note") == [(int(kept),)]
    database.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write read-only files")
def test_a_read_only_folder_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    open_database(path, MIGRATIONS).close()
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(DatabaseError, match="read-only"):
            open_database(path, (*MIGRATIONS, "CREATE TABLE b (x);"))
    finally:
        tmp_path.chmod(0o700)
