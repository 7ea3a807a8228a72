"""Asking back: what the device asks when it is not sure, and what it makes of the answer."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nearfield_edge import phrases
from nearfield_edge.doubts.answers import with_answers
from nearfield_edge.doubts.offers import OWN
from nearfield_edge.errors import RecordError
from nearfield_edge.routing.router import Reach
from nearfield_edge.skills.conversation import conversation_from_dict
from nearfield_edge.skills.permissions import PermissionGuard
from nearfield_models.errors import GrammarError
from nearfield_models.grammar import SentenceSource, compile_grammar
from nearfield_sync.messages.turn_record import Understanding
from tests.edge.doubtful_talk import DoubtfulTalk

SMALL, MEDIUM = ("I want a small latte", 0.5), ("I want a medium latte", 0.4)
SMALL_LATTE = {"size": "small", "drink": "latte"}
MEDIUM_LATTE = {"size": "medium", "drink": "latte"}


@pytest.fixture
def talk(tmp_path: Path, guard: PermissionGuard) -> Iterator[DoubtfulTalk]:
    made = DoubtfulTalk(tmp_path, guard)
    with closing(made.outbox):
        yield made


async def test_two_sizes_that_are_close_are_asked_about_in_the_words_that_were_heard(
    talk: DoubtfulTalk,
) -> None:
    answer = await talk.hear(SMALL, ("I want a regular latte", 0.4))
    assert answer.text == "Did you say small or regular?"
    assert (answer.source, answer.asks, answer.effects) == ("phrase:did_you_say", True, ())
    assert talk.decision.route == "clarify"
    assert talk.decision.reason.endswith("not to act; two differ in size alone, 1.0 nats apart")
    assert talk.ordered() == []


async def test_what_was_heard_stays_in_the_understanding(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL, MEDIUM)
    best, other = talk.understanding.alternatives
    assert (best.said, best.slots, best.words) == (SMALL[0], SMALL_LATTE, SMALL_LATTE)
    assert (other.confidence, other.behind) == (0.4, 1.0)


@pytest.mark.parametrize(
    ("answer", "ordered"),
    [
        ("small", SMALL_LATTE),
        ("I said medium", MEDIUM_LATTE),
        ("no, small", SMALL_LATTE),
        ("um, the medium one please", MEDIUM_LATTE),
        ("the first one", SMALL_LATTE),
        ("the second", MEDIUM_LATTE),
    ],
)
async def test_the_answer_to_a_choice_is_acted_upon(
    talk: DoubtfulTalk, answer: str, ordered: dict[str, str]
) -> None:
    await talk.hear(SMALL, MEDIUM)
    assert (await talk.hear((answer, 0.95))).text == "Done."
    assert talk.ordered() == [ordered]
    assert (talk.understanding.source, talk.understanding.confidence) == ("clarified", 0.95)
    assert talk.dialogue.conversation.doubt is None


@pytest.mark.parametrize("answer", ["neither", "no", "none of those", "not the small one"])
async def test_a_choice_may_be_denied(talk: DoubtfulTalk, answer: str) -> None:
    await talk.hear(SMALL, MEDIUM)
    reply = await talk.hear((answer, 0.9))
    assert (reply.text, reply.asks) == (phrases.SAY_AGAIN, True)
    assert talk.ordered() == []


async def test_a_yes_to_a_choice_chooses_nothing_and_reaches_no_skill(talk: DoubtfulTalk) -> None:
    await talk.hear(("a large espresso", 0.9))
    await talk.hear(SMALL, MEDIUM)
    assert (await talk.hear(("yes", 0.99))).text == phrases.NOT_SURE
    assert talk.ordered() == [{"size": "large", "drink": "espresso"}]
    assert (await talk.hear(("yes", 0.99))).text == "Done."
    assert talk.ordered()[-1] == {"sent": True}


@pytest.mark.parametrize("answer", ["yes", "Yes, please.", "that's right", "right", "correct"])
async def test_a_sentence_that_is_confirmed_is_acted_upon(talk: DoubtfulTalk, answer: str) -> None:
    asked = await talk.hear(("Um, could I please I want a small latte. Thanks.", 0.5))
    assert asked.text == "Did you mean: I want a small latte?"
    await talk.hear((answer, 0.9))
    assert talk.ordered() == [SMALL_LATTE]


@pytest.mark.parametrize("answer", ["no", "nope", "no, thanks", "that's wrong"])
async def test_a_sentence_that_is_denied_is_to_be_said_again(talk: DoubtfulTalk, answer: str) -> None:
    await talk.hear(SMALL)
    assert (await talk.hear((answer, 0.9))).text == phrases.SAY_AGAIN
    assert talk.decision.reason == "what was asked about is denied"
    await talk.hear(("I want a large latte", 0.9))
    assert talk.ordered() == [{"size": "large", "drink": "latte"}]


async def test_what_was_denied_is_not_asked_about_again(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL, MEDIUM)
    await talk.hear(("no", 0.9))
    assert (await talk.hear(MEDIUM)).text == phrases.NOT_SURE
    assert "denied" in talk.decision.reason


async def test_after_a_denial_something_else_may_be_asked_about(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL)
    await talk.hear(("no", 0.9))
    assert (await talk.hear(("a mocha", 0.5))).text == "Did you mean: a mocha?"


async def test_an_unsure_answer_is_not_acted_upon_and_ends_the_question(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL)
    assert (await talk.hear(("yes", 0.6))).text == phrases.NOT_SURE
    assert talk.ordered() == []
    assert (await talk.hear(("yes", 0.99))).text == phrases.NOT_UNDERSTOOD


async def test_an_unsure_denial_does_not_count_as_one(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL)
    assert (await talk.hear(("no", 0.5))).text == phrases.NOT_SURE


async def test_nothing_is_asked_twice_in_a_row(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL, MEDIUM)
    assert (await talk.hear(MEDIUM, SMALL)).text == phrases.NOT_SURE
    assert (await talk.hear(("small", 0.99))).text == phrases.NOT_UNDERSTOOD


async def test_an_unsure_order_in_place_of_an_answer_is_to_be_said_again(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL, MEDIUM)
    assert (await talk.hear(("a mocha", 0.5))).text == phrases.NOT_SURE
    assert "a question is open already" in talk.decision.reason
    assert (await talk.hear(("a mocha", 0.5))).text == "Did you mean: a mocha?"


async def test_what_means_nothing_ends_the_question(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL)
    assert (await talk.read("sing me a song")).text == phrases.NOT_UNDERSTOOD
    assert (await talk.hear(("yes", 0.99))).text == phrases.NOT_UNDERSTOOD


@pytest.mark.parametrize("again", ["a large mocha", "no, a large mocha", "no, I said a large mocha"])
async def test_the_whole_may_be_said_again_instead_of_an_answer(talk: DoubtfulTalk, again: str) -> None:
    await talk.hear(SMALL, MEDIUM)
    await talk.hear((again, 0.9))
    assert talk.ordered() == [{"size": "large", "drink": "mocha"}]
    assert talk.dialogue.conversation.doubt is None


async def test_the_answer_to_the_device_goes_before_what_it_would_mean_to_a_skill(
    talk: DoubtfulTalk,
) -> None:
    await talk.hear(("a large espresso", 0.9))
    await talk.hear(SMALL)
    await talk.hear(("yes", 0.9))
    assert talk.ordered()[1:] == [SMALL_LATTE]


async def test_the_conversation_with_a_skill_goes_on_beside_a_question(talk: DoubtfulTalk) -> None:
    await talk.hear(("a large espresso", 0.9))
    await talk.hear(("I want a small latte", 0.5))
    await talk.hear(("make it medium", 0.9))
    assert talk.understanding.source == "context"
    assert talk.ordered()[1:] == [{"size": "medium"}]


async def test_a_typed_answer_counts_too(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL, MEDIUM)
    await talk.read("medium please")
    assert talk.ordered() == [MEDIUM_LATTE]


async def test_a_second_meaning_far_behind_is_not_offered(talk: DoubtfulTalk) -> None:
    answer = await talk.hear(SMALL, MEDIUM, behind=4.0)
    assert answer.text == "Did you mean: I want a small latte?"
    assert "differs in size, but ranks 4.0 nats behind" in talk.decision.reason


@pytest.mark.parametrize("other", ["I want a medium mocha", "I want a latte", "note a small latte"])
async def test_meanings_that_differ_in_more_than_one_value_are_no_choice(
    talk: DoubtfulTalk, other: str
) -> None:
    answer = await talk.hear(SMALL, (other, 0.4))
    assert answer.text == "Did you mean: I want a small latte?"


@pytest.mark.parametrize(
    "said",
    [
        "note " + "nobody checked these words " * 2,
        "a small latte, no, a medium latte",
    ],
)
async def test_free_text_and_sentences_that_correct_themselves_are_not_read_aloud(
    talk: DoubtfulTalk, said: str
) -> None:
    assert (await talk.hear((said, 0.5))).text == phrases.NOT_SURE
    assert talk.dialogue.conversation.doubt is None


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("Hello there, a 12-ounce, um, latte please.", "a 12-ounce latte"),
        ("okay so I want, a latte with soy milk, thanks", "I want, a latte with soy milk"),
        ("Um. A latte", "A latte"),
    ],
)
async def test_a_sentence_is_read_back_as_it_was_written_without_what_means_nothing(
    talk: DoubtfulTalk, said: str, read: str
) -> None:
    assert (await talk.hear((said, 0.5))).text == f"Did you mean: {read}?"


async def test_free_text_is_no_choice_either(talk: DoubtfulTalk) -> None:
    assert (await talk.hear(("note one thing", 0.5), ("note another", 0.5))).text == phrases.NOT_SURE


async def test_a_question_that_was_dropped_is_not_open(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL, settle=False)
    assert (await talk.hear(("yes", 0.99))).text == phrases.NOT_UNDERSTOOD
    assert talk.ordered() == []


async def test_a_turn_that_was_reopened_and_meant_nothing_after_all_opens_no_question(
    talk: DoubtfulTalk,
) -> None:
    await talk.hear(SMALL, settle=False)
    talk.turns -= 1
    await talk.read("sing me a song")
    assert talk.dialogue.conversation.doubt is None


async def test_a_dropped_answer_leaves_the_question_open(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL, MEDIUM)
    await talk.hear(("medium", 0.9), settle=False)
    assert talk.ordered() == []
    await talk.hear(("small", 0.9))
    assert talk.ordered() == [SMALL_LATTE]


async def test_a_question_outlives_the_process(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL, MEDIUM)
    talk.restart()
    await talk.hear(("medium", 0.9))
    assert talk.ordered() == [MEDIUM_LATTE]


async def test_a_question_expires_with_its_conversation(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL)
    talk.now += timedelta(minutes=3)
    assert (await talk.read("yes")).text == phrases.FORGOTTEN
    assert talk.ordered() == []


async def test_an_answer_is_nobody_elses_to_answer(tmp_path: Path, guard: PermissionGuard) -> None:
    talk = DoubtfulTalk(tmp_path, guard)
    with closing(talk.outbox):
        await talk.hear(SMALL)
        talk.reach = Reach(cloud=True, cache=True)
        await talk.hear(("no", 0.9))
        assert talk.decision.route == "clarify"
        assert "cloud: it answers what the device asked" in talk.decision.considered


async def test_without_a_question_the_answers_are_no_sentences(talk: DoubtfulTalk) -> None:
    for words in ("no", "the first one", "that's right"):
        assert (await talk.read(words)).text == phrases.NOT_UNDERSTOOD


async def test_the_grammar_stays_the_same_object_until_a_question_changes_it(talk: DoubtfulTalk) -> None:
    before = talk.dialogue.expected()
    await talk.hear(("a latte", 0.9))
    assert talk.dialogue.expected().grammar is before.grammar
    await talk.hear(SMALL, MEDIUM)
    assert talk.dialogue.expected().grammar is not before.grammar
    await talk.hear(("small", 0.9))
    assert talk.dialogue.expected().grammar is before.grammar


async def test_a_stored_question_that_is_damaged_is_no_conversation(talk: DoubtfulTalk) -> None:
    await talk.hear(SMALL)
    stored = talk.dialogue.conversation.to_dict()
    assert conversation_from_dict(stored) == talk.dialogue.conversation
    damaged: list[dict[str, object]] = [{"meanings": []}, {"meanings": [{}], "denied": False}]
    for damage in damaged:
        with pytest.raises(RecordError, match="cannot be read"):
            conversation_from_dict({**stored, "doubt": damage})


def test_no_skill_may_have_the_devices_name() -> None:
    templates = {"language": "en", "intents": {"a": {"data": [{"sentences": ["b"]}]}}}
    with pytest.raises(GrammarError, match="the device itself has this name"):
        with_answers(compile_grammar([SentenceSource(skill=OWN, templates=templates)]))


ORDERS = st.sampled_from(["I want a small latte", "I want a medium latte", "a mocha", "make it large"])
ANSWERS = st.sampled_from(["small", "the second one", "yes", "no", "neither", "send it"])
SURENESS = st.sampled_from([0.1, 0.4, 0.7, 0.9])
HEARD = st.one_of(
    st.lists(st.tuples(ORDERS, st.sampled_from([0.4, 0.7])), min_size=1, max_size=2),
    st.lists(st.tuples(ANSWERS, SURENESS), min_size=1, max_size=1),
    st.lists(st.tuples(st.one_of(ORDERS, ANSWERS), SURENESS), min_size=1, max_size=2),
)
TURNS = st.lists(
    st.tuples(
        HEARD,
        st.sampled_from([0.5, 5.0]),
        st.sampled_from(["settled", "settled", "settled", "dropped", "restart", "late"]),
    ),
    min_size=2,
    max_size=10,
)


def _words_for(understanding: Understanding) -> tuple[str, ...]:
    """Of what those who are asked about it must be told one."""
    if understanding.intent == "send":
        return ("send it", "yes")
    return (str(understanding.slots.get("size", "mocha")),)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns=TURNS)
@example(
    turns=[
        ([("a mocha", 0.9)], 0.5, "settled"),
        ([("send it", 0.7)], 0.5, "settled"),
        ([("yes", 0.9)], 0.5, "settled"),
    ]
)
async def test_nothing_is_set_in_motion_that_was_neither_surely_heard_nor_surely_confirmed(
    guard: PermissionGuard, turns: list[tuple[list[tuple[str, float]], float, str]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        talk = DoubtfulTalk(Path(folder), guard)
        with closing(talk.outbox):
            asked = ""
            for heard, behind, fate in turns:
                if fate == "restart":
                    talk.restart()
                if fate == "late":
                    talk.now += timedelta(minutes=5)
                    asked = ""
                before = len(talk.ordered())
                answer = await talk.hear(*heard, behind=behind, settle=fate != "dropped")
                if answer.effects:
                    assert talk.understanding.confidence >= 0.78
                    assert talk.understanding.alternatives[0].confidence >= 0.78
                if talk.understanding.source == "clarified" and talk.understanding.skill == "probe":
                    assert asked
                    assert any(words in asked for words in _words_for(talk.understanding))
                if fate == "dropped":
                    assert len(talk.ordered()) == before
                else:
                    asked = answer.text if answer.source.startswith("phrase:did_you") else ""
