"""Home Assistant's intents: what its project publishes loads and is understood as it means it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
)
from hassil.intents import Intents, RangeSlotList, TextSlotList

from nearfield_models.errors import GrammarError
from nearfield_models.grammar import Grammar, GrammarMatch, SentenceSource, compile_grammar, match_text
from nearfield_models.grammar.intents import merge_intents, read_intents


@pytest.fixture(scope="module")
def published() -> Path:
    """The folder of the published JSON files, one a language."""
    package = find_spec("home_assistant_intents")
    if package is None or package.origin is None:
        pytest.skip("the package home-assistant-intents is not installed")
    return Path(package.origin).parent / "data"


class Speaker:
    """Says sentences of Home Assistant's templates, drawn at random, by hassil's reading of them."""

    def __init__(self, intents: Intents, given: Mapping[str, str]) -> None:
        self._intents = intents
        self._given = given
        self._draw = Random(3)  # noqa: S311 - a repeatable sample, no secret

    def say(self, expression: Expression) -> str:
        match expression:
            case TextChunk():
                return expression.text
            case ListReference():
                return self._value(expression.list_name)
            case RuleReference():
                return self.say(self._intents.expansion_rules[expression.rule_name].expression)
            case Alternative():
                return self.say(self._draw.choice(expression.items))
            case Permutation():
                return "".join(map(self.say, self._draw.sample(expression.items, len(expression.items))))
            case Group():
                return "".join(map(self.say, expression.items))
        raise AssertionError(expression)

    def _value(self, name: str) -> str:
        if name in self._given:
            return self._given[name]
        match self._intents.slot_lists[name]:
            case RangeSlotList() as numbers:
                return str(self._draw.choice(list(numbers.get_numbers())))
            case TextSlotList() as texts:
                return self.say(self._draw.choice(texts.values).text_in)
        return "blue sky"


def thing_of(domain: str) -> str:
    return f"gadget {domain.replace('_', ' ')}"


def test_every_english_sentence_is_understood_as_home_assistant_means_it(published: Path) -> None:
    file = published / "en.json"
    intents = Intents.from_dict(json.loads(file.read_text(encoding="utf-8")))
    blocks = [(name, block) for name, intent in intents.intents.items() for block in intent.data]
    domains = {domain: None for _, block in blocks for domain in block.domains}
    things = [{"in": thing_of(domain), "context": {"domain": domain}} for domain in domains]
    given: Any = {"home": {"area": ["kitchen"], "floor": ["first"], "name": things}}
    grammar = compile_grammar([read_intents(file, skill="home", language="en")], given)
    for name, block in blocks:
        required = block.requires_context.get("domain", ["light"])
        speaker = Speaker(intents, {"area": "kitchen", "floor": "first", "name": thing_of(required[0])})
        for sentence in block.sentences:
            said = speaker.say(sentence.expression)
            found = match_text(grammar, said, context={"area": "kitchen"}, limit=50)
            assert any(means(match, name, block.slots, block.metadata) for match in found), said


def means(match: GrammarMatch, intent: str, slots: Mapping[str, Any], metadata: Any) -> bool:
    fixed = all(match.slots[name].value == value for name, value in slots.items())
    return match.intent == intent and match.metadata == metadata and fixed


@pytest.mark.parametrize("language", ["de", "fr", "pl", "ar", "hi", "th", "zh-CN"])
def test_other_languages_load(published: Path, language: str) -> None:
    source = read_intents(published / f"{language}.json", skill="home", language=language)
    skill = compile_grammar([source]).skills[0]
    assert len(skill.templates) > 100
    assert {"area", "floor", "name"} & set(skill.replaceable)


BLOCK: dict[str, Any] = {"sentences": ["light up [the] {area}", "light up"]}


def home(block: Mapping[str, Any], context: Mapping[str, str] | None = None) -> dict[str, Any]:
    templates = {"language": "en", "intents": {"on": {"data": [{**BLOCK, **block}]}}}
    grammar = compile_grammar([merge_intents("home", [templates])], {"home": {"area": ["kitchen", "hall"]}})
    found = match_text(grammar, "light up", context=context)
    return {name: slot.value for name, slot in found[0].slots.items()} if found else {"not": "understood"}


@pytest.mark.parametrize(
    ("rule", "context", "slots"),
    [
        ({"area": {"slot": True}}, {"area": "hall"}, {"area": "hall"}),
        ({"area": {"slot": True}}, {}, {"not": "understood"}),
        ({"area": {"slot": "place"}}, {"area": "hall"}, {"place": "hall"}),
        ({"area": {"value": ["hall", "attic"], "slot": True}}, {"area": "hall"}, {"area": "hall"}),
        ({"area": {"value": "attic", "slot": True}}, {"area": "hall"}, {"not": "understood"}),
        ({"area": {"value": "hall"}}, {"area": "hall"}, {}),
    ],
)
def test_a_slot_may_be_filled_from_the_context(
    rule: dict[str, Any], context: dict[str, str], slots: dict[str, str]
) -> None:
    assert home({"requires_context": rule}, context) == slots


def test_words_fill_a_slot_before_the_context_does() -> None:
    block = {"sentences": ["light up {area}"], "requires_context": {"area": {"slot": True}}}
    templates = {"language": "en", "intents": {"on": {"data": [block]}}}
    grammar = compile_grammar([merge_intents("home", [templates])], {"home": {"area": ["kitchen"]}})
    found = match_text(grammar, "light up kitchen", context={"area": "hall"})
    assert found[0].slots["area"].value == "kitchen"


def test_the_context_fills_a_slot_before_the_template_does() -> None:
    fixed = {"slots": {"area": "attic"}, "requires_context": {"area": {"slot": True}}}
    assert home(fixed, {"area": "hall"}) == {"area": "hall"}


def test_a_context_that_excludes_may_be_written_out() -> None:
    excludes = {"excludes_context": {"area": {"value": "hall"}}}
    assert home(excludes, {"area": "hall"}) == {"not": "understood"}
    assert home(excludes, {"area": "attic"}) == {}


def test_a_block_with_keywords_needs_one_of_them() -> None:
    assert home({"required_keywords": ["Light", "shine bright"]}) == {}
    assert home({"required_keywords": ["lamp", "up light"]}) == {"not": "understood"}


def test_a_block_names_its_reply() -> None:
    block = {**BLOCK, "response": "lights"}
    templates = {"language": "en", "intents": {"on": {"data": [block]}}, "responses": {"errors": {}}}
    assert compile_grammar([merge_intents("home", [templates])]).skills[0].blocks[0].response == "lights"


def test_files_are_merged_key_by_key_and_none_is_changed() -> None:
    first = {
        "language": "en",
        "intents": {"on": {"data": [{"sentences": ["light"]}]}},
        "lists": {"colour": {"values": ["red"]}},
        "expansion_rules": {"go": "go"},
        "skip_words": ["please"],
    }
    second = {
        "language": "en",
        "intents": {
            "on": {"data": [{"sentences": ["<go> {colour}"]}]},
            "off": {"data": [{"sentences": ["dark"]}]},
        },
        "lists": {"colour": {"values": ["blue"]}},
        "expansion_rules": {"go": "turn"},
    }
    before = json.dumps([first, second])
    grammar = compile_grammar([merge_intents("home", [first, second])])
    assert match_text(grammar, "turn blue")
    assert match_text(grammar, "please turn red")
    assert match_text(grammar, "go red") == ()
    assert [match.intent for match in match_text(grammar, "dark")] == ["off"]
    assert json.dumps([first, second]) == before


def test_files_that_contradict_each_other_are_refused_by_the_key() -> None:
    first: dict[str, Any] = {"lists": {"colour": {"values": ["red"]}}}
    second: dict[str, Any] = {"lists": {"colour": {"values": {}}}}
    with pytest.raises(GrammarError, match='"home", lists, colour, values: two files'):
        merge_intents("home", [first, second])


def test_a_key_that_cannot_be_honoured_is_refused_by_name() -> None:
    templates = {"language": "en", "intents": {"on": {"data": [{**BLOCK, "min_words": 3}]}}}
    with pytest.raises(GrammarError, match="min_words: Extra inputs are not permitted"):
        compile_grammar([merge_intents("home", [templates])])


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def grammar_in(folder: Path, **given: Any) -> Grammar:
    return compile_grammar([read_intents(folder, skill="home", language="en")], {"home": given})


def test_a_folder_of_a_homes_own_sentences_is_read(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        {
            "kitchen.yaml": "language: en\nintents: {cook: {data: [{sentences: ['cook {dish}']}]}}\n",
            "more/lists.yml": "lists: {dish: {values: [soup]}}\n",
            "notes.txt": "no sentences",
        },
    )
    assert match_text(grammar_in(folder), "cook soup")


REPOSITORY = {
    "intents.yaml": """
        Shine:
          slot_combinations:
            name_only: {name_domain_groups: {things: [light, fan]}}
            domain_only: {context_area: true}
    """,
    "sentences/en/_common.yaml": """
        language: en
        skip_words: [please]
        expansion_rules: {turn: spin, the: the}
        lists: {colour: {values: [red]}}
    """,
    "sentences/en/light_Set.yaml": """
        language: en
        intents: {Set: {data: [{sentences: ["paint it {colour}"]}]}}
    """,
    "sentences/en/Set/default.yaml": "data: [{sentences: [superseded]}]",
    "sentences/en/Shine/name_only.yaml": """
        language: en
        data:
          - sentences: ["<turn> on [<the>] {name}"]
            name_domains: things
            example: turn on the lamp
            response: default
          - sentences: ["<turn> {name}"]
            name_domains: [light]
            speech_to_phrase: true
    """,
    "sentences/en/Shine/domain_only.yaml": """
        data:
          - sentences: ["<turn> on [<the>] lights"]
            inferred_domain: light
    """,
    "sentences/de/Shine/name_only.yaml": "data: [{sentences: ['{name} an']}]",
    "lists/shared.yaml": "lists: {level: {range: {from: 0, to: 9}}}",
    "lists/en/colours.yaml": "lists: {colour: {values: [blue]}}",
    "rules/en/verbs.yaml": "expansion_rules: {turn: (turn|switch)}",
}


def test_the_projects_repository_is_read_as_it_is_packaged(tmp_path: Path) -> None:
    things = [
        {"in": name, "context": {"domain": domain}} for name, domain in (("lamp", "light"), ("gate", "cover"))
    ]
    grammar = grammar_in(written(tmp_path, REPOSITORY), name=things)
    match = match_text(grammar, "please switch on the lamp")[0]
    assert (match.intent, match.metadata) == ("Shine", {"slot_combination": "name_only"})
    assert match_text(grammar, "turn on the gate") == ()
    assert match_text(grammar, "spin on the lamp") == ()
    assert match_text(grammar, "turn lamp") == ()
    assert match_text(grammar, "turn on the lights") == ()
    lights = match_text(grammar, "turn on the lights", context={"area": "hall"})[0]
    assert {name: slot.value for name, slot in lights.slots.items()} == {"domain": "light", "area": "hall"}
    assert match_text(grammar, "paint it blue")
    assert match_text(grammar, "paint it red") == ()
    assert match_text(grammar, "superseded") == ()


def test_short_sentences_are_read_where_there_are_no_full_ones(tmp_path: Path) -> None:
    files = {"sentences/en/Stop/default.yaml": "{data: [{sentences: [stop], speech_to_phrase: true}]}"}
    files["sentences/en/_common.yaml"] = "language: en"
    assert match_text(grammar_in(written(tmp_path, files)), "stop")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"a.yaml": "[1]"}, "a.yaml: expected keys and values, found list"),
        ({"a.yaml": "a: ["}, "a.yaml: cannot be read"),
        ({"a.txt": ""}, "there are no YAML files"),
        ({"sentences/en/Shine/x.yaml": "data: 3"}, "x.yaml: `data` should be a list of blocks"),
        (
            {"sentences/en/Shine/x.yaml": "data: [{sentences: [a], name_domains: things}]"},
            'x.yaml: intents.yaml names no domains "things"',
        ),
    ],
)
def test_a_folder_that_cannot_be_read_is_refused_by_the_file(
    tmp_path: Path, files: dict[str, str], told: str
) -> None:
    with pytest.raises(GrammarError, match=told):
        read_intents(written(tmp_path, files), skill="home", language="en")


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(GrammarError, match=r"nowhere\.json: cannot be read"):
        read_intents(tmp_path / "nowhere.json", skill="home", language="en")


def test_given_lists_are_empty_until_they_are_given() -> None:
    templates = {"language": "en", "intents": {"on": {"data": [{"sentences": ["light up {area}"]}]}}}
    grammar = compile_grammar([merge_intents("home", [templates])])
    assert match_text(grammar, "light up kitchen") == ()
    assert match_text(grammar.with_list("home", "area", ["kitchen"]), "light up kitchen")
    with pytest.raises(GrammarError, match=r"the list \{area\} is neither"):
        compile_grammar([SentenceSource(skill="home", templates=templates)])
