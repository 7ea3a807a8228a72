"""The search against exhaustive scoring, and what it does at the edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hassil.intents import Intents
from hassil.sample import sample_sentence
from hypothesis import given, settings
from hypothesis import strategies as st

from nearfield_models.asr.moonshine_model import log_probabilities
from nearfield_models.asr.tokens import END
from nearfield_models.cancellation import Cancellation
from nearfield_models.decoding.beam import Found, Search, SearchSettings
from nearfield_models.decoding.calibration import Calibration
from nearfield_models.decoding.inner_language import CONTEXT_TOKENS, InnerLanguage
from nearfield_models.decoding.lexicon import WordTokens
from nearfield_models.decoding.marks import TokenMarks
from nearfield_models.decoding.places import GrammarWalk
from nearfield_models.decoding.recogniser import GrammarRecogniser, Listened
from nearfield_models.decoding.spoken import SpokenGrammar
from nearfield_models.errors import CancelledWorkError
from nearfield_models.grammar import Grammar, SentenceSource, compile_grammar, match_text
from nearfield_models.pcm import SAMPLE_RATE_HZ, Samples
from tests.fakes.cancellation import CancelsAfter
from tests.fakes.decoding import ScriptedDecoder, ScriptedPast, ScriptedSound
from tests.models.token_walks import small_table

TABLE = small_table("▁t", "▁te", "▁k", "▁ka", "ti")
MARKS = TokenMarks(TABLE)
SOUND: Samples = (0.1 * (np.arange(SAMPLE_RATE_HZ) // 4_000 % 2)).astype(np.float32)
"""With silence in it, so that it is not taken for noise."""
_RARE_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ-.,?!:"
RARE = np.array([token for token, piece in enumerate(TABLE.pieces) if piece in _RARE_LETTERS], np.int64)
"""Capitals and marks: without them a sentence is written in one way only."""
EVERYTHING = SearchSettings(width=2_000, behind=1e9, ahead=1e9, longest=200)
CALIBRATION = Calibration(intercept=3.0, weights={"per_token": -2.0}, provenance="made up")

plain = st.sampled_from(["ta", "te", "ka", "kati", "tata", "{animal}"])
sentences = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=2).map(" ".join),
        inner.map(lambda part: f"[{part}]"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
    ),
    max_leaves=5,
)
LISTS = {"animal": {"values": ["cat", "sea lion"]}}


def templates_of(*texts: str, language: str = "tlh", **lists: Any) -> dict[str, Any]:
    """Of a language in which nothing is known of fillers and numbers, unless it is another."""
    return {
        "language": language,
        "intents": {"say": {"data": [{"sentences": list(texts)}]}},
        "lists": {**LISTS, **lists},
    }


def grammar_of(*texts: str, language: str = "tlh", **lists: Any) -> Grammar:
    templates = templates_of(*texts, language=language, **lists)
    return compile_grammar([SentenceSource(skill="test", templates=templates)])


def all_sentences(text: str) -> set[str]:
    parsed = Intents.from_dict(templates_of(text))
    [sentence] = parsed.intents["say"].data[0].sentences
    samples = sample_sentence(sentence, parsed.slot_lists, parsed.expansion_rules, language="tlh")
    return {" ".join(sample.split()) for sample in samples}


def searched(
    decoder: ScriptedDecoder,
    grammar: Grammar,
    settings: SearchSettings | None = None,
    cancellation: Cancellation | None = None,
) -> Found[ScriptedPast]:
    return Search(
        decoder,
        decoder.encode(SOUND),
        GrammarWalk(SpokenGrammar(grammar, WordTokens(TABLE))),
        MARKS,
        InnerLanguage(decoder, MARKS),
        settings or SearchSettings(),
        cancellation or Cancellation(),
    ).run()


def rank_of(decoder: ScriptedDecoder, text: str, settings: SearchSettings) -> float:
    """What a sentence is worth, one token after another."""
    tokens = TABLE.encode(text)

    def scores(sound: Samples, fed: tuple[int, ...]) -> Any:
        logits, past = decoder.begin(decoder.encode(sound))
        if fed:
            rows, _ = decoder.extend(past, np.array([fed], np.int64))
            logits = rows[0, -1]
        return log_probabilities(logits[np.newaxis])[0]

    rank = 0.0
    for at in range(len(tokens) + 1):
        ids = [tokens[at]] if at < len(tokens) else MARKS.stops
        heard = scores(SOUND, tokens[:at])[ids].max()
        common = scores(np.zeros_like(SOUND), tokens[:at][-CONTEXT_TOKENS:])[ids].max()
        rank += float(heard - settings.language * common)
    return rank + settings.bonus * sum(map(str.isalnum, text))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


@settings(deadline=None, max_examples=40)
@given(sentences, st.integers(0, 1000))
def test_a_search_as_wide_as_the_language_finds_what_exhaustive_scoring_finds(text: str, seed: int) -> None:
    decoder = ScriptedDecoder(len(TABLE), seed=seed, unlikely=RARE)
    said = all_sentences(f"do {text}")
    found = searched(decoder, grammar_of(f"do {text}"), EVERYTHING)
    ranks = {sentence: rank_of(decoder, sentence, EVERYTHING) for sentence in said}
    best = max(ranks, key=ranks.__getitem__)
    assert TABLE.decode(found.paths[0].tokens) == best
    assert found.paths[0].rank == pytest.approx(ranks[best], abs=1e-3)
    # of sentences that differ in their spaces alone the best is found
    assert {_letters(TABLE.decode(path.tokens)) for path in found.paths} == set(map(_letters, said))


@settings(deadline=None, max_examples=40)
@given(sentences, st.integers(0, 1000), st.integers(1, 4))
def test_a_narrow_search_leaves_the_grammar_never(text: str, seed: int, width: int) -> None:
    decoder = ScriptedDecoder(len(TABLE), seed=seed)
    grammar = grammar_of(f"do {text}")
    found = searched(decoder, grammar, SearchSettings(width=width, behind=1e9, ahead=1e9))
    assert found.paths
    assert all(match_text(grammar, TABLE.decode(path.tokens)) for path in found.paths)
    assert max(decoder.rows) <= width + 1


def recogniser(decoder: ScriptedDecoder, grammar: Grammar) -> GrammarRecogniser[ScriptedSound, ScriptedPast]:
    return GrammarRecogniser(decoder, TABLE, grammar, CALIBRATION)


def heard(text: str, grammar: Grammar, *contexts: Mapping[str, str]) -> Listened:
    decoder = ScriptedDecoder(len(TABLE), TABLE.encode(text))
    listened = recogniser(decoder, grammar).listen(SOUND, contexts or ({},))
    assert listened is not None
    assert listened.transcript.text == text
    return listened


def test_what_is_heard_is_read_with_its_marks_which_cost_nothing() -> None:
    grammar = grammar_of("do ta te")
    plain, marked = heard("do ta te", grammar).readings[0], heard("Do ta, te.", grammar).readings[0]
    assert plain.match == marked.match
    assert marked.text.rstrip(".") == "Do ta, te"
    decoder = ScriptedDecoder(len(TABLE), TABLE.encode("Do ta, te."))
    [comma] = [step for step in searched(decoder, grammar).paths[0].steps if step.token in MARKS.punctuation]
    assert (comma.score, comma.best, comma.inner, comma.letters) == (0, 0, 0, 0)


def test_taking_back_what_was_said_costs_its_price_once() -> None:
    grammar = grammar_of("do {animal} ta", language="en")
    decoder = ScriptedDecoder(len(TABLE), TABLE.encode("do cat, no, sea lion ta"))

    def rank(text: str, cost: float) -> float:
        found = searched(decoder, grammar, SearchSettings(correction_cost=cost))
        return next(path.rank for path in found.paths if TABLE.decode(path.tokens) == text)

    taken_back = "do cat, no, sea lion ta"
    assert rank(taken_back, 0.0) - rank(taken_back, 3.0) == pytest.approx(3.0)
    decoder = ScriptedDecoder(len(TABLE), TABLE.encode("do cat ta"))
    assert rank("do cat ta", 0.0) == pytest.approx(rank("do cat ta", 3.0))


def test_without_a_grammar_the_free_text_is_what_remains() -> None:
    closed = templates_of("do ta")
    closed["intents"]["say"]["data"][0]["requires_context"] = {"asked": "it"}
    grammar = compile_grammar([SentenceSource(skill="test", templates=closed)])
    assert heard("do ta", grammar).readings == ()
    assert heard("do ta", compile_grammar([])).readings == ()
    assert [
        reading.text for reading in heard("do ta", grammar, {"asked": "no"}, {"asked": "it"}).readings
    ] == ["do ta"]
    assert heard("do ta", grammar, {"asked": "no"}, {"asked": "it"}).readings[0].context == 1


def test_a_wildcard_holds_what_was_heard() -> None:
    grammar = grammar_of("{any}", any={"wildcard": True})
    [reading, *_] = heard("some words", grammar).readings
    assert reading.match.slots["any"].value == "some words"


def test_an_emptied_list_leaves_the_other_sentences() -> None:
    grammar = grammar_of("do {animal}", "do ta").with_list("test", "animal", [])
    assert [reading.text for reading in heard("do ta", grammar).readings] == ["do ta"]
    assert all(reading.text != "do cat" for reading in heard("do cat", grammar).readings)


def test_words_of_two_intents_are_read_once() -> None:
    templates = templates_of("do ta")
    templates["intents"]["tell"] = {"data": [{"sentences": ["do (ta|te)"]}]}
    grammar = compile_grammar([SentenceSource(skill="test", templates=templates)])
    first, *others = heard("do ta", grammar).readings
    assert (first.match.intent, first.text) == ("say", "do ta")
    assert all(reading.text != "do ta" for reading in others)


def test_readings_differ_in_what_they_mean_and_the_best_leads_by_its_margin() -> None:
    readings = heard(
        "do ta", grammar_of("do [{which}]", which={"values": ["ta", {"in": "tata", "out": "ta"}, "te"]})
    ).readings
    meanings = [{name: slot.value for name, slot in reading.match.slots.items()} for reading in readings]
    assert meanings[0] == {"which": "ta"}
    assert all(meanings.count(meaning) == 1 for meaning in meanings)
    assert [reading.rank for reading in readings] == sorted((r.rank for r in readings), reverse=True)
    assert readings[0].evidence.margin > 0 >= readings[1].evidence.margin
    assert readings[0].evidence.per_token <= 0.1 < readings[1].evidence.per_token
    assert readings[0].confidence > readings[1].confidence


def test_what_is_no_sentence_fits_badly() -> None:
    grammar = grammar_of("do ta", "do te")
    right, wrong = heard("do ta", grammar).readings[0], heard("sea lion", grammar).readings
    assert right.evidence.worst_word < 0.1
    assert all(reading.evidence.worst_word > 5 for reading in wrong)
    longer = heard("do ta sea lion", grammar).readings[0]
    assert longer.evidence.end > 5 > right.evidence.end


def test_a_search_can_be_cancelled_between_any_two_steps() -> None:
    decoder = ScriptedDecoder(len(TABLE), TABLE.encode("do ta"))
    grammar = grammar_of("do ta")
    steps = searched(decoder, grammar).rounds
    assert steps > 3
    for looks in range(steps + 1):
        decoder.rows.clear()
        with pytest.raises(CancelledWorkError):
            searched(decoder, grammar, cancellation=CancelsAfter(looks))
        assert len(decoder.rows) == max(0, looks - 1)
    assert searched(decoder, grammar, cancellation=CancelsAfter(steps + 1)).paths


def test_thousands_of_names_take_no_more_decoder_calls_than_one() -> None:
    names = [f"{a}{b}{c} {d}eg" for a in "bdkmn" for b in "aeiou" for c in "lrst" for d in "abcdefghijklm"]
    decoder = ScriptedDecoder(len(TABLE), TABLE.encode("do mal deg"))
    grammar = grammar_of("do {animal}").with_list(
        "test", "animal", [f"{n}{end}" for n in names for end in ("", "son", "sen", "ski")]
    )
    listened = recogniser(decoder, grammar).listen(SOUND)
    assert listened is not None
    assert listened.readings[0].match.slots["animal"].value == "mal deg"
    assert max(decoder.rows) <= SearchSettings().width + 1
    assert len(decoder.rows) < 3 * len(TABLE.encode("do mal deg"))


def test_a_search_is_wider_only_where_noise_is_loud() -> None:
    words = [f"{a}{b}{c}" for a in "bdkmn" for b in "aeiou" for c in "lrst"]
    noise = np.random.default_rng(0).normal(0.0, 0.05, SAMPLE_RATE_HZ)
    settings = SearchSettings(behind=1e9, ahead=1e9)
    widest = []
    for loudness in (0.0, 1.0):
        decoder = ScriptedDecoder(len(TABLE), TABLE.encode("do mal"))
        grammar = grammar_of("do {animal}").with_list("test", "animal", words)
        listener = GrammarRecogniser(decoder, TABLE, grammar, CALIBRATION, settings)
        listener.listen((SOUND + loudness * noise).astype(np.float32))
        widest.append(max(decoder.rows) - 1)
    assert widest == [settings.width, settings.width_in_noise]


def test_a_search_under_way_keeps_its_grammar_and_the_next_has_the_new() -> None:
    grammar = grammar_of("do {animal}")
    changed = grammar.with_list("test", "animal", ["dog"])

    def change(call: int) -> None:
        if call == 2:
            listener.change(changed)

    decoder = ScriptedDecoder(len(TABLE), TABLE.encode("do cat"), before_call=change)
    listener = recogniser(decoder, grammar)
    first, second = listener.listen(SOUND), listener.listen(SOUND)
    assert first is not None
    assert second is not None
    assert first.readings[0].match.slots["animal"].value == "cat"
    assert {reading.match.slots["animal"].value for reading in second.readings} <= {"dog"}


def test_silence_is_read_as_nothing_and_what_is_too_long_is_left_to_others() -> None:
    listener = recogniser(ScriptedDecoder(len(TABLE), TABLE.encode("do ta")), grammar_of("do ta"))
    silence = listener.listen(np.zeros(SAMPLE_RATE_HZ, np.float32))
    assert silence is not None
    assert (silence.readings, silence.transcript.text) == ((), "")
    assert listener.listen(SOUND[:50]) == silence
    assert listener.listen(np.tile(SOUND, 21)) is None


def test_a_decoder_that_never_ends_is_stopped() -> None:
    decoder = ScriptedDecoder(len(TABLE), TABLE.encode("ta te " * 60), unlikely=np.array([END], np.int64))
    found = searched(decoder, grammar_of("do ta"))
    assert found.rounds <= SearchSettings().longest
    assert not found.free_complete
