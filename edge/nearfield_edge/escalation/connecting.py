"""When the link connects, beats, renews its token, is lost and tries again: decided here, done elsewhere.

::

    idle ─started─▶ fetching_token ─token─▶ offering ─opened─▶ warm ─silence, close, goodbye─▶ lost
                        ▲   │failed            │failed                                          │dropped
                        │   ▼                  ▼                                                ▼
                        └───────────────── waiting ◀───────────────────────────────────────────┘

A pure reducer: ``(state, event) → (state, commands)``. Times are milliseconds of a monotonic clock, chance is
handed in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

Phase = Literal["idle", "fetching_token", "offering", "warm", "lost", "waiting"]

BEATS_MISSED: Final = 3
"""So many heartbeats unanswered, and the link is lost."""
RENEWED_AT: Final = 0.8
"""Of a token's life; so that no reconnection waits for one that has just expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How the link keeps time."""

    beat_ms: float = 2_000
    """Between heartbeats while nobody asks."""
    asking_beat_ms: float = 600
    """While a question is under way: four of these pass at most until a loss is told."""
    first_wait_ms: float = 500
    longest_wait_ms: float = 60_000
    longest_asked_wait_ms: float = 600_000
    """The most that the other end's ``Retry-After`` is obeyed."""
    steady_ms: float = 10_000
    """A link that lived this long has earned a fresh patience."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The link is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Somebody would ask now: nobody waits any longer than the cloud has asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFetched:
    """There is a token."""

    lives_ms: float
    """For how long from now; infinite for a key from a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The line is open, and the cloud has greeted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something came over the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A question was sent, or the last one under way is over."""

    under_way: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A token, an offer or the open line failed."""

    part: Literal["token", "line"]
    code: str
    detail: str
    chance: float
    """0..1, for the spread of the wait."""
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodbyeSaid:
    """The cloud is going to close the line."""

    reason: str
    reconnect_after_seconds: float
    chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """What was left of a lost line is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """Time has passed; ``chance`` 0..1 in case the link is found lost."""

    chance: float


Event = Started | Wanted | TokenFetched | Opened | Heard | Asking | Failed | GoodbyeSaid | Dropped | Ticked


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchToken:
    """Get a token: for the next offer, or one in advance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Open the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """Send a heartbeat."""

    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Tell whoever waits, and close what is left of the line; answered with `Dropped`."""


Command = FetchToken | Offer | Beat | Drop


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """All that decides about the link."""

    patience: Patience = Patience()
    phase: Phase = "idle"
    reason: str = "the link has not been started"
    """Why it is not warm; empty where it is."""
    code: str = ""
    failures: int = 0
    """In a row, for the back-off."""
    due_ms: float = float("inf")
    """When the next `Ticked` is wanted: for a beat, or the end of a wait."""
    token_until_ms: float = 0.0
    """When the token is to be renewed."""
    renewing: bool = False
    warm_since_ms: float = 0.0
    under_way: bool = False
    """Whether a question is."""
    sequence: int = 0
    unanswered: int = 0
    """Heartbeats sent since something was heard."""
    wait_ms: float = 0.0
    """How long to wait once the lost line is closed."""
    told_to_wait: bool = False
    """Whether the cloud itself asked for that wait."""
    leaving: str = ""
    """What the cloud's goodbye said; the line is given up as soon as no question is under way."""

    @property
    def ready(self) -> bool:
        """Whether a question may be sent."""
        return self.phase == "warm" and not self.leaving


Step = tuple[LinkState, tuple[Command, ...]]


def reduce(state: LinkState, event: Event, now_ms: float) -> Step:
    """The next state, and what is to be done; an event that comes too late for its phase changes nothing."""
    match event:
        case Started() if state.phase == "idle":
            return _connect(replace(state, reason="the link is being set up"), now_ms)
        case TokenFetched():
            return _token(state, event, now_ms)
        case Opened() if state.phase == "offering":
            warm = replace(state, phase="warm", reason="", code="", warm_since_ms=now_ms, unanswered=0)
            return replace(warm, due_ms=now_ms + _beat_ms(warm)), ()
        case Heard() if state.phase == "warm":
            return replace(state, unanswered=0), ()
        case Asking():
            return _asking(state, event, now_ms)
        case Failed():
            return _failed(state, event, now_ms)
        case GoodbyeSaid() if state.phase == "warm":
            return _goodbye(state, event)
        case Dropped() | Wanted():
            return _wait(state, event, now_ms), ()
        case Ticked() if now_ms >= state.due_ms:
            return _ticked(state, event, now_ms)
    return state, ()


def backoff_ms(patience: Patience, failures: int, chance: float) -> float:
    """How long to wait after so many failures in a row: anything up to a doubling ceiling.

    Source: "Exponential backoff and jitter", AWS Architecture Blog, 2015 (full jitter).
    """
    ceiling = min(patience.longest_wait_ms, patience.first_wait_ms * 2.0 ** min(max(failures - 1, 0), 30))
    return ceiling * chance


def _connect(state: LinkState, now_ms: float) -> Step:
    if now_ms < state.token_until_ms:
        return replace(state, phase="offering", due_ms=float("inf")), (Offer(),)
    return replace(state, phase="fetching_token", due_ms=float("inf"), renewing=False), (FetchToken(),)


def _token(state: LinkState, event: TokenFetched, now_ms: float) -> Step:
    known = replace(state, token_until_ms=now_ms + event.lives_ms * RENEWED_AT, renewing=False)
    if state.phase == "fetching_token":
        return replace(known, phase="offering"), (Offer(),)
    return known, ()


def _asking(state: LinkState, event: Asking, now_ms: float) -> Step:
    asking = replace(state, under_way=event.under_way)
    if state.phase != "warm":
        return asking, ()
    if state.leaving and not event.under_way:
        return _leave(asking)
    if event.under_way and not state.under_way:
        # The question itself may be what finds the link dead: the first beat goes with it.
        return _beat(replace(asking, unanswered=min(state.unanswered, 1)), now_ms)
    return replace(asking, due_ms=min(state.due_ms, now_ms + _beat_ms(asking))), ()


def _ticked(state: LinkState, event: Ticked, now_ms: float) -> Step:
    if state.phase == "waiting":
        return _connect(state, now_ms)
    if state.phase != "warm":
        return replace(state, due_ms=float("inf")), ()
    if state.unanswered >= BEATS_MISSED:
        silence = f"the cloud has not answered {BEATS_MISSED} heartbeats"
        lost = Failed(part="line", code="half_open", detail=silence, chance=event.chance)
        return _failed(state, lost, now_ms)
    beating, commands = _beat(state, now_ms)
    if now_ms >= state.token_until_ms and not state.renewing:
        return replace(beating, renewing=True), (*commands, FetchToken())
    return beating, commands


def _beat(state: LinkState, now_ms: float) -> Step:
    sequence = state.sequence + 1
    beating = replace(state, sequence=sequence, unanswered=state.unanswered + 1)
    return replace(beating, due_ms=now_ms + _beat_ms(state)), (Beat(sequence=sequence),)


def _failed(state: LinkState, event: Failed, now_ms: float) -> Step:
    if state.phase == "warm" and event.part == "token":
        # A token in advance could not be had: the line lives on, and a while later it is asked for again.
        return replace(state, renewing=False, token_until_ms=now_ms + state.patience.longest_wait_ms), ()
    if state.phase not in {"token": ("fetching_token",), "line": ("offering", "warm")}[event.part]:
        return state, ()
    if state.leaving:
        return _leave(state)
    steady = state.phase == "warm" and now_ms - state.warm_since_ms >= state.patience.steady_ms
    failures = 1 if steady else state.failures + 1
    wait_ms = backoff_ms(state.patience, failures, event.chance)
    if event.retry_after_seconds is not None:
        asked_ms = min(event.retry_after_seconds * 1000, state.patience.longest_asked_wait_ms)
        wait_ms = max(wait_ms, asked_ms * (1 + event.chance / 10))
    # A token that was not taken is not shown again.
    token = 0.0 if event.code in ("not_known", "not_allowed") else state.token_until_ms
    told = event.retry_after_seconds is not None
    failed = replace(state, failures=failures, token_until_ms=token, told_to_wait=told)
    return _lose(failed, event.code, event.detail, wait_ms)


def _wait(state: LinkState, event: Dropped | Wanted, now_ms: float) -> LinkState:
    if isinstance(event, Dropped) and state.phase == "lost":
        return replace(state, phase="waiting", due_ms=now_ms + state.wait_ms)
    if isinstance(event, Wanted) and state.phase == "waiting" and not state.told_to_wait:
        return replace(state, due_ms=now_ms)
    return state


def _goodbye(state: LinkState, event: GoodbyeSaid) -> Step:
    asked_ms = min(event.reconnect_after_seconds * 1000, state.patience.longest_asked_wait_ms)
    # Spread by half of it, so that a whole site does not come back at once.
    leaving = replace(
        state,
        leaving=f"the cloud said goodbye: {event.reason}",
        wait_ms=max(asked_ms, 0.0) * (1 + event.chance / 2),
        told_to_wait=True,
    )
    return (leaving, ()) if state.under_way else _leave(leaving)


def _leave(state: LinkState) -> Step:
    return _lose(state, "goodbye", state.leaving, state.wait_ms)


def _lose(state: LinkState, code: str, reason: str, wait_ms: float) -> Step:
    lost = replace(state, phase="lost", code=code, reason=reason, wait_ms=wait_ms)
    return replace(lost, due_ms=float("inf"), unanswered=0, renewing=False, leaving=""), (Drop(),)


def _beat_ms(state: LinkState) -> float:
    return state.patience.asking_beat_ms if state.under_way else state.patience.beat_ms
