"""The turns that the device remembers.

One row a turn in SQLite, in the order in which they were kept, whatever the wall clock said. A turn holds
what a person said, so erasing is meant: freed bytes are overwritten (``secure_delete``) and the write-ahead
log is emptied before ``erase`` returns. What else is kept of a turn, such as its sound, goes with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from nearfield_edge.errors import RecordError
from nearfield_edge.records.private_database import as_record_errors, empty_log, open_private
from nearfield_edge.records.retention import Retention, judge
from nearfield_sync.clock import EARLIEST_PLAUSIBLE, Clock
from nearfield_sync.database import Database
from nearfield_sync.errors import MessageError
from nearfield_sync.messages.turn_record import LARGEST_BYTES, TurnRecord, turn_record_from_json
from nearfield_sync.telemetry import Counters

MIGRATIONS: Final = (
    """
    CREATE TABLE turns (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        turn_id TEXT NOT NULL UNIQUE,
        person TEXT,
        started_ms INTEGER NOT NULL,  -- wall clock, since 1970; may be wrong
        kept_ms INTEGER NOT NULL,     -- wall clock; what age is counted from
        record TEXT NOT NULL
    );
    CREATE INDEX turns_by_person ON turns (person) WHERE person IS NOT NULL;
    """,
)


class TurnBelongings(Protocol):
    """Whatever else is kept of turns and must go with them."""

    def erase(self, turn_id: str) -> None:
        """Erase what belongs to the turn, if there is anything.

        Raises:
            RecordError: It cannot be erased.
        """
        ...


class TurnStore:
    """Keeps, finds and erases turn records; safe from any thread."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        counters: Counters,
        retention: Retention | None = None,
        belongings: Sequence[TurnBelongings] = (),
    ) -> None:
        """Open or make the file, readable by its owner only.

        Args:
            path: The SQLite file.
            clock: The wall clock that age is counted by.
            counters: Takes ``nearfield_turn_records_{kept,lost,erased}_total``.
            retention: How long and how many turns are kept.
            belongings: What is erased with each turn, by request or by age.

        Raises:
            RecordError: The file cannot be opened or made.
        """
        self._clock = clock
        self._counters = counters
        self._retention = retention or Retention()
        self._belongings = tuple(belongings)
        with _as_record_error():
            self._database: Database = open_private(path, MIGRATIONS)

    def keep(self, record: TurnRecord) -> None:
        """Store a turn durably; the same turn again (it was reopened) replaces the former, in its place.

        Raises:
            RecordError: The disk is full or broken, or the record is too large; it is then counted in
                ``nearfield_turn_records_lost_total`` and the store stays usable.
        """
        try:
            self._insert(record)
        except RecordError as error:
            self._counters.add("nearfield_turn_records_lost_total", reason=error.code)
            raise
        self._counters.add("nearfield_turn_records_kept_total")

    def _insert(self, record: TurnRecord) -> None:
        text = record.to_json()
        if len(text.encode()) > LARGEST_BYTES:
            raise RecordError(
                f"turn {record.turn_id} makes a record of {len(text.encode())} bytes, at most {LARGEST_BYTES}"
                " are kept: shorten its timeline"
            )
        now_ms = _milliseconds(self._clock.utc_now())
        with _as_record_error(), self._database.transaction() as database:
            database.execute(
                "INSERT INTO turns (turn_id, person, started_ms, kept_ms, record) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (turn_id) DO UPDATE SET person = excluded.person,"
                " started_ms = excluded.started_ms, kept_ms = excluded.kept_ms, record = excluded.record",
                (record.turn_id, record.person, _started_ms(record), now_ms, text),
            )

    def get(self, turn_id: str) -> TurnRecord | None:
        """The turn of that id, None if it is not kept.

        Raises:
            RecordError: The file cannot be read.
        """
        found = self._records("WHERE turn_id = ?", (turn_id,))
        return found[0] if found else None

    def last(self, count: int, *, before: str | None = None) -> tuple[TurnRecord, ...]:
        """The last turns, the newest at the end, in the order in which they were kept.

        Args:
            count: How many at most.
            before: Only those kept before the turn of this id; none if it is not kept.

        Raises:
            RecordError: The file cannot be read.
        """
        order, most = "ORDER BY sequence DESC LIMIT ?", max(count, 0)
        if before is None:
            return tuple(reversed(self._records(order, (most,))))
        earlier = "WHERE sequence < (SELECT sequence FROM turns WHERE turn_id = ?) "
        return tuple(reversed(self._records(earlier + order, (before, most))))

    def _records(self, clause: str, bindings: tuple[str | int, ...]) -> list[TurnRecord]:
        with _as_record_error():
            rows = self._database.execute(f"SELECT record FROM turns {clause}", bindings)  # noqa: S608 - ours
            return [turn_record_from_json(text) for (text,) in rows]

    def erase(
        self,
        *,
        turn_id: str | None = None,
        person: str | None = None,
        before: datetime | None = None,
        after: datetime | None = None,
    ) -> tuple[str, ...]:
        """Erase the turns that meet every condition given, with their belongings, and give their ids.

        A turn from a time when the clock was not set meets any condition of time: when it was is not known,
        and keeping it could break a promise. A turn named alone loses its belongings even where its record is
        not kept any more.

        Args:
            turn_id: This turn.
            person: The turns of this person.
            before: Turns begun earlier than this.
            after: Turns begun at this moment or later.

        Raises:
            ValueError: No condition was given.
            RecordError: The file cannot be written, or another process keeps the log from being emptied;
                the same call finishes what is left.
        """
        conditions: list[tuple[str, str | int]] = []
        if turn_id is not None:
            conditions.append(("turn_id = ?", turn_id))
        if person is not None:
            conditions.append(("person = ?", person))
        undated = f"started_ms < {_milliseconds(EARLIEST_PLAUSIBLE)}"
        if before is not None:
            conditions.append((f"(started_ms < ? OR {undated})", _milliseconds(before)))
        if after is not None:
            conditions.append((f"(started_ms >= ? OR {undated})", _milliseconds(after)))
        if not conditions:
            raise ValueError("say which turns are to be erased: a turn, a person or a time")
        where = " AND ".join(condition for condition, _ in conditions)
        with _as_record_error():
            rows = self._database.execute(
                f"SELECT turn_id FROM turns WHERE {where}",  # noqa: S608 - only the texts above
                tuple(value for _, value in conditions),
            )
        found = tuple(found_id for (found_id,) in rows)
        if not found and turn_id is not None and len(conditions) == 1:
            self._erase_belongings((turn_id,))
        # Also with nothing found: an earlier erasure may have been cut short before the log was emptied.
        self._erase(found, reason="request")
        return found

    def prune(self) -> tuple[str, ...]:
        """Erase what is older or more than is to be kept, and give the ids.

        Raises:
            RecordError: As for ``erase``.
        """
        now = self._clock.utc_now()
        with _as_record_error(), self._database.transaction() as database:
            rows = database.execute("SELECT sequence, turn_id, kept_ms FROM turns ORDER BY sequence")
            judgement = judge([_moment(kept_ms) for _, _, kept_ms in rows], now, self._retention)
            for index in judgement.undated:
                database.execute(
                    "UPDATE turns SET kept_ms = ? WHERE sequence = ?", (_milliseconds(now), rows[index][0])
                )
        expired = tuple(rows[index][1] for index in judgement.expired)
        if expired:
            self._erase(expired, reason="retention")
        return expired

    def _erase(self, turn_ids: tuple[str, ...], *, reason: str) -> None:
        # Belongings go first: cut short here, the turn is still there to be erased again.
        self._erase_belongings(turn_ids)
        with _as_record_error():
            with self._database.transaction() as database:
                for turn_id in turn_ids:
                    database.execute("DELETE FROM turns WHERE turn_id = ?", (turn_id,))
            empty_log(self._database)
        self._counters.add("nearfield_turn_records_erased_total", len(turn_ids), reason=reason)

    def _erase_belongings(self, turn_ids: tuple[str, ...]) -> None:
        for belongings in self._belongings:
            for turn_id in turn_ids:
                belongings.erase(turn_id)

    def close(self) -> None:
        """Close the file."""
        with _as_record_error():
            self._database.close()


@contextmanager
def _as_record_error() -> Iterator[None]:
    try:
        with as_record_errors("turn records"):
            yield
    except MessageError as error:
        raise RecordError(f"turn records: {error}") from error


def _started_ms(record: TurnRecord) -> int:
    try:
        return _milliseconds(datetime.fromisoformat(record.started_at))
    except ValueError as error:
        raise RecordError(
            f"turn {record.turn_id} began at {record.started_at!r}, which is no ISO 8601 time: mend its maker"
        ) from error


def _milliseconds(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
