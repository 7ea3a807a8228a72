"""Speech over a reply: what pauses it, what interrupts it and what it goes on after."""

from __future__ import annotations

import pytest

from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.content import Transcript
from nearfield_edge.turn.endpoint import Sentence
from nearfield_edge.turn.state import Mode, Phase, TurnSettings
from nearfield_edge.turn.stop_words import STOP_WORDS, is_stop_word
from nearfield_models.pcm import SAMPLES_PER_MS
from tests.edge.test_turn_engine import Conversation


def in_a_reply(settings: TurnSettings | None = None, *, asks: bool = False) -> Conversation:
    """Two seconds into a reply: what the person said last is settled."""
    talk = Conversation(settings or TurnSettings(partial_every_ms=0))
    talk.tell(ev.WakeDetected(at=talk.at, phrase="alexa", score=1.0))
    talk.hear(400, speech=False)
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    talk.answer(asks=asks, effects=("key",))
    talk.hear(2_000, speech=False)
    assert talk.state.turn is not None
    assert talk.state.turn.phase is Phase.SPEAKING
    talk.commands.clear()
    return talk


def weighed(talk: Conversation, text: str, sentence: Sentence = Sentence.NONE) -> list[do.Command]:
    turn = talk.state.turn
    assert turn is not None
    assert turn.overlap is not None
    return talk.tell(
        ev.Guessed(
            turn_id=turn.turn_id,
            revision=turn.revision,
            speech_end=turn.overlap.heard,
            transcript=Transcript(text=text),
            sentence=sentence,
        )
    )


def names(talk: Conversation) -> list[str]:
    return [type(command).__name__ for command in talk.commands]


def test_a_click_does_not_even_pause_the_reply() -> None:
    talk = in_a_reply()
    talk.hear(150, speech=True)
    talk.hear(1_000, speech=False)
    assert names(talk) == []


def test_the_reply_pauses_as_soon_as_there_were_200_ms_of_speech() -> None:
    talk = in_a_reply()
    talk.hear(200, speech=True)
    assert names(talk) == []
    talk.hear(10, speech=True)
    assert names(talk) == ["HoldSpeech"]


def test_after_a_cough_the_reply_goes_on_where_it_stopped() -> None:
    talk = in_a_reply()
    talk.hear(300, speech=True)
    talk.hear(100, speech=False)
    assert weighed(talk, "Mm-hm.") == []
    talk.hear(300, speech=False)
    assert names(talk) == ["HoldSpeech", "Speculate", "ResumeSpeech"]
    talk.finish_speaking()
    talk.hear(50, speech=False)
    assert [command.outcome for command in talk.given(do.CloseTurn)] == ["answered"]  # type: ignore[union-attr]


def test_a_reply_goes_on_even_if_nobody_can_tell_what_was_said() -> None:
    talk = in_a_reply()
    talk.hear(300, speech=True)
    talk.hear(1_490, speech=False)
    assert "ResumeSpeech" not in names(talk)
    talk.hear(20, speech=False)
    assert names(talk)[-1] == "ResumeSpeech"


def test_a_sentence_over_the_reply_is_a_turn_of_its_own_from_its_first_sound_on() -> None:
    talk = in_a_reply()
    began = talk.at + 160
    talk.hear(600, speech=True)
    ended = talk.at
    talk.hear(100, speech=False)
    (asked,) = talk.given(do.Speculate)
    done = weighed(talk, "make it small", Sentence.OPEN)
    assert [type(command).__name__ for command in done] == [
        "CancelWork",
        "StopSpeaking",
        "CloseTurn",
        "OpenTurn",
        "Understand",
    ]
    assert isinstance(done[2], do.CloseTurn)
    assert isinstance(done[3], do.OpenTurn)
    assert (done[2].outcome, done[3].opened_by) == ("interrupted", "interruption")
    assert "DropEffects" not in names(talk)
    talk.hear(500, speech=False)
    (recognise,) = talk.given(do.Recognise)
    assert isinstance(recognise, do.Recognise)
    assert isinstance(asked, do.Speculate)
    assert recognise.first_sample == asked.first_sample == began - 300 * SAMPLES_PER_MS
    assert recognise.end_sample == asked.end_sample
    assert recognise.speech_end == ended


def test_lasting_speech_interrupts_whatever_it_is() -> None:
    talk = in_a_reply()
    talk.hear(1_010, speech=True)
    assert names(talk)[-1] == "OpenTurn"
    assert talk.state.turn is not None
    assert talk.state.turn.phase is Phase.LISTENING


def test_a_stop_word_ends_the_turn_and_opens_none() -> None:
    talk = in_a_reply(asks=True)
    talk.hear(350, speech=True)
    talk.hear(100, speech=False)
    weighed(talk, "Stop.")
    assert talk.state.turn is None
    assert [command.outcome for command in talk.given(do.CloseTurn)] == ["interrupted"]  # type: ignore[union-attr]
    assert len(talk.given(do.StopSpeaking)) == 1


def test_a_stop_word_with_nothing_to_stop_is_not_answered() -> None:
    talk = Conversation(TurnSettings(mode=Mode.OPEN_MIC))
    talk.hear(400, speech=True)
    talk.hear(600, speech=False)
    turn = talk.state.turn
    assert turn is not None
    talk.tell(ev.Recognised(turn_id=turn.turn_id, revision=0, transcript=Transcript(text="Stop!")))
    assert [command.outcome for command in talk.given(do.CloseTurn)] == ["cancelled"]  # type: ignore[union-attr]


def test_speech_right_after_the_persons_own_words_joins_them() -> None:
    talk = Conversation(TurnSettings(mode=Mode.OPEN_MIC, join_ms=200))
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    talk.answer(effects=("key",))
    talk.hear(400, speech=False)
    talk.hear(200, speech=True)
    assert not talk.given(do.ReopenTurn)
    talk.hear(10, speech=True)
    assert len(talk.given(do.ReopenTurn)) == len(talk.given(do.DropEffects)) == 1


def test_nothing_takes_effect_while_somebody_may_be_speaking_on() -> None:
    talk = Conversation(TurnSettings(mode=Mode.OPEN_MIC, join_ms=200))
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    talk.answer(effects=("key",))
    talk.hear(900, speech=False)
    talk.hear(250, speech=True)  # begins 1.4 s after their last word, within 1.5 s
    assert not talk.given(do.CommitEffects)
    assert len(talk.given(do.ReopenTurn)) == 1


def test_speech_that_began_before_the_reply_does_not_interrupt_it() -> None:
    talk = Conversation(TurnSettings())
    talk.tell(ev.TextGiven(at=talk.at, text="a latte"))
    talk.hear(300, speech=True)
    talk.answer()
    talk.hear(3_000, speech=True)
    assert not talk.given(do.HoldSpeech)


def test_what_is_said_over_the_very_end_of_a_reply_is_heard_to_its_end() -> None:
    talk = in_a_reply()
    talk.hear(100, speech=True)
    talk.finish_speaking()
    assert not talk.given(do.CloseTurn)
    talk.hear(500, speech=True)
    talk.hear(100, speech=False)
    weighed(talk, "make it small", Sentence.WHOLE)
    assert [command.opened_by for command in talk.given(do.OpenTurn)] == ["interruption"]  # type: ignore[union-attr]


def test_a_click_over_the_very_end_of_a_reply_ends_nothing_but_the_turn() -> None:
    talk = in_a_reply()
    talk.hear(100, speech=True)
    talk.finish_speaking()
    talk.hear(50, speech=False)
    assert talk.state.turn is None
    assert names(talk) == ["CloseTurn"]


def test_an_answer_begun_over_the_end_of_a_question_is_an_answer() -> None:
    talk = in_a_reply(asks=True)
    talk.hear(100, speech=True)
    talk.finish_speaking()
    talk.hear(20, speech=True)
    assert [command.opened_by for command in talk.given(do.OpenTurn)] == ["follow_up"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "settings",
    [TurnSettings(barge_in=False), TurnSettings(half_duplex=True), TurnSettings(mode=Mode.PUSH_TO_TALK)],
)
def test_where_nobody_may_interrupt_the_reply_plays_on(settings: TurnSettings) -> None:
    talk = Conversation(settings)
    talk.tell(ev.TextGiven(at=talk.at, text="a latte"))
    talk.answer()
    talk.hear(100, speech=False)
    talk.hear(3_000, speech=True)
    assert not talk.given(do.HoldSpeech)
    assert talk.state.turn is not None


@pytest.mark.parametrize("said", ["Stop.", "stop, stop!", "Stop please.", "That's enough.", "Be quiet!"])
def test_stop_words_are_told_by_their_words(said: str) -> None:
    assert is_stop_word(said, STOP_WORDS)


@pytest.mark.parametrize("said", ["", "Stop the coffee.", "A latte, stop.", "Stopping."])
def test_other_words_are_no_stop_words(said: str) -> None:
    assert not is_stop_word(said, STOP_WORDS)
