"""Questions that can wait for a link: kept durably, asked once, their answers kept until they are told.

::

    waiting ──begin──▶ asked ──answer──▶ answered ──told──▶ (gone)
       │  ▲              │└──give up──▶ given_up ──told──▶ (gone)
       │  └──put back────┘
       └──expiry──▶ given_up

Each step is one durable transaction, taken before what it stands for: a question is ``asked`` before it is
sent. A device that is killed meanwhile cannot know whether it was heard, and gives it up: nothing is asked
twice. It is put back only where it surely was not sent.

What was asked and answered is sealed with the device's key (`records.sealed_text`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from nearfield_edge.errors import RecordError
from nearfield_edge.escalation.kept_answer import sentences_from_json, sentences_to_json
from nearfield_edge.escalation.queued_question import QueuedQuestion, QueueLimits
from nearfield_edge.escalation.seam import AnswerSentence, EscalatedQuestion, PastExchange
from nearfield_edge.records.keys import KeyStore
from nearfield_edge.records.private_database import as_record_errors, empty_log, open_private
from nearfield_edge.records.sealed_text import SEAL_TABLE, TextSeal, open_seal
from nearfield_sync.clock import EARLIEST_PLAUSIBLE, Clock, is_plausible
from nearfield_sync.database import Database, Row
from nearfield_sync.telemetry import Counters

MIGRATIONS: Final = (
    SEAL_TABLE
    + """
    CREATE TABLE question (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        turn_id TEXT NOT NULL,
        person TEXT,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'asked', 'answered', 'given_up')),
        content BLOB NOT NULL,     -- sealed: JSON
        answer BLOB,               -- sealed: JSON, with citations
        reason TEXT,
        kept_ms INTEGER NOT NULL,
        settled_ms INTEGER
    );
    CREATE INDEX question_by_state ON question (state, number);
    CREATE INDEX question_by_turn ON question (turn_id);
    CREATE INDEX question_by_person ON question (person) WHERE person IS NOT NULL;
    """,
)
_COLUMNS: Final = "key, turn_id, person, state, content, answer, reason, kept_ms"
_EARLIEST_MS: Final = int(EARLIEST_PLAUSIBLE.timestamp() * 1000)
_INTERRUPTED: Final = "the device stopped while it was being asked"


class QuestionQueue:
    """The file of questions. Blocking; safe from any thread.

    Every call raises ``RecordError`` where the file or the device's key cannot be used; nothing was changed
    then.
    """

    def __init__(
        self,
        path: Path,
        keys: KeyStore,
        *,
        limits: QueueLimits | None = None,
        clock: Clock,
        counters: Counters,
    ) -> None:
        """Open or make the file, readable by its owner only; it can be opened beside a running device.

        Args:
            path: The SQLite file.
            keys: The device's key.
            limits: How many wait, and for how long.
            clock: Its wall side; while it has not been set nothing expires.
            counters: Takes ``nearfield_questions_*_total``.
        """
        self._limits = limits or QueueLimits()
        self._clock = clock
        self._counters = counters
        with _as_record_errors():
            self._database: Database = open_private(path, MIGRATIONS)
            seal = open_seal(self._database, keys)
        if seal is None:
            raise RecordError(
                f"question queue {path}: its questions were sealed with another key: put the device's key"
                " back, or move the file away to begin anew"
            )
        self._seal: TextSeal = seal

    def put(self, question: EscalatedQuestion, *, person: str | None = None) -> bool:
        """Let a question wait; the same one again changes nothing.

        Returns:
            Whether it waits; False where the queue is full: say so to the person.
        """
        with _as_record_errors(), self._database.transaction() as database:
            known = database.execute("SELECT 1 FROM question WHERE key = ?", (question.key,))
            ((count,),) = database.execute(
                "SELECT count(*) FROM question WHERE state IN ('waiting', 'asked')"
            )
            if known:
                return True
            if count >= self._limits.most:
                self._counters.add("nearfield_questions_refused_total")
                return False
            database.execute(
                "INSERT INTO question (key, turn_id, person, state, content, kept_ms)"
                " VALUES (?, ?, ?, 'waiting', ?, ?)",
                (question.key, question.turn_id, person, self._content(question), self._now_ms()),
            )
        self._counters.add("nearfield_questions_kept_total")
        return True

    def next(self) -> QueuedQuestion | None:
        """The question that has waited longest; those that have waited too long are given up."""
        self._expire()
        found = self._questions("state = 'waiting' ORDER BY number LIMIT 1")
        return found[0] if found else None

    def begin(self, key: str) -> bool:
        """It is about to be asked; False where it does not wait any more, and must not be."""
        return self._step("UPDATE question SET state = 'asked' WHERE key = ? AND state = 'waiting'", key)

    def put_back(self, key: str) -> bool:
        """It surely was not sent: it waits again."""
        return self._step("UPDATE question SET state = 'waiting' WHERE key = ? AND state = 'asked'", key)

    def answer(self, key: str, sentences: Sequence[AnswerSentence]) -> bool:
        """It was answered; False where it was erased meanwhile."""
        answered = self._step(
            "UPDATE question SET state = 'answered', answer = ?, settled_ms = ? WHERE key = ?"
            " AND state = 'asked'",
            *(self._seal.seal(sentences_to_json(sentences), _about(key, "answer")), self._now_ms(), key),
        )
        self._counters.add("nearfield_questions_answered_total", int(answered))
        return answered

    def give_up(self, key: str, reason: str) -> bool:
        """It will not be asked any more."""
        given_up = self._step(
            "UPDATE question SET state = 'given_up', reason = ?, settled_ms = ? WHERE key = ?"
            " AND state IN ('waiting', 'asked')",
            *(reason[:500], self._now_ms(), key),
        )
        self._counters.add("nearfield_questions_given_up_total", int(given_up))
        return given_up

    def recover(self) -> int:
        """After a start: give up what was being asked when the device stopped, and say how many."""
        with _as_record_errors(), self._database.transaction() as database:
            database.execute(
                "UPDATE question SET state = 'given_up', reason = ?, settled_ms = ? WHERE state = 'asked'",
                (_INTERRUPTED, self._now_ms()),
            )
            count = database.rows_changed
        self._counters.add("nearfield_questions_given_up_total", count)
        return count

    def to_tell(self) -> tuple[QueuedQuestion, ...]:
        """What was answered or given up and not told yet, in the order in which it was asked."""
        return self._questions("state IN ('answered', 'given_up') ORDER BY number")

    def told(self, key: str) -> None:
        """It was told: nothing is kept of it."""
        self._erase("key = ? AND state IN ('answered', 'given_up')", key)

    def all(self) -> tuple[QueuedQuestion, ...]:
        """Everything that is kept, in the order in which it was asked."""
        return self._questions("1 ORDER BY number")

    def erase(self, turn_id: str) -> None:
        """Erase what is kept of a turn (`TurnBelongings`); what is on its way just now is not told."""
        self._erase("turn_id = ?", turn_id)

    def erase_person(self, person: str) -> int:
        """Erase a person's questions, and say how many."""
        return self._erase("person = ?", person)

    def erase_key(self, key: str) -> int:
        """Erase one question, and say whether there was one."""
        return self._erase("key = ?", key)

    def clear(self) -> int:
        """Erase all, and say how many."""
        return self._erase("1")

    def prune(self) -> int:
        """Give up what has waited too long, and erase what nobody was told for as long again."""
        self._expire()
        now_ms = self._now_ms()
        return self._erase(
            "settled_ms IS NOT NULL AND settled_ms < ?", now_ms - int(self._limits.longest_seconds * 1000)
        )

    def close(self) -> None:
        """Close the file."""
        with _as_record_errors():
            self._database.close()

    def _expire(self) -> None:
        if not is_plausible(self._clock.utc_now()):
            return
        now_ms, longest_ms = self._now_ms(), int(self._limits.longest_seconds * 1000)
        # A question kept under a clock that was not set, or was ahead, is dated now: it waits once more.
        self._step(
            "UPDATE question SET kept_ms = ?1 WHERE state = 'waiting' AND (kept_ms > ?1 + ?2"
            " OR kept_ms < ?3)",
            *(now_ms, longest_ms, _EARLIEST_MS),
        )
        hours = self._limits.longest_seconds / 3600
        self._step(
            "UPDATE question SET state = 'given_up', reason = ?, settled_ms = ?"
            " WHERE state = 'waiting' AND kept_ms <= ?",
            *(f"there was no link for {hours:g} hours", now_ms, now_ms - longest_ms),
        )

    def _content(self, question: EscalatedQuestion) -> bytes:
        content = {
            "revision": question.revision,
            "text": question.text,
            "language": question.language,
            "conversation": [asdict(exchange) for exchange in question.conversation],
        }
        return self._seal.seal(json.dumps(content, ensure_ascii=False), _about(question.key, "content"))

    def _questions(self, condition: str) -> tuple[QueuedQuestion, ...]:
        with _as_record_errors():
            rows = self._database.execute(f"SELECT {_COLUMNS} FROM question WHERE {condition}")  # noqa: S608 (ours)
        return tuple(self._question(row) for row in rows)

    def _question(self, row: Row) -> QueuedQuestion:
        key, turn_id, person, state, content, answer, reason, kept_ms = row
        told: dict[str, Any] = json.loads(self._seal.open(content, _about(key, "content")))
        sentences = (
            () if answer is None else sentences_from_json(self._seal.open(answer, _about(key, "answer")))
        )
        return QueuedQuestion(
            question=EscalatedQuestion(
                turn_id=turn_id,
                revision=told["revision"],
                text=told["text"],
                language=told["language"],
                conversation=tuple(PastExchange(**exchange) for exchange in told["conversation"]),
                can_wait=True,
            ),
            person=person,
            state=state,
            sentences=sentences,
            reason=reason or "",
            kept_ms=kept_ms,
        )

    def _step(self, sql: str, *bindings: str | int | bytes) -> bool:
        with _as_record_errors(), self._database.transaction() as database:
            database.execute(sql, bindings)
            return database.rows_changed > 0

    def _erase(self, condition: str, *bindings: str | int) -> int:
        with _as_record_errors():
            with self._database.transaction() as database:
                database.execute(f"DELETE FROM question WHERE {condition}", bindings)  # noqa: S608 (ours)
                count = database.rows_changed
            empty_log(self._database)
        return count

    def _now_ms(self) -> int:
        return int(self._clock.utc_now().timestamp() * 1000)


def _about(key: str, part: str) -> str:
    return f"the {part} of question {key}"


def _as_record_errors() -> AbstractContextManager[None]:
    return as_record_errors("question queue")
