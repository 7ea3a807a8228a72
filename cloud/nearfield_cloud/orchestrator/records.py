"""The cloud's turn records: what was asked of it, how it answered and why, a row a turn.

A table and not a file of lines, because turns are looked for by tenant and time, have to go when they are
old or many, and must go for good when somebody asks for it. Without ``records.text`` nothing that was said
is in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from nearfield_cloud.configuration.orchestrator import TurnRecordsSection
from nearfield_cloud.orchestrator.answer import Step
from nearfield_sync.database import Database, open_database

Redact = Callable[[str], str]
"""Masks what tells who somebody is."""
_MIGRATIONS: Final = (
    """
    CREATE TABLE turns (
        number INTEGER PRIMARY KEY,
        turn_id TEXT NOT NULL,
        tenant TEXT NOT NULL,
        subject TEXT NOT NULL,
        at TEXT NOT NULL,
        plan TEXT NOT NULL,
        outcome TEXT NOT NULL,
        reason TEXT NOT NULL,
        duration_ms REAL NOT NULL,
        model_tokens INTEGER NOT NULL,
        steps TEXT NOT NULL,
        question TEXT,
        answer TEXT
    );
    CREATE INDEX turns_of_tenants ON turns (tenant, at);
    CREATE INDEX turns_in_time ON turns (at);
    """,
)
_COLUMNS: Final = (
    "turn_id, tenant, subject, at, plan, outcome, reason, duration_ms, model_tokens, steps, question, answer"
)
_PRUNED_EVERY: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudTurn:
    """One turn, as the cloud saw it."""

    turn_id: str
    tenant: str
    subject: str
    at: datetime
    """When the question arrived, UTC."""
    plan: str
    """Empty where it ended before there was one."""
    outcome: str
    reason: str
    duration_ms: float
    model_tokens: int
    steps: tuple[Step, ...]
    question: str | None = None
    """None unless text is kept."""
    answer: str | None = None


class TurnRecords:
    """The table; to be used off the event loop, from any thread."""

    def __init__(self, path: Path, section: TurnRecordsSection, redact: Redact) -> None:
        """Open or make the file, readable for its owner alone.

        Raises:
            DatabaseError: It cannot be opened.
            OSError: It cannot be made.
        """
        self._section = section
        self._redact = redact
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._database: Database = open_database(path, _MIGRATIONS)
        self._database.execute("PRAGMA secure_delete=ON")
        self._added = 0

    def add(self, turn: CloudTurn) -> None:
        """Keep a turn; what is too old or too many goes.

        Raises:
            DatabaseError: It cannot be written.
        """
        keeps = self._section.text
        question = self._redact(turn.question) if keeps and turn.question is not None else None
        answer = self._redact(turn.answer) if keeps and turn.answer is not None else None
        self._database.execute(
            f"INSERT INTO turns ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                turn.turn_id, turn.tenant, turn.subject, turn.at.isoformat(), turn.plan, turn.outcome,
                turn.reason, turn.duration_ms, turn.model_tokens,
                json.dumps([asdict(step) for step in turn.steps]), question, answer,
            ),
        )  # fmt: skip
        if self._added % _PRUNED_EVERY == 0:
            self.prune(turn.at)
        self._added += 1

    def prune(self, now: datetime) -> None:
        """Delete what is older than kept, and the oldest of what is more than kept."""
        oldest = (now - timedelta(days=self._section.days)).isoformat()
        self._database.execute("DELETE FROM turns WHERE at < ?", (oldest,))
        self._database.execute(
            "DELETE FROM turns WHERE number IN (SELECT number FROM turns ORDER BY at DESC, number DESC"
            " LIMIT -1 OFFSET ?)",
            (self._section.most,),
        )

    def latest(self, tenant: str, limit: int = 50) -> Sequence[CloudTurn]:
        """A tenant's turns, the latest first."""
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM turns WHERE tenant = ? ORDER BY at DESC, number DESC LIMIT ?",  # noqa: S608
            (tenant, limit),
        )
        return [
            CloudTurn(
                turn_id=turn_id, tenant=of, subject=subject, at=datetime.fromisoformat(at), plan=plan,
                outcome=outcome, reason=reason, duration_ms=duration_ms, model_tokens=tokens,
                steps=tuple(Step(**step) for step in json.loads(steps)), question=question, answer=answer,
            )
            for turn_id, of, subject, at, plan, outcome, reason, duration_ms, tokens, steps, question, answer
            in rows
        ]  # fmt: skip

    def erase(self, tenant: str, subject: str | None = None) -> int:
        """Delete a tenant's turns, or one subject's of it, for good; give how many there were."""
        with self._database.transaction():
            if subject is None:
                self._database.execute("DELETE FROM turns WHERE tenant = ?", (tenant,))
            else:
                self._database.execute(
                    "DELETE FROM turns WHERE tenant = ? AND subject = ?", (tenant, subject)
                )
            erased = self._database.rows_changed
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return erased

    def close(self) -> None:
        """Close the file."""
        self._database.close()
