"""How the words of a grammar sound: found out once, and kept while the grammar is in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from nearfield_models.grammar.automaton import Automaton
from nearfield_models.grammar.fillers import hesitation_words
from nearfield_models.grammar.grammar import Grammar, SkillGrammar
from nearfield_models.grammar.phonetic_steps import Found, Sound
from nearfield_models.grammar.pronounced import PronouncedText
from nearfield_models.grammar.variants import spoken_forms_of
from nearfield_models.phonetics.lexical_tree import LexicalTree
from nearfield_models.phonetics.phones import skip_cost
from nearfield_models.phonetics.pronunciation import load_pronunciations, phones_of

MOST_GRAMMARS: Final = 4
"""Grammars that an index remembers."""
FURTHEST_MISSING: Final = 1.7
"""Words that cost more to miss are not missed."""


class SoundingVocabulary:
    """The words of all skills of one language, by sound."""

    def __init__(self, words: set[str], language: str) -> None:
        self._language = language
        self._forms = {
            form: meant
            for ways in spoken_forms_of(language).values()
            for meant, form in ways
            if words.issuperset(meant)
        }
        pronunciations = {word: phones_of(word, language) for word in words | self._forms.keys()}
        costs = {word: sum(map(skip_cost, pronunciations[word])) for word in words}
        self._missing = {word: cost for word, cost in costs.items() if cost <= FURTHEST_MISSING}
        self._tree = LexicalTree({word: phones for word, phones in pronunciations.items() if phones})

    def sound(self, heard: PronouncedText) -> Sound:
        """Find the vocabulary in a text."""
        hesitations = hesitation_words(self._language)
        words = zip(heard.words, heard.places[:-1], heard.places[1:], strict=True)
        return Sound(
            found=tuple(self._found(heard)),
            left_over=tuple(map(skip_cost, heard.phones)),
            hesitations={begin: end for word, begin, end in words if word.text in hesitations},
            boundaries=tuple(dict.fromkeys(heard.places)),
            missing=self._missing,
        )

    def _found(self, heard: PronouncedText) -> Iterator[Found]:
        for spotted in self._tree.words_in(heard.phones):
            hits: dict[str, list[tuple[int, float]]] = {}
            for word, end, cost in spotted:
                hits.setdefault(word, []).append((end, cost))
            words = {word: tuple(ends) for word, ends in hits.items()}
            forms = tuple((self._forms[word], ends) for word, ends in words.items() if word in self._forms)
            yield Found(words, forms)


class PhoneticIndex:
    """The vocabularies of the last few grammars; for use by one thread at a time.

    A grammar that differs from one before in a list costs little: words are pronounced once.
    """

    def __init__(self) -> None:
        self._grammars: dict[int, tuple[Grammar, Mapping[str, SoundingVocabulary]]] = {}
        self._words: dict[int, tuple[Automaton, frozenset[str]]] = {}

    def prepare(self, grammar: Grammar) -> None:
        """Find out how the words of a grammar sound, before anybody speaks.

        Raises:
            RuntimeMissingError: gruut is not installed, or its data cannot be read.
        """
        for language in sorted({skill.language for skill in grammar.skills}):
            load_pronunciations(language)
        self.vocabularies(grammar)

    def vocabularies(self, grammar: Grammar) -> Mapping[str, SoundingVocabulary]:
        """What is known of a grammar, by language.

        Raises:
            RuntimeMissingError: gruut is not installed, or its data cannot be read.
        """
        known = self._grammars.pop(id(grammar), None)
        self._grammars[id(grammar)] = known or (grammar, self._index(grammar))
        return self._grammars[id(grammar)][1]

    def _index(self, grammar: Grammar) -> Mapping[str, SoundingVocabulary]:
        words: dict[str, set[str]] = {}
        for skill in grammar.skills:
            for automaton in _automata(skill):
                words.setdefault(skill.language, set()).update(self._words_of(automaton))
        self._forget(grammar)
        return {language: SoundingVocabulary(found, language) for language, found in words.items()}

    def _words_of(self, automaton: Automaton) -> frozenset[str]:
        if id(automaton) not in self._words:
            words = frozenset(word for arcs in automaton.words for word in arcs)
            self._words[id(automaton)] = (automaton, words)
        return self._words[id(automaton)][1]

    def _forget(self, newest: Grammar) -> None:
        while len(self._grammars) >= MOST_GRAMMARS:
            del self._grammars[next(iter(self._grammars))]
        grammars = [newest, *(grammar for grammar, _ in self._grammars.values())]
        used = {
            id(automaton)
            for grammar in grammars
            for skill in grammar.skills
            for automaton in _automata(skill)
        }
        self._words = {key: known for key, known in self._words.items() if key in used}


def _automata(skill: SkillGrammar) -> Iterator[Automaton]:
    yield skill.automaton
    for phrases in skill.lists:
        if phrases.automaton is not None:
            yield phrases.automaton
