"""What a recogniser may write for the words of a grammar."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import nearfield_edge
from nearfield_models.asr.tokens import Tokens
from nearfield_models.decoding.lexicon import WordTokens
from nearfield_models.decoding.places import GrammarWalk
from nearfield_models.decoding.spelling import Spelling, spellings
from nearfield_models.decoding.spoken import SpokenGrammar
from nearfield_models.errors import PackNotFoundError
from nearfield_models.grammar import Grammar, SentenceSource, compile_grammar
from nearfield_models.grammar.automaton import START, Automaton
from nearfield_models.grammar.grammar import ListValue, SkillGrammar
from nearfield_models.grammar.lists import literal_list
from nearfield_models.grammar.words import split_words
from nearfield_models.store import ModelStore
from tests.models.token_walks import reads

SKILLS = Path(nearfield_edge.__file__).parent / "shipped_skills"
NAMES = (
    "O'Hara", "Jean-Luc Picard", "Zoë McDonald", "D'Angelo", "José María Núñez", "iPhone 12", "Room B-17",
    "Gate 4A", "MP3 player", "the 3rd floor", "St. Mary's", "Wi-Fi lounge", "A & B", "TV", "21 percent club",
    "10:30 show", "$5 shop", "twenty-one", "Björk's", "Café Émile", "OK corral", "100 degrees", "Ngũgĩ",
)  # fmt: skip
DEVICE_LISTS: dict[str, dict[str, list[ListValue]]] = {
    "visit": {"place": list(NAMES[5:]), "person": list(NAMES[:5])},
    "rooms": {"room": ["Room 101", "4A", "Orion"]},
}

LETTERS = "abßçéİ\u03c3\u03c2oODMcn'\u2019-.0139 $%°:&酒が"


def list_of(*values: str, language: str = "en") -> Automaton:
    automaton = literal_list("names", values, skill="test", language=language).automaton
    assert automaton is not None
    return automaton


def texts(automaton: Automaton, language: str = "en") -> set[str]:
    """Everything that may be written for all of an automaton."""
    found: set[str] = set()
    waiting = [(START, "")]
    for state, text in waiting:
        if automaton.endings[state]:
            found.add(text)
        waiting += [
            (spelling.target, joined(text, spelling)) for spelling in spellings(automaton, state, language)
        ]
    return found


def joined(text: str, spelling: Spelling) -> str:
    return f"{text}{spelling.text}" if spelling.glued or not text else f"{text} {spelling.text}"


@pytest.fixture(scope="module")
def shipped() -> tuple[SkillGrammar, ...]:
    sources = [
        SentenceSource(skill=file.parent.name, templates=yaml.safe_load(file.read_text("utf-8")))
        for file in sorted(SKILLS.glob("*/sentences.yaml"))
    ]
    return compile_grammar(sources, DEVICE_LISTS).skills


@pytest.fixture(scope="module")
def moonshine() -> Tokens:
    try:
        pack = ModelStore.default().installed("moonshine-tiny-en")
    except PackNotFoundError as error:
        pytest.skip(str(error))
    return Tokens.read(pack.file("tokenizer.bin"))


def drawn(skill: SkillGrammar, data: st.DataObject) -> tuple[str, list[str]]:
    """A sentence in a random writing, and its words as the automaton reads them."""
    text, words = "", []
    state, returns, automaton = START, None, skill.automaton
    while True:
        choices: list[tuple[Spelling | int | None, int]] = []
        for spelling in spellings(automaton, state, skill.language):
            after_digit = text[-1:].isdigit()
            if after_digit or not (spelling.glued and spelling.text in ("am", "pm", "oz")):
                choices.append((spelling, spelling.target))
        choices += [
            (skill.references[reference].list_index, target)
            for reference, target in automaton.lists[state]
            if skill.lists[skill.references[reference].list_index].automaton is not None
        ]
        if automaton.endings[state]:
            choices.append((None, state))
        step, target = data.draw(st.sampled_from(choices))
        if isinstance(step, int):
            values = skill.lists[step].automaton
            assert values is not None
            returns, automaton, state = target, values, START
        elif step is not None:
            words += plain_words(automaton, state, target, step, skill.language)
            text, state = joined(text, step), target
        elif returns is None:
            return text, words
        else:
            state, returns, automaton = returns, None, skill.automaton


def unconditional(skill: SkillGrammar) -> SkillGrammar:
    """The same with every sentence sayable in every context."""
    return replace(
        skill,
        blocks=tuple(replace(block, requires_context={}, excludes_context={}) for block in skill.blocks),
    )


def plain_words(
    automaton: Automaton, state: int, target: int, spelling: Spelling, language: str
) -> list[str]:
    """The words that the automaton reads between two states, whichever of its ways the spelling is for."""
    ways: list[tuple[int, tuple[str, ...]]] = [(state, ())]
    written = [word.text for word in split_words(spelling.text, language)]
    for at, words in ways:
        normal = [word.text for word in split_words(" ".join(words), language)]
        if at == target and normal == written:
            return normal
        if len(normal) <= len(written):
            ways += [(behind, (*words, word)) for word, behind in automaton.words[at].items()]
    raise AssertionError(f"{spelling.text!r} is {written}, and no words of the automaton are")


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_whatever_is_spelled_for_the_shipped_sentences_normalises_to_their_words(
    shipped: tuple[SkillGrammar, ...], data: st.DataObject
) -> None:
    skill = data.draw(st.sampled_from(shipped))
    text, words = drawn(skill, data)
    assert [word.text for word in split_words(text, skill.language)] == words


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.text(LETTERS, min_size=1, max_size=9), min_size=1, max_size=4),
    st.sampled_from(["en", "de", "fr", "el", "ja", "tlh"]),
)
def test_whatever_is_spelled_for_any_name_normalises_to_a_name_of_the_list(
    names: list[str], language: str
) -> None:
    said = {tuple(word.text for word in split_words(name, language)) for name in names}
    said.discard(())
    if said:
        automaton = list_of(*(name for name in names if split_words(name, language)), language=language)
        ways = [(START, "")]
        for state, text in ways:
            if automaton.endings[state]:
                assert tuple(word.text for word in split_words(text, language)) in said
            for spelling in spellings(automaton, state, language):
                if len(ways) < 400 and spelling.text not in ("am", "pm", "oz"):
                    ways.append((spelling.target, joined(text, spelling)))


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("twelve ounce", "12-ounce"),
        ("twelve ounce", "12oz"),
        ("twenty one", "twenty-one"),
        ("twenty one", "21"),
        ("one hundred and five", "105"),
        ("half past ten thirty", "half past 10:30"),
        ("ten oh five", "10:05"),
        ("third", "3rd"),
        ("twenty second", "22nd"),
        ("five dollars", "$5"),
        ("fifty percent", "50%"),
        ("seven pm", "7 p.m."),
        ("seven pm", "7pm"),
        ("okay", "OK"),
        ("wifi", "Wi-Fi"),
        ("i would", "I'd"),
        ("cannot", "can't"),
        ("tv", "TV"),
        ("o'hara", "O'Hara"),
        ("mcdonald", "McDonald"),
        ("jean luc", "Jean-Luc"),
        ("gate four a", "Gate 4A"),
        ("room b seventeen", "Room B17"),
        ("room b seventeen", "Room B-17"),
        ("mp three", "MP3"),
        ("james's room", "James's room"),
    ],
)
def test_english_is_written_as_recognisers_write_it(name: str, written: str) -> None:
    assert written in texts(list_of(name))


@pytest.mark.parametrize(
    ("language", "name", "written"),
    [
        ("fr", "l'entrée", "l'entrée"),
        ("de", "Hauptstraße", "Hauptstraße"),
        ("el", "λόγος", "λόγος"),
        ("ja", "電気", "電気"),
        ("tr", "İzmir", "İzmir"),
        ("fr", "salle 21", "Salle 21"),
    ],
)
def test_other_languages_are_written_as_they_are_written(language: str, name: str, written: str) -> None:
    assert written in {normalize("NFC", text) for text in texts(list_of(name, language=language), language)}


def test_words_that_go_on_after_a_value_can_be_glued_to_it() -> None:
    templates: dict[str, Any] = {
        "language": "en",
        "intents": {"dim": {"data": [{"sentences": ["{level} percent", "{level} degrees", "{level} pm"]}]}},
        "lists": {"level": {"range": {"from": 1, "to": 100}}},
    }
    skill = compile_grammar([SentenceSource(skill="lamp", templates=templates)]).skills[0]
    [(_, behind)] = skill.automaton.lists[START]
    glued = {spelling.text for spelling in spellings(skill.automaton, behind, "en") if spelling.glued}
    assert {"%", "-percent", "°", "-degrees", "pm"} <= glued


@settings(deadline=None, max_examples=40, derandomize=True)  # to shrink an example takes minutes
@given(data=st.data())
@pytest.mark.models
def test_the_tokenizers_own_encoding_of_any_writing_is_walked_to_an_end(
    shipped: tuple[SkillGrammar, ...], moonshine: Tokens, data: st.DataObject
) -> None:
    skill = data.draw(st.sampled_from(shipped))
    text, _ = drawn(skill, data)
    grammar = SpokenGrammar(Grammar(skills=(unconditional(skill),)), WordTokens(moonshine))
    assert reads(GrammarWalk(grammar), moonshine, text), text
