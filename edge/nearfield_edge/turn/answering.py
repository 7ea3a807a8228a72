"""From the end of listening to the end of the reply: what the workers report, and what takes too long."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.content import Answer, AnswerPart, Transcript
from nearfield_edge.turn.endpoint import Sentence
from nearfield_edge.turn.lifecycle import Step, close, settle, void_revision
from nearfield_edge.turn.listening import take_guess, take_judgement
from nearfield_edge.turn.state import Ahead, Phase, State, Turn, milliseconds
from nearfield_edge.turn.stop_words import is_stop_word

_OPTIONAL: Final = tuple(kind.__name__ for kind in (do.Speculate, do.JudgeTurn, do.PrepareSpeech))


def take_report(state: State, turn: Turn, event: ev.WorkEvent) -> Step:
    """Take a worker's report on the open turn's current revision."""
    match event:
        case ev.PartialRecognised():
            return replace(state, turn=replace(turn, partial_pending=False)), ()
        case ev.Guessed():
            return take_guess(state, turn, event)
        case ev.TurnJudged():
            return take_judgement(state, turn, event)
        case ev.WorkFailed():
            return _work_failed(state, turn, event)
        case ev.SpeechEnded(heard_ms=heard_ms) if turn.phase is Phase.SPEAKING:
            return spoken(state, turn, heard=heard_ms > 0)
        case ev.Answered() | ev.AnswerWentOn():
            return _take_answer(state, turn, event)
    thinking = turn.phase is Phase.THINKING and not turn.apologising
    if thinking or (turn.ahead is not None and isinstance(event, ev.Understood | ev.RouteChosen)):
        return _next_stage(state, turn, event)
    return state, ()


def _take_answer(state: State, turn: Turn, event: ev.Answered | ev.AnswerWentOn) -> Step:
    match event:
        case ev.AnswerWentOn(part=part):
            return _went_on(state, turn, part)
        case ev.Answered(answer=answer) if turn.phase is Phase.THINKING:
            return _answered(state, turn, answer)
        case ev.Answered(answer=answer) if turn.phase is Phase.LISTENING and turn.ahead is not None:
            return _answered_ahead(state, turn, turn.ahead, answer)
    return state, ()


def _next_stage(state: State, turn: Turn, event: ev.WorkEvent) -> Step:
    match event:
        case ev.Recognised(transcript=transcript) if turn.ahead is not None:
            return _kept_or_not(state, turn, turn.ahead, transcript)
        case ev.Recognised(transcript=transcript) if not transcript.text:
            return close(state, turn, "no_speech")
        case ev.Recognised(transcript=transcript) if _wants_silence(state, turn, transcript):
            return close(state, turn, "cancelled")
        case ev.Recognised(turn_id=turn_id, revision=revision, transcript=transcript):
            state = replace(state, turn=replace(turn, transcript=transcript))
            return state, (do.Understand(turn_id=turn_id, revision=revision, transcript=transcript),)
        case ev.Understood(turn_id=turn_id, revision=revision, understanding=understanding):
            choose = do.ChooseRoute(
                turn_id=turn_id,
                revision=revision,
                transcript=_words(turn),
                understanding=understanding,
            )
            return state, (choose,)
        case ev.RouteChosen(turn_id=turn_id, revision=revision):
            act = do.Act(
                turn_id=turn_id,
                revision=revision,
                transcript=_words(turn),
                understanding=event.understanding,
                decision=event.decision,
            )
            return state, (act,)
    return state, ()


def _words(turn: Turn) -> Transcript:
    """What is being answered."""
    if turn.ahead is not None:
        return turn.ahead.transcript
    return turn.transcript or Transcript(text="")


def _wants_silence(state: State, turn: Turn, transcript: Transcript) -> bool:
    """Whether all that was said is that nothing is wanted, unless that means something to a skill."""
    sentence = Sentence.UNKNOWN if turn.pause is None else turn.pause.sentence
    no_sentence = sentence is Sentence.NONE or (sentence is Sentence.UNKNOWN and not transcript.readings)
    return no_sentence and is_stop_word(transcript.text, state.settings.stop_words)


def _kept_or_not(state: State, turn: Turn, ahead: Ahead, transcript: Transcript) -> Step:
    """The turn has ended: what was made of it ahead counts, unless something else was said after all."""
    if transcript == ahead.transcript:
        return (state, ()) if ahead.answer is None else _answered(state, turn, ahead.answer)
    turn, void = void_revision(turn)
    dropped = do.DropGuess(turn_id=turn.turn_id, revision=turn.revision)
    anew = ev.Recognised(turn_id=turn.turn_id, revision=turn.revision, transcript=transcript)
    state, done = _next_stage(replace(state, turn=turn), turn, anew)
    return state, (*void, dropped, *done)


def _answered_ahead(state: State, turn: Turn, ahead: Ahead, answer: Answer) -> Step:
    state = replace(state, turn=replace(turn, ahead=replace(ahead, answer=answer)))
    if not answer.text:
        return state, ()
    return state, (do.PrepareSpeech(turn_id=turn.turn_id, revision=turn.revision, text=answer.text),)


def _answered(state: State, turn: Turn, answer: Answer) -> Step:
    turn = replace(
        turn,
        phase=Phase.SPEAKING if answer.text else Phase.SETTLING,
        phase_since=state.at,
        answered=True,
        asks=answer.asks,
        asks_shortly=answer.asks_shortly,
        ahead=None,
    )
    state = replace(state, turn=turn)
    if answer.text:
        speak = do.Speak(
            turn_id=turn.turn_id,
            revision=turn.revision,
            text=answer.text,
            more=answer.more,
            goes_on=answer.goes_on,
        )
        return state, (speak,)
    return wait(state, turn)


def _went_on(state: State, turn: Turn, part: AnswerPart) -> Step:
    """There is more of an answer, which is being said, or waits for its turn to end."""
    ahead = turn.ahead
    if ahead is not None and ahead.answer is not None:
        answer = ahead.answer.gone_on(part)
        return replace(state, turn=replace(turn, ahead=replace(ahead, answer=answer))), ()
    if turn.phase is not Phase.SPEAKING:
        return state, ()
    state = replace(state, turn=replace(turn, asks=turn.asks or part.asks))
    on = do.SpeakOn(turn_id=turn.turn_id, revision=turn.revision, text=part.text, last=part.last)
    return state, (on,)


def spoken(state: State, turn: Turn, *, heard: bool) -> Step:
    """The reply is over; whether any of it was heard."""
    # whoever speaks after a question that was heard answers it, and goes on with nothing
    sealed = turn.sealed or (turn.asks and heard)
    turn = replace(turn, phase=Phase.SETTLING, phase_since=state.at, sealed=sealed, overlap=None, said=False)
    return wait(replace(state, turn=turn), turn)


def _work_failed(state: State, turn: Turn, event: ev.WorkFailed) -> Step:
    if event.stage in _OPTIONAL:
        return state, ()  # if it is needed after all, it is done again
    if event.stage == do.RecognisePartial.__name__:
        return replace(state, turn=replace(turn, partial_pending=False)), ()
    if turn.phase is Phase.LISTENING and turn.ahead is not None:
        turn, void = void_revision(turn)
        dropped = do.DropGuess(turn_id=turn.turn_id, revision=turn.revision)
        return replace(state, turn=turn), (*void, dropped)
    if turn.phase is Phase.THINKING:
        return _fail(state, turn, event.code)
    if turn.phase is Phase.SPEAKING and event.stage == do.Act.__name__:
        return state, ()  # an answer that failed midway was ended there; what there is of it is said
    if turn.phase is Phase.SPEAKING:
        # what could not be said is in the record; its effects still stand
        return spoken(state, turn, heard=False)
    return state, ()


def _fail(state: State, turn: Turn, fault: str) -> Step:
    """Apologise once; if even that fails, end the turn."""
    if turn.apologising:
        return close(state, turn, "failed")
    turn, void = void_revision(turn)
    turn = replace(turn, apologising=True, phase_since=state.at)
    sorry = do.Apologise(turn_id=turn.turn_id, revision=turn.revision, fault=fault)
    return replace(state, turn=turn), (*void, sorry)


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
