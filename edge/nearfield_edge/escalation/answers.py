"""The cloud's answers that the device may give again by itself.

A question is found by its words alone: the same ones, but for case and punctuation. Nothing is answered
across tenants, audiences or languages, nothing after its time, and nothing whose words would mean something
else after another conversation. What was masked before it was asked is not kept: it may be about somebody.

What people asked and were answered is sealed with the device's key (`records.sealed_text`); a cache sealed
with another key is emptied. The columns are meant to last: nearness by embedding will need no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from nearfield_edge.errors import RecordError
from nearfield_edge.escalation.kept_answer import (
    CacheLimits,
    CacheScope,
    KeptAnswer,
    sentences_from_json,
    sentences_to_json,
)
from nearfield_edge.escalation.seam import Answered, AnswerSentence, EscalatedQuestion, PastExchange
from nearfield_edge.escalation.wording import normalised, stands_alone
from nearfield_edge.records.keys import KeyStore
from nearfield_edge.records.private_database import as_record_errors, empty_log, open_private
from nearfield_edge.records.sealed_text import SEAL_TABLE, TextSeal, open_seal
from nearfield_sync.clock import Clock, is_plausible
from nearfield_sync.database import Database, Row
from nearfield_sync.telemetry import Counters, Log

MIGRATIONS: Final = (
    SEAL_TABLE
    + """
    CREATE TABLE answer (
        number INTEGER PRIMARY KEY,
        digest BLOB NOT NULL,            -- of tenant, audience, language and the question's words
        tenant TEXT NOT NULL,
        audience TEXT NOT NULL,
        language TEXT NOT NULL,
        source TEXT NOT NULL,            -- who answered: cloud
        embedding_model TEXT NOT NULL,   -- of the vector beside it; empty where there is none
        turn_id TEXT NOT NULL,
        person TEXT,
        question BLOB NOT NULL,          -- sealed
        sentences BLOB NOT NULL,         -- sealed: JSON, with citations
        bytes INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        expires_ms INTEGER NOT NULL,
        used_ms INTEGER NOT NULL,
        uses INTEGER NOT NULL DEFAULT 0,
        UNIQUE (digest)
    );
    CREATE INDEX answer_by_turn ON answer (turn_id);
    CREATE INDEX answer_by_person ON answer (person) WHERE person IS NOT NULL;
    CREATE INDEX answer_by_use ON answer (used_ms);
    """,
)
_COLUMNS: Final = (
    "number, digest, question, sentences, source, turn_id, created_ms, expires_ms, used_ms, uses"
)
_MOST_CLOCK_ERROR_MS: Final = 3_600_000


class AnswerCache:
    """The file of answers. Blocking; safe from any thread.

    Every call raises ``RecordError`` where the file or the device's key cannot be used.
    """

    def __init__(
        self,
        path: Path,
        keys: KeyStore,
        *,
        scope: CacheScope,
        limits: CacheLimits | None = None,
        clock: Clock,
        counters: Counters,
    ) -> None:
        """Open or make the file, readable by its owner only.

        Args:
            path: The SQLite file.
            keys: The device's key.
            scope: Whose answers are given and kept.
            limits: How much.
            clock: Its wall side; while it has not been set nothing is given and nothing kept.
            counters: Takes ``nearfield_answer_cache_*_total``.
        """
        self._scope = scope
        self._limits = limits or CacheLimits()
        self._clock = clock
        self._counters = counters
        with _as_record_errors():
            self._database: Database = open_private(path, MIGRATIONS)
            self._seal = self._sealed_by(keys)

    def find(self, spoken: str, conversation: Sequence[PastExchange] = ()) -> KeptAnswer | None:
        """The answer to a question; None where there is none that may be given.

        Args:
            spoken: As it was asked, nothing masked; it stays on the device.
            conversation: What was said before.
        """
        now_ms = self._now_ms()
        if now_ms is None or not self._fits(spoken, conversation):
            return None
        with _as_record_errors(), self._database.transaction() as database:
            rows = database.execute(
                f"SELECT {_COLUMNS} FROM answer WHERE digest = ? AND expires_ms > ? AND created_ms <= ?",  # noqa: S608 (ours)
                (self._digest(spoken), now_ms, now_ms + _MOST_CLOCK_ERROR_MS),
            )
            if rows:
                database.execute(
                    "UPDATE answer SET used_ms = ?, uses = uses + 1 WHERE number = ?", (now_ms, rows[0][0])
                )
        self._counters.add("nearfield_answer_cache_asked_total", found="yes" if rows else "no")
        return self._kept(rows[0]) if rows else None

    def keep(
        self,
        spoken: str,
        question: EscalatedQuestion,
        sentences: Sequence[AnswerSentence],
        answered: Answered,
        *,
        person: str | None = None,
    ) -> bool:
        """Keep an answer if it may be given again, and say whether it was kept.

        Args:
            spoken: As it was asked, nothing masked.
            question: As it was sent.
            sentences: The whole answer.
            answered: How it ended, and for how long it may be kept.
            person: Who asked, where that is known.
        """
        now_ms = self._now_ms()
        seconds = min(answered.may_be_kept_seconds, self._limits.longest_seconds)
        whole = answered.outcome == "answered" and bool(sentences)
        masked = normalised(spoken) != normalised(question.text)
        if now_ms is None or seconds <= 0 or not whole or masked or self._limits.most == 0:
            return False
        if not self._fits(spoken, question.conversation):
            return False
        digest = self._digest(spoken)
        about = _about(digest)
        told = sentences_to_json(sentences)
        sealed = self._seal.seal(spoken, about), self._seal.seal(told, about)
        size = len(sealed[0]) + len(sealed[1])
        if size > self._limits.most_bytes:
            return False
        scope = self._scope
        with _as_record_errors(), self._database.transaction() as database:
            database.execute("DELETE FROM answer WHERE digest = ?", (digest,))
            database.execute(
                "INSERT INTO answer (digest, tenant, audience, language, source, embedding_model, turn_id,"
                " person, question, sentences, bytes, created_ms, expires_ms, used_ms)"
                " VALUES (?, ?, ?, ?, 'cloud', '', ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(digest, scope.tenant, scope.audience, scope.language, question.turn_id, person),
                    *(*sealed, size, now_ms, now_ms + int(seconds * 1000), now_ms),
                ),
            )
            self._make_room(database)
        self._counters.add("nearfield_answer_cache_kept_total")
        return True

    def all(self) -> tuple[KeptAnswer, ...]:
        """All that is kept for this scope, the last used first; also what has expired."""
        with _as_record_errors():
            rows = self._database.execute(f"SELECT {_COLUMNS} FROM answer ORDER BY used_ms DESC, number")  # noqa: S608 (ours)
        return tuple(self._kept(row) for row in rows)

    def erase(self, turn_id: str) -> None:
        """Erase the answers that a turn brought: what is kept of it goes with it (`TurnBelongings`)."""
        self._erase("turn_id = ?", turn_id)

    def erase_person(self, person: str) -> int:
        """Erase the answers that a person's questions brought, and say how many."""
        return self._erase("person = ?", person)

    def erase_number(self, number: int) -> int:
        """Erase one answer, and say whether there was one."""
        return self._erase("number = ?", number)

    def clear(self) -> int:
        """Erase all, and say how many."""
        return self._erase("1")

    def prune(self) -> int:
        """Erase what has expired, and what was kept for another tenant; say how many."""
        now_ms = self._now_ms()
        if now_ms is None:
            return 0
        return self._erase(
            "expires_ms <= ? OR created_ms > ? OR tenant <> ?",
            *(now_ms, now_ms + _MOST_CLOCK_ERROR_MS, self._scope.tenant),
        )

    def close(self) -> None:
        """Close the file."""
        with _as_record_errors():
            self._database.close()

    def _sealed_by(self, keys: KeyStore) -> TextSeal:
        seal = open_seal(self._database, keys)
        if seal is None:
            log: Log = structlog.get_logger()
            log.warning("answer_cache_emptied", reason="it was sealed with another key")
            with self._database.transaction() as database:
                database.execute("DELETE FROM answer")
                database.execute("DELETE FROM seal")
            empty_log(self._database)
            seal = open_seal(self._database, keys)
        if seal is None:
            raise RecordError("answer cache: the device's key changed while the file was opened: try again")
        return seal

    def _fits(self, spoken: str, conversation: Sequence[PastExchange]) -> bool:
        return bool(normalised(spoken)) and (not conversation or stands_alone(spoken, self._scope.language))

    def _digest(self, spoken: str) -> bytes:
        scope = self._scope
        return self._seal.digest(scope.tenant, scope.audience, scope.language, normalised(spoken))

    def _kept(self, row: Row) -> KeptAnswer:
        number, digest, question, sentences, source, turn_id, created_ms, expires_ms, used_ms, uses = row
        return KeptAnswer(
            number=number,
            question=self._seal.open(question, _about(digest)),
            sentences=sentences_from_json(self._seal.open(sentences, _about(digest))),
            source=source,
            turn_id=turn_id,
            created_at=_moment(created_ms),
            expires_at=_moment(expires_ms),
            used_at=_moment(used_ms),
            uses=uses,
        )

    def _make_room(self, database: Database) -> None:
        database.execute(
            "DELETE FROM answer WHERE number IN ("
            " SELECT number FROM (SELECT number, row_number() OVER recent AS place,"
            " sum(bytes) OVER recent AS held"
            " FROM answer WINDOW recent AS (ORDER BY used_ms DESC, number DESC))"
            " WHERE place > ? OR held > ?)",
            (self._limits.most, self._limits.most_bytes),
        )

    def _erase(self, condition: str, *bindings: str | int) -> int:
        with _as_record_errors():
            with self._database.transaction() as database:
                database.execute(f"DELETE FROM answer WHERE {condition}", bindings)  # noqa: S608 (ours)
                count = database.rows_changed
            empty_log(self._database)
        return count

    def _now_ms(self) -> int | None:
        now = self._clock.utc_now()
        return int(now.timestamp() * 1000) if is_plausible(now) else None


def _about(digest: bytes) -> str:
    return f"the kept answer {digest.hex()[:16]}"


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _as_record_errors() -> AbstractContextManager[None]:
    return as_record_errors("answer cache")
