from __future__ import annotations

import re
from typing import Any

import pytest

from nearfield_models.errors import GrammarError
from nearfield_models.grammar import SentenceSource, automaton, compile_grammar, match_text


def document(*sentences: str, **parts: Any) -> dict[str, Any]:
    return {"language": "en", "intents": {"ask": {"data": [{"sentences": list(sentences)}]}}, **parts}


def source(*sentences: str, skill: str = "lamp", **parts: Any) -> SentenceSource:
    return SentenceSource(skill=skill, templates=document(*sentences, **parts))


def test_sentences_share_their_beginnings_and_their_ends() -> None:
    shared = compile_grammar([source("turn the light on", "turn the lamp off")]).skills[0].automaton
    assert shared.state_count == 6
    assert list(shared.words[0]) == ["turn"]


def test_a_list_is_read_by_reference_and_not_spliced_in() -> None:
    rooms = {"room": {"values": [f"room {number}" for number in range(100)]}}
    skill = compile_grammar([source("go to {room}", lists=rooms)]).skills[0]
    assert skill.automaton.state_count == 4
    assert skill.references[skill.automaton.lists[2][0][0]].slot == "room"


def test_states_know_which_blocks_can_still_be_completed() -> None:
    templates = document("stop now")
    templates["intents"]["go"] = {"data": [{"sentences": ["go now"]}]}
    skill = compile_grammar([SentenceSource(skill="car", templates=templates)]).skills[0]
    words = skill.automaton.words[0]
    assert skill.open_blocks[0] == 0b11
    assert (skill.open_blocks[words["stop"]], skill.open_blocks[words["go"]]) == (0b01, 0b10)


def test_a_list_given_anew_shares_everything_else() -> None:
    grammar = compile_grammar([source("call {person}", lists={"person": {"values": []}})])
    known = grammar.with_list("lamp", "person", ["Anna", {"in": "Bob", "out": 7}])
    assert match_text(grammar, "call Anna") == ()
    assert match_text(known, "call Anna")[0].slots["person"].value == "Anna"
    assert match_text(known, "call bob")[0].slots["person"].value == 7
    assert known.skills[0].automaton is grammar.skills[0].automaton


def test_values_given_at_run_time_are_taken_literally() -> None:
    grammar = compile_grammar([source("call {person}")], {"lamp": {"person": ["Anna (Sales) [desk]"]}})
    assert match_text(grammar, "call Anna") == ()
    assert match_text(grammar, "call Anna sales desk")[0].slots["person"].value == "Anna (Sales) [desk]"


def test_values_given_by_the_device_replace_those_of_the_file() -> None:
    grammar = compile_grammar(
        [source("call {person}", lists={"person": {"values": ["Eve"]}})], {"lamp": {"person": ["Anna"]}}
    )
    assert match_text(grammar, "call eve") == ()
    assert match_text(grammar, "call anna")


def test_a_block_may_have_rules_and_lists_of_its_own() -> None:
    templates = document("paint it {colour}", lists={"colour": {"values": ["red"]}})
    templates["intents"]["ask"]["data"].append(
        {
            "sentences": ["<verb> {colour}"],
            "expansion_rules": {"verb": "dye it"},
            "lists": {"colour": {"values": ["blue"]}},
        }
    )
    grammar = compile_grammar([SentenceSource(skill="lamp", templates=templates)])
    assert match_text(grammar, "dye it blue")
    assert match_text(grammar, "dye it red") == ()
    changed = grammar.with_list("lamp", "colour", ["green"])
    given = compile_grammar(
        [SentenceSource(skill="lamp", templates=templates)], {"lamp": {"colour": ["green"]}}
    )
    for other in (changed, given):
        assert match_text(other, "paint it green")
        assert match_text(other, "dye it blue")


def test_a_list_given_at_run_time_is_bounded() -> None:
    grammar = compile_grammar([source("call {person}", lists={"person": {"values": []}})])
    with pytest.raises(GrammarError, match="10001 values, at most 10000"):
        grammar.with_list("lamp", "person", ["x"] * 10_001)
    with pytest.raises(GrammarError, match="at most 500 characters"):
        grammar.with_list("lamp", "person", ["x" * 501])
    with pytest.raises(GrammarError, match='the value "!" can be said without any word'):
        grammar.with_list("lamp", "person", ["!"])


@pytest.mark.parametrize(
    ("sentence", "parts", "told"),
    [
        ("turn (on", {}, 'intent "ask", sentence "turn (on": the template'),
        ("turn []", {}, "cannot be read"),
        ("turn <it>", {}, "there is no expansion rule <it>"),
        (
            "turn <a>",
            {"expansion_rules": {"a": "x <b>", "b": "y <a>"}},
            "the rule <a> contains itself (a → b → a)",
        ),
        ("turn <a>", {"expansion_rules": {"a": "(x"}}, 'rule <a>: the template "(x"'),
        ("turn {it}", {}, "the list {it} is neither in the file nor given by the device"),
        ("turn {it:@that}", {"lists": {"it": {"values": ["x"]}}}, "drop the @"),
        ("[please]", {}, 'sentence "[please]": it can be said without any word'),
        ("(" * 150 + "a|b" + ")" * 150, {}, "more than 100 brackets or rules within each other"),
        ("[" * 5_000 + "a" + "]" * 5_000, {}, "more than 100 brackets or rules within each other"),
        (
            "go <r0>",
            {"expansion_rules": {f"r{n}": f"<r{n + 1}>" for n in range(200)} | {"r200": "x"}},
            "more than 100 brackets or rules within each other",
        ),
        ("(a;b;c;d;e;f;g)", {}, "a permutation of 7 parts, at most 6"),
        ("go {n}", {"lists": {"n": {"range": {"from": 1, "to": 10**6}}}}, "1000000 numbers, at most"),
        ("go {n}", {"lists": {"n": {"range": {"from": 2, "to": 1}}}}, "must not be above"),
        ("go {n}", {"lists": {"n": {"values": ["x"], "wildcard": True}}}, "a list has either"),
        ("go {n}", {"lists": {"n": {"values": ["[x]"]}}}, 'the value "[x]" can be said without any word'),
        ("go {n}", {"lists": {"n": {"values": ["a {m}"]}}}, "a value cannot read another list"),
        ("go {n}", {"lists": {"n": {"values": [True]}}}, "lists.n.values.0"),
        ("go", {"expansion_rule": {}}, "expansion_rule: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_sentence_is_refused_by_name(sentence: str, parts: dict[str, Any], told: str) -> None:
    with pytest.raises(GrammarError, match=re.escape(told)) as refusal:
        compile_grammar([source(sentence, **parts)])
    assert str(refusal.value).startswith('skill "lamp"')


def test_a_template_that_glues_too_many_words_is_refused() -> None:
    glued = "".join("(a|b)" for _ in range(20))
    with pytest.raises(GrammarError, match=r'sentence "\(a\|b\).*beginnings of words at one place'):
        compile_grammar([source("one", glued, "two")])


def test_a_template_that_writes_out_too_large_is_refused() -> None:
    rules = {f"r{n}": f"<r{n + 1}> <r{n + 1}>" for n in range(30)} | {"r30": "x"}
    with pytest.raises(GrammarError, match="states when written out"):
        compile_grammar([source("<r0>", expansion_rules=rules)])


@pytest.mark.parametrize(("skill", "name"), [("lamp", "rooms"), ("coffee", "person"), ("lamp", "nobody")])
def test_values_for_a_list_that_no_sentence_reads_are_refused(skill: str, name: str) -> None:
    grammar = compile_grammar([source("call {person}", lists={"person": {"values": ["Eve"]}})])
    with pytest.raises(GrammarError, match=f'"{name}"'):
        grammar.with_list(skill, name, ["x"])
    with pytest.raises(GrammarError, match=skill):
        compile_grammar([source("call me")], {skill: {name: ["x"]}})


def test_two_skills_of_one_name_are_refused() -> None:
    with pytest.raises(GrammarError, match="got them 2 times"):
        compile_grammar([source("a"), source("b")])


def test_a_grammar_of_nothing_understands_nothing() -> None:
    nothing = SentenceSource(skill="idle", templates={"language": "en", "intents": {}})
    for grammar in (compile_grammar([]), compile_grammar([nothing])):
        assert match_text(grammar, "hello") == ()


def test_sentences_of_one_block_that_end_alike_stand_for_each_other() -> None:
    skill = compile_grammar([source("turn the light on", "switch the light on", "stop")]).skills[0]
    assert skill.automaton.state_count == 5
    ending = next(endings for endings in skill.automaton.endings if endings)
    assert [skill.templates[number].text for number in ending] == ["turn the light on"]


def test_sentences_of_different_blocks_keep_their_meanings_where_they_end_alike() -> None:
    templates = document("turn the light on")
    templates["intents"]["other"] = {"data": [{"sentences": ["switch the light on", "turn the light on"]}]}
    grammar = compile_grammar([SentenceSource(skill="lamp", templates=templates)])
    assert [match.intent for match in match_text(grammar, "switch the light on")] == ["other"]
    assert [match.intent for match in match_text(grammar, "turn the light on")] == ["ask", "other"]


def test_sentences_that_are_too_large_only_together_are_refused_by_their_skill(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(automaton, "LARGEST_STATES", 20)
    with pytest.raises(GrammarError, match='skill "lamp": its sentences make more than 20 states'):
        compile_grammar([source(*(f"say {word} and stop" for word in "abcdefghij"))])
    with pytest.raises(GrammarError, match=r'sentence "a a.*": more than 20 states; say it with fewer'):
        compile_grammar([source("go", "a " * 30)])


def test_noise_words_may_be_templates() -> None:
    grammar = compile_grammar([source("stop", skip_words=["(dear|good) device [mine]", "[oh]"])])
    assert set(grammar.skills[0].skip_phrases) == {
        ("oh",),
        *((first, "device", *rest) for first in ("dear", "good") for rest in ((), ("mine",))),
    }
    assert match_text(grammar, "good device mine, stop")


@pytest.mark.parametrize(
    ("skip_word", "told"),
    [
        ("{name}", "cannot read a list, found {name}"),
        ("(a|b|c|d)" + " (a|b|c|d)" * 6, "says more than 1000 phrases"),
    ],
)
def test_noise_words_are_bounded_and_read_no_list(skip_word: str, told: str) -> None:
    with pytest.raises(GrammarError, match=re.escape(told)):
        compile_grammar([source("stop", skip_words=[skip_word])])
