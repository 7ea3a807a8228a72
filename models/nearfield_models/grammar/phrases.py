"""A template without lists, written out: every phrase that it says."""

from __future__ import annotations

from typing import Final

from nearfield_models.errors import GrammarError
from nearfield_models.grammar.automaton import START, TooManyStatesError, determinise
from nearfield_models.grammar.network import Network, TooManyWordsError
from nearfield_models.grammar.templates import Rules, TemplateWriter, parse
from nearfield_models.grammar.variants import Words, read_as

MOST_PHRASES: Final = 1_000
"""Phrases that one template may say."""


def phrases_of(text: str, rules: Rules, language: str, where: str) -> tuple[Words, ...]:
    """Give all that a template says, in normalised words; what has no words is left out.

    Args:
        text: The template.
        rules: Expansion rules that it may name.
        language: Code such as ``en``.
        where: Names the place in messages.

    Raises:
        GrammarError: The template is wrong, reads a list or says more than ``MOST_PHRASES``.
    """

    def refuse(name: str, _slot: str) -> int:
        raise GrammarError(f'{where}: "{text}" cannot read a list, found {{{name}}}')

    network = Network(language)
    start, end = network.state(), network.state()
    too_many = f'{where}: "{text}" says more than {MOST_PHRASES} phrases'
    try:
        network.connect(
            TemplateWriter(network, rules, refuse, where).write(parse(text, where), start), None, end
        )
        network.end(end, 0)
        automaton = determinise(network.arcs, start)
    except (TooManyStatesError, TooManyWordsError) as error:
        raise GrammarError(too_many) from error
    forms = read_as(language)
    found: list[Words] = []
    waiting: list[tuple[int, Words]] = [(START, ())]
    for state, said in waiting:  # grows while it is read
        if said and automaton.endings[state]:
            found.append(said)
        waiting.extend(
            (target, (*said, word)) for word, target in automaton.words[state].items() if word not in forms
        )
        if len(waiting) > MOST_PHRASES:
            raise GrammarError(too_many)
    return tuple(found)
