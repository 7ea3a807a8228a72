"""The turn engine's decisions: ``reduce(state, event) -> (state, commands)``.

Invariants, tested with any order of events:

* at most one turn is open; every opened turn is closed exactly once, whatever the workers do or fail to do;
* a worker's event counts only for the open turn and its current revision;
* staged effects are committed once, when the person can no longer speak on, or dropped, never both;
* ends of waiting are positions in the input sound, so a replayed recording decides as the live one did.

It is not the place where anything is computed, spoken, stored or timed.
"""

from __future__ import annotations

from dataclasses import replace

from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.answering import take_report, wait
from nearfield_edge.turn.content import Transcript
from nearfield_edge.turn.endpoint import EndReason
from nearfield_edge.turn.interrupting import speak_over, take_overlap
from nearfield_edge.turn.lifecycle import (
    Step,
    begin,
    close,
    earlier,
    give_up,
    new_turn,
    reopen,
    window_passed,
)
from nearfield_edge.turn.listening import end_listening, listen
from nearfield_edge.turn.state import Mode, Phase, State, Turn, milliseconds, samples


def reduce(state: State, event: ev.Event) -> Step:
    """Take one event; give the next state and what is to be done."""
    if isinstance(event, ev.InputEvent):
        return _input(replace(state, at=max(state.at, event.at)), event)
    turn = state.turn
    if turn is None or (event.turn_id, event.revision) != (turn.turn_id, turn.revision):
        return state, ()
    if turn.overlap is not None and turn.phase is Phase.SPEAKING:
        over = take_overlap(state, turn, turn.overlap, event)
        if over is not None:
            return over
    return take_report(state, turn, event)


def _input(state: State, event: ev.InputEvent) -> Step:
    match event:
        case ev.HopHeard():
            return _hop(state, event.speech and not state.muted)
        case ev.WakeDetected():
            return _wake(state, event)
        case ev.TalkPressed():
            return _talk(state, event)
        case ev.TalkReleased():
            return _released(state)
        case ev.TextGiven():
            return _text(state, event)
        case ev.MuteChanged():
            return _mute(state, event)
        case ev.AnswerDue():
            return _due(state, event)
        case ev.StopAsked():
            return give_up(state, "interrupted")


# ── the microphone ──────────────────────────────────────────────────────────────────────────────


def _hop(state: State, speech: bool) -> Step:
    onset = speech and not state.speaking_now
    state = replace(state, speaking_now=speech)
    turn = state.turn
    if turn is None:
        if onset and state.settings.mode is Mode.OPEN_MIC:
            turn = new_turn(state, "speech", first_sample=earlier(state, state.settings.pre_roll_ms))
            return begin(state, replace(turn, speech_began=state.at, speech_end=state.at))
        return state, ()
    if turn.phase is Phase.LISTENING:
        return listen(state, turn, speech)
    if turn.phase is Phase.SPEAKING and not state.settings.half_duplex:
        return speak_over(state, turn, speech, onset=onset)
    if onset and _may_reopen(state, turn):
        return reopen(state, turn)
    return wait(state, turn)


def _may_reopen(state: State, turn: Turn) -> bool:
    deaf = turn.phase is Phase.SPEAKING
    return not (turn.sealed or turn.settled or deaf) and not window_passed(turn, state.at, state.settings)


# ── wake word, button, keyboard, mute ───────────────────────────────────────────────────────────


def _wake(state: State, event: ev.WakeDetected) -> Step:
    listening = state.turn is not None and state.turn.phase is Phase.LISTENING
    if state.muted or state.settings.mode is not Mode.WAKE or listening:
        return state, ()
    state, before = give_up(state, "interrupted")
    first = state.at - samples(state.settings.wake_lead_ms)
    if event.began is not None:
        first = event.began - samples(state.settings.pre_roll_ms)
    turn = new_turn(state, "wake", first_sample=max(0, first))
    turn = replace(turn, wake_phrase=event.phrase, wake_ended=event.ended)
    if event.ended is not None and event.spoken_until is not None:
        since_phrase_ms = milliseconds(event.spoken_until - event.ended)
        if since_phrase_ms >= state.settings.tail_ms:  # the request began before the phrase was noticed
            turn = replace(turn, speech_began=event.ended, speech_end=event.spoken_until)
    state, opened = begin(state, turn)
    return state, before + opened


def _talk(state: State, event: ev.TalkPressed) -> Step:
    turn = state.turn
    if state.muted or (turn is not None and turn.talk_held):
        return state, ()
    state, before = give_up(state, "interrupted")
    fresh = new_turn(state, "talk", first_sample=earlier(state, state.settings.pre_roll_ms))
    state, opened = begin(state, replace(fresh, talk_held=event.held))
    return state, before + opened


def _released(state: State) -> Step:
    turn = state.turn
    if turn is None or turn.phase is not Phase.LISTENING or not turn.talk_held:
        return state, ()
    reason = EndReason.RELEASED if turn.speech_end is not None else EndReason.NO_SPEECH
    return end_listening(state, turn, reason)


def _text(state: State, event: ev.TextGiven) -> Step:
    state, before = give_up(state, "interrupted")
    turn = replace(new_turn(state, "text", first_sample=state.at), phase=Phase.THINKING, sealed=True)
    state, opened = begin(state, turn)
    transcript = Transcript(text=event.text, typed=True)
    state = replace(state, turn=replace(turn, transcript=transcript))
    command = do.Understand(turn_id=turn.turn_id, revision=turn.revision, transcript=transcript)
    return state, (*before, *opened, command)


def _due(state: State, event: ev.AnswerDue) -> Step:
    if state.turn is not None:
        return state, ()
    turn = replace(new_turn(state, "later", first_sample=state.at), phase=Phase.THINKING, sealed=True)
    state, opened = begin(state, turn)
    return state, (*opened, do.Tell(turn_id=turn.turn_id, revision=turn.revision, answer=event.answer))


def _mute(state: State, event: ev.MuteChanged) -> Step:
    state = replace(state, muted=event.muted, speaking_now=state.speaking_now and not event.muted)
    turn = state.turn
    if event.muted and turn is not None and turn.phase is Phase.LISTENING:
        return close(state, turn, "muted")
    return state, ()
