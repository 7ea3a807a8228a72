"""The device's paraphrase classifier: learned once, kept, and done without where it cannot be had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from nearfield_edge.composition import paraphrases_of, surroundings
from nearfield_edge.configuration import Configuration, parse_configuration
from nearfield_edge.doctor.understanding import paraphrases as looked_at
from nearfield_edge.skills.permissions import PermissionGuard
from nearfield_edge.understanding.paraphrases import Lesson, Paraphrases
from nearfield_models.catalogue import Catalogue
from nearfield_models.embedding.engine import EmbeddingEngine
from nearfield_models.errors import EngineError, PackNotFoundError
from nearfield_models.grammar import Grammar, SentenceSource, compile_grammar
from nearfield_models.intents import ParaphraseGuess, teaching_of, train_and_keep
from nearfield_models.intents.keeping import FILE_NAME
from nearfield_models.store import ModelStore
from tests.edge.skill_folders import load_probe
from tests.fakes.embedding import BagOfWordsEmbedding

TALK = ("my dog is ill", "the car is new", "my aunt is tall", "rain again", "what a day", "it is late")


def grammar_of(*sentences: str) -> Grammar:
    templates = {
        "language": "en",
        "intents": {
            "order": {"data": [{"sentences": list(sentences)}]},
            "total": {"data": [{"sentences": ["what does [all] (that|it|this) cost"]}]},
        },
        "lists": {"drink": {"values": ["latte", "mocha", "espresso"]}},
    }
    return compile_grammar([SentenceSource(skill="coffee", templates=templates)])


GRAMMAR = grammar_of("i want [a|some] {drink}")


@dataclass
class Lessons:
    """What a device learns from, and how many sentences its models were given."""

    folder: Path
    grammar: Grammar = GRAMMAR
    fails: bool = False
    loaded: int = 0

    def __post_init__(self) -> None:
        self.engines: list[BagOfWordsEmbedding] = []

    def paraphrases(self) -> Paraphrases:
        return Paraphrases(
            Lesson(
                folder=self.folder,
                load_engine=self._load,
                teach=lambda: replace(teaching_of(self.grammar), out_of_scope=TALK),
                versions={"words": "1"},
            )
        )

    @property
    def embedded(self) -> int:
        return sum(engine.embedded for engine in self.engines)

    def _load(self) -> EmbeddingEngine:
        if self.fails:
            raise EngineError("the model is broken")
        self.engines.append(BagOfWordsEmbedding())
        return self.engines[-1]


@pytest.fixture
def lessons(tmp_path: Path) -> Lessons:
    return Lessons(tmp_path / "models")


async def test_nothing_is_guessed_before_it_was_learned_and_the_reason_is_told(
    lessons: Lessons,
) -> None:
    paraphrases = lessons.paraphrases()
    await paraphrases.load()
    assert paraphrases.guess("i want a tea") is None
    assert paraphrases.unlearned == "paraphrases are not learned yet: nothing was kept"
    assert lessons.embedded == 0


async def test_what_was_learned_is_guessed_and_the_next_device_does_not_learn_it_again(
    lessons: Lessons,
) -> None:
    first = lessons.paraphrases()
    await first.learn()
    guess = first.guess("i want tea now")
    assert guess is not None
    assert (guess.skill, guess.intent) == ("coffee", "order")
    assert first.unlearned == ""
    second, embedded = lessons.paraphrases(), lessons.embedded
    await second.load()
    await second.learn()
    assert second.guess("i want tea now") == guess
    assert lessons.embedded == embedded + 1  # the guess


async def test_a_model_that_has_seen_the_lesson_is_not_the_one_that_guesses(lessons: Lessons) -> None:
    await lessons.paraphrases().learn()
    seen = [engine.embedded for engine in lessons.engines]
    assert seen[-1] == 0
    assert max(seen) > 5


async def test_a_damaged_classifier_is_learned_again(lessons: Lessons) -> None:
    await lessons.paraphrases().learn()
    file = lessons.folder / FILE_NAME
    file.write_bytes(file.read_bytes()[:-1])
    paraphrases = lessons.paraphrases()
    await paraphrases.load()
    assert "damaged" in paraphrases.unlearned
    await paraphrases.learn()
    assert paraphrases.unlearned == ""
    assert paraphrases.guess("i want tea now") is not None


async def test_skills_that_changed_are_learned_anew(lessons: Lessons) -> None:
    await lessons.paraphrases().learn()
    lessons.grammar = grammar_of("bring [me] [a|some] {drink}")
    paraphrases = lessons.paraphrases()
    await paraphrases.load()
    assert "changed" in paraphrases.unlearned
    await paraphrases.learn()
    guess = paraphrases.guess("bring me tea")
    assert guess is not None
    assert guess.intent == "order"


async def test_a_broken_model_is_told_once_and_the_device_does_without(
    lessons: Lessons,
) -> None:
    lessons.fails = True
    paraphrases = lessons.paraphrases()
    with capture_logs() as logs:
        await paraphrases.load()
        await paraphrases.load()
    assert [entry["event"] for entry in logs] == ["paraphrases_missing"]
    assert paraphrases.unlearned == "paraphrases cannot be understood: the model is broken"
    assert paraphrases.guess("i want tea") is None


async def test_weights_that_cannot_be_kept_are_told(lessons: Lessons) -> None:
    lessons.folder.write_text("in the way")
    paraphrases = lessons.paraphrases()
    await paraphrases.learn()
    assert paraphrases.unlearned.startswith("paraphrases cannot be understood")


def configured(data: Path, **understanding: object) -> Configuration:
    raw: Mapping[str, object] = {"device": {"data": str(data)}, "understanding": understanding}
    return parse_configuration(dict(raw), where="the test")


def store_without_packs(folder: Path) -> ModelStore:
    return ModelStore(folder / "store", Catalogue.default())


async def test_a_missing_pack_is_named_and_how_to_get_it(tmp_path: Path) -> None:
    place = surroundings(configured(tmp_path))
    paraphrases = paraphrases_of(place, GRAMMAR, (), store_without_packs(tmp_path))
    assert paraphrases is not None
    await paraphrases.learn()
    assert "minilm-l6-v2-int8" in paraphrases.unlearned
    assert paraphrases.versions == {}


def test_a_site_that_wants_no_paraphrases_has_none(tmp_path: Path) -> None:
    assert paraphrases_of(surroundings(configured(tmp_path, paraphrases=False)), GRAMMAR, ()) is None


def the_doctor_says(configuration: Configuration, store: ModelStore) -> tuple[str, str, str]:
    finding = looked_at(configuration, store)
    return finding.status, finding.found, finding.mend


class TestWithTheShippedModel:
    """MiniLM, where its pack is fetched."""

    def test_the_doctor_says_what_is_learned_and_what_is_damaged(self, tmp_path: Path) -> None:
        store, configuration = store_with_minilm(), configured(tmp_path)
        assert the_doctor_says(configuration, store)[1] == "not learned yet"
        keep_something(configuration.device.models)
        assert the_doctor_says(configuration, store)[0] == "ok"
        file = configuration.device.models / FILE_NAME
        file.write_bytes(file.read_bytes()[1:])
        status, found, _ = the_doctor_says(configuration, store)
        assert status == "warn"
        assert "damaged" in found

    @pytest.mark.models
    async def test_a_wording_that_no_sentence_has_is_learned_and_understood(self, tmp_path: Path) -> None:
        store_with_minilm()
        paraphrases = paraphrases_of(surroundings(configured(tmp_path)), GRAMMAR, ())
        assert paraphrases is not None
        await paraphrases.learn()
        guess = paraphrases.guess("could somebody get me an espresso")
        assert guess is not None
        assert guess.intent == "order"
        assert paraphrases.guess("my uncle went to the football match on saturday") is None

    @pytest.mark.models
    async def test_a_skills_examples_are_learned_too(self, tmp_path: Path, guard: PermissionGuard) -> None:
        store_with_minilm()
        manifest = '[intents.try]\nreply = "done"\n'
        guesses: list[ParaphraseGuess | None] = []
        for examples in ("", "try: [my throat is awfully dry, a drop to drink would be welcome]"):
            data = tmp_path / str(len(guesses))
            skill = load_probe(data, guard, manifest=manifest, examples=examples)
            grammar = compile_grammar([SentenceSource(skill="probe", templates=skill.sentences)])
            paraphrases = paraphrases_of(surroundings(configured(data)), grammar, [skill])
            assert paraphrases is not None
            await paraphrases.learn()
            guesses.append(paraphrases.guess("our throats are very dry"))
        assert guesses[0] is None
        assert guesses[1] is not None


def store_with_minilm() -> ModelStore:
    store = ModelStore.default()
    try:
        store.installed("minilm-l6-v2-int8")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    return store


def keep_something(folder: Path) -> None:
    teaching = replace(teaching_of(GRAMMAR), out_of_scope=TALK)
    train_and_keep(folder, teaching, BagOfWordsEmbedding())


def test_the_doctor_knows_a_missing_pack_from_a_switch(tmp_path: Path) -> None:
    store = store_without_packs(tmp_path)
    status, found, mend = the_doctor_says(configured(tmp_path), store)
    assert status == "warn"
    assert "minilm-l6-v2-int8" in found
    assert "nearfield-models fetch minilm-l6-v2-int8" in mend
    assert the_doctor_says(configured(tmp_path, paraphrases=False), store)[0] == "ok"
