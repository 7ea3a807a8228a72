from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.errors import DeliveryError, EffectRejectedError, RecordError
from nearfield_edge.records.effect_store import EffectStore
from nearfield_edge.records.outbox import Outbox
from nearfield_edge.records.outbox_entry import OutboxEntry, RetryPolicy
from nearfield_edge.records.outbox_loop import OutboxLoop
from nearfield_edge.skills.api import MqttEffect
from nearfield_sync.telemetry import Counters
from tests.fakes.delivery import ScriptedDelivery

NOW = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
EFFECT = MqttEffect(topic="orders", body={"drink": "latte"})


@pytest.fixture
def delivery() -> ScriptedDelivery:
    return ScriptedDelivery()


@pytest.fixture
def counters() -> Counters:
    return Counters()


@pytest.fixture
def outbox(tmp_path: Path, delivery: ScriptedDelivery, counters: Counters) -> Iterator[Outbox]:
    box = Outbox(EffectStore(tmp_path / "outbox.db"), delivery, counters, chance=lambda: 1.0)
    yield box
    box.close()


def failures(outbox: Outbox) -> list[OutboxEntry]:
    return [entry for entry in outbox.effects.unsettled() if entry.state == "failed"]


def test_nothing_happens_before_the_turn_is_settled(outbox: Outbox, delivery: ScriptedDelivery) -> None:
    assert outbox.stage("turn", 0, "coffee", [EFFECT, EFFECT]) == ("turn/0/0", "turn/0/1")
    assert outbox.deliver_due(NOW) == 0
    outbox.commit("turn")
    assert outbox.deliver_due(NOW) == 2
    assert delivery.acknowledged == ["turn/0/0", "turn/0/1"]
    assert outbox.deliver_due(NOW) == 0


def test_a_reopened_turn_sends_only_what_its_last_revision_staged(
    outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    outbox.stage("turn", 0, "coffee", [EFFECT])
    outbox.drop("turn", 0)
    outbox.stage("turn", 1, "coffee", [EFFECT])
    outbox.commit("turn")
    outbox.deliver_due(NOW)
    assert delivery.tried == ["turn/1/0"]


def test_a_later_revision_replaces_what_nobody_dropped(outbox: Outbox, delivery: ScriptedDelivery) -> None:
    outbox.stage("turn", 0, "coffee", [EFFECT])
    outbox.stage("turn", 1, "coffee", [EFFECT])
    outbox.commit("turn")
    outbox.deliver_due(NOW)
    assert delivery.tried == ["turn/1/0"]


@pytest.mark.parametrize("drop_first", [True, False])
def test_a_skill_that_answers_after_its_turn_was_reopened_sends_nothing(
    outbox: Outbox, delivery: ScriptedDelivery, drop_first: bool
) -> None:
    if drop_first:
        outbox.drop("turn", 0)
    else:
        outbox.stage("turn", 1, "coffee", [EFFECT])
    outbox.stage("turn", 0, "coffee", [EFFECT])
    outbox.commit("turn")
    outbox.deliver_due(NOW)
    assert "turn/0/0" not in delivery.tried


def test_staging_the_same_again_changes_nothing(outbox: Outbox, delivery: ScriptedDelivery) -> None:
    for _ in range(2):
        assert outbox.stage("turn", 0, "coffee", [EFFECT]) == ("turn/0/0",)
    outbox.commit("turn")
    outbox.deliver_due(NOW)
    outbox.stage("turn", 0, "coffee", [EFFECT])
    outbox.commit("turn")
    outbox.deliver_due(NOW)
    assert delivery.acknowledged == ["turn/0/0"]


def test_what_was_staged_and_never_settled_happens_after_a_restart(
    tmp_path: Path, delivery: ScriptedDelivery, outbox: Outbox
) -> None:
    outbox.stage("turn", 0, "coffee", [EFFECT])
    outbox.stage("dropped", 0, "coffee", [EFFECT])
    outbox.drop("dropped", 0)
    outbox.close()
    again = Outbox(EffectStore(tmp_path / "outbox.db"), delivery, Counters())
    assert again.recover() == 1
    again.deliver_due(NOW)
    assert delivery.acknowledged == ["turn/0/0"]
    assert again.recover() == 0
    again.close()


def test_a_skills_effects_keep_their_order_and_hold_up_no_other_skill(
    outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    for turn in ("a", "b"):
        outbox.stage(turn, 0, "coffee", [EFFECT])
        outbox.commit(turn)
    outbox.stage("c", 0, "rooms", [EFFECT])
    outbox.commit("c")
    delivery.answers["a/0/0"] = [DeliveryError("the till is off")]
    outbox.deliver_due(NOW)
    assert delivery.tried == ["a/0/0", "c/0/0"]
    outbox.deliver_due(NOW + timedelta(seconds=2))
    assert delivery.acknowledged == ["c/0/0", "a/0/0", "b/0/0"]


def test_waits_grow_and_an_effect_is_not_tried_before_its_time(
    outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    outbox.stage("a", 0, "coffee", [EFFECT])
    outbox.commit("a")
    delivery.answers["a/0/0"] = [DeliveryError("off"), DeliveryError("off")]
    outbox.deliver_due(NOW)
    assert outbox.next_due_ms() == int((NOW + timedelta(seconds=1)).timestamp() * 1000)
    outbox.deliver_due(NOW + timedelta(seconds=0.9))
    assert len(delivery.tried) == 1
    outbox.deliver_due(NOW + timedelta(seconds=1))
    outbox.deliver_due(NOW + timedelta(seconds=2.9))
    assert len(delivery.tried) == 2
    outbox.deliver_due(NOW + timedelta(seconds=3))
    assert delivery.acknowledged == ["a/0/0"]


def test_a_clock_that_was_set_back_does_not_delay_an_effect(
    outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    outbox.stage("a", 0, "coffee", [EFFECT])
    outbox.commit("a")
    delivery.answers["a/0/0"] = [DeliveryError("off")]
    outbox.deliver_due(NOW)
    outbox.deliver_due(NOW - timedelta(days=365))
    assert delivery.acknowledged == ["a/0/0"]


def test_what_is_declined_for_good_is_set_aside_by_name_and_the_next_goes_on(
    outbox: Outbox, delivery: ScriptedDelivery, counters: Counters
) -> None:
    for turn in ("poison", "good"):
        outbox.stage(turn, 0, "coffee", [EFFECT])
        outbox.commit(turn)
    delivery.answers["poison/0/0"] = [EffectRejectedError("422")] * 3
    for minute in range(3):
        outbox.deliver_due(NOW + timedelta(minutes=minute))
    assert delivery.acknowledged == ["good/0/0"]
    (failed,) = failures(outbox)
    assert (failed.key, failed.reason, failed.attempts) == ("poison/0/0", "effect_rejected: 422", 3)
    assert failed.effect == EFFECT
    labels = {"skill": "coffee", "reason": "effect_rejected"}
    assert counters.value("nearfield_effects_failed_total", **labels) == 1


def test_patience_ends_after_its_longest_time(outbox: Outbox, delivery: ScriptedDelivery) -> None:
    outbox.stage("a", 0, "coffee", [EFFECT])
    outbox.commit("a")
    delivery.answers["a/0/0"] = [DeliveryError("off")] * 3
    for hour in (0, 71, 73):
        outbox.deliver_due(NOW + timedelta(hours=hour))
    assert [entry.reason for entry in failures(outbox)] == ["delivery_failed: off"]


def test_a_fault_in_a_delivery_is_tried_again_like_any_other(
    outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    def stumble(entry: OutboxEntry) -> None:
        delivery.before = lambda entry: None
        raise ZeroDivisionError

    delivery.before = stumble
    outbox.stage("a", 0, "coffee", [EFFECT])
    outbox.commit("a")
    assert outbox.deliver_due(NOW) == 0
    assert outbox.deliver_due(NOW + timedelta(minutes=1)) == 1


def test_what_was_ordered_is_not_kept_once_it_is_settled(
    tmp_path: Path, outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    outbox.stage("a", 0, "coffee", [EFFECT])
    outbox.stage("b", 0, "coffee", [EFFECT])
    outbox.commit("a")
    outbox.drop("b", 0)
    outbox.deliver_due(NOW)
    with apsw.Connection(str(tmp_path / "outbox.db")) as file:
        assert list(file.execute("SELECT content FROM effect")) == [(None,), (None,)]
    assert outbox.effects.counts() == {"delivered": 1, "dropped": 1}


def test_erased_words_are_not_found_in_the_files(
    tmp_path: Path, outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    outbox.stage("a", 0, "coffee", [MqttEffect(topic="t", body="ristretto")])
    outbox.commit("a")
    assert any(b"ristretto" in path.read_bytes() for path in tmp_path.iterdir())
    outbox.deliver_due(NOW)
    outbox.effects.erase("a")
    assert not any(b"ristretto" in path.read_bytes() for path in tmp_path.iterdir())


def test_a_turn_is_erased_but_not_what_is_still_to_be_delivered(
    outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    outbox.stage("done", 0, "coffee", [EFFECT])
    outbox.commit("done")
    outbox.deliver_due(NOW)
    outbox.stage("open", 0, "coffee", [EFFECT])
    outbox.commit("open")
    outbox.effects.erase("done")
    outbox.effects.erase("open")
    assert outbox.effects.counts() == {"committed": 1}
    outbox.deliver_due(NOW)
    outbox.effects.prune(NOW + timedelta(seconds=1))
    assert outbox.effects.counts() == {}


def test_erasing_says_so_while_another_process_holds_the_old_words(
    tmp_path: Path, outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    outbox.effects._database.connection.set_busy_timeout(10)
    outbox.stage("a", 0, "coffee", [MqttEffect(topic="t", body="ristretto")])
    outbox.commit("a")
    outbox.deliver_due(NOW)
    reader = apsw.Connection(str(tmp_path / "outbox.db"))
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM effect").fetchall()
    with pytest.raises(RecordError, match="end that process and erase again"):
        outbox.effects.erase("a")
    reader.close()
    outbox.effects.erase("a")
    assert not any(b"ristretto" in path.read_bytes() for path in tmp_path.iterdir())


def test_nobody_but_the_owner_may_read_what_was_ordered(tmp_path: Path, outbox: Outbox) -> None:
    outbox.stage("a", 0, "coffee", [EFFECT])
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert "outbox.db-wal" in modes
    assert set(modes.values()) == {0o600}


def test_what_was_set_aside_is_tried_again_on_request_with_fresh_patience(
    outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    outbox.stage("a", 0, "coffee", [EFFECT])
    outbox.commit("a")
    delivery.answers["a/0/0"] = [EffectRejectedError("422")] * 5
    for minute in range(3):
        outbox.deliver_due(NOW + timedelta(minutes=minute))
    outbox.effects.retry("a/0/0")
    for day in (100, 101):
        outbox.deliver_due(NOW + timedelta(days=day))
        assert [entry.state for entry in outbox.effects.unsettled()] == ["committed"]
    outbox.deliver_due(NOW + timedelta(days=102))
    assert delivery.acknowledged == ["a/0/0"]


def test_what_waits_is_tried_at_once_on_request(outbox: Outbox, delivery: ScriptedDelivery) -> None:
    outbox.stage("a", 0, "coffee", [EFFECT])
    outbox.commit("a")
    delivery.answers["a/0/0"] = [DeliveryError("off")]
    outbox.deliver_due(NOW)
    assert outbox.deliver_due(NOW) == 0
    outbox.effects.retry("a/0/0")
    assert outbox.deliver_due(NOW) == 1


def test_what_is_given_up_never_happens_and_leaves_no_words(
    tmp_path: Path, outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    outbox.stage("a", 0, "coffee", [MqttEffect(topic="t", body="ristretto"), EFFECT])
    outbox.commit("a")
    outbox.effects.give_up("a/0/0")
    outbox.deliver_due(NOW)
    assert delivery.tried == ["a/0/1"]
    assert not any(b"ristretto" in path.read_bytes() for path in tmp_path.iterdir())


def test_what_is_settled_or_unknown_can_neither_be_tried_again_nor_given_up(
    outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    outbox.stage("a", 0, "coffee", [EFFECT])
    outbox.commit("a")
    outbox.deliver_due(NOW)
    for key in ("a/0/0", "nobody/0/0"):
        for ask in (outbox.effects.retry, outbox.effects.give_up):
            with pytest.raises(RecordError, match=f"no effect {key} waits"):
                ask(key)
    assert outbox.effects.counts() == {"delivered": 1}


def test_pruning_by_age_leaves_what_failed_to_the_operator(
    outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    outbox.stage("bad", 0, "coffee", [EFFECT])
    outbox.stage("good", 0, "rooms", [EFFECT])
    outbox.commit("bad")
    outbox.commit("good")
    delivery.answers["bad/0/0"] = [EffectRejectedError("422")] * 3
    for minute in range(3):
        outbox.deliver_due(NOW + timedelta(minutes=minute))
    outbox.effects.prune(NOW)
    assert outbox.effects.counts() == {"delivered": 1, "failed": 1}
    outbox.effects.prune(NOW + timedelta(days=31))
    assert outbox.effects.counts() == {"failed": 1}


def test_effects_that_a_full_disk_refuses_are_not_promised(
    tmp_path: Path, delivery: ScriptedDelivery, counters: Counters
) -> None:
    outbox = Outbox(EffectStore(tmp_path / "outbox.db"), delivery, counters)
    pages = outbox.effects._database.connection.pragma("page_count")
    outbox.effects._database.connection.pragma("max_page_count", pages)
    with pytest.raises(RecordError, match="the disk is full"):
        outbox.stage("a", 0, "coffee", [MqttEffect(topic="t", body="x" * 20_000)] * 3)
    assert outbox.effects.counts() == {}
    assert counters.value("nearfield_outbox_not_staged_total", skill="coffee") == 1
    outbox.close()


def test_a_commit_that_the_disk_refuses_is_taken_again_before_the_next_delivery(
    tmp_path: Path, outbox: Outbox, delivery: ScriptedDelivery, counters: Counters
) -> None:
    outbox.effects._database.connection.set_busy_timeout(10)
    outbox.stage("a", 0, "coffee", [EFFECT])
    outbox.stage("b", 0, "coffee", [EFFECT])
    other = apsw.Connection(str(tmp_path / "outbox.db"))
    other.execute("BEGIN IMMEDIATE")
    outbox.drop("b", 0)
    outbox.commit("a")
    assert counters.value("nearfield_outbox_steps_delayed_total") == 2
    other.execute("ROLLBACK")
    other.close()
    assert outbox.deliver_due(NOW) == 1
    assert delivery.acknowledged == ["a/0/0"]
    assert outbox.recover() == 0


def test_a_file_that_is_no_outbox_is_one_sentence(tmp_path: Path, delivery: ScriptedDelivery) -> None:
    (tmp_path / "outbox.db").write_text("no database at all, " * 100)
    with pytest.raises(RecordError, match="not an SQLite database"):
        Outbox(EffectStore(tmp_path / "outbox.db"), delivery, Counters())


def test_an_effect_of_a_later_version_is_set_aside_and_blocks_nothing(
    tmp_path: Path, outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    delivery.before = lambda entry: _touch(entry.effect)
    for turn in ("new", "known"):
        outbox.stage(turn, 0, "coffee", [EFFECT])
        outbox.commit(turn)
    with apsw.Connection(str(tmp_path / "outbox.db")) as file:
        file.execute("""UPDATE effect SET content = '{"kind": "fax"}' WHERE turn_id = 'new'""")
    for minute in range(3):
        outbox.deliver_due(NOW + timedelta(minutes=minute))
    assert delivery.acknowledged == ["known/0/0"]
    assert [entry.key for entry in failures(outbox)] == ["new/0/0"]


def _touch(effect: object) -> None:
    """Reading the effect is what a real delivery does first."""


@given(attempts=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_a_wait_lies_between_half_and_the_whole_of_its_bound(attempts: int, chance: float) -> None:
    policy = RetryPolicy()
    ceiling = min(300_000, 1_000 * 2 ** (attempts - 1))
    assert ceiling // 2 <= policy.wait_ms(attempts, chance) <= ceiling


async def until(condition: Callable[[], bool]) -> None:
    """Wait for another thread, five seconds at most."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 (another thread makes it true)
            await asyncio.sleep(0.005)


async def test_the_loop_delivers_what_is_committed_while_it_runs(
    outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    loop = OutboxLoop(outbox, lambda: NOW)
    running = asyncio.create_task(loop.run())
    await until(lambda: not running.done())
    outbox.stage("a", 0, "coffee", [EFFECT, EFFECT])
    outbox.commit("a")
    loop.wake()
    await until(lambda: delivery.acknowledged == ["a/0/0", "a/0/1"])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_slow_receiver_holds_up_only_its_own_skill(
    outbox: Outbox, delivery: ScriptedDelivery
) -> None:
    go_on = threading.Event()
    delivery.before = lambda entry: _touch(entry.skill != "coffee" or go_on.wait(5))
    for skill in ("coffee", "rooms"):
        outbox.stage(skill, 0, skill, [EFFECT])
        outbox.commit(skill)
    loop = OutboxLoop(outbox, lambda: NOW)
    running = asyncio.create_task(loop.run())
    await until(lambda: delivery.acknowledged == ["rooms/0/0"])
    go_on.set()
    await until(lambda: "coffee/0/0" in delivery.acknowledged)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_the_loop_tries_again_when_the_wait_is_over(outbox: Outbox, delivery: ScriptedDelivery) -> None:
    delivery.answers["a/0/0"] = [DeliveryError("off")]
    outbox.stage("a", 0, "coffee", [EFFECT])
    outbox.commit("a")
    now = [NOW]
    running = asyncio.create_task(OutboxLoop(outbox, lambda: now[0]).run())
    await until(lambda: len(delivery.tried) == 1)
    now[0] += timedelta(seconds=0.95)
    await until(lambda: not running.done())
    now[0] += timedelta(seconds=1)
    await until(lambda: delivery.acknowledged == ["a/0/0"])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
