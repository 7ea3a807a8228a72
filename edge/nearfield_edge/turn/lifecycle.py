"""How turns open, settle and close: the steps that every path through the engine shares."""

from __future__ import annotations

from dataclasses import replace

from nearfield_edge.turn import commands as do
from nearfield_edge.turn.state import Phase, State, Turn, TurnSettings, samples

Step = tuple[State, tuple[do.Command, ...]]


def earlier(state: State, lead_ms: int) -> int:
    """Position ``lead_ms`` before now."""
    return max(0, state.at - samples(lead_ms))


def new_turn(state: State, opened_by: str, *, first_sample: int) -> Turn:
    """A turn that listens from here on."""
    return Turn(
        turn_id=f"{state.session}-{state.opened + 1:05d}",
        opened_by=opened_by,
        opened_at=state.at,
        phase=Phase.LISTENING,
        phase_since=state.at,
        first_sample=first_sample,
        partial_at=state.at,
    )


def begin(state: State, turn: Turn) -> Step:
    """Make ``turn`` the open turn."""
    command = do.OpenTurn(turn_id=turn.turn_id, opened_by=turn.opened_by, at=state.at)
    return replace(state, opened=state.opened + 1, turn=turn), (command,)


def give_up(state: State, outcome: str) -> Step:
    """End the open turn, if any, because something else begins or silence is wanted."""
    return close(state, state.turn, outcome, listen_on=False) if state.turn is not None else (state, ())


def close(state: State, turn: Turn, outcome: str, *, listen_on: bool = True) -> Step:
    """End ``turn``; after an answer that asks, the device listens on."""
    answering = turn.phase in (Phase.THINKING, Phase.SPEAKING) or turn.ahead is not None
    decoding = turn.phase is Phase.LISTENING and (turn.pause is not None or turn.partial_pending)
    busy = answering or decoding
    cancel = (do.CancelWork(turn_id=turn.turn_id, revision=turn.revision),) if busy else ()
    drop = () if turn.settled else drop_staged(turn)
    closed = do.CloseTurn(turn_id=turn.turn_id, outcome=outcome)
    state = replace(state, turn=None)
    done = (*cancel, *stop_speech(turn), *drop, closed)
    expects = turn.asks and state.settings.follow_up_ms > 0
    if listen_on and outcome == "answered" and expects and not state.muted:
        fresh = new_turn(state, "follow_up", first_sample=earlier(state, state.settings.pre_roll_ms))
        state, opened = begin(state, replace(fresh, answers_shortly=turn.asks_shortly))
        return state, (*done, *opened)
    return state, done


def stop_speech(turn: Turn) -> tuple[do.Command, ...]:
    """What makes the device silent, if it speaks."""
    return (do.StopSpeaking(turn_id=turn.turn_id),) if turn.phase is Phase.SPEAKING else ()


def drop_staged(turn: Turn) -> tuple[do.Command, ...]:
    """What takes back the effects that the turn may have staged."""
    if turn.phase is Phase.LISTENING and turn.ahead is None:
        return ()
    return (do.DropEffects(turn_id=turn.turn_id, revision=turn.revision),)


def void_revision(turn: Turn) -> tuple[Turn, tuple[do.Command, ...]]:
    """Let nothing count any more that is done or staged for the present revision; begin the next."""
    void = (do.CancelWork(turn_id=turn.turn_id, revision=turn.revision), *drop_staged(turn))
    return replace(turn, revision=turn.revision + 1, ahead=None, partial_pending=False), void


def reopen(state: State, turn: Turn) -> Step:
    """Listen on: the person speaks on, and what was made of the first part is void."""
    silent = stop_speech(turn)
    turn, void = void_revision(turn)
    turn = replace(
        turn,
        phase=Phase.LISTENING,
        phase_since=state.at,
        speech_end=state.at,
        partial_at=state.at,
        pause=None,
        answered=False,
        apologising=False,
        asks=False,
        overlap=None,
        said=False,
    )
    command = do.ReopenTurn(turn_id=turn.turn_id, revision=turn.revision, at=state.at)
    return replace(state, turn=turn), (*void, *silent, command)


def window_passed(turn: Turn, at: int, settings: TurnSettings) -> bool:
    """Whether the person could no longer speak on at that position, so that the turn's effects may happen."""
    if turn.sealed or turn.speech_end is None:
        return True
    return at - turn.speech_end > samples(settings.reopen_ms)


def settle(state: State, turn: Turn) -> Step:
    """Commit the effects of an answered turn once the person can no longer speak on."""
    if not turn.answered or turn.settled or not window_passed(turn, state.at, state.settings):
        return state, ()
    return replace(state, turn=replace(turn, settled=True)), (do.CommitEffects(turn_id=turn.turn_id),)
