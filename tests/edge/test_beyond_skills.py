"""Answers from beyond the skills: masked, raced against a deadline, broken off honestly, kept if allowed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from nearfield_edge import phrases
from nearfield_edge.doubts.offers import ACCEPTED, DECLINED, OWN, Offer
from nearfield_edge.errors import EscalationRefusedError, LinkLostError
from nearfield_edge.escalation.answers import AnswerCache
from nearfield_edge.escalation.beyond import Wanted
from nearfield_edge.escalation.beyond_skills import BeyondSkills
from nearfield_edge.escalation.context import RecentExchanges
from nearfield_edge.escalation.kept_answer import CacheScope
from nearfield_edge.escalation.later import AskingLater
from nearfield_edge.escalation.masking import Masking
from nearfield_edge.escalation.questions import QuestionQueue
from nearfield_edge.escalation.seam import Answered, AnswerSentence, Citation, ConfirmationAsked, RouteTold
from nearfield_edge.records.keys import FileKeyStore
from nearfield_edge.routing.policy import CloudPolicy
from nearfield_edge.turn.content import Answer, AnswerPart
from nearfield_sync.messages.turn_record import (
    EscalationRecord,
    Json,
    ReplyRecord,
    RouteDecision,
    Timings,
    TurnRecord,
    Understanding,
)
from nearfield_sync.redaction.redactor import Redactor
from nearfield_sync.telemetry import Counters
from tests.fakes.clock import SettableClock
from tests.fakes.escalation import FakeEscalation, Step, answer

Later = Literal["never", "ask", "always"]
REDACTOR = Redactor()
NOTHING = Understanding(intent=None, skill=None)
QUESTION = "when does the library open"
OPENING = (
    RouteTold(plan="knowledge", reason="a passage fits"),
    AnswerSentence(
        text="It opens at nine.",
        citations=(Citation(document="Opening hours", source="hours.md", quote="opens at 9"),),
    ),
    AnswerSentence(text="On Sundays it is closed."),
    Answered(outcome="answered", reason="found", may_be_kept_seconds=60),
)
ALONE = Answer(text=phrases.NOT_UNDERSTOOD, source="phrase:not_understood")


class Room:
    def __init__(
        self,
        folder: Path,
        script: dict[str, Sequence[Step]],
        *,
        later: Later = "ask",
        deadline_ms: int = 4_000,
    ) -> None:
        self.cloud = FakeEscalation(script)
        self.turns = 0
        self.clock = SettableClock()
        keys = FileKeyStore(folder / "device.key")
        files = {"clock": self.clock, "counters": Counters()}
        self.memory = AnswerCache(folder / "answers.sqlite", keys, scope=CacheScope(tenant="acme"), **files)  # type: ignore[arg-type]
        self.queue = QuestionQueue(folder / "questions.sqlite", keys, **files)  # type: ignore[arg-type]
        self.recent = RecentExchanges(self.clock, lifetime_seconds=90)
        self.beyond = BeyondSkills(
            escalation=self.cloud,
            kept=self.memory,
            later=AskingLater(self.queue, later),
            masking=Masking(
                lambda text, masks: REDACTOR.redact(text, earlier=masks),
                self.recent,
                clock=self.clock,
                counters=Counters(),
                trace_parent=lambda turn_id: f"span of {turn_id}",
            ),
            policy=CloudPolicy(enabled=True, may_leave="text", deadline_ms=deadline_ms),
            clock=self.clock,
            counters=Counters(),
        )

    async def ask(
        self,
        text: str,
        *,
        route: str = "cloud",
        alone: Answer = ALONE,
        understanding: Understanding = NOTHING,
    ) -> tuple[Answer, list[AnswerPart]]:
        async def by_itself() -> Answer:
            return alone

        decision = RouteDecision(route=route, reason="", confidence=0.0, policy_version="")
        self.turns += 1
        wanted = Wanted(
            turn_id=f"t{self.turns}",
            revision=0,
            text=text,
            understanding=understanding,
            decision=decision,
        )
        async with aclosing(self.beyond.answers(wanted, by_itself)) as answers:
            given = [one async for one in answers]
        first = given[0]
        assert isinstance(first, Answer)
        return first, [part for part in given[1:] if isinstance(part, AnswerPart)]


def escalation(of: Answer | AnswerPart) -> EscalationRecord:
    assert of.escalation is not None
    return of.escalation


async def test_an_answer_comes_sentence_by_sentence_with_its_sources(tmp_path: Path) -> None:
    room = Room(tmp_path, {QUESTION: OPENING})
    first, parts = await room.ask(QUESTION)
    assert (first.text, first.source, first.goes_on) == ("It opens at nine.", "cloud", True)
    assert [(part.text, part.last) for part in parts] == [("On Sundays it is closed.", False), ("", True)]
    record = escalation(parts[-1])
    assert (record.sent, record.outcome, record.plan) == (QUESTION, "answered", "knowledge: a passage fits")
    assert [source.document for source in record.sources] == ["Opening hours"]
    assert room.cloud.cancelled == []


async def test_the_cloud_is_told_of_the_turns_span(tmp_path: Path) -> None:
    room = Room(tmp_path, {QUESTION: OPENING})
    await room.ask(QUESTION)
    assert [asked.trace_parent for asked in room.cloud.asked] == ["span of t1"]


async def test_what_is_personal_is_masked_before_it_leaves_and_filled_again_when_it_is_said(
    tmp_path: Path,
) -> None:
    room = Room(
        tmp_path, {"my name is [NAME_1] when does the library open": answer("Hello [NAME_1], at nine.")}
    )
    first, parts = await room.ask("my name is anna smith when does the library open")
    assert "anna" not in room.cloud.asked[0].text
    assert first.text == "Hello anna smith, at nine."
    assert escalation(parts[-1]).masked == {"name": 1}


async def test_a_question_with_something_personal_in_it_is_not_kept(tmp_path: Path) -> None:
    room = Room(
        tmp_path, {"my name is [NAME_1] when does the library open": answer("At nine.", kept_seconds=60)}
    )
    await room.ask("my name is anna smith when does the library open")
    assert room.memory.all() == ()


async def test_a_kept_answer_is_given_without_the_cloud(tmp_path: Path) -> None:
    room = Room(tmp_path, {QUESTION: OPENING})
    await room.ask(QUESTION)
    room.cloud.lose()
    reach = await room.beyond.reach(QUESTION)
    assert (reach.cache, reach.cloud, reach.no_link) == (True, False, "the link was lost, as scripted")
    again, parts = await room.ask(QUESTION, route="cache")
    assert (again.text, again.more, again.source) == (
        "It opens at nine.",
        ("On Sundays it is closed.",),
        "cache",
    )
    assert parts == []
    assert (escalation(again).sent, escalation(again).outcome) == ("", "kept")
    assert [source.document for source in escalation(again).sources] == ["Opening hours"]


@pytest.mark.parametrize("outcome", ["ungrounded", "refused", "handed_over"])
async def test_only_what_was_answered_is_kept(outcome: str, tmp_path: Path) -> None:
    ended = Answered(outcome=outcome, reason="", may_be_kept_seconds=60)  # type: ignore[arg-type]
    room = Room(tmp_path, {QUESTION: (AnswerSentence(text="I found nothing about that."), ended)})
    await room.ask(QUESTION)
    assert room.memory.all() == ()


async def test_an_answer_that_may_not_be_kept_is_not(tmp_path: Path) -> None:
    room = Room(tmp_path, {QUESTION: answer("At nine.")})
    await room.ask(QUESTION)
    assert room.memory.all() == ()


async def test_a_link_that_is_lost_before_the_first_sentence_leaves_an_honest_local_answer(
    tmp_path: Path,
) -> None:
    room = Room(tmp_path, {QUESTION: (LinkLostError("nobody there"),)}, later="never")
    first, parts = await room.ask(QUESTION)
    assert (first.text, first.fault, parts) == (phrases.NO_LINK, "link_lost", [])
    assert (escalation(first).outcome, escalation(first).reason) == ("link_lost", "nobody there")


async def test_a_link_that_is_lost_in_the_middle_is_said_to_be(tmp_path: Path) -> None:
    room = Room(tmp_path, {QUESTION: (AnswerSentence(text="It opens at nine."), LinkLostError("cut"))})
    first, parts = await room.ask(QUESTION)
    assert first.text == "It opens at nine."
    assert [(part.text, part.last, part.fault) for part in parts] == [(phrases.CUT_OFF, True, "link_lost")]
    assert room.memory.all() == ()


async def test_what_the_device_would_have_asked_is_asked_where_the_cloud_fails(tmp_path: Path) -> None:
    doubt = Answer(text="Did you mean: a latte?", source="phrase:did_you_mean", asks=True)
    room = Room(tmp_path, {QUESTION: (EscalationRefusedError("over the quota", code="too_much"),)})
    first, _ = await room.ask(QUESTION, alone=doubt)
    assert (first.text, first.asks, first.fault) == (doubt.text, True, "too_much")


async def test_an_answer_that_does_not_begin_in_time_is_not_wanted_any_more(tmp_path: Path) -> None:
    never = asyncio.Event()
    room = Room(tmp_path, {QUESTION: (never, *OPENING)}, deadline_ms=200)
    first, parts = await room.ask(QUESTION)
    assert (first.text, first.fault, parts) == (phrases.NO_ANSWER, "cloud_late", [])
    assert room.cloud.cancelled == ["t1/0"]


async def test_an_answer_without_a_sentence_is_none(tmp_path: Path) -> None:
    room = Room(tmp_path, {QUESTION: (Answered(outcome="failed", reason="no model"),)})
    first, _ = await room.ask(QUESTION)
    assert (first.text, first.fault) == (phrases.NO_ANSWER, "failed")


async def test_the_cloud_may_ask_back(tmp_path: Path) -> None:
    asked_back = Answered(outcome="asked_back", reason="two libraries")
    room = Room(tmp_path, {QUESTION: (AnswerSentence(text="Which one do you mean?"), asked_back)})
    _, parts = await room.ask(QUESTION)
    assert (parts[-1].last, parts[-1].asks) == (True, True)


async def test_a_question_takes_the_conversation_along_masked_too(tmp_path: Path) -> None:
    room = Room(tmp_path, {"and how much is that": answer("Four euros.")})
    room.recent.remember(record_of("this is anna smith i want a latte", "Coming up, anna smith."))
    await room.ask("and how much is that")
    (past,) = room.cloud.asked[0].conversation
    assert (past.question, past.answer) == ("this is [NAME_1] i want a latte", "Coming up, [NAME_1].")


async def test_an_old_conversation_is_not_taken_along(tmp_path: Path) -> None:
    room = Room(tmp_path, {"and how much is that": answer("Four euros.")})
    room.recent.remember(record_of("i want a latte", "Coming up."))
    room.clock.advance(timedelta(seconds=91))
    await room.ask("and how much is that")
    assert room.cloud.asked[0].conversation == ()


async def test_what_cannot_be_masked_does_not_leave(tmp_path: Path) -> None:
    room = Room(tmp_path, {})
    first, parts = await room.ask("tell me " * 2_000)
    assert (first.text, first.fault, parts) == (phrases.NO_ANSWER, "redaction_failed", [])
    assert room.cloud.asked == []
    assert escalation(first).sent == ""


async def test_whoever_wants_no_more_closes_the_answer_at_the_other_end(tmp_path: Path) -> None:
    never = asyncio.Event()
    room = Room(tmp_path, {QUESTION: (AnswerSentence(text="It opens at nine."), never)})
    decision = RouteDecision(route="cloud", reason="", confidence=0.0, policy_version="")
    wanted = Wanted(turn_id="t1", revision=0, text=QUESTION, understanding=NOTHING, decision=decision)

    async def by_itself() -> Answer:
        return ALONE

    async with aclosing(room.beyond.answers(wanted, by_itself)) as answers:
        assert isinstance(await anext(answers), Answer)
    assert room.cloud.cancelled == ["t1/0"]


def said(decision: str, offer: Offer | None) -> Understanding:
    """What a yes or a no to an offer is understood as."""
    assert offer is not None
    slots: dict[str, Json] = {"kind": offer.kind, "reference": offer.reference}
    return Understanding(intent=decision, skill=OWN, slots=slots, source="clarified")


async def test_a_question_that_cannot_be_asked_now_waits_if_the_person_says_so(tmp_path: Path) -> None:
    room = Room(tmp_path, {})
    room.cloud.lose()
    first, parts = await room.ask(QUESTION, route="refuse")
    assert (first.whole_text, first.asks, parts) == (f"{phrases.NO_LINK} {phrases.SHALL_I_ASK}", True, [])
    assert escalation(first).sent == ""
    agreed, _ = await room.ask("yes", understanding=said(ACCEPTED, first.offer))
    assert agreed.text == phrases.WILL_ASK
    waiting = room.queue.next()
    assert waiting is not None
    assert waiting.question.text == QUESTION


async def test_a_question_that_the_person_gives_up_waits_for_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path, {})
    room.cloud.lose()
    first, _ = await room.ask(QUESTION, route="refuse")
    declined, _ = await room.ask("no", understanding=said(DECLINED, first.offer))
    assert declined.text == phrases.ALL_RIGHT
    assert room.queue.next() is None


async def test_where_the_policy_says_so_a_question_waits_unasked(tmp_path: Path) -> None:
    room = Room(tmp_path, {}, later="always")
    room.cloud.lose()
    first, _ = await room.ask(QUESTION, route="refuse")
    assert (first.whole_text, first.asks) == (f"{phrases.NO_LINK} {phrases.WILL_ASK}", False)
    assert room.queue.next() is not None


async def test_a_question_without_a_link_lets_it_be_tried_again_at_once(tmp_path: Path) -> None:
    room = Room(tmp_path, {})
    await room.beyond.reach(QUESTION)
    assert room.cloud.times_wanted == 0
    room.cloud.lose()
    await room.beyond.reach(QUESTION)
    assert room.cloud.times_wanted == 1


async def test_noise_is_no_question_that_could_wait(tmp_path: Path) -> None:
    room = Room(tmp_path, {})
    room.cloud.lose()
    decision = RouteDecision(route="refuse", reason="", confidence=0.0, policy_version="")
    assert room.beyond.answers_to(decision, QUESTION)
    assert not room.beyond.answers_to(decision, "uh the the")
    room.cloud.restore()
    assert not room.beyond.answers_to(decision, QUESTION)


CONFIRM = ConfirmationAsked(call_id="c1", tool="book", arguments={}, question="Shall I book the table?")
BOOKED = (AnswerSentence(text="It is booked."), Answered(outcome="answered", reason="done"))


@pytest.mark.parametrize("agreed", [True, False])
async def test_what_changes_something_is_asked_about_and_goes_on_in_the_next_turn(
    agreed: bool, tmp_path: Path
) -> None:
    room = Room(tmp_path, {"book a table for two": (CONFIRM, *BOOKED)})
    first, parts = await room.ask("book a table for two")
    assert (first.text, first.asks, parts) == (CONFIRM.question, True, [])
    assert (room.cloud.confirmed, room.cloud.cancelled) == ([], [])
    decision = ACCEPTED if agreed else DECLINED
    second, _ = await room.ask("yes", understanding=said(decision, first.offer))
    assert room.cloud.confirmed == [("c1", agreed)]
    assert second.text == "It is booked."


async def test_what_nobody_agreed_to_is_declined_when_something_else_is_asked(tmp_path: Path) -> None:
    room = Room(tmp_path, {"book a table for two": (CONFIRM, *BOOKED), QUESTION: OPENING})
    await room.ask("book a table for two")
    await room.ask(QUESTION)
    assert room.cloud.confirmed == [("c1", False)]
    assert room.cloud.cancelled == ["t1/0"]


async def test_agreeing_too_late_does_nothing(tmp_path: Path) -> None:
    room = Room(tmp_path, {"book a table for two": (CONFIRM, *BOOKED), QUESTION: OPENING})
    first, _ = await room.ask("book a table for two")
    await room.ask(QUESTION)
    late, _ = await room.ask("yes", understanding=said(ACCEPTED, first.offer))
    assert late.text == phrases.NOTHING_DONE
    assert room.cloud.confirmed == [("c1", False)]


def record_of(said: str, reply: str) -> TurnRecord:
    return TurnRecord(
        turn_id="t0",
        device_id="d",
        started_at="2026-01-01T00:00:00+00:00",
        opened_by="wake",
        outcome="answered",
        transcript=said,
        understanding=NOTHING,
        route=None,
        reply=ReplyRecord(text=reply, source="skill:coffee"),
        timings_ms=Timings(),
        versions={},
    )
