"""The values of a paraphrase: where the intent is known and no sentence fits, what of its lists was said.

A classifier tells what a text is about; the stretches of the text that sound like values of the lists that
the intent's sentences read are its slots. They do not overlap, each slot is filled once, and together they
explain as much of the text as can be. Words of the skill's own sentences are themselves: "for" is not four.
Wildcards are not spotted: nothing says where they end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from nearfield_models.grammar.automaton import START, Automaton
from nearfield_models.grammar.conditions import possible_blocks
from nearfield_models.grammar.grammar import Grammar, SkillGrammar
from nearfield_models.grammar.lists import Meaning
from nearfield_models.grammar.matches import SlotValue
from nearfield_models.grammar.matching import LONGEST_TEXT_WORDS
from nearfield_models.grammar.phonetic_index import PhoneticIndex
from nearfield_models.grammar.phonetic_steps import Sound, Steps
from nearfield_models.grammar.pronounced import PronouncedText, pronounced

LEAST_SCORE: Final = 0.75
"""A stretch that sounds less like a value is not one."""
LEAST_NUMBER_SCORE: Final = 0.96
"""As ``LEAST_SCORE``, of a number: they are short, and much sounds like them ("mine", "tend")."""
AMID_WORD: Final = 0.3
"""Cost of a value that begins or ends in the middle of a word."""
LED_TO: Final = 0.3
"""Gain of a value before which stands a word that leads to its slot in a sentence ("from", "until")."""
MOST_CHOICES: Final = 32
"""Ways to fill the slots that are followed at a place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpottedValue:
    """A value found in a text."""

    slot: str
    value: SlotValue
    score: float
    """How much its stretch of the text sounds like it: ``LEAST_SCORE`` to 1.0."""


class _Place(NamedTuple):
    """A slot that an intent's sentences can fill."""

    slot: str
    list_index: int
    led_to_by: frozenset[str]
    """Words that stand before it."""


class _Candidate(NamedTuple):
    gain: float
    score: float
    slot: str
    list_index: int
    meaning: int
    first: int
    last: int


class _Choice(NamedTuple):
    """Values chosen so far; the largest is the best."""

    gain: float
    chosen: tuple[_Candidate, ...]


def spot_values(
    grammar: Grammar,
    skill: str,
    intent: str,
    text: str,
    *,
    index: PhoneticIndex,
    context: Mapping[str, str] | None = None,
) -> tuple[SpottedValue, ...]:
    """Find the values of an intent's lists in a text, in the order in which they are said.

    Args:
        grammar: What can be said.
        skill: Whose intent it is.
        intent: What the text is known to be about.
        text: What was heard. Nothing is found in one of more than ``LONGEST_TEXT_WORDS`` words.
        index: Remembers how the words of grammars sound.
        context: As for ``match_phonetically``: which of the intent's sentences are possible.

    Raises:
        RuntimeMissingError: gruut is not installed, or its data cannot be read.
    """
    for known in grammar.skills:
        if known.skill == skill:
            heard = pronounced(text, known.language)
            if not heard.phones or len(heard.words) > LONGEST_TEXT_WORDS:
                return ()
            sound = index.vocabularies(grammar)[known.language].sound(heard)
            places = _places(known, intent, context or {})
            chosen = _best_choice(list(_candidates(known, places, heard, sound)), len(heard.phones))
            return tuple(_spotted(known, heard, candidate) for candidate in chosen)
    return ()


def _spotted(skill: SkillGrammar, heard: PronouncedText, found: _Candidate) -> SpottedValue:
    meaning = skill.lists[found.list_index].meanings[found.meaning]
    text = heard.spoken(found.first, found.last)
    value = SlotValue(value=meaning.value, text=text, metadata=meaning.metadata)
    return SpottedValue(slot=found.slot, value=value, score=found.score)


def _places(skill: SkillGrammar, intent: str, known: Mapping[str, str]) -> tuple[_Place, ...]:
    """The slots of an intent's sentences, by a walk through all states from which they can be completed."""
    possible = possible_blocks(skill, known)
    blocks = sum(
        1 << number
        for number, block in enumerate(skill.blocks)
        if block.intent == intent and possible >> number & 1
    )
    found: dict[tuple[str, int], set[str]] = {}
    waiting, seen = [(START, "")], {(START, "")}
    for state, word in waiting:  # grows while it is read
        steps = list(skill.automaton.words[state].items())
        for reference, target in skill.automaton.lists[state]:
            if skill.open_blocks[target] & blocks:
                read = skill.references[reference]
                found.setdefault((read.slot, read.list_index), set()).add(word)
                steps.append(("", target))
        for step in steps:
            after = (step[1], step[0])
            if skill.open_blocks[step[1]] & blocks and after not in seen:
                seen.add(after)
                waiting.append(after)
    return tuple(
        _Place(slot, list_index, frozenset(words - {""})) for (slot, list_index), words in found.items()
    )


def _candidates(
    skill: SkillGrammar, places: tuple[_Place, ...], heard: PronouncedText, sound: Sound
) -> Iterator[_Candidate]:
    steps = Steps(sound)
    boundaries = set(sound.boundaries)
    word_before = {place: word.text for word, place in zip(heard.words, heard.places[1:], strict=True)}
    for slot, list_index, led_to_by in places:
        automaton = skill.lists[list_index].automaton
        if automaton is None:
            continue
        themselves = _words_of(skill.automaton) - _words_of(automaton)
        for first in range(len(heard.phones)):
            for last, meaning, cost in steps.values(automaton, first):
                if meaning is None or themselves.issuperset(heard.words_between(first, last)):
                    continue
                amid = (first not in boundaries) + (last not in boundaries)
                everything = sound.cost_between(first, last)
                score = 1 - (cost + AMID_WORD * amid) / everything
                if score >= _least_score(skill.lists[list_index].meanings[meaning]):
                    gain = everything * (score - LEAST_SCORE) / (1 - LEAST_SCORE)
                    gain += LED_TO * (word_before.get(first) in led_to_by)
                    yield _Candidate(gain, score, slot, list_index, meaning, first, last)


def _least_score(meaning: Meaning) -> float:
    is_number = isinstance(meaning.value, int | float) and not isinstance(meaning.value, bool)
    return LEAST_NUMBER_SCORE if is_number else LEAST_SCORE


def _words_of(automaton: Automaton) -> frozenset[str]:
    return frozenset(word for arcs in automaton.words for word in arcs)


def _best_choice(candidates: list[_Candidate], length: int) -> tuple[_Candidate, ...]:
    """The candidates that together gain most, without overlap and without a slot filled twice."""
    by_first: dict[int, list[_Candidate]] = {}
    for candidate in candidates:
        by_first.setdefault(candidate.first, []).append(candidate)
    columns: list[dict[frozenset[str], _Choice]] = [{} for _ in range(length + 1)]
    columns[0][frozenset()] = _Choice(0.0, ())
    for place in range(length):
        best = sorted(columns[place].items(), key=lambda entry: -entry[1].gain)[:MOST_CHOICES]
        for slots, choice in best:
            _keep(columns[place + 1], slots, choice)
            for candidate in by_first.get(place, ()):
                if candidate.slot not in slots:
                    more = _Choice(choice.gain + candidate.gain, (*choice.chosen, candidate))
                    _keep(columns[candidate.last], slots | {candidate.slot}, more)
    return max(columns[length].values(), key=lambda choice: choice.gain).chosen


def _keep(column: dict[frozenset[str], _Choice], slots: frozenset[str], choice: _Choice) -> None:
    known = column.get(slots)
    if known is None or choice.gain > known.gain:
        column[slots] = choice
