"""Effects under way: an order sent, a room booked, each exactly once as far as the receiver knows keys.

An effect is *staged* before the reply that promises it is spoken, *committed* when the turn is settled, and
then *delivered*; or it is *dropped* because the person spoke on, or *failed* for ever and set aside. Each
step is one durable transaction, so that a device killed at any moment goes on where it was. Delivery happens
at least once with a key that never changes; the receiver's memory of keys makes it once.

::

    staged ──commit──▶ committed ──▶ delivered
       └────drop─────▶ dropped  └──▶ failed

Settled effects lose their content at once; a failed one keeps it for the operator until it is erased.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from nearfield_edge.errors import DeliveryError, EdgeError, RecordError
from nearfield_edge.records.outbox_entry import Delivery, OutboxEntry, RetryPolicy
from nearfield_edge.skills.api import Effect
from nearfield_edge.skills.effects import effect_to_json
from nearfield_sync.database import Database, Row, open_database
from nearfield_sync.errors import DatabaseError
from nearfield_sync.telemetry import Counters

_log = structlog.get_logger()

MIGRATIONS: Final = (
    """
    CREATE TABLE effect (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        turn_id TEXT NOT NULL,
        revision INTEGER NOT NULL,
        skill TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('staged', 'committed', 'delivered', 'dropped', 'failed')),
        content TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        rejections INTEGER NOT NULL DEFAULT 0,
        due_ms INTEGER NOT NULL DEFAULT 0,
        first_attempt_ms INTEGER,
        settled_ms INTEGER,
        reason TEXT
    );
    CREATE INDEX effect_by_state ON effect (state, number);
    CREATE INDEX effect_by_turn ON effect (turn_id);
    """,
)


MOST_DROPPED_REMEMBERED: Final = 256
"""Dropped turns whose late effects are still recognised; one turn is open at a time."""

_SELECT: Final = (
    "SELECT key, turn_id, skill, content, attempts, rejections, due_ms, first_attempt_ms, reason FROM effect"
)


class Outbox:
    """The durable store of effects and the only caller of ``Delivery``. Blocking; safe from any thread."""

    def __init__(
        self,
        path: Path,
        delivery: Delivery,
        counters: Counters,
        *,
        policy: RetryPolicy | None = None,
        chance: Callable[[], float] | None = None,
    ) -> None:
        """Open the store.

        Args:
            path: The SQLite file.
            delivery: Carries effects out.
            counters: Counts what was delivered, tried again, set aside.
            policy: How patiently.
            chance: Gives 0..1 for the spread of waits; random if absent.

        Raises:
            RecordError: The file cannot be opened.
        """
        self._delivery = delivery
        self._counters = counters
        self._policy = policy or RetryPolicy()
        self._chance = chance or random.SystemRandom().random
        self._dropped: dict[str, int] = {}
        self._steps: deque[tuple[str, int | None]] = deque()
        self._stepping = threading.Lock()
        try:
            self._database: Database = open_database(path, MIGRATIONS)
            self._database.execute("PRAGMA secure_delete=ON")
        except DatabaseError as error:
            raise RecordError(str(error)) from error

    def stage(self, turn_id: str, revision: int, skill: str, effects: Sequence[Effect]) -> tuple[str, ...]:
        """Keep what a turn wants to set in motion; call it before the reply is spoken.

        What an earlier revision of the turn had staged is dropped; a revision that was dropped while its
        skill still worked stays dropped. Staging the same again changes nothing.

        Returns:
            One idempotency key per effect.

        Raises:
            RecordError: Nothing was kept (a full disk): do not promise the effect to the person.
        """
        keys = tuple(f"{turn_id}/{revision}/{index}" for index in range(len(effects)))
        contents = [effect_to_json(effect) for effect in effects]
        if not keys:
            return ()
        try:
            with self._database.transaction() as database:
                database.execute(
                    "UPDATE effect SET state = 'dropped', content = NULL"
                    " WHERE turn_id = ? AND revision < ? AND state = 'staged'",
                    (turn_id, revision),
                )
                latest = database.execute(
                    "SELECT coalesce(max(revision), 0) FROM effect WHERE turn_id = ?", (turn_id,)
                )
                is_late = revision < latest[0][0] or revision <= self._dropped.get(turn_id, -1)
                state = "dropped" if is_late else "staged"
                for key, content in zip(keys, contents, strict=True):
                    database.execute(
                        "INSERT INTO effect (key, turn_id, revision, skill, state, content)"
                        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
                        (key, turn_id, revision, skill, state, None if is_late else content),
                    )
        except DatabaseError as error:
            self._counters.add("nearfield_outbox_not_staged_total", skill=skill)
            raise RecordError(f"the effects of a turn cannot be kept: {error}") from error
        return keys

    def commit(self, turn_id: str) -> None:
        """The turn is settled: what it staged shall happen.

        A disk that fails now does not lose the effects: they stay staged, and the step is taken again before
        the next delivery or after the next start.
        """
        self._dropped.pop(turn_id, None)
        self._steps.append((turn_id, None))
        self._finish_steps()

    def drop(self, turn_id: str, revision: int) -> None:
        """The turn was reopened or given up: what this revision and earlier ones staged shall not happen."""
        self._dropped[turn_id] = revision
        while len(self._dropped) > MOST_DROPPED_REMEMBERED:
            del self._dropped[next(iter(self._dropped))]
        self._steps.append((turn_id, revision))
        self._finish_steps()

    def recover(self) -> int:
        """After a start: commit what was staged and never settled (docs/decisions/0003), and say how many.

        Raises:
            RecordError: The store cannot be written.
        """
        try:
            with self._database.transaction() as database:
                database.execute("UPDATE effect SET state = 'committed' WHERE state = 'staged'")
                count = database.rows_changed
        except DatabaseError as error:
            raise RecordError(f"unsettled effects cannot be recovered: {error}") from error
        self._counters.add("nearfield_outbox_recovered_total", count)
        return count

    def due(self, now: datetime) -> tuple[OutboxEntry, ...]:
        """The next effect of each skill whose time has come; a skill's effects keep their order.

        Raises:
            RecordError: The store cannot be read.
        """
        self._finish_steps()
        now_ms = _milliseconds(now)
        latest_ms = now_ms + self._policy.longest_wait_ms  # beyond it the clock was set back: do not wait
        return tuple(entry for entry in self._heads() if entry.due_ms <= now_ms or entry.due_ms > latest_ms)

    def next_due_ms(self) -> int | None:
        """Unix milliseconds at which ``due`` will next have something; None when nothing waits.

        Raises:
            RecordError: The store cannot be read.
        """
        return min((entry.due_ms for entry in self._heads()), default=None)

    def attempt(self, entry: OutboxEntry, now: datetime) -> bool:
        """Try to deliver one effect and note how it went; True when it is out of the way.

        Raises:
            RecordError: How it went cannot be noted; the effect will be tried again with the same key.
        """
        try:
            self._delivery.deliver(entry, now)
        except EdgeError as error:
            return self._note_failure(entry, error, now)
        except Exception as error:  # a fault of one receiver's path must not end the others'
            _log.exception("effect_delivery_broken", key=entry.key, skill=entry.skill)
            return self._note_failure(entry, DeliveryError(f"{type(error).__name__}: {error}"), now)
        self._settle(entry, "delivered", None, now)
        self._counters.add("nearfield_effects_delivered_total", skill=entry.skill)
        return True

    def deliver_due(self, now: datetime) -> int:
        """Deliver everything that is due, one after the other, and say how many were delivered or set aside.

        Raises:
            RecordError: The store cannot be read or written.
        """
        settled = 0
        while True:
            outcomes = [self.attempt(entry, now) for entry in self.due(now)]
            settled += sum(outcomes)
            if not any(outcomes):
                return settled

    def failures(self) -> tuple[OutboxEntry, ...]:
        """What was set aside, for the operator.

        Raises:
            RecordError: The store cannot be read.
        """
        return self._entries(f"{_SELECT} WHERE state = 'failed' ORDER BY number")

    def counts(self) -> dict[str, int]:
        """How many effects are in each state.

        Raises:
            RecordError: The store cannot be read.
        """
        rows = self._execute("SELECT state, count(*) FROM effect GROUP BY state")
        return {str(state): int(count) for state, count in rows}

    def erase(self, turn_id: str) -> None:
        """Forget a turn's settled and failed effects, in the file too. What is to be delivered stays.

        Raises:
            RecordError: The store cannot be written.
        """
        self._execute(
            "DELETE FROM effect WHERE turn_id = ? AND state IN ('delivered', 'dropped', 'failed')", (turn_id,)
        )
        self._execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def prune(self, before: datetime) -> None:
        """Forget what was delivered or dropped before a time; failures stay until erased.

        Raises:
            RecordError: The store cannot be written.
        """
        self._execute(
            "DELETE FROM effect WHERE state IN ('delivered', 'dropped') AND coalesce(settled_ms, 0) < ?",
            (_milliseconds(before),),
        )

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _finish_steps(self) -> None:
        """Take the commits and drops still to be taken, in order; from what the disk refuses on they wait."""
        with self._stepping:
            while self._steps:
                turn_id, revision = self._steps[0]
                try:
                    self._step(turn_id, revision)
                except DatabaseError:
                    self._counters.add("nearfield_outbox_steps_delayed_total")
                    _log.warning("outbox_step_delayed", turn_id=turn_id, exc_info=True)
                    return
                self._steps.popleft()

    def _step(self, turn_id: str, revision: int | None) -> None:
        if revision is None:
            self._database.execute(
                "UPDATE effect SET state = 'committed' WHERE turn_id = ? AND state = 'staged'", (turn_id,)
            )
        else:
            self._database.execute(
                "UPDATE effect SET state = 'dropped', content = NULL"
                " WHERE turn_id = ? AND revision <= ? AND state = 'staged'",
                (turn_id, revision),
            )

    def _note_failure(self, entry: OutboxEntry, error: EdgeError, now: datetime) -> bool:
        now_ms = _milliseconds(now)
        first_ms = entry.first_attempt_ms if entry.first_attempt_ms is not None else now_ms
        rejections = entry.rejections + (not error.retryable)
        too_old = now_ms - first_ms > self._policy.longest_hours * 3_600_000
        reason = f"{error.code}: {error}"[:500]
        if rejections >= self._policy.rejections or too_old:
            self._settle(entry, "failed", reason, now)
            self._counters.add("nearfield_effects_failed_total", skill=entry.skill, reason=error.code)
            _log.error("effect_set_aside", key=entry.key, skill=entry.skill, reason=error.code)
            return True
        due_ms = now_ms + self._policy.wait_ms(entry.attempts + 1, self._chance())
        self._execute(
            "UPDATE effect SET attempts = attempts + 1, rejections = ?, due_ms = ?, first_attempt_ms = ?,"
            " reason = ? WHERE key = ? AND state = 'committed'",
            (rejections, due_ms, first_ms, reason, entry.key),
        )
        self._counters.add("nearfield_effects_retried_total", skill=entry.skill, reason=error.code)
        return False

    def _settle(self, entry: OutboxEntry, state: str, reason: str | None, now: datetime) -> None:
        self._execute(
            "UPDATE effect SET state = ?1, reason = ?2, settled_ms = ?3, attempts = attempts + 1,"
            " content = CASE ?1 WHEN 'failed' THEN content END WHERE key = ?4 AND state = 'committed'",
            (state, reason, _milliseconds(now), entry.key),
        )

    def _heads(self) -> tuple[OutboxEntry, ...]:
        return self._entries(
            f"{_SELECT} WHERE number IN"  # noqa: S608 (only constants)
            " (SELECT min(number) FROM effect WHERE state = 'committed' GROUP BY skill) ORDER BY number"
        )

    def _entries(self, sql: str) -> tuple[OutboxEntry, ...]:
        return tuple(_entry(row) for row in self._execute(sql))

    def _execute(self, sql: str, bindings: Sequence[int | float | str | bytes | None] = ()) -> list[Row]:
        try:
            return self._database.execute(sql, bindings)
        except DatabaseError as error:
            raise RecordError(str(error)) from error


def _entry(row: Row) -> OutboxEntry:
    key, turn_id, skill, content, attempts, rejections, due, first, reason = row
    return OutboxEntry(
        key=key,
        turn_id=turn_id,
        skill=skill,
        content=content,
        attempts=attempts,
        rejections=rejections,
        due_ms=due,
        first_attempt_ms=first,
        reason=reason,
    )


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
