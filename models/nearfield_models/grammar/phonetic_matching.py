"""Understanding of a transcript by its sound: for recognisers that give text and nothing else.

What such a recogniser writes is often wrong and mostly sounds right ("a triple shot americana with skin
milk"). So words and sentences are compared by phones, and where words are parted does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from nearfield_models.grammar.automaton import Automaton
from nearfield_models.grammar.conditions import possible_blocks
from nearfield_models.grammar.fillers import between_fillers, filler_phrases, hesitation_words
from nearfield_models.grammar.grammar import Grammar, SkillGrammar
from nearfield_models.grammar.matches import GrammarMatch, RankedMatch, distinct, ranked_match
from nearfield_models.grammar.matching import LONGEST_TEXT_WORDS
from nearfield_models.grammar.phonetic_walk import Found, PhoneticWalk, Sound, Vocabulary
from nearfield_models.grammar.pronounced import PronouncedText, pronounced
from nearfield_models.grammar.variants import spoken_forms_of
from nearfield_models.phonetics.lexical_tree import LexicalTree, missing_cost
from nearfield_models.phonetics.phones import skip_cost
from nearfield_models.phonetics.pronunciation import load_pronunciations, phones_of

LEAST_CONFIDENCE: Final = 0.5
"""Nothing below is given: it is as likely to be another sentence."""
MOST_GRAMMARS: Final = 4
"""Grammars for which an index remembers what it found out."""
FURTHEST_MISSING: Final = 1.7
"""Words that cost more to miss are not missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Indexed:
    tree: LexicalTree
    vocabulary: Vocabulary


class PhoneticIndex:
    """The vocabularies of grammars by sound, made once a grammar and kept for the last few."""

    def __init__(self) -> None:
        self._grammars: dict[int, tuple[Grammar, Mapping[str, _Indexed]]] = {}
        self._words: dict[int, tuple[Automaton, frozenset[str]]] = {}

    def prepare(self, grammar: Grammar) -> None:
        """Find out how the words of a grammar sound, before anybody speaks.

        Raises:
            RuntimeMissingError: gruut is not installed, or its data cannot be read.
        """
        for language in {skill.language for skill in grammar.skills}:
            load_pronunciations(language)
        self.of(grammar)

    def of(self, grammar: Grammar) -> Mapping[str, _Indexed]:
        """What is known of a grammar, by language."""
        known = self._grammars.pop(id(grammar), None)
        indexed = known[1] if known is not None else self._index(grammar)
        self._grammars[id(grammar)] = (grammar, indexed)
        while len(self._grammars) > MOST_GRAMMARS:
            self._grammars.pop(next(iter(self._grammars)))
        return indexed

    def _index(self, grammar: Grammar) -> Mapping[str, _Indexed]:
        words: dict[str, set[str]] = {}
        for skill in grammar.skills:
            for automaton in _automata(skill):
                words.setdefault(skill.language, set()).update(self._words_of(automaton))
        return {language: _indexed(found, language) for language, found in words.items()}

    def _words_of(self, automaton: Automaton) -> frozenset[str]:
        known = self._words.get(id(automaton))
        if known is None:
            known = (automaton, frozenset(word for arcs in automaton.words for word in arcs))
            self._words[id(automaton)] = known
        return known[1]


def _automata(skill: SkillGrammar) -> Iterator[Automaton]:
    yield skill.automaton
    for phrases in skill.lists:
        if phrases.automaton is not None:
            yield phrases.automaton


def _indexed(words: set[str], language: str) -> _Indexed:
    forms = {
        form: meant
        for ways in spoken_forms_of(language).values()
        for meant, form in ways
        if words.issuperset(meant)
    }
    pronunciations = {word: phones_of(word, language) for word in words | forms.keys()}
    costs = {word: missing_cost(pronunciations[word]) for word in words}
    missing = {word: cost for word, cost in costs.items() if cost <= FURTHEST_MISSING}
    return _Indexed(tree=LexicalTree(pronunciations), vocabulary=Vocabulary(forms=forms, missing=missing))


def match_phonetically(
    grammar: Grammar,
    text: str,
    *,
    index: PhoneticIndex,
    context: Mapping[str, str] | None = None,
    limit: int = 5,
) -> tuple[GrammarMatch, ...]:
    """Understand a transcript by its sound.

    The confidence is 1.0 where every word is as expected, and falls with the share of the phones that differ
    or are left over; fillers and wildcards count as for ``match_text``, by phones instead of words.

    Args:
        grammar: What can be said.
        text: What was heard. Nothing matches an empty text or one of more than ``LONGEST_TEXT_WORDS`` words.
        index: Remembers how the words of grammars sound; one that has prepared this grammar is fast.
        context: What is known of the conversation: ``active_skill``, ``open_intent``, ``open_slot``.
        limit: The most matches to give, at least 1.

    Raises:
        RuntimeMissingError: gruut is not installed, or its data cannot be read.
    """
    known = context or {}
    ranked: list[RankedMatch] = []
    for language, indexed in index.of(grammar).items():
        heard = pronounced(text, language)
        if not heard.phones or len(heard.words) > LONGEST_TEXT_WORDS:
            continue
        found = _found(indexed, heard)
        for skill in grammar.skills:
            blocks = possible_blocks(skill, known)
            if skill.language == language and blocks:
                sound = _sound(skill, heard, found)
                ranked.extend(_matches(skill, heard, sound, indexed.vocabulary, blocks, known))
    return tuple(distinct(ranked))[:limit]


def _matches(
    skill: SkillGrammar,
    heard: PronouncedText,
    sound: Sound,
    vocabulary: Vocabulary,
    blocks: int,
    known: Mapping[str, str],
) -> Iterator[RankedMatch]:
    everything = sound.cost_between(0, len(heard.phones))
    walk = PhoneticWalk(skill, sound, vocabulary, blocks, everything * (1 - LEAST_CONFIDENCE))
    for number, way in walk.completed():
        found = ranked_match(
            skill,
            number,
            way.filled,
            known,
            unexplained=way.cost / everything,
            words_outside_lists=way.outside,
            spoken=heard.spoken,
        )
        if found is not None:
            yield found


def _found(indexed: _Indexed, heard: PronouncedText) -> tuple[Found, ...]:
    per_place = []
    for spotted in indexed.tree.words_in(heard.phones):
        hits: dict[str, list[tuple[int, float]]] = {}
        for word, end, cost in spotted:
            hits.setdefault(word, []).append((end, cost))
        forms = indexed.vocabulary.forms
        per_place.append(
            Found(
                {word: tuple(ends) for word, ends in hits.items()},
                tuple((forms[word], tuple(ends)) for word, ends in hits.items() if word in forms),
            )
        )
    return tuple(per_place)


def _sound(skill: SkillGrammar, heard: PronouncedText, found: tuple[Found, ...]) -> Sound:
    words = [word.text for word in heard.words]
    hesitating = hesitation_words(skill.language)
    begins, ends = between_fillers(words, filler_phrases(skill.language, skill.skip_phrases))
    return Sound(
        found=found,
        left_over=tuple(map(skip_cost, heard.phones)),
        hesitations={
            begin: end
            for word, begin, end in zip(words, heard.places, heard.places[1:], strict=False)
            if word in hesitating
        },
        begins=frozenset(heard.places[position] for position in begins),
        ends=frozenset(heard.places[position] for position in ends),
        boundaries=tuple(dict.fromkeys(heard.places)),
    )
