"""The sentence that the device reads back for a guess, and what a "yes" to it does."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nearfield_edge import phrases
from nearfield_edge.skills.permissions import PermissionGuard
from nearfield_edge.turn.content import Transcript
from nearfield_edge.understanding.telling import told
from nearfield_models.grammar import Grammar, SentenceSource, compile_grammar
from nearfield_sync.messages.turn_record import Json, Understanding
from tests.edge.doubtful_talk import DoubtfulTalk

TEMPLATES = {
    "language": "en",
    "intents": {
        "price": {"data": [{"sentences": ["{drink} [please]", "close up"]}]},
        "order": {
            "data": [
                {"sentences": ["[(can|could) I have] [a|an] [{size}] {drink} [for {length}]"]},
                {"sentences": ["the usual [{drink}]"], "slots": {"usual": True}},
                {"sentences": ["{size} [one]"], "requires_context": {"open_slot": "size"}},
                {"sentences": ["[the] same again"], "slots": {"drink": "{previous}"}},
            ]
        },
        "note": {"data": [{"sentences": ["note {anything}"]}]},
        "open": {"data": [{"sentences": ["open [the] (shop|door|{drink})"]}]},
        "where": {"data": [{"sentences": ["where (is|are) (restroom|toilet)"]}]},
        "shut": {"data": [{"sentences": ["close up"]}]},
    },
    "lists": {
        "drink": {
            "values": [
                "latte",
                {"in": "(mocha|moka)", "out": "mocha"},
                "Flat White",
                {"in": "seven", "out": 7},
            ]
        },
        "size": {"values": [{"in": "(medium|regular)", "out": "medium"}, "large"]},
        "length": {"values": [{"in": "(half an hour|half hour)", "out": 30}, {"in": "an hour", "out": 60}]},
        "anything": {"wildcard": True},
    },
}
LARGE_LATTE: dict[str, Json] = {"size": "large", "drink": "latte"}
GRAMMAR = compile_grammar([SentenceSource(skill="bar", templates=TEMPLATES)])


def guess(intent: str, **slots: Json) -> Understanding:
    return Understanding(skill="bar", intent=intent, slots=slots, confidence=0.7, source="paraphrase")


def read_back(meant: Understanding, said: str = "", context: Mapping[str, str] | None = None) -> str | None:
    found = told(GRAMMAR, meant, said, [context or {}])
    return found.said if found is not None else None


@pytest.mark.parametrize(
    ("meant", "said", "read"),
    [
        (guess("price", drink="latte"), "", "latte"),
        (guess("order", drink="latte", size="large"), "", "large latte"),
        (guess("order", drink="latte"), "could I get a latte", "a latte"),
        (guess("order", drink="mocha", size="medium"), "", "medium mocha"),
        (guess("order", drink="mocha", size="medium"), "a moka but the regular kind", "regular moka"),
        (guess("order", drink="latte", length=30), "latte and half an hour", "latte for half an hour"),
        (guess("order", drink="latte", length=60), "", "latte for an hour"),
        (guess("price", drink="Flat White"), "", "flat white"),
        (guess("price", drink=7), "", "seven"),
        (guess("order", usual=True), "", "the usual"),
        (guess("order", drink="{previous}"), "", "same again"),
        (guess("open"), "the door, I cannot get in", "open door"),
        (guess("where"), "I have got no toilet here", "where is toilet"),
    ],
)
def test_the_sentence_holds_the_values_and_keeps_to_what_was_said(
    meant: Understanding, said: str, read: str
) -> None:
    assert read_back(meant, said) == read


@pytest.mark.parametrize(
    "meant",
    [
        guess("order"),
        guess("order", drink="tea"),
        guess("order", drink="latte", usual=False),
        guess("order", size="large"),
        guess("order", drink="latte", length=True),
        guess("note", anything="the key is under the mat"),
        guess("shut"),
    ],
    ids=[
        "no value",
        "no such value",
        "fixed otherwise",
        "not at the moment",
        "of another kind",
        "free text",
        "understood otherwise",
    ],
)
def test_where_no_sentence_means_just_that_nothing_is_read_back(meant: Understanding) -> None:
    assert read_back(meant) is None


def test_of_a_sentence_that_means_something_else_first_another_wording_is_read_back() -> None:
    assert read_back(guess("order", drink="latte")) == "a latte"


def test_a_sentence_that_needs_the_conversation_is_read_back_in_it() -> None:
    meant = guess("order", size="large")
    assert read_back(meant, context={"open_slot": "size"}) == "large"


def test_what_an_earlier_thread_allows_is_read_back_too() -> None:
    found = told(GRAMMAR, guess("order", size="large"), "", [{"active_skill": "bar"}, {"open_slot": "size"}])
    assert found is not None
    assert (found.said, found.words) == ("large", {"size": "large"})


@dataclass
class Guesses:
    """An `Interpreter` with one guess, whatever is said."""

    guess: Understanding

    async def understand(
        self, grammar: Grammar, transcript: Transcript, contexts: Sequence[Mapping[str, str]]
    ) -> Understanding:
        sentence = told(grammar, self.guess, transcript.text, contexts)
        return replace(self.guess, alternatives=() if sentence is None else (sentence,))


GUESSES = st.builds(
    lambda intent, slots, source: Understanding(
        skill="probe", intent=intent, slots=slots, confidence=0.8, source=source
    ),
    st.sampled_from(["order", "send", "note"]),
    st.fixed_dictionaries(
        {},
        optional={
            "size": st.sampled_from(["small", "medium", "large", "twelve ounce", "huge"]),
            "drink": st.sampled_from(["latte", "mocha", "espresso", "tea"]),
            "extra": st.sampled_from(["milk", "soy milk"]),
        },
    ),
    st.sampled_from(["sound", "paraphrase"]),
)
SAID = st.lists(
    st.sampled_from(["no", "I want", "a", "regular", "latte", "with milk", "yes", "it"]), max_size=6
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(meant=GUESSES, said=SAID, spoken_with=st.booleans())
async def test_what_is_read_back_means_what_will_be_done(
    guard: PermissionGuard, meant: Understanding, said: list[str], spoken_with: bool
) -> None:
    done = []
    for confirmed in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            talk = DoubtfulTalk(Path(folder), guard, interpreter=Guesses(meant))
            with closing(talk.outbox):
                if spoken_with:
                    await talk.read("a large espresso")
                asked = await talk.read(f"blah {' '.join(said)}")
                assert talk.decision.route == "clarify"
                before = len(talk.ordered())
                if asked.text == phrases.NOT_SURE:
                    return
                sentence = asked.text.removeprefix("Did you mean: ").removesuffix("?")
                if confirmed:
                    await talk.read("yes")
                    assert (talk.understanding.intent, talk.understanding.slots) == (
                        meant.intent,
                        meant.slots,
                    )
                else:
                    await talk.read(f"no, I said {sentence}")
                done.append(talk.ordered()[before:])
    assert done[0] == done[1] != []


async def test_a_guess_that_no_sentence_says_is_to_be_said_again(
    tmp_path: Path, guard: PermissionGuard
) -> None:
    meant = Understanding(
        skill="probe", intent="note", slots={"anything": "x"}, confidence=0.8, source="paraphrase"
    )
    talk = DoubtfulTalk(tmp_path, guard, interpreter=Guesses(meant))
    with closing(talk.outbox):
        assert (await talk.read("jot that down")).text == phrases.NOT_SURE
        assert talk.decision.reason.endswith("no sentence was heard, and none says just that")


async def test_what_was_hardly_heard_beside_a_guess_is_no_choice(
    tmp_path: Path, guard: PermissionGuard
) -> None:
    meant = Understanding(
        skill="probe", intent="order", slots=LARGE_LATTE, confidence=0.8, source="paraphrase"
    )
    talk = DoubtfulTalk(tmp_path, guard, interpreter=Guesses(meant))
    with closing(talk.outbox):
        asked = await talk.hear(("a small latte", 0.1))
        assert asked.text == "Did you mean: large latte?"
        assert [each.said for each in talk.understanding.alternatives] == ["large latte", "a small latte"]
        await talk.hear(("yes", 0.9))
        assert talk.ordered() == [LARGE_LATTE]
        assert talk.understanding.source == "clarified"


async def test_previous_values_are_those_of_the_conversation(tmp_path: Path, guard: PermissionGuard) -> None:
    meant = Understanding(
        skill="probe",
        intent="order",
        slots={"drink": "{previous}", "size": "large"},
        confidence=0.8,
        source="sound",
    )
    talk = DoubtfulTalk(tmp_path, guard, interpreter=Guesses(meant))
    with closing(talk.outbox):
        await talk.read("a latte")
        assert (await talk.read("the same in big")).text == "Did you mean: the same in large?"
        await talk.read("yes")
        assert talk.ordered()[1:] == [LARGE_LATTE]
