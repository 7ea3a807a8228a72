from __future__ import annotations

from typing import Any

import pytest

from nearfield_models.grammar import Grammar, SentenceSource, compile_grammar, match_text
from nearfield_models.grammar.automaton import Automaton
from nearfield_models.grammar.variants import plural, read_as, spoken_forms_of
from nearfield_models.grammar.words import split_words


def grammar_of(*sentences: str, language: str = "en", **parts: Any) -> Grammar:
    intents = {"ask": {"data": [{"sentences": list(sentences)}]}}
    templates = {"language": language, "intents": intents, **parts}
    return compile_grammar([SentenceSource(skill="test", templates=templates)])


def automaton_of(*sentences: str) -> Automaton:
    return grammar_of(*sentences).skills[0].automaton


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("I'd like tea", "I would like tea"),
        ("what is new", "what\u2019s new"),
        ("I'm off", "i am off"),
        ("we can't wait", "we can not wait"),
        ("we cannot wait", "we can't wait"),
        ("don't stop", "do not stop"),
        ("I want to go", "I wanna go"),
        ("wait two minute", "wait two minutes"),
        ("wait two minutes", "wait 2 minute"),
        ("(what|who)'s there", "who is there"),
        ("what[ i]s on", "what's on"),
    ],
)
def test_what_the_template_writes_in_one_way_may_be_said_in_the_other(written: str, said: str) -> None:
    assert match_text(grammar_of(written), said)[0].confidence == 1.0


def test_a_possessive_is_no_contraction() -> None:
    grammar = grammar_of("open {person}'s door", lists={"person": {"values": ["Anna"]}})
    assert match_text(grammar, "open Anna's door")
    assert match_text(grammar, "open Anna is door") == ()
    assert [word.text for word in split_words("let's see what's Anna's")] == [
        "let", "'s", "see", "what", "is", "anna", "'s",
    ]  # fmt: skip


def test_the_words_of_a_contraction_share_its_stretch_of_text() -> None:
    text = "well, I'd go"
    assert [text[word.start : word.end] for word in split_words(text)] == ["well", "I'd", "I'd", "go"]


def test_a_speech_decoder_finds_the_spoken_form_beside_its_words_at_no_state() -> None:
    automaton = automaton_of("I would like two minutes")
    start = automaton.words[0]
    assert start["i'd"] == automaton.words[start["i"]]["would"]
    assert automaton.state_count == 6
    last = automaton.words[start["i'd"]]
    minutes = automaton.words[automaton.words[last["like"]]["two"]]
    assert minutes["minute"] == minutes["minutes"]


def test_spoken_forms_are_found_where_optional_parts_stand_between() -> None:
    automaton = automaton_of("I [really] would go")
    start = automaton.words[0]
    assert start["i'd"] == automaton.words[automaton.words[start["i"]]["really"]]["would"]
    assert "i'd" not in automaton_of("I really would go").words[0]


def test_forms_that_nobody_pronounces_are_no_arcs() -> None:
    automaton = automaton_of("what is twelve ounce")
    assert set(automaton.words[0]) == {"what", "what's"}


def test_every_form_normalises_to_its_words_and_no_word_to_another() -> None:
    for form, words in read_as("en").items():
        assert tuple(word.text for word in split_words(form)) == words
        for word in words:
            assert [each.text for each in split_words(word)] == [word]
    forms = {form: words for known in spoken_forms_of("en-GB").values() for words, form in known}
    assert forms.items() <= read_as("en").items()


def test_a_language_without_a_table_has_no_forms() -> None:
    assert read_as("de") == {}
    assert spoken_forms_of("de") == {}
    assert plural("tasse", "de") is None


@pytest.mark.parametrize(
    ("one", "several"),
    [("latte", "lattes"), ("glass", "glasses"), ("box", "boxes"), ("berry", "berries"), ("key", "keys")],
)
def test_a_noun_has_its_regular_plural(one: str, several: str) -> None:
    assert plural(one, "en") == several
    assert plural(several, "en") is None


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("zh-CN", "打开客厅灯 50%", ["打", "开", "客", "厅", "灯", "五", "十", "%"]),
        ("ja", "キッチンの電気", ["キ", "ッ", "チ", "ン", "の", "電", "気"]),
        ("th", "ช่วยปิด", ["ช่", "ว", "ย", "ปิ", "ด"]),
        ("hi", "रसोई की बत्ती", ["रसोई", "की", "बत्ती"]),
        ("fr", "l'entrée d\u2019Anna", ["l", "entrée", "d", "anna"]),
        ("nb", "21", ["tjueén"]),
    ],
)
def test_words_are_what_the_language_takes_for_words(language: str, text: str, words: list[str]) -> None:
    assert [word.text for word in split_words(text, language)] == words


def test_a_script_without_spaces_glues_no_words() -> None:
    optional = "[把|将|请][你][帮我]"
    grammar = grammar_of(
        f"{optional * 4}打开{{room}}[的][灯]", language="zh", lists={"room": {"values": ["客厅"]}}
    )
    for text in ("打开客厅", "打开 客厅 的灯", "请帮我打开客厅灯"):
        assert match_text(grammar, text)[0].slots["room"].value == "客厅"


def test_an_elided_article_stands_before_a_value() -> None:
    grammar = grammar_of("allume [l']{room}", language="fr", lists={"room": {"values": ["entrée"]}})
    match = match_text(grammar, "Allume l\u2019entrée")[0]
    assert match.slots["room"].text == "entrée"
