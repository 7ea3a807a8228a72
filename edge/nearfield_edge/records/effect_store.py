"""The durable side of the outbox: what is known of each effect, and the steps it may take.

::

    staged ──commit──▶ committed ──▶ delivered
       └────drop─────▶ dropped  └──▶ failed ──retry──▶ committed

Each step is one durable transaction, so that a device killed at any moment goes on where it was. An effect
that was delivered or dropped loses its content at once; a failed one keeps it for the operator until it, or
its turn, is erased. It can be opened beside a running device, to look and to erase.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Final

from nearfield_edge.errors import RecordError
from nearfield_edge.records.outbox_entry import OutboxEntry
from nearfield_edge.records.private_database import as_record_errors, empty_log, open_private
from nearfield_edge.skills.api import Effect
from nearfield_edge.skills.effects import effect_to_json
from nearfield_sync.database import Database

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

_COLUMNS: Final = (
    "key, turn_id, skill, state, content, attempts, rejections, due_ms, first_attempt_ms, reason"
)


class EffectStore:
    """The file of effects. Blocking; safe from any thread.

    Every call raises ``RecordError`` where the file cannot be read or written; nothing was changed then.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the file, readable by its owner only.

        Raises:
            RecordError: It cannot be opened or made.
        """
        with _as_record_errors():
            self._database: Database = open_private(path, MIGRATIONS)

    def stage(
        self, turn_id: str, revision: int, skill: str, effects: Sequence[Effect], *, dropped: bool = False
    ) -> tuple[str, ...]:
        """Keep what a revision of a turn wants to set in motion; what an earlier one had staged is dropped.

        Args:
            turn_id: The turn.
            revision: Counts how often the turn was reopened; a later one that is known already wins.
            skill: Whose effects they are.
            effects: In the order in which they are to happen.
            dropped: Whether the turn has given this revision up already.

        Returns:
            One idempotency key per effect; staging the same again changes nothing.
        """
        keys = tuple(f"{turn_id}/{revision}/{index}" for index in range(len(effects)))
        contents = [effect_to_json(effect) for effect in effects]
        if not keys:
            return ()
        with _as_record_errors(), self._database.transaction() as database:
            self._drop(turn_id, revision - 1)
            ((latest,),) = database.execute(
                "SELECT coalesce(max(revision), 0) FROM effect WHERE turn_id = ?", (turn_id,)
            )
            is_late = dropped or revision < latest
            state = "dropped" if is_late else "staged"
            for key, content in zip(keys, contents, strict=True):
                database.execute(
                    "INSERT INTO effect (key, turn_id, revision, skill, state, content)"
                    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
                    (key, turn_id, revision, skill, state, None if is_late else content),
                )
        return keys

    def commit(self, turn_id: str) -> None:
        """What the turn has staged shall happen."""
        self._change("UPDATE effect SET state = 'committed' WHERE turn_id = ? AND state = 'staged'", turn_id)

    def drop(self, turn_id: str, revision: int) -> None:
        """What the turn has staged up to this revision shall not happen."""
        with _as_record_errors():
            self._drop(turn_id, revision)

    def commit_all(self) -> int:
        """Commit whatever is staged, and say how many effects that were."""
        return self._change("UPDATE effect SET state = 'committed' WHERE state = 'staged'")

    def heads(self) -> tuple[OutboxEntry, ...]:
        """The oldest committed effect of each skill, in the order of staging."""
        return self._entries(
            "number IN (SELECT min(number) FROM effect WHERE state = 'committed' GROUP BY skill)"
        )

    def unsettled(self) -> tuple[OutboxEntry, ...]:
        """What waits (staged or committed) and what was set aside (failed), in the order of staging."""
        return self._entries("state IN ('staged', 'committed', 'failed')")

    def counts(self) -> dict[str, int]:
        """How many effects are in each state."""
        with _as_record_errors():
            rows = self._database.execute("SELECT state, count(*) FROM effect GROUP BY state")
        return {str(state): int(count) for state, count in rows}

    def settle(self, key: str, state: str, now: datetime, *, reason: str | None = None) -> None:
        """A committed effect was ``delivered``, or has ``failed`` for good with a reason."""
        self._change(
            "UPDATE effect SET state = ?1, reason = ?2, settled_ms = ?3, attempts = attempts + 1,"
            " content = CASE ?1 WHEN 'failed' THEN content END WHERE key = ?4 AND state = 'committed'",
            *(state, reason, milliseconds(now), key),
        )

    def postpone(self, key: str, *, due_ms: int, first_attempt_ms: int, rejections: int, reason: str) -> None:
        """A committed effect was tried in vain; it is due again at a Unix time in milliseconds."""
        self._change(
            "UPDATE effect SET attempts = attempts + 1, rejections = ?, due_ms = ?, first_attempt_ms = ?,"
            " reason = ? WHERE key = ? AND state = 'committed'",
            *(rejections, due_ms, first_attempt_ms, reason, key),
        )

    def retry(self, key: str) -> None:
        """Let an effect be tried at once and with fresh patience, also one that was set aside.

        Raises:
            RecordError: It neither waits for delivery nor was it set aside.
        """
        changed = self._change(
            "UPDATE effect SET state = 'committed', attempts = 0, rejections = 0, due_ms = 0,"
            " first_attempt_ms = NULL, settled_ms = NULL WHERE key = ? AND state IN ('committed', 'failed')",
            key,
        )
        self._expect(changed, key)

    def give_up(self, key: str) -> None:
        """Erase one effect that waits or was set aside; if it is on its way at this moment, it may arrive.

        Raises:
            RecordError: There is no such effect.
        """
        changed = self._change(
            "DELETE FROM effect WHERE key = ? AND state IN ('staged', 'committed', 'failed')", key
        )
        self._expect(changed, key)
        self._empty_log()

    def erase(self, turn_id: str) -> None:
        """Erase a turn's settled and failed effects. What is still to be delivered stays.

        Raises:
            RecordError: Also where another process keeps the log from being emptied; the same call finishes
                what is left.
        """
        self._change(
            "DELETE FROM effect WHERE turn_id = ? AND state IN ('delivered', 'dropped', 'failed')", turn_id
        )
        self._empty_log()

    def prune(self, before: datetime) -> None:
        """Forget what was delivered or dropped before a time; what failed waits for the operator."""
        self._change(
            "DELETE FROM effect WHERE state IN ('delivered', 'dropped') AND coalesce(settled_ms, 0) < ?",
            milliseconds(before),
        )
        # What was delivered since has left its words in the log.
        self._empty_log()

    def close(self) -> None:
        """Close the file."""
        with _as_record_errors():
            self._database.close()

    def _drop(self, turn_id: str, revision: int) -> None:
        self._database.execute(
            "UPDATE effect SET state = 'dropped', content = NULL"
            " WHERE turn_id = ? AND revision <= ? AND state = 'staged'",
            (turn_id, revision),
        )

    def _change(self, sql: str, *bindings: str | int | None) -> int:
        with _as_record_errors(), self._database.transaction() as database:
            database.execute(sql, bindings)
            return database.rows_changed

    def _expect(self, changed: int, key: str) -> None:
        if not changed:
            raise RecordError(
                f"outbox: no effect {key} waits or was set aside: `nearfield outbox` lists those that do"
            )

    def _empty_log(self) -> None:
        with _as_record_errors():
            empty_log(self._database)

    def _entries(self, condition: str) -> tuple[OutboxEntry, ...]:
        with _as_record_errors():
            rows = self._database.execute(
                f"SELECT {_COLUMNS} FROM effect WHERE {condition} ORDER BY number"  # noqa: S608 (ours)
            )
        names = _COLUMNS.split(", ")
        return tuple(OutboxEntry(**dict(zip(names, row, strict=True))) for row in rows)


def milliseconds(at: datetime) -> int:
    """Unix time."""
    return int(at.timestamp() * 1000)


def _as_record_errors() -> AbstractContextManager[None]:
    return as_record_errors("outbox")
