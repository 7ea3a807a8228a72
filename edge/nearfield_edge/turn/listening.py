"""While somebody is listened to: where the utterance begins and ends, and what is made of it meanwhile.

In each silence the engine guesses that it is the last one. What was said is decoded as it will be if that is
so; how finished the person sounds is judged; and if the words are a sentence, it is understood, routed and
answered ahead, up to the first sound of the reply. Nothing of that is heard or takes effect before the turn
has ended. If the person speaks on, the guess is dropped: its revision is over, so whatever still comes of it
is ignored, and what it staged is taken back.
"""

from __future__ import annotations

from dataclasses import replace

from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.endpoint import EndpointSettings, EndReason, Listening, Sentence, end_of_turn
from nearfield_edge.turn.lifecycle import Step, close, earlier, void_revision
from nearfield_edge.turn.state import Ahead, Pause, Phase, State, Turn, milliseconds, samples


def listen(state: State, turn: Turn, speech: bool) -> Step:
    """Take a hop of an open turn that listens."""
    before: tuple[do.Command, ...] = ()
    if speech and not _is_tail(state, turn):
        state, turn, before = _spoken_on(state, turn)
        if turn.speech_began is None:
            turn = replace(turn, speech_began=state.at, first_sample=_utterance_start(state, turn))
        turn = replace(turn, speech_end=state.at, quiet_since=None)
    elif speech:
        turn = replace(turn, quiet_since=None)
    elif turn.quiet_since is None:
        turn = replace(turn, quiet_since=state.at)
    reason = end_of_turn(_heard(state, turn), _patience(state, turn))
    state = replace(state, turn=turn)
    if reason is not None:
        state, done = end_listening(state, turn, reason)
        return state, before + done
    for step in (_guess, _judge, _partial):
        taken = step(state, turn)
        if taken is not None:
            return taken[0], before + taken[1]
    return state, before


def take_guess(state: State, turn: Turn, event: ev.Guessed) -> Step:
    """Learn what was said if the present silence ends the turn; go on with it where it may be whole."""
    if turn.pause is None or turn.pause.began != event.speech_end or turn.phase is not Phase.LISTENING:
        return state, ()
    comma = event.transcript.text.endswith(",")
    turn = replace(turn, pause=replace(turn.pause, sentence=event.sentence, comma=comma))
    if not state.settings.answer_ahead or event.sentence in (Sentence.NONE, Sentence.UNKNOWN):
        return replace(state, turn=turn), ()
    turn = replace(turn, ahead=Ahead(transcript=event.transcript))
    understand = do.Understand(turn_id=turn.turn_id, revision=turn.revision, transcript=event.transcript)
    return replace(state, turn=turn), (understand,)


def take_judgement(state: State, turn: Turn, event: ev.TurnJudged) -> Step:
    """Learn how finished the person sounds."""
    if turn.pause is None or turn.pause.began != event.speech_end:
        return state, ()
    pause = replace(turn.pause, completeness=event.completeness)
    return replace(state, turn=replace(turn, pause=pause)), ()


def end_listening(state: State, turn: Turn, reason: EndReason) -> Step:
    """Listen no longer: what was said is decoded, or has been."""
    if turn.speech_end is None:
        return close(state, turn, "no_speech")
    command = do.Recognise(
        turn_id=turn.turn_id,
        revision=turn.revision,
        first_sample=turn.first_sample,
        end_sample=_utterance_end(state, turn.speech_end),
        heard_until=state.at,
        speech_end=turn.speech_end,
        reason=reason.value,
        wake_phrase=_leading_phrase(turn),
    )
    turn = replace(
        turn,
        phase=Phase.THINKING,
        phase_since=state.at,
        talk_held=False,
        partial_pending=False,
        sealed=turn.sealed or reason is not EndReason.SILENCE,
    )
    return replace(state, turn=turn), (command,)


def _patience(state: State, turn: Turn) -> EndpointSettings:
    """How patient the engine is with this turn; an answer to its own question has a time of its own."""
    patience = state.settings.endpoint
    if turn.opened_by == "follow_up":
        patience = replace(patience, no_speech_ms=state.settings.follow_up_ms)
    if turn.answers_shortly:
        factor = patience.patience * state.settings.short_answer_patience
        patience = replace(patience, patience=factor)
    return patience


def _heard(state: State, turn: Turn) -> Listening:
    since = turn.opened_at if turn.speech_end is None else turn.speech_end
    pause = turn.pause or Pause(began=since)
    return Listening(
        has_speech=turn.speech_end is not None,
        trailing_silence_ms=milliseconds(state.at - since),
        turn_ms=milliseconds(state.at - turn.opened_at),
        talk_held=turn.talk_held,
        talk_released=False,
        sentence=pause.sentence,
        comma=pause.comma,
        completeness=pause.completeness,
    )


def _spoken_on(state: State, turn: Turn) -> tuple[State, Turn, tuple[do.Command, ...]]:
    """Speech: the silence before it was not the last."""
    if turn.ahead is None:
        return state, replace(turn, pause=None), ()
    turn, void = void_revision(replace(turn, pause=None))
    return state, turn, (*void, do.DropGuess(turn_id=turn.turn_id, revision=turn.revision))


def _is_tail(state: State, turn: Turn) -> bool:
    """Whether this may still be the wake word, or the device's own question, dying away in the room."""
    settings = state.settings
    after_question = turn.opened_by == "follow_up" and settings.half_duplex
    if turn.speech_began is not None or not (turn.wake_phrase is not None or after_question):
        return False
    quiet_ms = 0 if turn.quiet_since is None else milliseconds(state.at - turn.quiet_since)
    since = turn.opened_at if turn.wake_ended is None else turn.wake_ended
    fresh = milliseconds(state.at - since) < settings.tail_ms
    return fresh and quiet_ms < settings.tail_gap_ms


def _utterance_start(state: State, turn: Turn) -> int:
    """Where the utterance begins: with the wake word when the request followed in the same breath."""
    quiet_ms = 0 if turn.quiet_since is None else milliseconds(state.at - turn.quiet_since)
    if turn.wake_phrase is not None and quiet_ms < state.settings.wake_pause_ms:
        return turn.first_sample
    silent_from = turn.first_sample if turn.quiet_since is None else turn.quiet_since
    return max(turn.first_sample, silent_from, earlier(state, state.settings.pre_roll_ms))


def _guess(state: State, turn: Turn) -> Step | None:
    """Begin to decode what was said, once there is enough silence behind it to decode it for good."""
    end, settings = turn.speech_end, state.settings
    if end is None or turn.pause is not None or state.at < end + samples(settings.post_roll_ms):
        return None
    turn = replace(turn, pause=Pause(began=end), guesses=turn.guesses + 1)
    state = replace(state, turn=turn)
    if turn.guesses > settings.most_guesses:
        return state, ()
    command = do.Speculate(
        turn_id=turn.turn_id,
        revision=turn.revision,
        first_sample=turn.first_sample,
        end_sample=_utterance_end(state, end),
        speech_end=end,
        wake_phrase=_leading_phrase(turn),
    )
    return state, (command,)


def _judge(state: State, turn: Turn) -> Step | None:
    """Ask how finished the person sounds, when the silence has become long enough for another look."""
    pause = turn.pause
    if pause is None or pause.looks == len(state.settings.judge_at_ms):
        return None
    if state.at < pause.began + samples(state.settings.judge_at_ms[pause.looks]):
        return None
    command = do.JudgeTurn(
        turn_id=turn.turn_id,
        revision=turn.revision,
        first_sample=turn.first_sample,
        end_sample=state.at,
        speech_end=pause.began,
    )
    turn = replace(turn, pause=replace(pause, looks=pause.looks + 1))
    return replace(state, turn=turn), (command,)


def _partial(state: State, turn: Turn) -> Step | None:
    every_ms = state.settings.partial_every_ms
    due = every_ms > 0 and state.at >= turn.partial_at + samples(every_ms)
    heard_more = turn.speech_end is not None and turn.speech_end > turn.partial_at
    guessed = turn.pause is not None and turn.guesses <= state.settings.most_guesses
    if not heard_more or turn.partial_pending or not due or guessed:  # the guess says as much, and sooner
        return None
    command = do.RecognisePartial(
        turn_id=turn.turn_id, revision=turn.revision, first_sample=turn.first_sample, end_sample=state.at
    )
    return replace(state, turn=replace(turn, partial_at=state.at, partial_pending=True)), (command,)


def _utterance_end(state: State, speech_end: int) -> int:
    return min(state.at, speech_end + samples(state.settings.post_roll_ms))


def _leading_phrase(turn: Turn) -> str | None:
    """The wake phrase, where the utterance may begin with it."""
    apart = turn.first_sample > turn.opened_at
    return None if apart else turn.wake_phrase
