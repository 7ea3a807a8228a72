"""What is made of words that are no sentence: by sound, as a paraphrase, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nearfield_edge.inference import InferenceExecutor
from nearfield_edge.routing.policy import RoutingPolicy, SkillPolicy, read_policy
from nearfield_edge.turn.content import Transcript
from nearfield_edge.understanding.guessing import GuessingInterpreter
from nearfield_edge.understanding.interpreter import Interpreter
from nearfield_edge.understanding.paraphrases import Lesson, Paraphrases
from nearfield_models.grammar import SentenceSource, compile_grammar
from nearfield_models.intents import teaching_of
from nearfield_sync.messages.turn_record import Understanding
from tests.edge.devices import staged
from tests.fakes.asr import ScriptedAsr
from tests.fakes.embedding import BagOfWordsEmbedding

GRAMMAR = compile_grammar(
    [
        SentenceSource(
            skill="coffee",
            templates={
                "language": "en",
                "intents": {
                    "order": {"data": [{"sentences": ["i want [a|some] [{size}] {drink}"]}]},
                    "cancel": {
                        "data": [
                            {
                                "sentences": ["cancel (my|the|that) (order|coffee)"],
                                "requires_context": {"active_skill": "coffee"},
                            }
                        ]
                    },
                },
                "lists": {
                    "drink": {"values": ["latte", "mocha", "espresso", "cappuccino"]},
                    "size": {"values": ["small", "large"]},
                },
            },
        )
    ]
)
TALK = ("my dog is ill", "the car is new", "my aunt is tall", "rain again", "what a day", "it is late")
MISHEARD = "eye want a large cup a chino"
PARAPHRASED = "i want that large mocha some day"


@pytest.fixture
def executor() -> Iterator[InferenceExecutor]:
    made = InferenceExecutor()
    yield made
    made.close()


@pytest.fixture
async def paraphrases(tmp_path: Path) -> Paraphrases:
    made = paraphrases_in(tmp_path / "models")
    await made.learn()
    return made


def paraphrases_in(folder: Path) -> Paraphrases:
    return Paraphrases(
        Lesson(
            folder=folder,
            load_engine=BagOfWordsEmbedding,
            teach=lambda: replace(teaching_of(GRAMMAR), out_of_scope=TALK),
            versions={},
        )
    )


def asking(*, sound: float = 0.85, paraphrase: float = 0.9, clarify: float = 0.3) -> RoutingPolicy:
    return read_policy(None).model_copy(
        update={
            "sound": SkillPolicy(act_confidence=sound, clarify_confidence=clarify),
            "paraphrase": SkillPolicy(act_confidence=paraphrase, clarify_confidence=clarify),
        }
    )


async def understood(
    interpreter: Interpreter, transcript: Transcript, context: dict[str, str] | None = None
) -> Understanding | None:
    return await interpreter.understand(GRAMMAR, transcript, [context or {}])


async def test_a_misheard_transcript_is_understood_by_its_sound(executor: InferenceExecutor) -> None:
    interpreter = GuessingInterpreter(executor, asking(), paraphrases=None, by_sound=True)
    await interpreter.prepare(GRAMMAR)
    found = await understood(interpreter, Transcript(text=MISHEARD))
    assert found is not None
    assert (found.skill, found.intent, found.source) == ("coffee", "order", "sound")
    assert found.slots == {"size": "large", "drink": "cappuccino"}
    assert 0.85 <= found.confidence < 1


@pytest.mark.parametrize(
    ("transcript", "by_sound"),
    [
        (Transcript(text=MISHEARD, typed=True), True),
        (Transcript(text=MISHEARD, readings=()), True),
        (Transcript(text=MISHEARD), False),
    ],
    ids=["typed", "listened to for sentences", "switched off"],
)
async def test_only_a_text_that_somebody_said_is_matched_by_sound_and_only_where_that_is_wanted(
    executor: InferenceExecutor, transcript: Transcript, by_sound: bool
) -> None:
    interpreter = GuessingInterpreter(executor, asking(), paraphrases=None, by_sound=by_sound)
    assert await understood(interpreter, transcript) is None


async def test_a_paraphrase_has_the_values_that_are_heard_in_it(
    executor: InferenceExecutor, paraphrases: Paraphrases
) -> None:
    interpreter = GuessingInterpreter(executor, asking(), paraphrases=paraphrases, by_sound=True)
    found = await understood(interpreter, Transcript(text=PARAPHRASED, typed=True))
    assert found is not None
    assert (found.skill, found.intent, found.source) == ("coffee", "order", "paraphrase")
    assert found.slots == {"size": "large", "drink": "mocha"}
    assert 0.3 <= found.confidence <= 1


async def test_what_is_sure_goes_before_what_is_not_and_sound_before_paraphrase(
    executor: InferenceExecutor, paraphrases: Paraphrases
) -> None:
    async def source(policy: RoutingPolicy, text: str = PARAPHRASED) -> str:
        interpreter = GuessingInterpreter(executor, policy, paraphrases=paraphrases, by_sound=True)
        found = await understood(interpreter, Transcript(text=text))
        return found.source if found is not None else "none"

    assert await source(asking(sound=0.5, paraphrase=0.4)) == "sound"
    assert await source(asking(sound=1.0, paraphrase=0.4)) == "paraphrase"
    text = "want car i large mocha new"
    assert await source(asking(sound=1.0, paraphrase=0.9), text) == "sound"
    assert await source(asking(sound=1.0, paraphrase=0.9, clarify=0.9), text) == "none"


@pytest.mark.parametrize(("least", "sentences"), [(0.3, []), (1.0, ["I want large mocha"])])
async def test_only_what_is_not_sure_brings_a_sentence_to_be_asked_about(
    executor: InferenceExecutor, paraphrases: Paraphrases, least: float, sentences: list[str]
) -> None:
    interpreter = GuessingInterpreter(
        executor, asking(paraphrase=least), paraphrases=paraphrases, by_sound=False
    )
    found = await understood(interpreter, Transcript(text=PARAPHRASED))
    assert found is not None
    assert [each.said for each in found.alternatives] == sentences


async def test_an_intent_that_is_not_possible_now_is_not_guessed(
    executor: InferenceExecutor, paraphrases: Paraphrases
) -> None:
    interpreter = GuessingInterpreter(executor, asking(), paraphrases=paraphrases, by_sound=False)
    text = Transcript(text="cancel all of my coffee order")
    alone = await understood(interpreter, text)
    assert alone is None or alone.intent != "cancel"
    spoken_with = await understood(interpreter, text, {"active_skill": "coffee"})
    assert spoken_with is not None
    assert spoken_with.intent == "cancel"


async def test_a_list_that_changed_counts_at_once(
    executor: InferenceExecutor, paraphrases: Paraphrases
) -> None:
    interpreter = GuessingInterpreter(executor, asking(), paraphrases=paraphrases, by_sound=True)
    await interpreter.prepare(GRAMMAR)
    changed = GRAMMAR.with_list("coffee", "drink", ["macchiato"])
    text = "i want some large macchiato now"
    found = await interpreter.understand(changed, Transcript(text=text, typed=True), [{}])
    assert found is not None
    assert found.slots == {"size": "large", "drink": "macchiato"}
    before = await interpreter.understand(GRAMMAR, Transcript(text=text, typed=True), [{}])
    assert before is not None
    assert "drink" not in before.slots


async def test_a_word_that_nothing_accounts_for_makes_a_paraphrase_with_values_less_sure(
    executor: InferenceExecutor, paraphrases: Paraphrases
) -> None:
    interpreter = GuessingInterpreter(executor, asking(), paraphrases=paraphrases, by_sound=False)
    known = await understood(interpreter, Transcript(text="i want some large mocha so", typed=True))
    strange = await understood(interpreter, Transcript(text="i want some large mocha now flumph", typed=True))
    without_values = await understood(interpreter, Transcript(text="i want some now flumph", typed=True))
    assert known is not None
    assert strange is not None
    assert without_values is not None
    assert known.confidence >= 0.9
    assert strange.confidence < 0.81
    assert without_values.confidence >= 0.9


class TestInTheDevice:
    """From sound, or a typed line, to the record of the turn."""

    async def test_a_recogniser_of_texts_alone_is_understood_by_sound(self, tmp_path: Path) -> None:
        asr = ScriptedAsr(["can eye have a large cup a chino please"])
        async with staged(tmp_path, asr=asr) as stage:
            await stage.device.warm_up()
            record = await stage.hear((600, False), (1_500, True), (1_500, False))
        assert record.understanding.source == "sound"
        assert record.understanding.slots == {"size": "large", "coffeeDrink": "cappuccino"}
        assert record.route is not None
        assert (record.route.route, record.outcome) == ("skill", "answered")

    async def test_other_talk_stays_refused(self, tmp_path: Path) -> None:
        asr = ScriptedAsr(["the minutes of the last meeting were sent around on tuesday"])
        async with staged(tmp_path, asr=asr, paraphrases=paraphrases_in(tmp_path / "models")) as stage:
            record = await stage.hear((600, False), (1_500, True), (1_500, False))
        assert record.understanding.source == "none"
        assert record.route is not None
        assert record.route.route == "refuse"
        assert "paraphrases are not learned yet: nothing was kept" in record.route.reason

    async def test_a_sure_sentence_asks_for_no_guess(self, tmp_path: Path) -> None:
        paraphrases = paraphrases_in(tmp_path / "models")
        asr = ScriptedAsr(["can I have a large latte"])
        async with staged(tmp_path, asr=asr, paraphrases=paraphrases) as stage:
            record = await stage.hear((600, False), (1_500, True), (1_500, False))
        assert record.understanding.source == "grammar"
        assert paraphrases.unlearned == "paraphrases are not loaded yet"
