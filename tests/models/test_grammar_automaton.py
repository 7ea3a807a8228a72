"""The automaton against the enumeration of random templates: what can be read, and what it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any

from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from nearfield_models.grammar import SentenceSource, compile_grammar
from nearfield_models.grammar.automaton import START, Arc, Arcs, Automaton, determinise, minimal
from nearfield_models.grammar.grammar import SkillGrammar

MOST_SENTENCES = 2_000

Said = tuple[str, ...]
"""Words, and lists as ``{name:slot}``."""


@dataclass(frozen=True)
class Part:
    """A template and everything that it says, worked out without any automaton."""

    text: str
    sentences: frozenset[Said]


def word(text: str) -> Part:
    return Part(text, frozenset({(text,)}))


def slot(name: str, slot_name: str) -> Part:
    return Part(f"{{{name}:{slot_name}}}", frozenset({(f"{{{name}:{slot_name}}}",)}))


def in_a_row(parts: list[Part]) -> Part:
    return Part(" ".join(part.text for part in parts), joined(parts))


def optional(part: Part) -> Part:
    return Part(f"[{part.text}]", part.sentences | {()})


def one_of(parts: list[Part]) -> Part:
    either = frozenset[Said]().union(*(part.sentences for part in parts))
    return Part(f"({'|'.join(part.text for part in parts)})", either)


def in_any_order(parts: list[Part]) -> Part:
    orders = frozenset[Said]().union(*(joined(list(order)) for order in permutations(parts)))
    return Part(f"({';'.join(part.text for part in parts)})", orders)


def joined(parts: list[Part]) -> frozenset[Said]:
    count = 1
    for part in parts:
        count *= len(part.sentences)
    if count > MOST_SENTENCES:
        reject()
    return frozenset(
        tuple(said for piece in pieces for said in piece)
        for pieces in product(*(part.sentences for part in parts))
    )


LISTS: dict[str, Any] = {"colour": {"values": ["red"]}, "count": {"range": {"from": 1, "to": 3}}}

leaves = st.sampled_from(
    [*map(word, ("ta", "te", "ti", "to")), slot("colour", "colour"), slot("count", "number")]
)


def _grown(inner: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        several.map(in_a_row), inner.map(optional), several.map(one_of), several.map(in_any_order)
    )


templates = st.recursive(leaves, _grown, max_leaves=8).filter(lambda part: () not in part.sentences)
blocks = st.lists(st.lists(templates, min_size=1, max_size=3), min_size=1, max_size=3)


def compiled(written: list[list[Part]]) -> SkillGrammar:
    data = [{"sentences": [part.text for part in block]} for block in written]
    source = {"language": "xx", "intents": {"say": {"data": data}}, "lists": LISTS}
    return compile_grammar([SentenceSource(skill="test", templates=source)]).skills[0]


def read_from(
    automaton: Automaton, state: int = START
) -> Iterator[tuple[tuple[str | int, ...], tuple[int, ...]]]:
    """Everything that can be read from a state, with its endings."""
    if automaton.endings[state]:
        yield (), automaton.endings[state]
    arcs: list[Arc] = [*automaton.words[state].items(), *automaton.lists[state]]
    for symbol, target in arcs:
        for rest, endings in read_from(automaton, target):
            yield (symbol, *rest), endings


def meanings_of(skill: SkillGrammar) -> dict[Said, set[int]]:
    """The blocks that each sentence of a grammar belongs to."""
    found: dict[Said, set[int]] = {}
    for symbols, endings in read_from(skill.automaton):
        said = tuple(symbol if isinstance(symbol, str) else _list(skill, symbol) for symbol in symbols)
        assert said not in found, "a deterministic automaton reads nothing in two ways"
        found[said] = {skill.templates[ending].block for ending in endings}
        assert len(found[said]) == len(endings), "one template stands for a block"
    return found


def _list(skill: SkillGrammar, reference: int) -> str:
    place = skill.references[reference]
    return f"{{{skill.lists[place.list_index].name}:{place.slot}}}"


@settings(deadline=None)
@given(blocks)
@example([[in_a_row([word("ta"), word("to")])], [in_a_row([word("te"), word("to")])]])
@example([[word("ta")], [word("ta")]])
def test_a_grammar_reads_what_its_templates_enumerate_and_means_their_blocks(
    written: list[list[Part]],
) -> None:
    expected: dict[Said, set[int]] = {}
    for number, block in enumerate(written):
        for part in block:
            for said in part.sentences:
                expected.setdefault(said, set()).add(number)
    assert meanings_of(compiled(written)) == expected


@settings(deadline=None)
@given(blocks)
def test_no_two_states_of_a_grammar_are_alike(written: list[list[Part]]) -> None:
    skill = compiled(written)
    automaton = skill.automaton
    alike = {
        (
            frozenset(skill.templates[ending].block for ending in automaton.endings[state]),
            frozenset(automaton.words[state].items()),
            frozenset(automaton.lists[state]),
        )
        for state in range(automaton.state_count)
    }
    assert len(alike) == automaton.state_count
    assert automaton.state_count <= skill.determinised_states


@settings(deadline=None)
@given(blocks)
def test_a_state_knows_exactly_the_blocks_that_it_can_complete(written: list[list[Part]]) -> None:
    skill = compiled(written)
    for state in range(skill.automaton.state_count):
        completed = {
            skill.templates[ending].block
            for _, endings in read_from(skill.automaton, state)
            for ending in endings
        }
        assert skill.open_blocks[state] == sum(1 << block for block in completed)


phrases = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(tuple), min_size=1, max_size=8
)


@given(phrases, st.integers(1, 4))
def test_merging_states_changes_neither_what_is_read_nor_the_class_of_what_it_ends_in(
    written: list[tuple[str, ...]], classes: int
) -> None:
    arcs: list[Arcs] = []
    starts: list[int] = []
    for number, phrase in enumerate(written):
        starts.append(len(arcs))
        arcs += [(((letter, len(arcs) + at + 1),), ()) for at, letter in enumerate(phrase)] + [
            ((), (number,))
        ]
    full = determinise(lambda state: arcs[state], *starts)
    merged = minimal(full, lambda ending: ending % classes)

    def read(automaton: Automaton) -> dict[object, set[int]]:
        return {said: {ending % classes for ending in endings} for said, endings in read_from(automaton)}

    assert read(merged) == read(full)
    assert merged.state_count <= full.state_count
    assert list(map(sorted, merged.endings)) == list(map(list, merged.endings))


values = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["ka", "ko ku", "ka ku", "ki"]), min_size=1, max_size=2),
        st.lists(st.sampled_from(["so", "ka"]), max_size=1),
        st.sampled_from([1, "one", None]),
    ),
    max_size=6,
)


@settings(deadline=None)
@given(values, st.booleans())
def test_a_list_reads_every_form_of_its_values_and_means_them_all(
    entries: list[tuple[list[str], list[str], Any]], at_run_time: bool
) -> None:
    listed = [{"in": said, "spoken": spoken, "out": out} for said, spoken, out in entries]
    source = {"language": "xx", "intents": {"say": {"data": [{"sentences": ["go {place}"]}]}}}
    grammar = compile_grammar(
        [SentenceSource(skill="test", templates={**source, "lists": {"place": {"values": listed}}})]
    )
    if at_run_time:
        grammar = grammar.with_list("test", "place", listed)
    phrases = grammar.skills[0].lists[0]
    expected: dict[Said, set[str]] = {}
    for said, spoken, out in entries:
        for form in (*said, *spoken):
            expected.setdefault(tuple(form.split()), set()).add(repr(out))
    assert phrases.automaton is not None
    found = {
        said: {repr(phrases.meanings[ending].value) for ending in endings}
        for said, endings in read_from(phrases.automaton)
    }
    assert found == expected
    assert len({repr(meaning.value) for meaning in phrases.meanings}) == len(phrases.meanings)
