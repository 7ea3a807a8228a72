"""Sentence templates, compiled: the automaton over words, and what walks it.

``compile_grammar`` turns the sentences of all skills into a ``Grammar``; ``match_text`` understands a
transcript by it. The automaton itself (``automaton``, ``grammar``) knows nothing of text.
"""

from nearfield_models.grammar.compiler import SentenceSource, compile_grammar
from nearfield_models.grammar.grammar import Grammar, ListValue
from nearfield_models.grammar.matches import GrammarMatch, SlotValue
from nearfield_models.grammar.matching import match_text, may_go_on

__all__ = [
    "Grammar",
    "GrammarMatch",
    "ListValue",
    "SentenceSource",
    "SlotValue",
    "compile_grammar",
    "match_text",
    "may_go_on",
]
