"""Answers that were promised for later: told once, when it is quiet, and to nobody who has long gone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from nearfield_edge.escalation.later import TellingLater
from nearfield_edge.escalation.questions import QuestionQueue
from nearfield_edge.escalation.seam import AnswerSentence, Citation, EscalatedQuestion
from nearfield_edge.records.keys import FileKeyStore
from nearfield_edge.turn import commands as do
from nearfield_edge.turn import events as ev
from nearfield_edge.turn.content import Answer
from nearfield_sync.telemetry import Counters
from tests.edge.test_turn_engine import open_mic
from tests.fakes.clock import SettableClock

SENTENCE = AnswerSentence(
    text="It opens at nine.",
    citations=(Citation(document="Opening hours", source="hours.md", quote="opens at 9"),),
)


class Desk:
    def __init__(self, folder: Path) -> None:
        self.clock = SettableClock()
        self.queue = QuestionQueue(
            folder / "questions.sqlite",
            FileKeyStore(folder / "device.key"),
            clock=self.clock,
            counters=Counters(),
        )
        self.quiet = True
        self.said: list[Answer] = []
        self.telling = TellingLater(
            self.queue, now=self.clock.utc_now, is_quiet=lambda: self.quiet, tell=self.said.append
        )

    def answer(self, text: str = "when does the library open", turn_id: str = "t1") -> None:
        question = EscalatedQuestion(turn_id=turn_id, text=text)
        assert self.queue.put(question)
        assert self.queue.begin(question.key)
        assert self.queue.answer(question.key, [SENTENCE])


async def test_what_was_answered_is_told_once_with_its_source(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.answer()
    assert not await desk.telling.told_all()
    assert await desk.telling.told_all()
    (said,) = desk.said
    assert said.whole_text == "You asked: when does the library open? It opens at nine."
    assert said.escalation is not None
    assert [source.document for source in said.escalation.sources] == ["Opening hours"]


async def test_nothing_is_told_while_somebody_speaks(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.answer()
    desk.quiet = False
    assert not await desk.telling.told_all()
    assert desk.said == []
    desk.quiet = True
    await desk.telling.told_all()
    assert len(desk.said) == 1


async def test_nothing_comes_between_the_look_for_quiet_and_the_telling(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.answer()
    kept_when_told: list[int] = []
    desk.telling = TellingLater(
        desk.queue,
        now=desk.clock.utc_now,
        is_quiet=lambda: True,
        tell=lambda _: kept_when_told.append(len(desk.queue.all())),
    )
    await desk.telling.told_all()
    assert kept_when_told == [1]
    assert desk.queue.all() == ()


async def test_whoever_asked_long_ago_is_not_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.answer()
    desk.clock.advance(timedelta(minutes=16))
    assert await desk.telling.told_all()
    assert desk.said == []
    assert desk.queue.all() == ()


async def test_a_question_with_masks_is_not_read_out(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.answer("when is the desk of [NAME_1] free")
    await desk.telling.told_all()
    assert desk.said[0].text == "Here is the answer to your question."


def test_an_answer_that_is_due_is_a_turn_of_its_own() -> None:
    talk = open_mic()
    answer = Answer(text="You asked: when?", source="cloud", more=("At nine.",))
    talk.tell(ev.AnswerDue(at=talk.at, answer=answer))
    (opened,) = talk.given(do.OpenTurn)
    assert isinstance(opened, do.OpenTurn)
    assert opened.opened_by == "later"
    (tell,) = talk.given(do.Tell)
    assert isinstance(tell, do.Tell)
    talk.tell(ev.Answered(turn_id=tell.turn_id, revision=tell.revision, answer=tell.answer))
    (speak,) = talk.given(do.Speak)
    assert isinstance(speak, do.Speak)
    assert (speak.text, speak.more) == (answer.text, answer.more)


def test_an_answer_that_is_due_interrupts_nobody() -> None:
    talk = open_mic()
    talk.hear(500, speech=True)
    talk.tell(ev.AnswerDue(at=talk.at, answer=Answer(text="You asked.", source="cloud")))
    assert not talk.given(do.Tell)
