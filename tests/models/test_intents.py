from __future__ import annotations

import dataclasses
import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield_models.errors import EngineError, ModelsError, TeachingError, TrainedWeightsError
from nearfield_models.grammar import SentenceSource, compile_grammar
from nearfield_models.intents import (
    Example,
    Learned,
    ParaphraseClassifier,
    ParaphraseGuess,
    Teaching,
    learn,
    load_or_train,
    possible_intents,
    teaching_of,
)
from nearfield_models.intents.classifier import LEAST_PROBABILITY
from nearfield_models.intents.features import WORD_PLACES, hashed_words
from nearfield_models.intents.keeping import FILE_NAME, read_learned, teaching_digest
from nearfield_models.intents.regression import fitting_temperature, probabilities
from nearfield_models.intents.teaching import general_talk, normalised
from tests.fakes.embedding import BagOfWordsEmbedding

TEACHING = Teaching(
    examples=tuple(
        Example(skill=skill, intent=intent, text=f"{start} {noun} {end}".strip())
        for skill, intent, start, nouns in (
            ("coffee", "order", "i want", ("latte", "mocha", "espresso", "tea")),
            ("coffee", "total", "what costs", ("that", "this", "everything", "it all")),
            ("visit", "find", "show me", ("reception", "stairs", "lift", "kitchen")),
        )
        for noun in nouns
        for end in ("", "please", "now")
    ),
    out_of_scope=tuple(
        f"my {noun} is {state}" for noun in ("dog", "car", "aunt") for state in ("ill", "new", "big")
    ),
)


@pytest.fixture(scope="module")
def learned() -> Learned:
    return learn(TEACHING, BagOfWordsEmbedding())


@pytest.fixture
def classifier(learned: Learned) -> ParaphraseClassifier:
    return ParaphraseClassifier(BagOfWordsEmbedding(), learned)


@pytest.mark.parametrize(
    ("text", "skill", "intent"),
    [
        ("I want tea, please!", "coffee", "order"),
        ("what costs the mocha", "coffee", "total"),
        ("please show me the lift", "visit", "find"),
    ],
)
def test_a_new_wording_gets_the_intent_of_what_is_like_it(
    classifier: ParaphraseClassifier, text: str, skill: str, intent: str
) -> None:
    guess = classifier.guess(text)
    assert guess is not None
    assert (guess.skill, guess.intent) == (skill, intent)
    assert classifier.threshold <= guess.probability <= 1


@pytest.mark.parametrize("text", ["my dog is big", "my uncle is ill", "", "?!"])
def test_what_is_for_no_skill_gets_no_guess(classifier: ParaphraseClassifier, text: str) -> None:
    assert classifier.guess(text) is None


def test_no_threshold_is_below_the_least_probability(learned: Learned) -> None:
    assert LEAST_PROBABILITY <= learned.threshold <= 1


def test_case_punctuation_and_digits_do_not_matter(classifier: ParaphraseClassifier) -> None:
    first, second = classifier.likeliest(["I want 2 lattes, NOW.", "i want two lattes now"])
    assert first == second


def test_an_intent_that_is_not_possible_now_is_not_guessed(classifier: ParaphraseClassifier) -> None:
    total = {("coffee", "total"), ("visit", "find")}
    guess = classifier.guess("i want what costs latte", possible=total)
    assert guess is not None
    assert (guess.skill, guess.intent) == ("coffee", "total")
    assert classifier.guess("what costs this now", possible=set()) is None


def test_only_intents_whose_conditions_hold_are_possible() -> None:
    entries = {
        "order": [{"sentences": ["a latte"]}],
        "again": [{"sentences": ["another"], "requires_context": {"active_skill": "coffee"}}],
    }
    templates = {"language": "en", "intents": {name: {"data": data} for name, data in entries.items()}}
    grammar = compile_grammar([SentenceSource(skill="coffee", templates=templates)])
    assert possible_intents(grammar, {}) == {("coffee", "order")}
    known = possible_intents(grammar, {"active_skill": "coffee"})
    assert known == {("coffee", "order"), ("coffee", "again")}


def test_the_same_seed_learns_the_same_weights_and_another_seed_others(learned: Learned) -> None:
    again = learn(TEACHING, BagOfWordsEmbedding())
    assert (again.regression.weights == learned.regression.weights).all()
    assert (again.threshold, again.temperature) == (learned.threshold, learned.temperature)
    other = learn(TEACHING, BagOfWordsEmbedding(), seed=1)
    assert (other.regression.weights != learned.regression.weights).any()


@pytest.mark.parametrize(
    "teaching",
    [
        dataclasses.replace(TEACHING, examples=()),
        dataclasses.replace(TEACHING, out_of_scope=TEACHING.out_of_scope[:3]),
    ],
)
def test_too_few_sentences_are_refused_by_name(teaching: Teaching) -> None:
    with pytest.raises(TeachingError, match="expected at least 1 and 4"):
        learn(teaching, BagOfWordsEmbedding())


def test_one_sentence_in_scope_is_enough() -> None:
    teaching = dataclasses.replace(TEACHING, examples=TEACHING.examples[:1])
    engine = BagOfWordsEmbedding()
    guesses = ParaphraseClassifier(engine, learn(teaching, engine)).likeliest(["tea"])
    assert guesses[0].intent == "order"


def test_a_start_keeps_what_it_learned_and_the_next_one_does_not_train(tmp_path: Path) -> None:
    folder = tmp_path / "device" / "models"
    first = load_or_train(folder, TEACHING, BagOfWordsEmbedding())
    assert (first.origin, first.reason) == ("trained", "nothing was kept")
    engine = BagOfWordsEmbedding()
    second = load_or_train(folder, TEACHING, engine)
    assert (second.origin, second.reason, engine.embedded) == ("kept", "", 0)
    one, other = (ParaphraseClassifier(BagOfWordsEmbedding(), each.learned) for each in (first, second))
    assert one.likeliest(["i want tea"]) == other.likeliest(["i want tea"])
    assert one.threshold == other.threshold


def test_other_sentences_another_model_and_another_seed_are_learned_anew(tmp_path: Path) -> None:
    load_or_train(tmp_path, TEACHING, BagOfWordsEmbedding())
    fewer = dataclasses.replace(TEACHING, examples=TEACHING.examples[1:])
    for teaching, engine, seed in (
        (fewer, BagOfWordsEmbedding(), 0),
        (fewer, BagOfWordsEmbedding(model_id="words@2"), 0),
        (fewer, BagOfWordsEmbedding(model_id="words@2"), 1),
    ):
        found = load_or_train(tmp_path, teaching, engine, seed=seed)
        assert (found.origin, found.reason) == (
            "trained",
            "the sentences, the model or the way of training changed",
        )
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


DIGEST = teaching_digest(TEACHING, "words@1", 0)


@pytest.mark.parametrize("length", [0, 1, 100, 5_000])
def test_a_file_cut_short_is_learned_anew_and_the_reason_is_told(tmp_path: Path, length: int) -> None:
    load_or_train(tmp_path, TEACHING, BagOfWordsEmbedding())
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(TrainedWeightsError, match="damaged"):
        read_learned(path, DIGEST)
    found = load_or_train(tmp_path, TEACHING, BagOfWordsEmbedding())
    assert found.origin == "trained"
    assert "damaged" in found.reason
    assert read_learned(path, DIGEST) is not None


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    load_or_train(folder, TEACHING, BagOfWordsEmbedding())
    return folder / FILE_NAME


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_altered_byte_is_found(kept: Path, data: st.DataObject) -> None:
    content = bytearray(kept.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    altered = kept.with_name("altered.weights")
    altered.write_bytes(content)
    with pytest.raises(TrainedWeightsError):
        read_learned(altered, DIGEST)


def test_a_pickle_is_never_unpacked(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    archive = io.BytesIO()
    np.savez(archive, about=np.array([print], dtype=object))
    path.write_bytes(hashlib.sha256(archive.getvalue()).digest() + archive.getvalue())
    with pytest.raises(TrainedWeightsError, match="allow_pickle"):
        read_learned(path, DIGEST)


def test_weights_that_cannot_be_kept_are_an_error_with_a_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelsError):
        load_or_train(tmp_path / "file" / "folder", TEACHING, BagOfWordsEmbedding())


def test_a_failing_model_is_not_answered_with_a_guess(learned: Learned) -> None:
    with pytest.raises(EngineError):
        ParaphraseClassifier(BagOfWordsEmbedding(fails=True), learned).guess("i want tea")


GRAMMAR = compile_grammar(
    [
        SentenceSource(
            skill="coffee",
            templates={
                "language": "en",
                "intents": {"order": {"data": [{"sentences": ["i want [a] {drink}"]}]}},
                "lists": {"drink": {"values": ["latte", "12 oz mocha"]}},
            },
        ),
        SentenceSource(
            skill="kaffee",
            templates={"language": "de", "intents": {"order": {"data": [{"sentences": ["einen kaffee"]}]}}},
        ),
    ]
)


def test_templates_and_examples_are_taught_alike_and_other_languages_are_not() -> None:
    given_one = Example(skill="coffee", intent="order", text="Gimme 2 mochas!")
    teaching = teaching_of(GRAMMAR, [given_one], ["Feed the cat."])
    texts = {example.text for example in teaching.examples}
    assert {"i want a latte", "i want twelve ounce mocha"} < texts
    assert normalised("Gimme 2 mochas!") in texts
    assert {example.skill for example in teaching.examples} == {"coffee"}
    assert teaching.out_of_scope[0] == "feed the cat"


def test_what_a_skill_teaches_is_not_out_of_scope() -> None:
    weather = Example(skill="weather", intent="forecast", text="What's the weather like tomorrow?")
    assert weather.text.casefold().rstrip("?") in general_talk()
    teaching = teaching_of(GRAMMAR, [weather])
    assert normalised(weather.text) not in teaching.out_of_scope
    assert len(teaching.out_of_scope) == len({normalised(text) for text in general_talk()}) - 1


def test_general_talk_has_no_line_twice() -> None:
    assert len(set(general_talk())) == len(general_talk())


def test_words_and_their_order_both_show_in_the_hashed_words() -> None:
    rows = hashed_words(["turn it on", "it turn on", "turn it on", ""])
    assert rows.shape == (4, WORD_PLACES)
    assert (rows[0] == rows[2]).all()
    assert 0.3 < rows[0] @ rows[1] < 0.9
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 1, 1, 0])


@given(temperature=st.floats(0.2, 5), seed=st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_the_temperature_that_was_put_on_probabilities_is_found_again(temperature: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.standard_normal((4_000, 5)).astype(np.float32) * 2
    honest = probabilities(scores)
    drawn = (honest.cumsum(axis=1) < generator.random((4_000, 1))).sum(axis=1).clip(max=4)
    found = fitting_temperature(scores * np.float32(temperature), drawn, np.ones(4_000, np.float32))
    assert found == pytest.approx(temperature, rel=0.15)


def test_a_guess_says_skill_intent_and_probability() -> None:
    guess = ParaphraseGuess(skill="coffee", intent="order", probability=0.9)
    assert dataclasses.astuple(guess) == ("coffee", "order", 0.9)
