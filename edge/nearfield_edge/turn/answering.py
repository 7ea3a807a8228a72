"""From the end of listening to the end of the reply: what the workers report, and what takes too long."""

from __future__ import annotations

from dataclasses import replace

from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.lifecycle import Step, close, settle
from nearfield_edge.turn.state import Phase, State, Turn, milliseconds


def take_report(state: State, turn: Turn, event: ev.WorkEvent) -> Step:
    """Take a worker's report on the open turn's current revision."""
    match event:
        case ev.PartialRecognised():
            return replace(state, turn=replace(turn, partial_pending=False)), ()
        case ev.WorkFailed():
            return _work_failed(state, turn, event)
        case ev.SpeechEnded() if turn.phase is Phase.SPEAKING:
            return _spoken(state, turn)
        case ev.Answered() if turn.phase is Phase.THINKING:
            return _answered(state, turn, event)
        case _ if turn.phase is Phase.THINKING and not turn.apologising:
            return _next_stage(state, turn, event)
    return state, ()


def _next_stage(state: State, turn: Turn, event: ev.WorkEvent) -> Step:
    match event:
        case ev.Recognised(transcript=transcript) if not transcript.text:
            return close(state, turn, "no_speech")
        case ev.Recognised(turn_id=turn_id, revision=revision, transcript=transcript):
            return state, (do.Understand(turn_id=turn_id, revision=revision, transcript=transcript),)
        case ev.Understood(turn_id=turn_id, revision=revision, understanding=understanding):
            return state, (do.ChooseRoute(turn_id=turn_id, revision=revision, understanding=understanding),)
        case ev.RouteChosen(turn_id=turn_id, revision=revision):
            act = do.Act(
                turn_id=turn_id,
                revision=revision,
                understanding=event.understanding,
                decision=event.decision,
            )
            return state, (act,)
    return state, ()


def _answered(state: State, turn: Turn, event: ev.Answered) -> Step:
    answer = event.answer
    turn = replace(
        turn,
        phase=Phase.SPEAKING if answer.text else Phase.SETTLING,
        phase_since=state.at,
        answered=True,
        asks=answer.asks,
    )
    state = replace(state, turn=turn)
    if answer.text:
        return state, (do.Speak(turn_id=turn.turn_id, revision=turn.revision, text=answer.text),)
    return wait(state, turn)


def _spoken(state: State, turn: Turn) -> Step:
    turn = replace(turn, phase=Phase.SETTLING, phase_since=state.at)
    return wait(replace(state, turn=turn), turn)


def _work_failed(state: State, turn: Turn, event: ev.WorkFailed) -> Step:
    if event.stage == do.Speculate.__name__:
        return state, ()  # if the turn ends here, the utterance is decoded again
    if event.stage == do.RecognisePartial.__name__:
        return replace(state, turn=replace(turn, partial_pending=False)), ()
    if turn.phase is Phase.THINKING:
        return _fail(state, turn, event.code)
    if turn.phase is Phase.SPEAKING:
        return _spoken(state, turn)  # what could not be said is in the record; its effects still stand
    return state, ()


def _fail(state: State, turn: Turn, fault: str) -> Step:
    """Apologise once; if even that fails, end the turn."""
    if turn.apologising:
        return close(state, turn, "failed")
    cancel = do.CancelWork(turn_id=turn.turn_id, revision=turn.revision)
    drop = do.DropEffects(turn_id=turn.turn_id, revision=turn.revision)
    turn = replace(turn, revision=turn.revision + 1, apologising=True, phase_since=state.at)
    sorry = do.Apologise(turn_id=turn.turn_id, revision=turn.revision, fault=fault)
    return replace(state, turn=turn), (cancel, drop, sorry)


def wait(state: State, turn: Turn) -> Step:
    """A hop while the device thinks, speaks or settles: settle the effects, end what takes too long."""
    state, done = settle(state, turn)
    turn = state.turn or turn
    waited_ms = milliseconds(state.at - turn.phase_since)
    if turn.phase is Phase.THINKING and waited_ms >= state.settings.think_ms:
        state, more = _fail(state, turn, "too_slow")
        return state, done + more
    if turn.phase is Phase.SPEAKING and waited_ms >= state.settings.longest_reply_ms:
        state, more = close(state, turn, "failed")
        return state, done + more
    if turn.phase is Phase.SETTLING and turn.settled:
        state, more = close(state, turn, "answered")
        return state, done + more
    return state, done
