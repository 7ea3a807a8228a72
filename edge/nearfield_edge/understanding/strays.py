"""Words of a paraphrase that nothing accounts for: one of them may name a value that is not offered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from nearfield_models.grammar.automaton import Automaton
from nearfield_models.grammar.fillers import filler_phrases
from nearfield_models.grammar.grammar import SkillGrammar
from nearfield_models.grammar.words import split_words

_ENGLISH: Final = """
a an and any anybody anyone anything are at be because been being but by could did do does doing else for
from get getting give gives had has have having he her here him his how i if in into is it its kind like
might much my of on one or our perhaps shall she should so some somebody someone something somewhere sort
that the their them there these they thing things think this those to us very was we were what when where
which who will with would you your 'd 'll 'm 're 's 've
"""
ORDINARY: Final[Mapping[str, frozenset[str]]] = {"en": frozenset(_ENGLISH.split())}
"""By language: words that hold a sentence together and name nothing. In a language without a table every word
counts that the skill does not know."""


def stray_words(skill: SkillGrammar, text: str) -> tuple[str, ...]:
    """Give the words that are in no sentence or list of the skill, in no filler, and not ordinary.

    Words that only sound like a value are among them: nobody knows which of the two was meant.

    Args:
        skill: Whose intent it is.
        text: The paraphrase.
    """
    language = skill.language
    own = {word for automaton in _automata(skill) for arcs in automaton.words for word in arcs}
    fillers = {word for phrase in filler_phrases(language, skill.skip_phrases) for word in phrase}
    known = own | fillers | ORDINARY.get(language.split("-")[0], frozenset())
    return tuple(word.text for word in split_words(text, language) if word.text not in known)


def _automata(skill: SkillGrammar) -> Iterator[Automaton]:
    yield skill.automaton
    for values in skill.lists:
        if values.automaton is not None:
            yield values.automaton
