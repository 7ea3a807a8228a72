"""Effects under way: an order sent, a room booked, each exactly once as far as the receiver knows keys.

An effect is *staged* before the reply that promises it is spoken, *committed* when the turn is settled, and
then *delivered*; or it is *dropped* because the person spoke on, or *failed* for ever and set aside.
Delivery happens at least once with a key that never changes; the receiver's memory of keys makes it once.

What must survive is in the `EffectStore`. Here is the rest: steps that a full disk has put off, late answers
of skills, and patience with receivers.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import structlog

from nearfield_edge.errors import DeliveryError, EdgeError, RecordError
from nearfield_edge.records.effect_store import EffectStore, milliseconds
from nearfield_edge.records.outbox_entry import Delivery, OutboxEntry, RetryPolicy
from nearfield_edge.skills.api import Effect
from nearfield_sync.telemetry import Counters

_log = structlog.get_logger()

MOST_DROPPED_REMEMBERED: Final = 256
"""Dropped turns whose late effects are still recognised; one turn is open at a time."""


class Outbox:
    """What the device does with effects, and the only caller of ``Delivery``. Blocking; for any thread."""

    def __init__(
        self,
        effects: EffectStore,
        delivery: Delivery,
        counters: Counters,
        *,
        policy: RetryPolicy | None = None,
        chance: Callable[[], float] | None = None,
    ) -> None:
        """Take the store over.

        Args:
            effects: Closed with this outbox.
            delivery: Carries effects out.
            counters: Counts what was delivered, tried again, set aside.
            policy: How patiently.
            chance: Gives 0..1 for the spread of waits; random if absent.
        """
        self.effects = effects
        self._delivery = delivery
        self._counters = counters
        self._policy = policy or RetryPolicy()
        self._chance = chance or random.SystemRandom().random
        self._dropped: dict[str, int] = {}
        self._steps: deque[tuple[str, int | None]] = deque()
        self._stepping = threading.Lock()

    def stage(self, turn_id: str, revision: int, skill: str, effects: Sequence[Effect]) -> tuple[str, ...]:
        """Keep what a turn wants to set in motion; call it before the reply is spoken.

        What an earlier revision of the turn had staged is dropped; a revision that was dropped while its
        skill still worked stays dropped. Staging the same again changes nothing.

        Returns:
            One idempotency key per effect.

        Raises:
            RecordError: Nothing was kept (a full disk): do not promise the effect to the person.
        """
        dropped = revision <= self._dropped.get(turn_id, -1)
        try:
            return self.effects.stage(turn_id, revision, skill, effects, dropped=dropped)
        except RecordError:
            self._counters.add("nearfield_outbox_not_staged_total", skill=skill)
            raise

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
        count = self.effects.commit_all()
        self._counters.add("nearfield_outbox_recovered_total", count)
        return count

    def due(self, now: datetime) -> tuple[OutboxEntry, ...]:
        """The next effect of each skill whose time has come; a skill's effects keep their order.

        Raises:
            RecordError: The store cannot be read.
        """
        self._finish_steps()
        now_ms = milliseconds(now)
        latest_ms = now_ms + self._policy.longest_wait_ms  # beyond it the clock was set back: do not wait
        return tuple(
            entry for entry in self.effects.heads() if entry.due_ms <= now_ms or entry.due_ms > latest_ms
        )

    def next_due_ms(self) -> int | None:
        """Unix milliseconds at which ``due`` will next have something; None when nothing waits.

        Raises:
            RecordError: The store cannot be read.
        """
        return min((entry.due_ms for entry in self.effects.heads()), default=None)

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
        self.effects.settle(entry.key, "delivered", now)
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

    def close(self) -> None:
        """Close the store."""
        self.effects.close()

    def _finish_steps(self) -> None:
        """Take the commits and drops still to be taken, in order; from what the disk refuses on they wait."""
        with self._stepping:
            while self._steps:
                turn_id, revision = self._steps[0]
                try:
                    self._step(turn_id, revision)
                except RecordError:
                    self._counters.add("nearfield_outbox_steps_delayed_total")
                    _log.warning("outbox_step_delayed", turn_id=turn_id, exc_info=True)
                    return
                self._steps.popleft()

    def _step(self, turn_id: str, revision: int | None) -> None:
        if revision is None:
            self.effects.commit(turn_id)
        else:
            self.effects.drop(turn_id, revision)

    def _note_failure(self, entry: OutboxEntry, error: EdgeError, now: datetime) -> bool:
        now_ms = milliseconds(now)
        first_ms = entry.first_attempt_ms if entry.first_attempt_ms is not None else now_ms
        rejections = entry.rejections + (not error.retryable)
        too_old = now_ms - first_ms > self._policy.longest_hours * 3_600_000
        reason = f"{error.code}: {error}"[:500]
        if rejections >= self._policy.rejections or too_old:
            self.effects.settle(entry.key, "failed", now, reason=reason)
            self._counters.add("nearfield_effects_failed_total", skill=entry.skill, reason=error.code)
            _log.error("effect_set_aside", key=entry.key, skill=entry.skill, reason=error.code)
            return True
        due_ms = now_ms + self._policy.wait_ms(entry.attempts + 1, self._chance())
        self.effects.postpone(
            entry.key, due_ms=due_ms, first_attempt_ms=first_ms, rejections=rejections, reason=reason
        )
        self._counters.add("nearfield_effects_retried_total", skill=entry.skill, reason=error.code)
        return False
