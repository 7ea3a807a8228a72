from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from nearfield_edge.errors import DeliveryError, EffectRejectedError
from nearfield_edge.records.effect_store import EffectStore
from nearfield_edge.records.outbox import Outbox
from nearfield_edge.records.outbox_entry import OutboxEntry
from nearfield_edge.skills.api import MqttEffect
from nearfield_sync.telemetry import Counters

SKILLS = ("coffee", "rooms")


class OutboxMachine(RuleBasedStateMachine):
    """Turns are answered, reopened and settled in any order, receivers fail, the device restarts.

    The model knows what may be sent: ``queues`` holds the committed keys of each skill in order of staging.
    What the outbox sends against it is collected in ``faults``, since it survives faults of a receiver.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now = datetime(2026, 3, 6, tzinfo=UTC)
        self.outcomes: list[str] = []
        self.faults: list[str] = []
        self.turns = 0
        self.order: list[str] = []
        self.skill_of: dict[str, str] = {}
        self.open: dict[str, list[str]] = {}
        """Unsettled turns, each with the keys that its last revision has staged."""
        self.revisions: dict[str, int] = {}
        self.committed: set[str] = set()
        self.rejections: dict[str, int] = {}
        self.outbox = self.opened()

    def opened(self) -> Outbox:
        return Outbox(EffectStore(Path(self.folder.name) / "outbox.db"), self, Counters(), chance=lambda: 0.5)

    def deliver(self, entry: OutboxEntry, now: datetime) -> None:
        """The seam ``Delivery``."""
        if entry.key not in self.committed:
            self.faults.append(f"{entry.key} was not to be sent")
            return
        due = [key for key in self.order if key in self.committed and self.skill_of[key] == entry.skill]
        if due[0] != entry.key:
            self.faults.append(f"{entry.key} came before {due[0]}")
        outcome = self.outcomes.pop(0) if self.outcomes else "taken"
        if outcome == "off":
            raise DeliveryError("off")
        if outcome == "declined":
            self.rejections[entry.key] = self.rejections.get(entry.key, 0) + 1
        if outcome == "taken" or self.rejections[entry.key] == 3:
            self.committed.discard(entry.key)
        if outcome == "declined":
            raise EffectRejectedError("no")

    @rule(skill=st.sampled_from(SKILLS), count=st.integers(0, 2))
    def a_turn_is_answered(self, skill: str, count: int) -> None:
        turn = f"turn-{self.turns}"
        self.turns += 1
        self.revisions[turn] = 0
        self.stage(turn, skill, count)

    @rule(data=st.data(), skill=st.sampled_from(SKILLS), count=st.integers(0, 2), told=st.booleans())
    def a_turn_is_reopened(self, data: st.DataObject, skill: str, count: int, told: bool) -> None:
        if not self.open:
            return
        turn = data.draw(st.sampled_from(sorted(self.open)))
        if told or count == 0:
            self.outbox.drop(turn, self.revisions[turn])
        self.revisions[turn] += 1
        self.stage(turn, skill, count)

    @rule(data=st.data())
    def a_turn_is_settled(self, data: st.DataObject) -> None:
        if not self.open:
            return
        turn = data.draw(st.sampled_from(sorted(self.open)))
        self.outbox.commit(turn)
        self.committed.update(self.open.pop(turn))

    @rule(data=st.data())
    def a_turn_is_given_up(self, data: st.DataObject) -> None:
        if not self.open:
            return
        turn = data.draw(st.sampled_from(sorted(self.open)))
        self.outbox.drop(turn, self.revisions[turn])
        del self.open[turn]

    @rule(
        outcomes=st.lists(st.sampled_from(["taken", "off", "declined"]), max_size=8),
        seconds=st.integers(0, 1_000),
    )
    def time_passes(self, outcomes: list[str], seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.outcomes = outcomes
        self.outbox.deliver_due(self.now)

    @rule()
    def the_device_restarts(self) -> None:
        self.outbox.close()
        self.outbox = self.opened()
        self.outbox.recover()
        for keys in self.open.values():
            self.committed.update(keys)
        self.open = {}

    @invariant()
    def nothing_is_sent_that_should_not_be(self) -> None:
        assert self.faults == []

    @invariant()
    def everything_is_accounted_for(self) -> None:
        counts = self.outbox.effects.counts()
        assert counts.get("staged", 0) == sum(len(keys) for keys in self.open.values())
        assert counts.get("committed", 0) == len(self.committed)

    def teardown(self) -> None:
        self.outcomes = []
        self.now += timedelta(minutes=10)
        self.outbox.deliver_due(self.now)
        assert self.committed == set(), "something settled was never sent"
        assert self.faults == []
        self.outbox.close()
        self.folder.cleanup()

    def stage(self, turn: str, skill: str, count: int) -> None:
        effects = [MqttEffect(topic="t")] * count
        keys = list(self.outbox.stage(turn, self.revisions[turn], skill, effects))
        self.order.extend(keys)
        self.skill_of.update(dict.fromkeys(keys, skill))
        self.open[turn] = keys


TestOutboxMachine = OutboxMachine.TestCase
TestOutboxMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
