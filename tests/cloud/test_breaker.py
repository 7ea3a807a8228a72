"""The circuit breaker, as a state machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from nearfield_cloud.breaker import Asked, Breaker, BreakerSettings, Ended, step

SETTINGS = BreakerSettings(failures=3, rest_seconds=10)
Outcome = Literal["succeeded", "failed", "given_up"]


@dataclass
class Caller:
    """Somebody who calls one thing through a breaker."""

    breaker: Breaker = Breaker()  # noqa: RUF009 (frozen)

    def asks(self, at_ms: float) -> bool:
        self.breaker, admitted = step(self.breaker, Asked(at_ms=at_ms), SETTINGS)
        return admitted

    def ends(self, at_ms: float, outcome: Outcome, admitted_at_ms: float | None = None) -> None:
        began = at_ms if admitted_at_ms is None else admitted_at_ms
        ended = Ended(at_ms=at_ms, admitted_at_ms=began, outcome=outcome)
        self.breaker, _ = step(self.breaker, ended, SETTINGS)


def test_failures_in_a_row_open_it_and_a_success_between_them_does_not() -> None:
    caller = Caller()
    for outcome in ("failed", "failed", "succeeded", "failed", "failed"):
        assert caller.asks(0)
        caller.ends(0, outcome)
    assert caller.breaker.phase == "closed"
    caller.ends(1, "failed")
    assert not caller.asks(2)


def test_one_trial_is_let_through_after_the_rest_and_nobody_beside_it() -> None:
    caller = opened()
    assert not caller.asks(9_999)
    assert caller.asks(10_000)
    assert not caller.asks(10_001)
    caller.ends(10_500, "succeeded", admitted_at_ms=10_000)
    assert caller.asks(10_501)
    assert caller.asks(10_502)


def test_a_trial_that_fails_means_another_rest() -> None:
    caller = opened()
    assert caller.asks(10_000)
    caller.ends(11_000, "failed", admitted_at_ms=10_000)
    assert not caller.asks(20_999)
    assert caller.asks(21_000)


def test_a_trial_that_nobody_waited_for_lets_the_next_one_try() -> None:
    caller = opened()
    assert caller.asks(10_000)
    caller.ends(10_100, "given_up", admitted_at_ms=10_000)
    assert caller.asks(10_200)


def test_a_late_result_of_an_earlier_call_does_not_decide_the_trial() -> None:
    caller = opened()
    assert caller.asks(10_000)
    caller.ends(10_100, "succeeded", admitted_at_ms=-5)
    assert not caller.asks(10_200)


def opened() -> Caller:
    caller = Caller()
    for _ in range(3):
        caller.asks(0)
        caller.ends(0, "failed")
    return caller


class CallsInAnyOrder(RuleBasedStateMachine):
    """Calls overlap, end in any order and in any way."""

    under_way = Bundle("under_way")

    def __init__(self) -> None:
        super().__init__()
        self.caller = Caller()
        self.now_ms = 0.0
        self.trials = 0

    @rule(target=under_way, passing_ms=st.integers(1, 12_000))
    def ask(self, passing_ms: int) -> tuple[float, bool, bool] | None:
        self.now_ms += passing_ms
        before = self.caller.breaker
        admitted = self.caller.asks(self.now_ms)
        rested = self.now_ms - before.opened_at_ms >= 10_000
        assert admitted == (before.phase == "closed" or (before.phase == "open" and rested))
        trial = admitted and before.phase == "open"
        self.trials += trial
        return (self.now_ms, admitted, trial)

    @rule(call=consumes(under_way), outcome=st.sampled_from(["succeeded", "failed", "given_up"]))
    def end(self, call: tuple[float, bool, bool], outcome: Outcome) -> None:
        admitted_at_ms, admitted, trial = call
        if not admitted:
            return
        before = self.caller.breaker
        self.now_ms += 1
        self.caller.ends(self.now_ms, outcome, admitted_at_ms)
        self.trials -= trial
        if before.phase == "half_open" and not trial:
            assert self.caller.breaker == before
        if before.phase == "open":
            assert self.caller.breaker == before

    @invariant()
    def at_most_one_trial_is_under_way(self) -> None:
        assert self.trials == (self.caller.breaker.phase == "half_open")

    @invariant()
    def a_closed_one_has_seen_fewer_failures_than_open_it(self) -> None:
        if self.caller.breaker.phase == "closed":
            assert self.caller.breaker.failures < SETTINGS.failures


TestCallsInAnyOrder = CallsInAnyOrder.TestCase
