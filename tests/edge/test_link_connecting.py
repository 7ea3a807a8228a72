"""The link's reducer: what holds whatever happens, and each rule by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nearfield_edge.escalation.connecting import (
    BEATS_MISSED,
    Asking,
    Beat,
    Command,
    Drop,
    Dropped,
    Event,
    Failed,
    FetchToken,
    GoodbyeSaid,
    Heard,
    LinkState,
    Offer,
    Opened,
    Patience,
    Started,
    Ticked,
    TokenFetched,
    Wanted,
    backoff_ms,
    reduce,
)

PATIENCE = Patience()
LOSS_MS = 3_000


class Clocked:
    """A reducer with a clock that only the test moves."""

    def __init__(self) -> None:
        self.now_ms = 0.0
        self.state = LinkState()
        self.done: list[Command] = []

    def take(self, event: Event) -> tuple[Command, ...]:
        self.state, commands = reduce(self.state, event, self.now_ms)
        self.done += commands
        return commands

    def tick_when_due(self) -> tuple[Command, ...]:
        self.now_ms = max(self.now_ms, self.state.due_ms)
        return self.take(Ticked(chance=0.5))

    def warm(self, lives_ms: float = 300_000.0) -> Clocked:
        self.take(Started())
        self.take(TokenFetched(lives_ms=lives_ms))
        self.take(Opened())
        return self


def failed(code: str = "unreachable", part: str = "line", **further: float | None) -> Failed:
    given: dict[str, float | None] = {"chance": 0.5, **further}
    return Failed(part=part, code=code, detail=code, **given)  # type: ignore[arg-type]


def test_a_link_gets_a_token_then_a_line() -> None:
    link = Clocked()
    assert link.take(Started()) == (FetchToken(),)
    assert link.take(TokenFetched(lives_ms=1e6)) == (Offer(),)
    assert not link.state.ready
    link.take(Opened())
    assert link.state.ready
    assert link.state.reason == ""


def test_while_a_question_is_under_way_a_loss_is_told_within_three_seconds() -> None:
    link = Clocked().warm()
    link.now_ms += PATIENCE.beat_ms - 1  # the worst moment: nothing heard, the next beat just ahead
    asked_ms = link.now_ms
    assert link.take(Asking(under_way=True)) == (Beat(sequence=1),)
    while link.state.phase == "warm":
        link.tick_when_due()
    assert link.state.code == "half_open"
    assert link.now_ms - asked_ms < LOSS_MS


def test_a_line_that_dies_just_after_it_was_heard_is_told_within_three_seconds() -> None:
    link = Clocked().warm()
    link.take(Asking(under_way=True))
    link.tick_when_due()
    link.take(Heard())
    died_ms = link.now_ms
    while link.state.phase == "warm":
        link.tick_when_due()
    assert link.now_ms - died_ms < LOSS_MS


def test_three_unanswered_beats_lose_an_idle_link_and_an_answer_keeps_it() -> None:
    link = Clocked().warm()
    for _ in range(BEATS_MISSED - 1):
        link.tick_when_due()
    link.take(Heard())
    for _ in range(BEATS_MISSED):
        link.tick_when_due()
        assert link.state.phase == "warm"
    assert link.tick_when_due() == (Drop(),)


def test_a_token_is_renewed_before_it_ends_and_the_line_stays() -> None:
    link = Clocked().warm(lives_ms=100_000)
    while FetchToken() not in link.done[1:]:
        link.tick_when_due()
        link.take(Heard())
    assert 80_000 <= link.now_ms < 100_000
    link.take(TokenFetched(lives_ms=100_000))
    assert link.state.phase == "warm"


def test_a_token_in_advance_that_cannot_be_had_leaves_the_line_alone() -> None:
    link = Clocked().warm(lives_ms=1_000)
    link.tick_when_due()
    link.take(Heard())
    assert link.done[-1] == FetchToken()
    link.take(failed("dns_failed", "token"))
    assert link.state.ready
    fetched = link.done.count(FetchToken())
    link.tick_when_due()
    assert link.done.count(FetchToken()) == fetched  # not with every beat


def test_a_kept_token_saves_a_reconnection_the_fetching_and_a_refused_one_is_not_shown_again() -> None:
    link = Clocked().warm()
    link.take(failed("closed"))
    link.take(Dropped())
    assert link.tick_when_due() == (Offer(),)
    link.take(failed("not_known"))
    link.take(Dropped())
    assert link.tick_when_due() == (FetchToken(),)


@given(failures=st.integers(1, 1_000), chance=st.floats(0, 1))
def test_waits_are_spread_up_to_a_ceiling(failures: int, chance: float) -> None:
    wait_ms = backoff_ms(PATIENCE, failures, chance)
    assert 0 <= wait_ms <= PATIENCE.longest_wait_ms
    assert wait_ms == pytest.approx(backoff_ms(PATIENCE, failures, 1.0) * chance)
    assert backoff_ms(PATIENCE, failures + 1, chance) >= wait_ms


def test_failures_in_a_row_wait_longer_and_a_steady_link_earns_fresh_patience() -> None:
    link = Clocked()
    link.take(Started())
    waits = []
    for _ in range(4):
        link.take(failed("dns_failed", "token", chance=1.0))
        link.take(Dropped())
        waits.append(link.state.due_ms - link.now_ms)
        link.tick_when_due()
    assert waits == [500, 1_000, 2_000, 4_000]
    link.take(TokenFetched(lives_ms=1e6))
    link.take(Opened())
    link.take(failed("closed", chance=1.0))  # opened, and lost at once: no fresh patience
    assert link.state.wait_ms == 8_000
    link.take(Dropped())
    link.tick_when_due()
    link.take(Opened())
    link.now_ms += PATIENCE.steady_ms
    link.take(failed("closed", chance=1.0))
    assert link.state.wait_ms == 500


def test_whoever_would_ask_ends_a_wait_but_not_one_that_the_cloud_asked_for() -> None:
    link = Clocked()
    link.take(Started())
    link.take(failed("connection_refused", "token"))
    link.take(Dropped())
    link.now_ms += 1.0
    link.take(Wanted())
    assert link.state.due_ms == link.now_ms
    assert link.tick_when_due() == (FetchToken(),)
    link.take(failed("too_much", "token", retry_after_seconds=30.0))
    link.take(Dropped())
    due_ms = link.state.due_ms
    link.take(Wanted())
    assert link.state.due_ms == due_ms >= link.now_ms + 30_000


def test_retry_after_is_obeyed_up_to_a_limit() -> None:
    link = Clocked()
    link.take(Started())
    link.take(failed("too_much", "token", retry_after_seconds=30.0))
    assert 30_000 <= link.state.wait_ms <= 33_000
    link = Clocked()
    link.take(Started())
    link.take(failed("too_much", "token", retry_after_seconds=1e9))
    assert link.state.wait_ms <= PATIENCE.longest_asked_wait_ms * 1.1


def test_a_goodbye_waits_for_the_question_under_way_and_takes_no_other() -> None:
    link = Clocked().warm()
    link.take(Asking(under_way=True))
    assert link.take(GoodbyeSaid(reason="an update", reconnect_after_seconds=2.0, chance=1.0)) == ()
    assert link.state.phase == "warm"
    assert not link.state.ready
    assert link.take(Asking(under_way=False)) == (Drop(),)
    assert link.state.wait_ms == 3_000
    assert link.state.code == "goodbye"


def test_a_line_closed_after_its_goodbye_counts_as_no_failure() -> None:
    link = Clocked().warm()
    link.take(Asking(under_way=True))
    link.take(GoodbyeSaid(reason="an update", reconnect_after_seconds=2.0, chance=0.0))
    link.take(failed("closed"))
    assert (link.state.code, link.state.failures, link.state.wait_ms) == ("goodbye", 0, 2_000)


EVENTS = st.one_of(
    st.just(Started()),
    st.builds(TokenFetched, lives_ms=st.floats(1, 1e6)),
    st.just(Opened()),
    st.just(Heard()),
    st.just(Wanted()),
    st.builds(Asking, under_way=st.booleans()),
    st.builds(
        Failed,
        part=st.sampled_from(["token", "line"]),
        code=st.sampled_from(["closed", "not_known", "too_much"]),
        detail=st.just("because"),
        chance=st.floats(0, 1),
        retry_after_seconds=st.none() | st.floats(0, 1e9),
    ),
    st.builds(
        GoodbyeSaid,
        reason=st.just("an update"),
        reconnect_after_seconds=st.floats(-1e3, 1e9),
        chance=st.floats(0, 1),
    ),
    st.just(Dropped()),
)


class AnyLink(RuleBasedStateMachine):
    """Whatever happens in whatever order, also what cannot happen."""

    def __init__(self) -> None:
        super().__init__()
        self.link = Clocked()
        self.link.take(Started())
        self.open_lines = 0
        self.silent_since_ms: float | None = None

    @rule(event=EVENTS, later_ms=st.floats(0, 5_000))
    def something_happens(self, event: Event, later_ms: float) -> None:
        # No later than what is due: a shell that slept through it would be another fault.
        self.link.now_ms = max(self.link.now_ms, min(self.link.now_ms + later_ms, self.link.state.due_ms))
        self._take(event)

    @precondition(lambda self: self.link.state.due_ms < float("inf"))
    @rule()
    def time_passes(self) -> None:
        self.link.now_ms = max(self.link.now_ms, self.link.state.due_ms)
        self._take(Ticked(chance=0.5))

    def _take(self, event: Event) -> None:
        before = self.link.state
        commands = self.link.take(event)
        after = self.link.state
        if isinstance(event, Heard | Opened) or after.phase != "warm" or not after.under_way:
            self.silent_since_ms = None
        if after.phase == "warm" and after.under_way and self.silent_since_ms is None:
            self.silent_since_ms = self.link.now_ms
        assert commands.count(Drop()) == (before.phase != "lost" and after.phase == "lost")
        assert commands.count(Offer()) == (before.phase != "offering" and after.phase == "offering")

    @invariant()
    def somebody_will_wake_it(self) -> None:
        state = self.link.state
        # A phase without a time of its own waits for an answer to a command.
        waits = state.phase in ("fetching_token", "offering", "lost")
        assert waits == (state.due_ms == float("inf"))

    @invariant()
    def it_is_ready_or_says_why_not(self) -> None:
        state = self.link.state
        assert state.ready or state.leaving or state.reason

    @invariant()
    def silence_under_a_question_never_lasts_three_seconds(self) -> None:
        if self.silent_since_ms is not None:
            assert self.link.now_ms - self.silent_since_ms < LOSS_MS

    @invariant()
    def it_never_waits_longer_than_allowed(self) -> None:
        state = self.link.state
        if state.phase == "waiting":
            assert state.due_ms - self.link.now_ms <= PATIENCE.longest_asked_wait_ms * 1.5


TestAnyLink = AnyLink.TestCase


def test_an_event_too_late_for_its_phase_changes_nothing() -> None:
    idle = LinkState()
    for event in (Opened(), Heard(), Dropped(), failed()):
        assert reduce(idle, event, 5.0) == (idle, ())
    warm = Clocked().warm().state
    assert reduce(warm, Started(), 5.0) == (warm, ())
    waiting = replace(warm, phase="waiting", due_ms=9.0)
    assert reduce(waiting, Ticked(chance=0.1), 8.0) == (waiting, ())
