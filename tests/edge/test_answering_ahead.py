"""What is made of an utterance before it is decided that it is over: kept or dropped, never half."""

from __future__ import annotations

from dataclasses import replace

from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.content import Answer, Transcript
from nearfield_edge.turn.endpoint import Sentence
from nearfield_edge.turn.state import Phase
from nearfield_models.pcm import SAMPLES_PER_MS
from tests.edge.test_turn_engine import DECISION, UNDERSTANDING, Conversation, open_mic

HEARD = Transcript(text="a latte")
ANSWER = Answer(text="Here you are.", source="skill:coffee", effects=("key",))


def guessed(talk: Conversation, sentence: Sentence = Sentence.OPEN) -> None:
    turn = talk.state.turn
    assert turn is not None
    assert turn.speech_end is not None
    event = ev.Guessed(
        turn_id=turn.turn_id,
        revision=turn.revision,
        speech_end=turn.speech_end,
        transcript=HEARD,
        sentence=sentence,
    )
    talk.tell(event)


def worked(talk: Conversation, answer: Answer | None = ANSWER) -> None:
    turn = talk.state.turn
    assert turn is not None
    turn_id, revision = turn.turn_id, turn.revision
    talk.tell(ev.Understood(turn_id=turn_id, revision=revision, understanding=UNDERSTANDING))
    talk.tell(
        ev.RouteChosen(turn_id=turn_id, revision=revision, understanding=UNDERSTANDING, decision=DECISION)
    )
    if answer is not None:
        talk.tell(ev.Answered(turn_id=turn_id, revision=revision, answer=answer))


def recognised(talk: Conversation, transcript: Transcript = HEARD) -> None:
    turn = talk.state.turn
    assert turn is not None
    talk.tell(ev.Recognised(turn_id=turn.turn_id, revision=turn.revision, transcript=transcript))


def speaking_then_silent(silence_ms: int = 100) -> Conversation:
    talk = open_mic()
    talk.hear(800, speech=True)
    talk.hear(silence_ms, speech=False)
    return talk


def names(talk: Conversation) -> list[str]:
    return [type(command).__name__ for command in talk.commands]


def test_a_sentence_is_answered_in_the_first_silence_and_said_when_the_turn_ends() -> None:
    talk = speaking_then_silent()
    guessed(talk)
    worked(talk)
    assert "PrepareSpeech" in names(talk)
    assert not talk.given(do.Speak)
    talk.hear(300, speech=False)
    recognised(talk)
    (speak,) = talk.given(do.Speak)
    assert isinstance(speak, do.Speak)
    assert speak.text == ANSWER.text
    assert names(talk).count("Understand") == names(talk).count("Act") == 1
    talk.finish_speaking()
    talk.hear(1_500, speech=False)
    assert len(talk.given(do.CommitEffects)) == 1
    assert not talk.given(do.DropEffects)


def test_a_turn_that_ends_while_it_is_answered_ahead_waits_for_that_answer() -> None:
    talk = speaking_then_silent()
    guessed(talk)
    worked(talk, answer=None)
    talk.hear(300, speech=False)
    recognised(talk)
    assert not talk.given(do.Speak)
    turn = talk.state.turn
    assert turn is not None
    talk.tell(ev.Answered(turn_id=turn.turn_id, revision=turn.revision, answer=ANSWER))
    assert len(talk.given(do.Speak)) == len(talk.given(do.Act)) == 1


def test_a_short_answer_is_waited_for_less_long() -> None:
    decided_ms = []
    for shortly in (False, True):
        talk = open_mic()
        talk.tell(ev.TextGiven(at=talk.at, text="a latte"))
        turn = talk.state.turn
        assert turn is not None
        answer = Answer(text="Shall I place it?", source="skill:coffee", asks=True, asks_shortly=shortly)
        talk.tell(ev.Answered(turn_id=turn.turn_id, revision=0, answer=answer))
        talk.finish_speaking()
        talk.hear(50, speech=False)
        talk.hear(400, speech=True)
        ended = talk.at
        talk.hear(600, speech=False)
        (recognise,) = talk.given(do.Recognise)
        assert isinstance(recognise, do.Recognise)
        decided_ms.append((recognise.heard_until - ended) // SAMPLES_PER_MS)
    assert decided_ms == [500, 350]


def test_speaking_on_drops_what_was_made_of_the_first_part_with_its_effects() -> None:
    talk = speaking_then_silent()
    guessed(talk)
    worked(talk)
    turn = talk.state.turn
    assert turn is not None
    talk.hear(300, speech=True)
    assert [type(each) for each in talk.commands if getattr(each, "revision", 1) == 0][-2:] == [
        do.CancelWork,
        do.DropEffects,
    ]
    assert len(talk.given(do.DropGuess)) == 1
    assert not talk.given(do.ReopenTurn)
    assert not talk.tell(ev.Answered(turn_id=turn.turn_id, revision=0, answer=ANSWER))
    talk.hear(600, speech=False)
    (recognise,) = talk.given(do.Recognise)
    assert isinstance(recognise, do.Recognise)
    assert recognise.revision == 1


def test_another_transcript_in_the_end_is_understood_anew() -> None:
    talk = speaking_then_silent()
    guessed(talk)
    worked(talk)
    talk.hear(300, speech=False)
    recognised(talk, Transcript(text="a mocha"))
    assert not talk.given(do.Speak)
    last = talk.given(do.Understand)[-1]
    assert isinstance(last, do.Understand)
    assert (last.transcript.text, last.revision) == ("a mocha", 1)
    assert [each.revision for each in talk.given(do.DropEffects)] == [0]  # type: ignore[union-attr]


def test_words_that_are_no_sentence_are_not_answered_ahead() -> None:
    talk = speaking_then_silent()
    guessed(talk, Sentence.NONE)
    assert not talk.given(do.Understand)


def test_a_skill_that_fails_ahead_is_asked_again_when_the_turn_has_ended() -> None:
    talk = speaking_then_silent()
    guessed(talk)
    turn = talk.state.turn
    assert turn is not None
    talk.tell(ev.WorkFailed(turn_id=turn.turn_id, revision=0, stage="Act", code="skill_failed"))
    assert talk.state.turn is not None
    assert talk.state.turn.phase is Phase.LISTENING
    assert not talk.given(do.Apologise)
    talk.hear(500, speech=False)
    recognised(talk)
    assert len(talk.given(do.Understand)) == 2


def test_what_sounds_finished_ends_sooner_and_what_does_not_later() -> None:
    ends_ms = []
    for completeness in (0.98, 0.02):
        talk = open_mic(judge_at_ms=(100,))
        talk.hear(800, speech=True)
        talk.hear(100, speech=False)
        (judge,) = talk.given(do.JudgeTurn)
        assert isinstance(judge, do.JudgeTurn)
        guessed(talk)
        told = ev.TurnJudged(
            turn_id=judge.turn_id,
            revision=judge.revision,
            speech_end=judge.speech_end,
            completeness=completeness,
        )
        talk.tell(told)
        talk.hear(1_400, speech=False)
        (recognise,) = talk.given(do.Recognise)
        assert isinstance(recognise, do.Recognise)
        ends_ms.append((recognise.heard_until - recognise.speech_end) // 16)
    assert ends_ms == [180, 1_300]


def test_a_judgement_of_an_earlier_silence_is_ignored() -> None:
    talk = open_mic(judge_at_ms=(100,))
    talk.hear(800, speech=True)
    talk.hear(100, speech=False)
    (judge,) = talk.given(do.JudgeTurn)
    assert isinstance(judge, do.JudgeTurn)
    talk.hear(300, speech=True)
    talk.hear(80, speech=False)
    late = ev.TurnJudged(turn_id=judge.turn_id, revision=0, speech_end=judge.speech_end, completeness=0.99)
    talk.tell(late)
    assert talk.state.turn is not None
    assert talk.state.turn.pause is not None
    assert talk.state.turn.pause.completeness is None


def test_guessing_is_bounded_and_the_end_is_decoded_all_the_same() -> None:
    talk = open_mic(most_guesses=2)
    for _ in range(5):
        talk.hear(300, speech=True)
        talk.hear(100, speech=False)
    talk.hear(600, speech=False)
    assert len(talk.given(do.Speculate)) == 2
    assert len(talk.given(do.Recognise)) == 1


def test_a_turn_that_is_given_up_drops_what_was_made_of_it_ahead() -> None:
    talk = speaking_then_silent()
    guessed(talk)
    worked(talk)
    talk.tell(ev.StopAsked(at=talk.at))
    assert [each.revision for each in talk.given(do.DropEffects)] == [0]  # type: ignore[union-attr]
    assert talk.state.turn is None


def test_the_record_of_a_kept_guess_is_that_of_the_only_revision() -> None:
    talk = speaking_then_silent()
    guessed(talk)
    worked(talk, replace(ANSWER, text=""))
    talk.hear(300, speech=False)
    recognised(talk)
    talk.hear(1_500, speech=False)
    assert [each.outcome for each in talk.given(do.CloseTurn)] == ["answered"]  # type: ignore[union-attr]
