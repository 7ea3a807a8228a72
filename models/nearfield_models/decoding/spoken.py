"""A grammar ready to be heard: every automaton of it with its lexicon of tokens."""

from __future__ import annotations

from collections.abc import Iterable

from nearfield_models.decoding.lexicon import Lexicon, WordTokens
from nearfield_models.grammar.automaton import Automaton, determinise
from nearfield_models.grammar.corrections import ARTICLES, PHRASES, TAILS
from nearfield_models.grammar.fillers import filler_phrases, hesitation_words
from nearfield_models.grammar.grammar import Grammar, SkillGrammar
from nearfield_models.grammar.network import Network

Phrase = tuple[str, ...]


class SpokenGrammar:
    """The lexicons of a grammar, made lazily; those of unchanged parts are shared between grammars.

    Attributes:
        grammar: What can be said.
        sentences: Per skill the lexicon of its sentences.
        lists: Per skill and list the lexicon of its values; None for a wildcard.
        fillers: Per skill what may stand before and after its sentences.
        hesitations: Per skill what may stand between any two words.
        corrections: Per skill what takes back the value before it.
        tails: Per skill what may stand behind a value that is said anew.
    """

    def __init__(self, grammar: Grammar, words: WordTokens, known: SpokenGrammar | None = None) -> None:
        self.grammar = grammar
        self._words = words
        self._lexicons: dict[int, Lexicon] = {}
        self._phrases: dict[tuple[str, frozenset[Phrase]], Lexicon] = {}
        if known is not None:
            self._phrases = dict(known._phrases)
        self._known = {} if known is None else known._lexicons
        self.sentences = tuple(self._lexicon(skill.automaton, skill.language) for skill in grammar.skills)
        self.lists = tuple(
            tuple(
                None if values.automaton is None else self._lexicon(values.automaton, skill.language)
                for values in skill.lists
            )
            for skill in grammar.skills
        )
        self.hesitations = tuple(self._hesitations(skill) for skill in grammar.skills)
        self.fillers = tuple(self._fillers(skill) for skill in grammar.skills)
        self.corrections = tuple(self._corrections(skill) for skill in grammar.skills)
        self.tails = tuple(self._tails(skill) for skill in grammar.skills)
        self._known = {}

    def changed(self, grammar: Grammar) -> SpokenGrammar:
        """The same with other lists or skills; what has not changed is not spelled again."""
        return SpokenGrammar(grammar, self._words, self)

    def _lexicon(self, automaton: Automaton, language: str) -> Lexicon:
        found = self._known.get(id(automaton))
        if found is None or found.automaton is not automaton:
            found = Lexicon(automaton, self._words, language)
        self._lexicons[id(automaton)] = found
        return found

    def _hesitations(self, skill: SkillGrammar) -> Lexicon:
        words = hesitation_words(skill.language)
        return self._of_phrases(((word,) for word in words), skill.language)

    def _fillers(self, skill: SkillGrammar) -> Lexicon:
        return self._of_phrases(filler_phrases(skill.language, skill.skip_phrases), skill.language)

    def _corrections(self, skill: SkillGrammar) -> Lexicon:
        language = skill.language.split("-")[0]
        single = [tuple(phrase.split()) for phrase in PHRASES.get(language, ())]
        several = [*single, *((*one, *other) for one in single for other in single if one != other)]
        articles = [(), *((article,) for article in ARTICLES.get(language, ()))]
        return self._of_phrases(
            ((*phrase, *article) for phrase in several for article in articles), skill.language
        )

    def _tails(self, skill: SkillGrammar) -> Lexicon:
        words = TAILS.get(skill.language.split("-")[0], frozenset())
        return self._of_phrases(((word,) for word in words), skill.language)

    def _of_phrases(self, phrases: Iterable[Phrase], language: str) -> Lexicon:
        chosen = frozenset(phrases)
        key = (language, chosen)
        if key not in self._phrases:
            network = Network(language)
            start = network.state()
            for number, phrase in enumerate(sorted(chosen)):
                network.end(network.text(start, " ".join(phrase)), number)
            self._phrases[key] = Lexicon(determinise(network.arcs, start), self._words, language)
        return self._phrases[key]
