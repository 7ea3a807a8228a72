"""The turn engine: what it decides, told event by event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.content import Answer, Transcript
from nearfield_edge.turn.reducer import reduce
from nearfield_edge.turn.state import Mode, Phase, State, TurnSettings
from nearfield_models.pcm import HOP_SAMPLES, SAMPLES_PER_MS
from nearfield_sync.messages.turn_record import RouteDecision, Understanding

UNDERSTANDING = Understanding(intent="orderDrink", skill="coffee", confidence=1.0, source="grammar")
DECISION = RouteDecision(route="skill", reason="test", confidence=1.0, policy_version="1")


class Conversation:
    """Drives the reducer and plays workers that answer at once, unless told otherwise."""

    def __init__(self, settings: TurnSettings) -> None:
        self.state = State(settings=settings, session="s")
        self.commands: list[do.Command] = []
        self.at = 0

    def tell(self, event: ev.Event) -> list[do.Command]:
        self.state, commands = reduce(self.state, event)
        self.commands.extend(commands)
        return list(commands)

    def hear(self, ms: int, *, speech: bool) -> None:
        for _ in range(ms // 10):
            self.at += HOP_SAMPLES
            self.tell(ev.HopHeard(at=self.at, speech=speech))

    def answer(
        self, text: str = "Here you are.", *, asks: bool = False, effects: tuple[str, ...] = ()
    ) -> None:
        assert self.state.turn is not None
        turn_id, revision = self.state.turn.turn_id, self.state.turn.revision
        key = {"turn_id": turn_id, "revision": revision}
        self.tell(ev.Recognised(turn_id=turn_id, revision=revision, transcript=Transcript(text="a latte")))
        self.tell(ev.Understood(turn_id=turn_id, revision=revision, understanding=UNDERSTANDING))
        self.tell(
            ev.RouteChosen(turn_id=turn_id, revision=revision, understanding=UNDERSTANDING, decision=DECISION)
        )
        answer = Answer(text=text, source="skill:coffee", asks=asks, effects=effects)
        self.tell(ev.Answered(turn_id=key["turn_id"], revision=revision, answer=answer))  # type: ignore[arg-type]

    def finish_speaking(self) -> None:
        assert self.state.turn is not None
        self.tell(
            ev.SpeechEnded(turn_id=self.state.turn.turn_id, revision=self.state.turn.revision, heard_ms=1_000)
        )

    def given(self, kind: type[do.Command]) -> Sequence[do.Command]:
        return [command for command in self.commands if isinstance(command, kind)]


def open_mic(**changes: object) -> Conversation:
    return Conversation(replace(TurnSettings(mode=Mode.OPEN_MIC), **changes))  # type: ignore[arg-type]


def test_speech_then_silence_is_recognised_with_the_pre_roll_before_it() -> None:
    talk = open_mic()
    talk.hear(1_000, speech=False)
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    (recognise,) = talk.given(do.Recognise)
    assert isinstance(recognise, do.Recognise)
    assert recognise.reason == "silence"
    assert recognise.first_sample == (1_010 - 300) * SAMPLES_PER_MS
    assert recognise.speech_end == 1_800 * SAMPLES_PER_MS
    assert recognise.end_sample == (1_800 + 60) * SAMPLES_PER_MS
    assert recognise.heard_until == 2_300 * SAMPLES_PER_MS


def test_what_was_said_is_decoded_in_the_first_silence_just_as_it_will_be_in_the_end() -> None:
    talk = open_mic()
    talk.hear(800, speech=True)
    talk.hear(50, speech=False)
    assert not talk.given(do.Speculate)
    talk.hear(450, speech=False)
    (guess,) = talk.given(do.Speculate)
    (recognise,) = talk.given(do.Recognise)
    assert isinstance(guess, do.Speculate)
    assert isinstance(recognise, do.Recognise)
    assert (guess.first_sample, guess.end_sample) == (recognise.first_sample, recognise.end_sample)
    assert guess.wake_phrase == recognise.wake_phrase


def test_each_pause_is_decoded_once_and_the_last_one_again_where_speech_went_on() -> None:
    talk = open_mic()
    for pause_ms in (300, 500):
        talk.hear(600, speech=True)
        talk.hear(pause_ms, speech=False)
    guesses = [guess.end_sample for guess in talk.given(do.Speculate) if isinstance(guess, do.Speculate)]
    assert guesses == [660 * SAMPLES_PER_MS, 1_560 * SAMPLES_PER_MS]


def test_an_answered_turn_commits_its_effects_only_when_nobody_can_speak_on() -> None:
    talk = open_mic()
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    talk.answer(effects=("key",))
    talk.finish_speaking()
    assert not talk.given(do.CommitEffects)
    talk.hear(1_010, speech=False)
    assert len(talk.given(do.CommitEffects)) == 1
    assert [command.outcome for command in talk.given(do.CloseTurn)] == ["answered"]  # type: ignore[union-attr]


def test_speech_that_resumes_at_once_reopens_the_turn_and_drops_what_it_staged() -> None:
    talk = open_mic()
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    talk.answer(effects=("key",))
    talk.hear(300, speech=False)
    talk.hear(600, speech=True)
    assert len(talk.given(do.StopSpeaking)) == 1
    assert [command.revision for command in talk.given(do.DropEffects)] == [0]  # type: ignore[union-attr]
    talk.hear(500, speech=False)
    first, second = talk.given(do.Recognise)
    assert isinstance(first, do.Recognise)
    assert isinstance(second, do.Recognise)
    assert second.first_sample == first.first_sample
    assert second.revision == 1


def test_a_late_result_of_the_dropped_part_is_ignored() -> None:
    talk = open_mic()
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    turn = talk.state.turn
    assert turn is not None
    talk.hear(300, speech=True)
    assert not talk.tell(ev.Recognised(turn_id=turn.turn_id, revision=0, transcript=Transcript(text="a lat")))


def test_speech_after_the_window_leaves_the_reply_alone() -> None:
    talk = open_mic()
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    talk.answer()
    talk.hear(1_010, speech=False)
    talk.hear(500, speech=True)
    assert not talk.given(do.ReopenTurn)
    assert not talk.given(do.StopSpeaking)


def test_a_half_duplex_device_does_not_take_its_own_voice_for_the_person_speaking_on() -> None:
    talk = open_mic(half_duplex=True)
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    talk.answer()
    talk.hear(300, speech=True)
    assert not talk.given(do.ReopenTurn)


def test_a_request_in_one_breath_with_the_wake_word_is_recognised_from_the_wake_word_on() -> None:
    talk = Conversation(TurnSettings())
    talk.hear(3_000, speech=True)
    talk.tell(ev.WakeDetected(at=talk.at, phrase="alexa", score=1.0))
    talk.hear(1_000, speech=True)
    talk.hear(500, speech=False)
    (recognise,) = talk.given(do.Recognise)
    assert isinstance(recognise, do.Recognise)
    assert recognise.wake_phrase == "alexa"
    assert recognise.first_sample == (3_000 - 1_200) * SAMPLES_PER_MS


def test_the_dying_wake_word_is_no_request_and_what_follows_a_pause_stands_alone() -> None:
    talk = Conversation(TurnSettings())
    talk.hear(1_000, speech=True)
    talk.tell(ev.WakeDetected(at=talk.at, phrase="alexa", score=1.0))
    talk.hear(200, speech=True)
    talk.hear(1_500, speech=False)
    assert not talk.given(do.Recognise)
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    (recognise,) = talk.given(do.Recognise)
    assert isinstance(recognise, do.Recognise)
    assert recognise.wake_phrase is None
    assert recognise.first_sample == (2_710 - 300) * SAMPLES_PER_MS


def test_a_request_that_began_before_the_wake_phrase_was_noticed_is_kept_from_the_phrase_on() -> None:
    talk = Conversation(TurnSettings())
    talk.hear(3_000, speech=True)
    began, ended = 1_200 * SAMPLES_PER_MS, 2_600 * SAMPLES_PER_MS
    talk.tell(ev.WakeDetected(at=talk.at, phrase="hello nearfield", score=1.0, began=began, ended=ended))
    talk.hear(100, speech=True)
    talk.hear(500, speech=False)
    (recognise,) = talk.given(do.Recognise)
    assert isinstance(recognise, do.Recognise)
    assert recognise.wake_phrase == "hello nearfield"
    assert recognise.first_sample == began - 300 * SAMPLES_PER_MS


def test_a_request_that_was_over_before_the_wake_phrase_was_noticed_is_recognised() -> None:
    talk = Conversation(TurnSettings())
    talk.hear(2_000, speech=False)
    ms = SAMPLES_PER_MS
    heard = {"began": 0, "ended": 700 * ms, "spoken_until": 1_800 * ms}
    talk.tell(ev.WakeDetected(at=talk.at, phrase="computer", score=1.0, **heard))
    talk.hear(300, speech=False)
    (recognise,) = talk.given(do.Recognise)
    assert isinstance(recognise, do.Recognise)
    assert (recognise.first_sample, recognise.speech_end) == (0, 1_800 * ms)


def test_a_wake_phrase_alone_that_is_noticed_late_is_no_request() -> None:
    talk = Conversation(TurnSettings())
    talk.hear(2_000, speech=False)
    ms = SAMPLES_PER_MS
    heard = {"began": 0, "ended": 1_100 * ms, "spoken_until": 1_200 * ms}
    talk.tell(ev.WakeDetected(at=talk.at, phrase="computer", score=1.0, **heard))
    talk.hear(1_000, speech=False)
    assert not talk.given(do.Recognise)


def test_a_wake_phrase_noticed_at_its_end_still_has_time_to_die_away() -> None:
    talk = Conversation(TurnSettings())
    talk.hear(1_000, speech=True)
    talk.tell(ev.WakeDetected(at=talk.at, phrase="alexa", score=1.0, began=0, ended=talk.at))
    talk.hear(200, speech=True)
    talk.hear(1_500, speech=False)
    assert not talk.given(do.Recognise)


def test_a_flicker_of_the_voice_detector_does_not_make_the_dying_wake_word_a_request() -> None:
    talk = Conversation(TurnSettings())
    talk.hear(1_000, speech=True)
    talk.tell(ev.WakeDetected(at=talk.at, phrase="alexa", score=1.0))
    talk.hear(10, speech=False)
    talk.hear(100, speech=True)
    talk.hear(1_500, speech=False)
    assert not talk.given(do.Recognise)


def test_the_device_s_own_question_dying_away_is_not_taken_for_the_answer() -> None:
    talk = Conversation(TurnSettings(half_duplex=True))
    talk.tell(ev.WakeDetected(at=0, phrase="alexa", score=1.0))
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    talk.answer("Which size?", asks=True)
    talk.hear(1_500, speech=True)
    talk.finish_speaking()
    talk.hear(200, speech=True)
    talk.hear(1_500, speech=False)
    assert len(talk.given(do.Recognise)) == 1
    talk.hear(600, speech=True)
    talk.hear(500, speech=False)
    assert len(talk.given(do.Recognise)) == 2


def test_without_a_wake_word_speech_opens_nothing() -> None:
    talk = Conversation(TurnSettings())
    talk.hear(2_000, speech=True)
    assert not talk.commands


def test_a_wake_word_nobody_follows_ends_without_speech() -> None:
    talk = Conversation(TurnSettings())
    talk.tell(ev.WakeDetected(at=0, phrase="alexa", score=1.0))
    talk.hear(5_000, speech=False)
    assert [command.outcome for command in talk.given(do.CloseTurn)] == ["no_speech"]  # type: ignore[union-attr]


def test_a_question_is_followed_by_listening_without_a_wake_word() -> None:
    talk = Conversation(TurnSettings())
    talk.tell(ev.WakeDetected(at=0, phrase="alexa", score=1.0))
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    talk.answer("Which size?", asks=True)
    talk.hear(1_000, speech=False)
    talk.finish_speaking()
    assert talk.state.turn is not None
    assert talk.state.turn.opened_by == "follow_up"
    talk.hear(6_000, speech=False)
    assert talk.state.turn is None


def test_an_answer_that_comes_at_once_is_a_turn_of_its_own_and_not_more_of_the_first() -> None:
    talk = Conversation(TurnSettings())
    talk.tell(ev.WakeDetected(at=0, phrase="alexa", score=1.0))
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    talk.answer("Size?", asks=True)
    talk.hear(400, speech=False)
    talk.finish_speaking()
    talk.hear(300, speech=True)
    assert not talk.given(do.ReopenTurn)
    assert talk.state.turn is not None
    assert talk.state.turn.opened_by == "follow_up"
    assert talk.state.turn.speech_began is not None


def test_who_has_not_heard_the_question_goes_on_with_what_they_said() -> None:
    talk = Conversation(TurnSettings())
    talk.tell(ev.WakeDetected(at=0, phrase="alexa", score=1.0))
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    talk.answer("Size?", asks=True)
    turn = talk.state.turn
    assert turn is not None
    talk.tell(ev.SpeechEnded(turn_id=turn.turn_id, revision=turn.revision, heard_ms=0))
    talk.hear(300, speech=True)
    assert len(talk.given(do.ReopenTurn)) == 1


def test_the_wake_word_interrupts_the_reply() -> None:
    talk = Conversation(TurnSettings())
    talk.tell(ev.WakeDetected(at=0, phrase="alexa", score=1.0))
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    talk.answer("A very long reply.")
    talk.hear(2_000, speech=False)
    talk.tell(ev.WakeDetected(at=talk.at, phrase="alexa", score=1.0))
    assert len(talk.given(do.StopSpeaking)) == 1
    assert len(talk.given(do.CommitEffects)) == 1
    assert [command.outcome for command in talk.given(do.CloseTurn)] == ["interrupted"]  # type: ignore[union-attr]
    assert talk.state.turn is not None


def test_a_held_button_ends_the_turn_when_it_comes_up_and_not_before() -> None:
    talk = Conversation(TurnSettings(mode=Mode.PUSH_TO_TALK))
    talk.tell(ev.TalkPressed(at=0, held=True))
    talk.hear(600, speech=True)
    talk.hear(3_000, speech=False)
    assert not talk.given(do.Recognise)
    talk.tell(ev.TalkReleased(at=talk.at))
    assert len(talk.given(do.Recognise)) == 1


def test_endless_speech_is_ended_at_the_greatest_length_and_not_reopened() -> None:
    talk = open_mic()
    talk.hear(20_100, speech=True)
    (recognise,) = talk.given(do.Recognise)
    assert isinstance(recognise, do.Recognise)
    assert recognise.reason == "longest"
    talk.hear(200, speech=False)
    talk.hear(200, speech=True)
    assert not talk.given(do.ReopenTurn)


def test_a_worker_that_never_answers_is_followed_by_an_apology_and_then_by_the_end() -> None:
    talk = open_mic()
    talk.hear(800, speech=True)
    talk.hear(500, speech=False)
    talk.hear(8_000, speech=False)
    assert len(talk.given(do.Apologise)) == 1
    talk.hear(8_000, speech=False)
    assert [command.outcome for command in talk.given(do.CloseTurn)] == ["failed"]  # type: ignore[union-attr]


def test_muting_ends_listening_and_keeps_the_device_deaf() -> None:
    talk = open_mic()
    talk.hear(300, speech=True)
    talk.tell(ev.MuteChanged(at=talk.at, muted=True))
    assert [command.outcome for command in talk.given(do.CloseTurn)] == ["muted"]  # type: ignore[union-attr]
    talk.hear(2_000, speech=True)
    talk.tell(ev.WakeDetected(at=talk.at, phrase="alexa", score=1.0))
    assert len(talk.given(do.OpenTurn)) == 1


def test_typed_text_needs_no_listening_and_settles_at_once() -> None:
    talk = Conversation(TurnSettings())
    talk.tell(ev.TextGiven(at=0, text="a large latte"))
    assert talk.state.turn is not None
    assert talk.state.turn.phase is Phase.THINKING
    talk.answer(effects=("key",))
    talk.hear(10, speech=False)
    assert len(talk.given(do.CommitEffects)) == 1


def test_partials_are_asked_for_one_at_a_time() -> None:
    talk = open_mic()
    talk.hear(2_000, speech=True)
    (partial,) = talk.given(do.RecognisePartial)
    assert isinstance(partial, do.RecognisePartial)
    talk.tell(ev.PartialRecognised(turn_id=partial.turn_id, revision=0, transcript=Transcript(text="a lat")))
    talk.hear(100, speech=True)
    assert len(talk.given(do.RecognisePartial)) == 2
