"""Turns without a language model and without tools: planned, answered, cancelled, timed, recorded."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import apsw
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from nearfield_cloud.caller import Caller
from nearfield_cloud.errors import ConfigurationError, OrchestrationError
from nearfield_cloud.orchestrator.answer import SentenceReady
from nearfield_cloud.orchestrator.question import Budget, Exchange
from tests.cloud.answers import DEVICE, OPEN, answering, asked, finished, heard, passage, planned, said
from tests.fakes.knowledge import ToldKnowledge
from tests.fakes.timekeeper import SettableTimekeeper


async def test_a_question_is_answered_from_a_document_that_is_named(tmp_path: Path) -> None:
    async with answering(tmp_path, OPEN) as (orchestrator, _):
        events = await heard(orchestrator.listen(), asked("When does the shop open?"))
    assert planned(events).plan == "knowledge"
    assert said(events) == "The shop opens at 9 and closes at 18."
    sentence = next(event for event in events if isinstance(event, SentenceReady))
    assert sentence.citations[0].source == "rules.md"
    assert finished(events).outcome == "answered"
    assert finished(events).may_be_kept_seconds == 86_400
    assert [step.name for step in finished(events).steps] == ["plan", "retrieve", "compose"]


async def test_what_no_document_holds_is_said_not_to_be_known(tmp_path: Path) -> None:
    async with answering(tmp_path) as (orchestrator, _):
        events = await heard(orchestrator.listen(), asked("Who invented the zip?"))
    assert finished(events).outcome == "ungrounded"
    assert "nothing about that" in said(events)
    assert finished(events).may_be_kept_seconds == 0


async def test_passages_that_do_not_answer_are_not_read_out(tmp_path: Path) -> None:
    async with answering(tmp_path, OPEN) as (orchestrator, _):
        events = await heard(orchestrator.listen(), asked("Who invented the zip?"))
    assert finished(events).outcome == "ungrounded"
    assert "shop" not in said(events)


async def test_an_answer_that_hangs_on_the_conversation_may_not_be_kept(tmp_path: Path) -> None:
    before = (Exchange(question="Is there a shop?", answer="Yes."),)
    async with answering(tmp_path, OPEN) as (orchestrator, _):
        events = await heard(orchestrator.listen(), asked("When does it open?", conversation=before))
    assert finished(events).outcome == "answered"
    assert finished(events).may_be_kept_seconds == 0


async def test_silence_is_answered_by_asking_back(tmp_path: Path) -> None:
    async with answering(tmp_path, OPEN) as (orchestrator, _):
        events = await heard(orchestrator.listen(), asked(" . "))
    assert finished(events).outcome == "asked_back"
    assert said(events) == "What would you like to know?"


@pytest.mark.parametrize(("can", "outcome"), [(True, "handed_over"), (False, "refused")])
@pytest.mark.parametrize(
    "text", ["Can I talk to a human please", "get me somebody", "I'd like to speak with a person"]
)
async def test_who_asks_for_a_person_gets_one_where_there_is_one(
    tmp_path: Path, text: str, can: bool, outcome: str
) -> None:
    async with answering(tmp_path, OPEN, orchestrator={"hand_over": can}) as (orchestrator, _):
        events = await heard(orchestrator.listen(), asked(text))
    assert finished(events).outcome == outcome


async def test_what_the_operator_refuses_is_refused_whatever_is_known(tmp_path: Path) -> None:
    refused = {"refused_sentences": ["{any} prices {any}", "when does the shop open"]}
    async with answering(tmp_path, OPEN, orchestrator=refused) as (orchestrator, _):
        events = await heard(orchestrator.listen(), asked("When does the shop open?"))
    assert finished(events).outcome == "refused"
    assert "9" not in said(events)


async def test_documents_that_cannot_be_searched_end_the_turn_with_their_code(tmp_path: Path) -> None:
    async with answering(tmp_path, knowledge=ToldKnowledge((), fails=True)) as (orchestrator, _):
        events = await heard(orchestrator.listen(), asked("When does the shop open?"))
    assert finished(events).outcome == "failed"
    assert finished(events).reason == "knowledge_failed"
    assert {step.fault for step in finished(events).steps if step.name == "retrieve"} == {"knowledge_failed"}
    assert said(events)


async def test_a_partial_is_searched_and_the_question_uses_what_was_found(tmp_path: Path) -> None:
    async with answering(tmp_path, OPEN) as (orchestrator, knowledge):
        listening = orchestrator.listen(DEVICE)
        for partial in ("when", "when does the", "when does the shop", "when does the shop open"):
            listening.hear(partial)
        events = await heard(listening, asked("When does the shop open please?"))
    assert knowledge.searched[-1] == "when does the shop open"
    assert "When does the shop open please?" not in knowledge.searched
    retrieve = next(step for step in finished(events).steps if step.name == "retrieve")
    assert "begun on a partial" in retrieve.detail
    assert said(events) == "The shop opens at 9 and closes at 18."


async def test_a_question_that_turned_out_otherwise_is_searched_anew(tmp_path: Path) -> None:
    async with answering(tmp_path, OPEN) as (orchestrator, knowledge):
        knowledge.open.clear()
        listening = orchestrator.listen(DEVICE)
        listening.hear("where is the toilet")
        await asyncio.sleep(0)
        answer = asyncio.create_task(heard(listening, asked("where is the shop that opens at nine")))
        await knowledge.searches(2)
        knowledge.open.set()
        await answer
    assert knowledge.cancelled == ["where is the toilet"]


async def test_another_callers_question_is_not_answered_from_what_was_begun(tmp_path: Path) -> None:
    stranger = Caller(tenant="other", subject="till-1", kind="device", roles=frozenset({"device"}))
    async with answering(tmp_path, OPEN) as (orchestrator, _):
        listening = orchestrator.listen(DEVICE)
        listening.hear("when does the shop open")
        events = await heard(listening, asked("when does the shop open", caller=stranger))
    assert finished(events).outcome == "ungrounded"


async def test_partials_search_no_more_often_than_allowed_and_not_without_a_caller(tmp_path: Path) -> None:
    few = {"speculation": {"searches": 2}}
    async with answering(tmp_path, OPEN, orchestrator=few) as (orchestrator, knowledge):
        nobody, listening = orchestrator.listen(), orchestrator.listen(DEVICE)
        for words in range(1, 40):
            nobody.hear(" ".join(f"word{number}" for number in range(words)))
            listening.hear(" ".join(f"word{number}" for number in range(words)))
        await asyncio.sleep(0)
        await heard(listening, asked("When does the shop open?"))
    assert len(knowledge.searched) <= 3


async def test_a_turn_ends_at_its_deadline_and_says_so(tmp_path: Path) -> None:
    time = SettableTimekeeper()
    async with answering(tmp_path, OPEN, time=time) as (orchestrator, knowledge):
        knowledge.open.clear()
        question = asked("When does the shop open?", budget=Budget(deadline_seconds=2))
        answer = asyncio.create_task(heard(orchestrator.listen(), question))
        await knowledge.searches(1)
        await time.pass_when_waited_for(2)
        events = await answer
    assert finished(events).reason == "deadline_passed"
    assert said(events) == "That takes too long just now."
    assert knowledge.cancelled


async def test_an_answer_is_no_longer_than_the_turn_allows(tmp_path: Path) -> None:
    long = passage("The shop opens " + "very " * 100 + "early.")
    async with answering(tmp_path, long) as (orchestrator, _):
        question = asked("When does the shop open?", budget=Budget(answer_characters=100))
        events = await heard(orchestrator.listen(), question)
    assert finished(events).outcome == "failed"
    assert "very" not in said(events)


async def test_closing_an_answer_early_cancels_what_is_under_way_and_is_recorded(tmp_path: Path) -> None:
    async with answering(tmp_path, OPEN) as (orchestrator, knowledge):
        knowledge.open.clear()
        async with aclosing(orchestrator.listen().answer(asked("When does the shop open?"))) as events:
            first = asyncio.ensure_future(anext(events))
            await knowledge.searches(1)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
        assert knowledge.cancelled
    assert rows(tmp_path, "SELECT outcome, plan FROM turns") == [("cancelled", "")]
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_a_record_tells_what_was_done_and_nothing_that_was_said(tmp_path: Path) -> None:
    async with answering(tmp_path, OPEN) as (orchestrator, _):
        await heard(orchestrator.listen(), asked("When does the shop open?"))
    ((outcome, tenant, steps, question, answer),) = rows(
        tmp_path, "SELECT outcome, tenant, steps, question, answer FROM turns"
    )
    assert (outcome, tenant, question, answer) == ("answered", "acme", None, None)
    assert "compose" in str(steps)
    assert b"shop" not in content(tmp_path)


async def test_text_is_kept_redacted_and_only_if_something_redacts(tmp_path: Path) -> None:
    keeps = {"records": {"text": True}}
    with pytest.raises(ConfigurationError, match="redact"):
        async with answering(tmp_path, OPEN, orchestrator=keeps):
            pass
    async with answering(
        tmp_path, OPEN, orchestrator=keeps, redact=lambda text: text.replace("Anna", "[name]")
    ) as (orchestrator, _):
        await heard(orchestrator.listen(), asked("When does Anna open the shop?"))
    ((question,),) = rows(tmp_path, "SELECT question FROM turns")
    assert question == "When does [name] open the shop?"


async def test_the_spans_of_a_turn_hang_below_the_devices(tmp_path: Path) -> None:
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with answering(tmp_path, OPEN, tracer=provider.get_tracer("test")) as (orchestrator, _):
        await heard(orchestrator.listen(), asked("When does the shop open?", trace_parent=parent))
    by_name = {span.name: span for span in spans.get_finished_spans()}
    turn = by_name["nearfield.turn"]
    assert turn.parent is not None
    assert f"{turn.parent.span_id:x}" == "b7ad6b7169203331"
    compose = by_name["nearfield.compose"]
    assert compose.parent is not None
    assert compose.parent.span_id == turn.context.span_id
    assert not [span for span in spans.get_finished_spans() if "shop" in str(span.attributes)]
    provider.shutdown()


async def test_a_confirmation_that_nobody_waits_for_is_an_error(tmp_path: Path) -> None:
    async with answering(tmp_path) as (orchestrator, _):
        with pytest.raises(OrchestrationError):
            orchestrator.listen().confirm("t1.1", agreed=True)


def content(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with apsw.Connection(str(folder / "turns.sqlite")) as connection:
        found = list(connection.execute(sql))
    connection.close()
    return found
