"""Sentence templates, written into a network: the meaning of hassil's syntax tree.

``hassil`` parses. A rule is written out wherever it is named, an optional part is an alternative with
nothing in it, a permutation becomes one state per set of parts already said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
)
from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError

from nearfield_models.errors import GrammarError
from nearfield_models.grammar.network import Network

LARGEST_PERMUTATION: Final = 6
"""Parts of a permutation; the network grows with two to this power."""
DEEPEST_NESTING: Final = 100
"""Brackets and rules within each other."""

_TOO_DEEP: Final = f"more than {DEEPEST_NESTING} brackets or rules within each other"


def parse(text: str, where: str) -> Expression:
    """Parse a template.

    Raises:
        GrammarError: Its brackets do not match, a pair of them is empty, or too many are in each other.
    """
    try:
        return parse_sentence(text).expression
    except RecursionError as error:
        raise GrammarError(f"{where}: {_TOO_DEEP}") from error
    except (ParseError, AssertionError) as error:
        raise GrammarError(
            f'{where}: the template "{text}" cannot be read; is every ( [ {{ < closed, and none empty?'
        ) from error


class Rules:
    """Expansion rules by name; each is parsed once, however often it is named."""

    def __init__(self, bodies: Mapping[str, str]) -> None:
        self._bodies = bodies
        self._parsed: dict[str, Expression] = {}

    def expression(self, name: str, where: str) -> Expression:
        """What a rule stands for.

        Raises:
            GrammarError: There is no such rule, or it cannot be parsed.
        """
        if name not in self._bodies:
            raise GrammarError(f"{where}: there is no expansion rule <{name}>")
        if name not in self._parsed:
            self._parsed[name] = parse(self._bodies[name], f"{where}, rule <{name}>")
        return self._parsed[name]


class TemplateWriter:
    """Writes expressions into a network.

    Args:
        network: Where to.
        rules: The expansion rules that templates may name.
        reference: Gives the number of the reference for a list's name and a slot's name.
        where: Names the place in messages: skill, intent and sentence.
    """

    def __init__(
        self, network: Network, rules: Rules, reference: Callable[[str, str], int], where: str
    ) -> None:
        self._network = network
        self._rules = rules
        self._reference = reference
        self._where = where
        self._open_rules: list[str] = []
        self._depth = 0

    def write(self, expression: Expression, source: int) -> int:
        """Write an expression after a state and give the state behind it.

        Raises:
            GrammarError: A rule is unknown or names itself, the syntax is not for sentences or too deep.
        """
        self._depth += 1
        if self._depth > DEEPEST_NESTING:
            raise GrammarError(f"{self._where}: {_TOO_DEEP}")
        target = self._written(expression, source)
        self._depth -= 1
        return target

    def _written(self, expression: Expression, source: int) -> int:
        match expression:
            case TextChunk():
                return self._network.text(source, expression.text)
            case ListReference():
                return self._list(expression, source)
            case RuleReference():
                return self._rule(expression.rule_name, source)
            case Alternative():
                return self._alternative(expression, source)
            case Permutation():
                return self._permutation(expression, source)
            case Group():
                for item in expression.items:
                    source = self.write(item, source)
                return source
        raise GrammarError(f"{self._where}: {type(expression).__name__} is not known here")

    def _list(self, parsed: ListReference, source: int) -> int:
        if parsed.is_capture:
            raise GrammarError(
                f"{self._where}: {{{parsed.list_name}:@{parsed.slot_name}}} has no meaning here, drop the @"
            )
        # A state of its own, so that half a word before the list ends there and goes nowhere else.
        before, after = self._network.state(), self._network.state()
        self._network.connect(source, None, before)
        self._network.connect(before, self._reference(parsed.list_name, parsed.slot_name), after)
        return after

    def _rule(self, name: str, source: int) -> int:
        if name in self._open_rules:
            path = " → ".join([*self._open_rules, name])
            raise GrammarError(f"{self._where}: the rule <{name}> contains itself ({path})")
        self._open_rules.append(name)
        target = self.write(self._rules.expression(name, self._where), source)
        self._open_rules.pop()
        return target

    def _alternative(self, group: Group, source: int) -> int:
        target = self._network.state()
        for item in group.items:
            before = self._network.state()
            self._network.connect(source, None, before)
            self._network.connect(self.write(item, before), None, target)
        return target

    def _permutation(self, group: Group, source: int) -> int:
        count = len(group.items)
        if count > LARGEST_PERMUTATION:
            raise GrammarError(
                f"{self._where}: a permutation of {count} parts, at most {LARGEST_PERMUTATION} are taken"
            )
        said = [source] + [self._network.state() for _ in range(2**count - 1)]
        for parts, state in enumerate(said):
            for position, item in enumerate(group.items):
                if not parts & (1 << position):
                    before = self._network.state()
                    self._network.connect(state, None, before)
                    self._network.connect(self.write(item, before), None, said[parts | (1 << position)])
        return said[-1]
