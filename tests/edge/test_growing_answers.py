"""Answers that come in part by part: each part is said once, in order, and never after its turn."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import closing
from pathlib import Path

import pytest

from nearfield_edge.asking import Asking
from nearfield_edge.escalation.beyond import Alone, Wanted
from nearfield_edge.routing.router import Reach
from nearfield_edge.skills.permissions import PermissionGuard
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.content import Answer, AnswerPart, Transcript
from nearfield_edge.turn.endpoint import Sentence
from nearfield_edge.turn.state import Phase
from nearfield_sync.messages.turn_record import RouteDecision
from tests.edge.doubtful_talk import DoubtfulTalk
from tests.edge.test_answering_ahead import HEARD, guessed, recognised, speaking_then_silent, worked
from tests.edge.test_turn_engine import DECISION, UNDERSTANDING, Conversation, open_mic

GROWING = Answer(text="It opens at nine.", source="cloud", goes_on=True)


def went_on(talk: Conversation, text: str, *, last: bool = False, asks: bool = False) -> None:
    turn = talk.state.turn
    assert turn is not None
    part = AnswerPart(text=text, last=last, asks=asks)
    talk.tell(ev.AnswerWentOn(turn_id=turn.turn_id, revision=turn.revision, part=part))


def answering() -> Conversation:
    talk = open_mic()
    talk.hear(800, speech=True)
    talk.hear(1_500, speech=False)
    recognised(talk)
    worked(talk, GROWING)
    return talk


def said(talk: Conversation) -> list[tuple[str, bool]]:
    return [(on.text, on.last) for on in talk.given(do.SpeakOn) if isinstance(on, do.SpeakOn)]


def test_an_answer_that_goes_on_is_begun_with_its_first_part() -> None:
    talk = answering()
    (speak,) = talk.given(do.Speak)
    assert isinstance(speak, do.Speak)
    assert (speak.text, speak.more, speak.goes_on) == (GROWING.text, (), True)


def test_each_part_is_said_as_it_comes() -> None:
    talk = answering()
    went_on(talk, "On Sundays at ten.")
    went_on(talk, "", last=True)
    assert said(talk) == [("On Sundays at ten.", False), ("", True)]


def test_parts_that_come_before_the_turn_has_ended_are_said_with_the_first() -> None:
    talk = speaking_then_silent()
    guessed(talk, Sentence.QUESTION)
    worked(talk, GROWING)
    went_on(talk, "On Sundays at ten.")
    went_on(talk, "", last=True)
    assert not talk.given(do.Speak)
    talk.hear(2_000, speech=False)
    recognised(talk)
    (speak,) = talk.given(do.Speak)
    assert isinstance(speak, do.Speak)
    assert (speak.text, speak.more, speak.goes_on) == (GROWING.text, ("On Sundays at ten.",), False)
    assert not talk.given(do.SpeakOn)


def test_parts_for_words_that_were_taken_back_are_said_by_nobody() -> None:
    talk = speaking_then_silent()
    guessed(talk, Sentence.QUESTION)
    worked(talk, GROWING)
    went_on(talk, "On Sundays at ten.")
    talk.hear(300, speech=True)
    assert "DropGuess" in [type(command).__name__ for command in talk.commands]
    talk.hear(2_000, speech=False)
    recognised(talk, Transcript(text="a latte please"))
    worked(talk)
    (speak,) = talk.given(do.Speak)
    assert isinstance(speak, do.Speak)
    assert speak.more == ()


def test_an_answer_that_ends_with_a_question_is_listened_to_after_it() -> None:
    talk = answering()
    went_on(talk, "Which library do you mean?", last=True, asks=True)
    talk.finish_speaking()
    talk.hear(2_000, speech=False)
    assert talk.state.turn is not None
    assert talk.state.turn.opened_by == "follow_up"


def test_interrupting_an_answer_that_goes_on_cancels_what_still_comes() -> None:
    talk = answering()
    talk.tell(ev.StopAsked(at=talk.at))
    cancelled = [
        (command.turn_id, command.revision) for command in talk.commands if isinstance(command, do.CancelWork)
    ]
    assert cancelled == [("s-00001", 0)]
    assert talk.state.turn is None


def test_what_leaves_the_device_is_what_was_heard() -> None:
    talk = answering()
    (act,) = talk.given(do.Act)
    assert isinstance(act, do.Act)
    assert act.transcript == HEARD
    assert talk.state.turn is not None
    assert talk.state.turn.phase is Phase.SPEAKING


def test_an_answer_that_fails_midway_is_said_as_far_as_it_came() -> None:
    talk = answering()
    turn = talk.state.turn
    assert turn is not None
    went_on(talk, "", last=True)
    talk.tell(ev.WorkFailed(turn_id=turn.turn_id, revision=turn.revision, stage="Act", code="internal_error"))
    assert talk.state.turn is not None
    assert talk.state.turn.phase is Phase.SPEAKING
    talk.finish_speaking()
    talk.hear(3_000, speech=False)
    assert talk.state.turn is None


class Broken:
    """Begins an answer and fails."""

    async def reach(self, text: str) -> Reach:
        return Reach(cloud=True)

    def answers_to(self, decision: RouteDecision, text: str) -> bool:
        return True

    async def answers(self, wanted: Wanted, alone: Alone) -> AsyncGenerator[Answer | AnswerPart]:
        yield GROWING
        raise ZeroDivisionError


async def test_whoever_says_an_answer_that_fails_midway_waits_for_nothing(
    tmp_path: Path, guard: PermissionGuard
) -> None:
    room = DoubtfulTalk(tmp_path, guard)
    told: list[ev.Event] = []
    asking = Asking(Broken(), room.dialogue, told.append)
    act = do.Act(
        turn_id="t1",
        revision=0,
        transcript=HEARD,
        understanding=UNDERSTANDING,
        decision=DECISION,
    )
    with closing(room.outbox), pytest.raises(ZeroDivisionError):
        await asking.ask(act)
    first, end = told
    assert isinstance(first, ev.Answered)
    assert isinstance(end, ev.AnswerWentOn)
    assert end.part.last
