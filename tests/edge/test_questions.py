"""Questions that wait for a link: kept, asked once, answered or given up with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nearfield_edge.errors import EscalationRefusedError, LinkLostError, RecordError
from nearfield_edge.escalation.question_loop import QuestionLoop
from nearfield_edge.escalation.questions import QuestionQueue
from nearfield_edge.escalation.queued_question import QueueLimits
from nearfield_edge.escalation.seam import (
    Answered,
    AnswerSentence,
    ConfirmationAsked,
    EscalatedQuestion,
    PastExchange,
)
from nearfield_edge.records.keys import FileKeyStore
from nearfield_sync.telemetry import Counters
from tests.fakes.clock import SettableClock
from tests.fakes.escalation import FakeEscalation, Step, answer


def question(text: str, turn_id: str = "t1") -> EscalatedQuestion:
    past = (PastExchange(question="what is this", answer="a pump"),)
    return EscalatedQuestion(turn_id=turn_id, text=text, conversation=past, can_wait=True)


class Desk:
    """A folder with a key, and queues in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SettableClock()
        self.counters = Counters()

    def open(self, limits: QueueLimits | None = None) -> QuestionQueue:
        return QuestionQueue(
            self.folder / "questions.sqlite",
            FileKeyStore(self.folder / "device.key"),
            limits=limits,
            clock=self.clock,
            counters=self.counters,
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def queue(desk: Desk) -> Iterator[QuestionQueue]:
    with closing(desk.open()) as queue:
        yield queue


def states(queue: QuestionQueue) -> list[tuple[str, str]]:
    return [(one.question.turn_id, one.state) for one in queue.all()]


def loop_over(queue: QuestionQueue, cloud: FakeEscalation) -> QuestionLoop:
    return QuestionLoop(queue, cloud, may_ask=lambda: True)


def test_a_question_waits_through_a_restart_with_all_that_belongs_to_it(desk: Desk) -> None:
    with closing(desk.open()) as queue:
        assert queue.put(question("how long"), person="anna")
        assert queue.put(question("how long"))  # the same one: nothing changes
    with closing(desk.open()) as queue:
        (waiting,) = queue.all()
    assert waiting.question.text == "how long"
    assert waiting.question.conversation == question("how long").conversation
    assert (waiting.person, waiting.state) == ("anna", "waiting")


async def test_a_question_is_asked_when_there_is_a_link_and_its_answer_waits_to_be_told(
    queue: QuestionQueue,
) -> None:
    queue.put(question("how long"))
    cloud = FakeEscalation({"how long": answer("Two years.")}, ready=False)
    loop = loop_over(queue, cloud)
    assert not await loop.ask_next()  # no link: it surely was not sent
    assert states(queue) == [("t1", "waiting")]
    cloud.restore()
    assert await loop.ask_next()
    assert not await loop.ask_next()
    (told,) = queue.to_tell()
    assert [sentence.text for sentence in told.sentences] == ["Two years."]
    assert [asked.text for asked in cloud.asked] == ["how long"]
    queue.told(told.question.key)
    assert queue.all() == ()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ((LinkLostError("cut"),), "link_lost"),
        ((AnswerSentence(text="Two"), LinkLostError("cut")), "link_lost"),
        ((EscalationRefusedError("no", code="not_allowed"),), "not_allowed"),
        ((Answered(outcome="ungrounded", reason="no passage"),), "no passage"),
        ((Answered(outcome="answered", reason="empty"),), "said nothing"),
    ],
)
async def test_what_was_sent_and_not_answered_is_given_up_and_never_asked_again(
    queue: QuestionQueue, script: Sequence[Step], reason: str
) -> None:
    queue.put(question("how long"))
    cloud = FakeEscalation({"how long": script})
    loop = loop_over(queue, cloud)
    assert await loop.ask_next()
    assert not await loop.ask_next()
    assert len(cloud.asked) == 1
    (given_up,) = queue.to_tell()
    assert given_up.state == "given_up"
    assert reason in given_up.reason


async def test_a_question_that_came_second_to_another_waits_on(queue: QuestionQueue) -> None:
    queue.put(question("how long"))
    busy = EscalationRefusedError("another question is under way", code="busy")
    assert not await loop_over(queue, FakeEscalation({"how long": (busy,)})).ask_next()
    assert states(queue) == [("t1", "waiting")]


async def test_nobody_there_agrees_to_nothing(queue: QuestionQueue) -> None:
    queue.put(question("open the valve"))
    asked = ConfirmationAsked(call_id="c1", tool="valve", arguments={}, question="Open it?")
    cloud = FakeEscalation({"open the valve": (asked, *answer("It stays shut."))})
    await loop_over(queue, cloud).ask_next()
    assert cloud.confirmed == [("c1", False)]


async def test_the_loop_asks_only_while_nobody_is_served_and_when_woken(queue: QuestionQueue) -> None:
    cloud = FakeEscalation({"how long": answer("Two years.")})
    served, settled = True, asyncio.Event()
    loop = QuestionLoop(queue, cloud, may_ask=lambda: not served, on_settled=settled.set, look_seconds=3_600)
    running = asyncio.create_task(loop.run())
    await asyncio.to_thread(queue.put, question("how long"))
    loop.wake()
    await asyncio.sleep(0)
    assert cloud.asked == []
    served = False
    loop.wake()
    async with asyncio.timeout(10):
        await settled.wait()
    running.cancel()
    assert len(cloud.asked) == 1


def test_a_full_queue_says_so(desk: Desk) -> None:
    with closing(desk.open(QueueLimits(most=2))) as queue:
        assert [queue.put(question("a", f"t{number}")) for number in range(3)] == [True, True, False]
        assert queue.put(question("a", "t0"))  # it waits already
    assert desk.counters.value("nearfield_questions_refused_total") == 1


def test_a_question_that_has_waited_too_long_is_given_up_and_forgotten_in_the_end(desk: Desk) -> None:
    with closing(desk.open(QueueLimits(longest_seconds=3_600))) as queue:
        queue.put(question("how long"))
        desk.clock.advance(timedelta(minutes=59))
        assert queue.next() is not None
        desk.clock.advance(timedelta(minutes=2))
        assert queue.next() is None
        (given_up,) = queue.to_tell()
        assert "no link for 1 hours" in given_up.reason
        desk.clock.advance(timedelta(hours=2))
        assert queue.prune() == 1


def test_a_question_kept_before_the_clock_was_set_waits_from_then_on(desk: Desk) -> None:
    desk.clock.set_wall(datetime(1970, 1, 1, tzinfo=UTC))
    with closing(desk.open(QueueLimits(longest_seconds=3_600))) as queue:
        queue.put(question("how long"))
        assert queue.next() is not None
        desk.clock.set_wall(datetime(2026, 3, 2, tzinfo=UTC))
        assert queue.next() is not None
        desk.clock.advance(timedelta(minutes=61))
        assert queue.next() is None


def test_erasing_takes_a_turns_and_a_persons_questions_and_no_others(queue: QuestionQueue) -> None:
    for number, person in enumerate(("anna", "ben", None)):
        queue.put(question("how long", f"t{number}"), person=person)
    queue.erase("t0")
    assert queue.erase_person("ben") == 1
    assert states(queue) == [("t2", "waiting")]


async def test_a_question_erased_while_it_is_asked_leaves_nothing(queue: QuestionQueue) -> None:
    queue.put(question("how long"))
    assert queue.begin("t1/0")
    queue.erase("t1")
    assert not queue.answer("t1/0", (AnswerSentence(text="Two years."),))
    assert queue.all() == ()


def test_only_what_waits_is_begun_and_only_once(queue: QuestionQueue) -> None:
    queue.put(question("how long"))
    assert queue.begin("t1/0")
    assert not queue.begin("t1/0")
    assert queue.recover() == 1
    assert not queue.begin("t1/0")
    assert not queue.put_back("t1/0")


def test_no_word_stands_in_the_files(desk: Desk, queue: QuestionQueue) -> None:
    queue.put(question("warranty"))
    queue.begin("t1/0")
    queue.answer("t1/0", (AnswerSentence(text="Two years."),))
    for file in desk.folder.glob("questions.sqlite*"):
        raw = file.read_bytes().lower()
        assert b"warranty" not in raw
        assert b"two years" not in raw
        assert file.stat().st_mode & 0o077 == 0


def test_a_queue_sealed_with_another_key_is_an_error_not_a_loss(desk: Desk) -> None:
    with closing(desk.open()) as queue:
        queue.put(question("how long"))
    key = (desk.folder / "device.key").read_bytes()
    (desk.folder / "device.key").unlink()
    with pytest.raises(RecordError, match="put the device's key back"):
        desk.open()
    (desk.folder / "device.key").write_bytes(key)
    with closing(desk.open()) as queue:
        assert states(queue) == [("t1", "waiting")]
