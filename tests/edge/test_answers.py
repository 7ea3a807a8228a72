"""The cache of the cloud's answers: who gets what, for how long, and what leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from nearfield_edge.cli import nearfield
from nearfield_edge.errors import RecordError
from nearfield_edge.escalation.answers import AnswerCache
from nearfield_edge.escalation.kept_answer import CacheLimits, CacheScope
from nearfield_edge.escalation.seam import (
    Answered,
    AnswerSentence,
    Citation,
    EscalatedQuestion,
    PastExchange,
)
from nearfield_edge.escalation.wording import normalised, stands_alone
from nearfield_edge.records.keys import FileKeyStore
from nearfield_sync.telemetry import Counters
from tests.fakes.clock import SettableClock

ASKED = "How long is the warranty of the pump?"
SENTENCES = (
    AnswerSentence(
        text="Two years.",
        citations=(Citation(document="Terms", source="terms.md", quote="two years", chunk_id="c7"),),
    ),
)
EARLIER = (PastExchange(question="what is vented", answer="the pump"),)


def question(text: str, turn_id: str = "t1", *, after: tuple[PastExchange, ...] = ()) -> EscalatedQuestion:
    return EscalatedQuestion(turn_id=turn_id, text=text, conversation=after)


def answered(seconds: int = 600) -> Answered:
    return Answered(outcome="answered", reason="a manual knows", may_be_kept_seconds=seconds)


class Kitchen:
    """A folder with a key, and caches in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SettableClock()
        self.keys = FileKeyStore(folder / "device.key")

    def open(self, scope: CacheScope | None = None, limits: CacheLimits | None = None) -> AnswerCache:
        return AnswerCache(
            self.folder / "answers.sqlite",
            self.keys,
            scope=scope or CacheScope(tenant="acme"),
            limits=limits,
            clock=self.clock,
            counters=Counters(),
        )


@pytest.fixture
def kitchen(tmp_path: Path) -> Kitchen:
    return Kitchen(tmp_path)


@pytest.fixture
def cache(kitchen: Kitchen) -> Iterator[AnswerCache]:
    with closing(kitchen.open()) as cache:
        yield cache


def test_the_same_question_is_answered_again_with_its_sources(cache: AnswerCache) -> None:
    assert cache.keep(ASKED, question(ASKED), SENTENCES, answered())
    found = cache.find("how long is the warranty, of the PUMP")
    assert found is not None
    assert found.sentences == SENTENCES
    assert found.source == "cloud"
    assert cache.find("how long is the warranty of the valve") is None


def test_an_answer_survives_a_restart(kitchen: Kitchen) -> None:
    with closing(kitchen.open()) as cache:
        cache.keep(ASKED, question(ASKED), SENTENCES, answered())
    with closing(kitchen.open()) as cache:
        assert cache.find(ASKED) is not None


def test_an_answer_ends_with_its_time_and_no_word_of_the_cloud_lasts_longer_than_allowed(
    kitchen: Kitchen,
) -> None:
    with closing(kitchen.open(limits=CacheLimits(longest_seconds=900))) as cache:
        cache.keep(ASKED, question(ASKED), SENTENCES, answered(3_600))
        kitchen.clock.advance(timedelta(seconds=899))
        assert cache.find(ASKED) is not None
        kitchen.clock.advance(timedelta(seconds=1))
        assert cache.find(ASKED) is None
        assert cache.prune() == 1
        assert cache.all() == ()


@pytest.mark.parametrize(
    "ended",
    [
        answered(0),
        Answered(outcome="ungrounded", reason="", may_be_kept_seconds=60),
        Answered(outcome="cancelled", reason="", may_be_kept_seconds=60),
    ],
)
def test_what_may_not_be_kept_is_not_kept(cache: AnswerCache, ended: Answered) -> None:
    assert not cache.keep(ASKED, question(ASKED), SENTENCES, ended)
    assert cache.find(ASKED) is None


def test_what_was_masked_is_not_kept(cache: AnswerCache) -> None:
    masked = question("where is the desk of <PERSON>")
    assert not cache.keep("where is the desk of Anna Berg", masked, SENTENCES, answered())
    assert cache.find("where is the desk of Anna Berg") is None


@pytest.mark.parametrize(
    "scope",
    [
        CacheScope(tenant="other"),
        CacheScope(tenant="acme", audience="staff"),
        CacheScope(tenant="acme", language="de"),
    ],
)
def test_nothing_is_answered_across_tenants_audiences_or_languages(
    kitchen: Kitchen, scope: CacheScope
) -> None:
    with closing(kitchen.open()) as cache:
        cache.keep(ASKED, question(ASKED), SENTENCES, answered())
    with closing(kitchen.open(scope)) as cache:
        assert cache.find(ASKED) is None
    with closing(kitchen.open()) as cache:
        assert cache.find(ASKED) is not None


def test_a_question_that_leans_on_the_conversation_is_neither_kept_nor_answered(cache: AnswerCache) -> None:
    leaning = "how long does that take then"
    assert not cache.keep(leaning, question(leaning, after=EARLIER), SENTENCES, answered())
    assert cache.keep(leaning, question(leaning), SENTENCES, answered())
    assert cache.find(leaning, EARLIER) is None
    assert cache.find(leaning) is not None
    assert cache.keep(ASKED, question(ASKED, after=EARLIER), SENTENCES, answered())
    assert cache.find(ASKED) is not None
    assert cache.find(ASKED, EARLIER) is not None


def test_without_a_clock_nothing_is_given_and_nothing_kept(kitchen: Kitchen, cache: AnswerCache) -> None:
    cache.keep(ASKED, question(ASKED), SENTENCES, answered())
    kitchen.clock.set_wall(datetime(1970, 1, 1, tzinfo=UTC))
    assert cache.find(ASKED) is None
    assert not cache.keep(
        "what is a valve made of", question("what is a valve made of"), SENTENCES, answered()
    )


def test_an_answer_from_a_clock_that_was_ahead_is_not_given(kitchen: Kitchen, cache: AnswerCache) -> None:
    kitchen.clock.set_wall(datetime(2040, 1, 1, tzinfo=UTC))
    cache.keep(ASKED, question(ASKED), SENTENCES, answered())
    kitchen.clock.set_wall(datetime(2026, 3, 2, tzinfo=UTC))
    assert cache.find(ASKED) is None
    assert cache.prune() == 1


def test_the_answer_not_used_for_longest_goes_first(kitchen: Kitchen) -> None:
    with closing(kitchen.open(limits=CacheLimits(most=2))) as cache:
        for number, text in enumerate(
            ("one two three four", "five six seven eight", "nine ten eleven twelve")
        ):
            kitchen.clock.advance(timedelta(seconds=1))
            if number == 2:
                assert cache.find("one two three four") is not None
                kitchen.clock.advance(timedelta(seconds=1))
            cache.keep(text, question(text, f"t{number}"), SENTENCES, answered())
        assert {kept.question for kept in cache.all()} == {"one two three four", "nine ten eleven twelve"}


def test_no_more_bytes_are_kept_than_allowed(kitchen: Kitchen) -> None:
    long = (AnswerSentence(text="word " * 200),)
    with closing(kitchen.open(limits=CacheLimits(most_bytes=2_500))) as cache:
        for number in range(5):
            kitchen.clock.advance(timedelta(seconds=1))
            cache.keep(f"question number {number}", question(f"question number {number}"), long, answered())
        assert [kept.question for kept in cache.all()] == ["question number 4", "question number 3"]
        huge = (AnswerSentence(text="word " * 1_000),)
        assert not cache.keep(ASKED, question(ASKED), huge, answered())


def test_erasing_takes_a_turns_and_a_persons_answers_and_no_others(cache: AnswerCache) -> None:
    for number, person in enumerate(("anna", "ben", None)):
        text = f"what is question number {number}"
        cache.keep(text, question(text, f"t{number}"), SENTENCES, answered(), person=person)
    cache.erase("t0")
    assert len(cache.all()) == 2
    assert cache.erase_person("ben") == 1
    assert [kept.turn_id for kept in cache.all()] == ["t2"]
    assert cache.clear() == 1


def test_neither_question_nor_answer_stands_in_the_files_and_only_the_owner_may_read_them(
    kitchen: Kitchen, cache: AnswerCache
) -> None:
    cache.keep(ASKED, question(ASKED), SENTENCES, answered())
    for file in kitchen.folder.glob("answers.sqlite*"):
        raw = file.read_bytes().lower()
        assert b"warranty" not in raw
        assert b"two years" not in raw
        assert file.stat().st_mode & 0o077 == 0


def test_an_answer_moved_to_another_question_is_refused(kitchen: Kitchen, cache: AnswerCache) -> None:
    other = "what is the valve made of"
    cache.keep(ASKED, question(ASKED), SENTENCES, answered())
    cache.keep(other, question(other), (AnswerSentence(text="Brass."),), answered())
    with closing(apsw.Connection(str(kitchen.folder / "answers.sqlite"))) as forger:
        forger.execute(
            "UPDATE answer SET sentences = (SELECT sentences FROM answer WHERE number = 1) WHERE number = 2"
        )
    with pytest.raises(RecordError, match="altered"):
        cache.find(other)


def test_a_cache_sealed_with_another_key_is_emptied(kitchen: Kitchen) -> None:
    with closing(kitchen.open()) as cache:
        cache.keep(ASKED, question(ASKED), SENTENCES, answered())
    (kitchen.folder / "device.key").unlink()
    with closing(kitchen.open()) as cache:
        assert cache.all() == ()
        assert cache.keep(ASKED, question(ASKED), SENTENCES, answered())
        assert cache.find(ASKED) is not None


def test_the_command_lists_and_erases(tmp_path: Path) -> None:
    config = tmp_path / "nearfield.toml"
    config.write_text(f'[device]\ndata = "{tmp_path}"\n[cloud]\ntenant = "acme"\n')
    kitchen = Kitchen(tmp_path)
    kitchen.clock.set_wall(datetime.now(UTC))
    kitchen.keys = FileKeyStore(tmp_path / "keys" / "recordings.key")
    with closing(kitchen.open()) as cache:
        cache.keep(ASKED, question(ASKED), SENTENCES, answered(86_400))
    told = CliRunner().invoke(nearfield, ["answers", "--config", str(config), "--json"])
    assert told.exit_code == 0, told.output
    (kept,) = json.loads(told.output)["answers"]
    assert (kept["question"], kept["sentences"][0]["text"]) == (ASKED, "Two years.")
    shown = CliRunner().invoke(nearfield, ["answers", "--config", str(config)])
    assert "Terms" in shown.output
    erased = CliRunner().invoke(
        nearfield, ["answers", "--config", str(config), "--erase-turn", "t1", "--json"]
    )
    assert json.loads(erased.output) == {"answers": [], "questions": []}


@given(text=st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What's  the weather?", "what's the weather", True),
        ("is it -5 degrees", "is it 5 degrees", False),
        ("version 3.5", "version 35", False),
        ("10% off", "10 off", False),
        ("„Wie viel?“", "wie viel", True),
    ],
)
def test_questions_are_the_same_by_their_words(one: str, other: str, same: bool) -> None:
    assert (normalised(one) == normalised(other)) is same


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("how long is the warranty of the pump", True),
        ("and how long is the warranty", False),
        ("what about the warranty of pumps", False),
        ("how long is its warranty period", False),
        ("salt and pepper are sold where", True),
        ("how much", False),
    ],
)
def test_a_question_stands_alone_where_nothing_points_back(text: str, alone: bool) -> None:
    assert stands_alone(text, "en") is alone
    assert not stands_alone(text, "de")
