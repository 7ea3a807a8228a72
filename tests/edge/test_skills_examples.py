"""Example sentences of skills: checked like everything in a skill's folder, taught, and never matched."""

from __future__ import annotations

from pathlib import Path

import pytest

from nearfield_edge.composition import grammar_of, load_skill_runtime, surroundings
from nearfield_edge.composition.interpretation import examples_of
from nearfield_edge.configuration import parse_configuration
from nearfield_edge.errors import SkillError
from nearfield_edge.skills.permissions import PermissionGuard
from nearfield_models.grammar import SentenceSource, compile_grammar, match_text
from nearfield_models.intents import Example, Teaching, find_kept, teaching_of, train_and_keep
from tests.edge.skill_folders import SENTENCES, load_probe
from tests.fakes.embedding import BagOfWordsEmbedding

MANIFEST = '[intents.try]\nreply = "done"\n[intents.stop]\nreply = "done"\n'
TWO_INTENTS = SENTENCES.replace("lists:", "  stop: {data: [{sentences: [stop]}]}\nlists:")
GERMAN = TWO_INTENTS.replace("language: en", "language: de")


def test_examples_are_kept_by_intent(tmp_path: Path, guard: PermissionGuard) -> None:
    examples = "try:\n- have a go at the small one\n- Go on, then!\nstop: [I have had enough]"
    skill = load_probe(tmp_path, guard, manifest=MANIFEST, sentences=TWO_INTENTS, examples=examples)
    assert skill.examples == {
        "try": ("have a go at the small one", "Go on, then!"),
        "stop": ("I have had enough",),
    }


def test_a_skill_need_not_give_examples(tmp_path: Path, guard: PermissionGuard) -> None:
    assert load_probe(tmp_path, guard, manifest=MANIFEST, sentences=TWO_INTENTS).examples == {}


@pytest.mark.parametrize(
    ("examples", "words"),
    [
        ("tri: [have a go]", "examples.yaml: no intent 'tri'; did you mean 'try'"),
        ("try: have a go", "intent 'try' must have a list of 1 to 100 sentences"),
        ("try: []", "a list of 1 to 100 sentences"),
        (f"try: {['go'] * 101}", "a list of 1 to 100 sentences"),
        ("try: [3]", "intent 'try': 3 is no text; put it in quotes"),
        ("try: [no]", "False is no text; put it in quotes"),
        ("try: ['have a go [please]']", r"'have a go \[please\]' is a template"),
        ("try: ['the {size} one']", "is a template"),
        ("try: ['?!']", "'\\?!' must have 1 to 64 words"),
        (f"try: ['{'go ' * 65}']", "must have 1 to 64 words"),
        ("try: [enough]\nstop: ['Enough!']", "'Enough!' cannot mean both 'try' and 'stop'"),
        ("- enough", "must hold a table"),
        ("try: [", "not valid YAML"),
    ],
)
def test_wrong_examples_are_one_sentence_that_names_file_and_intent(
    tmp_path: Path, guard: PermissionGuard, examples: str, words: str
) -> None:
    with pytest.raises(SkillError, match=words) as raised:
        load_probe(tmp_path, guard, manifest=MANIFEST, sentences=TWO_INTENTS, examples=examples)
    assert "examples.yaml" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("sentences", "taught"), [(TWO_INTENTS, 1), (GERMAN, 0)])
def test_examples_are_taught_in_the_language_of_the_paraphrases_and_are_no_sentences(
    tmp_path: Path, guard: PermissionGuard, sentences: str, taught: int
) -> None:
    examples = "stop: [I have had enough]"
    skill = load_probe(tmp_path, guard, manifest=MANIFEST, sentences=sentences, examples=examples)
    grammar = compile_grammar([SentenceSource(skill="probe", templates=skill.sentences)])
    given = examples_of([skill], grammar)
    example = Example(skill="probe", intent="stop", text="I have had enough")
    assert given == (example,) * taught
    assert match_text(grammar, example.text) == ()


def test_another_example_makes_a_kept_classifier_be_learned_anew(
    tmp_path: Path, guard: PermissionGuard
) -> None:
    def teaching(folder: str, examples: str) -> Teaching:
        skill = load_probe(
            tmp_path / folder, guard, manifest=MANIFEST, sentences=TWO_INTENTS, examples=examples
        )
        grammar = compile_grammar([SentenceSource(skill="probe", templates=skill.sentences)])
        return teaching_of(grammar, examples_of([skill], grammar))

    engine = BagOfWordsEmbedding()
    before = teaching("a", "stop: [I have had enough, that will do]")
    train_and_keep(tmp_path, before, engine)
    assert find_kept(tmp_path, teaching("b", "stop: [I have had enough, that will do]"), engine)[0]
    kept, reason = find_kept(tmp_path, teaching("c", "stop: [I have had enough, let it be]"), engine)
    assert kept is None
    assert "changed" in reason


def test_no_example_of_a_shipped_skill_is_one_of_its_sentences(tmp_path: Path) -> None:
    configuration = parse_configuration({"device": {"data": str(tmp_path)}}, where="the test")
    skills = load_skill_runtime(surroundings(configuration))
    grammar = grammar_of(skills)
    examples = examples_of(skills.skills.values(), grammar)
    assert {example.skill for example in examples} == {"coffee", "rooms", "visit"}
    assert [example.text for example in examples if match_text(grammar, example.text)] == []


def test_what_shipped_skills_suggest_to_say_is_a_sentence_of_theirs(tmp_path: Path) -> None:
    raw = {"device": {"data": str(tmp_path)}}
    skills = load_skill_runtime(surroundings(parse_configuration(raw, where="the test")))
    grammar = grammar_of(skills)
    for skill in skills.skills.values():
        assert skill.manifest.suggestions
        for text in skill.manifest.suggestions:
            assert match_text(grammar, text)[0].skill == skill.id, text
