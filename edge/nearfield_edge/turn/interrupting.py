"""Speech over a reply: whether it interrupts.

Nobody can tell from the first syllable whether somebody interrupts, coughs or agrees. So the reply pauses as
soon as there is speech enough that it is no click and no rest of the echo, and what is said over it decides:
a sentence or lasting speech interrupts, and is a turn of its own that began with its first sound; a stop word
ends the turn; after anything else the reply goes on where it stopped.

Whoever speaks on soon after their own last word joins it instead: the turn is reopened.
"""

from __future__ import annotations

from dataclasses import replace

from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.answering import spoken, wait
from nearfield_edge.turn.endpoint import Sentence
from nearfield_edge.turn.lifecycle import Step, begin, close, new_turn, reopen, window_passed
from nearfield_edge.turn.state import Ahead, Mode, Overlap, Pause, State, Turn, milliseconds, samples
from nearfield_edge.turn.stop_words import is_stop_word


def speak_over(state: State, turn: Turn, speech: bool, *, onset: bool) -> Step:
    """Take a hop while the device speaks and hears.

    Speech that was there before the reply began says nothing of it: what begins (``onset``) does.
    """
    overlap = _followed(turn.overlap, speech, onset, state.at)
    turn = replace(turn, overlap=overlap)
    state = replace(state, turn=turn)
    if overlap is None:
        return spoken(state, turn, heard=True) if turn.said else wait(state, turn)
    if overlap.held_at is not None:
        return _weigh(state, turn, overlap, overlap.held_at, speech)
    run_ms = milliseconds(overlap.heard - overlap.began)
    if _joins(state, turn, overlap):
        return reopen(state, turn) if run_ms >= state.settings.join_ms else (state, ())
    if run_ms >= state.settings.overlap_ms and _may_interrupt(state):
        return _hold(state, turn, overlap)
    return wait(state, turn)


def take_overlap(state: State, turn: Turn, overlap: Overlap, event: ev.WorkEvent) -> Step | None:
    """Take a report that concerns what is said over the reply; None for those that do not."""
    match event:
        case ev.Guessed():
            return _weighed(state, turn, overlap, event)
        case ev.SpeechEnded() if _may_interrupt(state) and not turn.asks:
            return replace(state, turn=replace(turn, said=True)), ()
    return None


def _weighed(state: State, turn: Turn, overlap: Overlap, event: ev.Guessed) -> Step:
    """It is known what was said."""
    if overlap.held_at is None or event.speech_end != overlap.heard:
        return state, ()
    if event.sentence in (Sentence.OPEN, Sentence.WHOLE):
        return _interrupt(state, turn, overlap, event)
    if is_stop_word(event.transcript.text, state.settings.stop_words):
        return close(state, turn, "interrupted", listen_on=False)
    return replace(state, turn=replace(turn, overlap=replace(overlap, weighed=event.speech_end))), ()


def _followed(overlap: Overlap | None, speech: bool, onset: bool, at: int) -> Overlap | None:
    if speech and overlap is None:
        return Overlap(began=at, heard=at) if onset else None
    if speech and overlap is not None:
        return replace(overlap, heard=at)
    return overlap if overlap is not None and overlap.held_at is not None else None


def _joins(state: State, turn: Turn, overlap: Overlap) -> bool:
    """Whether this goes on with what the person said before the reply."""
    return not (turn.sealed or turn.settled) and not window_passed(turn, overlap.began, state.settings)


def _may_interrupt(state: State) -> bool:
    return state.settings.barge_in and state.settings.mode is not Mode.PUSH_TO_TALK


def _hold(state: State, turn: Turn, overlap: Overlap) -> Step:
    turn = replace(turn, overlap=replace(overlap, held_at=state.at))
    state, done = wait(replace(state, turn=turn), turn)
    return state, (*done, do.HoldSpeech(turn_id=turn.turn_id))


def _weigh(state: State, turn: Turn, overlap: Overlap, held_at: int, speech: bool) -> Step:
    """The reply is held: find out whether it was interrupted."""
    settings = state.settings
    if speech:
        if milliseconds(state.at - overlap.began) >= settings.interrupt_ms:
            return _interrupt(state, turn, overlap)
        return wait(state, turn)
    silent_ms = milliseconds(state.at - overlap.heard)
    was_nothing = overlap.weighed == overlap.heard and silent_ms >= settings.resume_ms
    if was_nothing or silent_ms >= settings.hold_ms:
        return _resume(state, turn, held_at)
    if silent_ms >= settings.post_roll_ms and overlap.asked != overlap.heard:
        turn = replace(turn, overlap=replace(overlap, asked=overlap.heard))
        state, done = wait(replace(state, turn=turn), turn)
        return state, (*done, _decode(state, turn, overlap))
    return wait(state, turn)


def _decode(state: State, turn: Turn, overlap: Overlap) -> do.Speculate:
    end = overlap.heard + samples(state.settings.post_roll_ms)
    return do.Speculate(
        turn_id=turn.turn_id,
        revision=turn.revision,
        first_sample=_first_sample(state, overlap),
        end_sample=min(state.at, end),
        speech_end=overlap.heard,
        wake_phrase=None,
    )


def _first_sample(state: State, overlap: Overlap) -> int:
    return max(0, overlap.began - samples(state.settings.pre_roll_ms))


def _resume(state: State, turn: Turn, held_at: int) -> Step:
    """It was nothing: the reply goes on, and its greatest length does not count the pause."""
    turn = replace(turn, overlap=None, phase_since=turn.phase_since + state.at - held_at)
    state = replace(state, turn=turn)
    if turn.said:
        return spoken(state, turn, heard=True)
    state, done = wait(state, turn)
    return state, (*done, do.ResumeSpeech(turn_id=turn.turn_id))


def _interrupt(state: State, turn: Turn, overlap: Overlap, guess: ev.Guessed | None = None) -> Step:
    """End the turn for one that began with what was said over its reply, and knows what that was so far."""
    state, ended = close(state, turn, "interrupted", listen_on=False)
    fresh = replace(
        new_turn(state, "interruption", first_sample=_first_sample(state, overlap)),
        speech_began=overlap.began,
        speech_end=overlap.heard,
        answers_shortly=turn.asks_shortly,
    )
    if guess is None:
        state, opened = begin(state, fresh)
        return state, (*ended, *opened)
    comma = guess.transcript.text.endswith(",")
    pause = Pause(began=overlap.heard, sentence=guess.sentence, comma=comma)
    fresh = replace(fresh, quiet_since=overlap.heard, pause=pause, guesses=1)
    if not state.settings.answer_ahead:
        state, opened = begin(state, fresh)
        return state, (*ended, *opened)
    state, opened = begin(state, replace(fresh, ahead=Ahead(transcript=guess.transcript)))
    understand = do.Understand(turn_id=fresh.turn_id, revision=fresh.revision, transcript=guess.transcript)
    return state, (*ended, *opened, understand)
