"""Which tool a question asks for, told without a language model.

A tool's sentences are templates as a skill's are, and match by the same automaton: the question has to be
one of them, fillers aside, and its slots are the arguments. Beside that, a question that means about the same
as a tool's examples is taken for it; its arguments are the values of the tool's lists that stand in it.
Computes: to be called off the event loop.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np

from nearfield_cloud.configuration.tools import CallSection, ToolServerSection
from nearfield_cloud.errors import ConfigurationError
from nearfield_models.embedding.engine import Vectors
from nearfield_models.errors import GrammarError
from nearfield_models.grammar.compiler import SentenceSource, compile_grammar
from nearfield_models.grammar.grammar import Grammar
from nearfield_models.grammar.matching import match_text
from nearfield_sync.messages.turn_record import Json

Embed = Callable[[Sequence[str]], Awaitable[Vectors]]
"""Sentences to ``float32[n, width]``, rows of length 1; computed elsewhere."""
_SLOT: Final = re.compile(r"\{\s*([^}:\s]+)\s*(?::\s*([^}\s]+)\s*)?\}")
_LONGEST_VALUE_WORDS: Final = 4
_MOST_WORDS: Final = 24
"""A longer question is not searched for values."""
_MOST_WORDINGS: Final = 8
_VALUES: Final = " values of "
"""Between a tool's name and a list's, where the list is a grammar of its own; no name holds a space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolMatch:
    """A tool that a question asks for."""

    tool: str
    """Its full name."""
    arguments: Mapping[str, Json]
    how: Literal["sentence", "example"]
    score: float
    """Confidence of the grammar, or cosine to the nearest example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Example:
    tool: str
    slots: frozenset[str]
    vector: Vectors = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spotted:
    value: Json
    first: int
    """Words before it."""
    last: int
    """Words up to its end."""


class ToolMatcher:
    """Knows the sentences and examples of all tools."""

    def __init__(
        self,
        sections: Mapping[str, ToolServerSection],
        *,
        least_confidence: float,
        least_similarity: float,
        language: str = "en",
    ) -> None:
        """Compile.

        Args:
            sections: Of the configuration.
            least_confidence: Of the grammar.
            least_similarity: Cosine of question and example.
            language: Of the sentences.

        Raises:
            ConfigurationError: A sentence or list cannot be read.
        """
        self._calls = {
            f"{server}.{call}": rules
            for server, section in sections.items()
            for call, rules in section.calls.items()
        }
        self._least_confidence = least_confidence
        self._least_similarity = least_similarity
        self._examples: list[_Example] = []
        try:
            self._grammar = compile_grammar(list(_sources(self._calls, language)))
        except GrammarError as error:
            raise ConfigurationError(f"the sentences of a tool cannot be read: {error}") from error

    async def learn_examples(self, embed: Embed) -> None:
        """Embed the examples; without it no question is compared with them.

        Raises:
            EngineError: The embedding model failed.
        """
        texts = [(name, text) for name, rules in self._calls.items() for text in rules.examples]
        if texts:
            vectors = await embed([text for _, text in texts])
            self._examples = [
                _Example(tool=name, slots=frozenset(self._calls[name].lists), vector=vector)
                for (name, _), vector in zip(texts, vectors, strict=True)
            ]

    def has_examples(self, allowed: Collection[str]) -> bool:
        """Whether there is anything that a question could mean the same as."""
        return any(example.tool in allowed for example in self._examples)

    def by_sentence(self, text: str, allowed: Collection[str]) -> ToolMatch | None:
        """Say which of these tools a question asks for in so many words; None where none."""
        found = match_text(self._of(allowed), text, limit=1)
        if not found or found[0].confidence < self._least_confidence:
            return None
        return ToolMatch(
            tool=found[0].skill,
            arguments={name: slot.value for name, slot in found[0].slots.items()},
            how="sentence",
            score=found[0].confidence,
        )

    def wordings(self, text: str, allowed: Collection[str]) -> list[str]:
        """The question, and how it reads without the values of each tool's lists: those say nothing about it.

        "Has my parcel A17 been sent" is farther from "has my parcel been sent" than it means to be.
        """
        found = [text]
        for tool in sorted({example.tool for example in self._examples if example.tool in allowed}):
            words = text.split()
            for slot in sorted(self._calls[tool].lists):
                spotted = self._spotted(tool, slot, " ".join(words))
                words = words if spotted is None else words[: spotted.first] + words[spotted.last :]
            found.append(" ".join(words))
        return list(dict.fromkeys(found))[:_MOST_WORDINGS]

    def by_example(self, text: str, vectors: Vectors, allowed: Collection[str]) -> ToolMatch | None:
        """Say which of these tools has an example that means about the same; None where none.

        Args:
            text: The question.
            vectors: ``float32[n, width]``, the meanings of its `wordings`.
            allowed: Full names.
        """
        usable = [example for example in self._examples if example.tool in allowed]
        if not usable:
            return None
        near = (np.stack([example.vector for example in usable]) @ vectors.T).max(axis=1)
        best = int(near.argmax())
        if float(near[best]) < self._least_similarity:
            return None
        tool = usable[best].tool
        arguments: dict[str, Json] = {}
        for slot in sorted(usable[best].slots):
            spotted = self._spotted(tool, slot, text)
            if spotted is not None:
                arguments[slot] = spotted.value
        return ToolMatch(tool=tool, arguments=arguments, how="example", score=float(near[best]))

    def value_of(self, tool: str, slot: str, text: str) -> Json:
        """The value that an answer names for an argument that was asked for; None where it names none."""
        found = match_text(self._of({f"{tool}{_VALUES}{slot}"}), text, limit=1)
        return found[0].slots[slot].value if found else None

    def _of(self, skills: Collection[str]) -> Grammar:
        return Grammar(skills=tuple(skill for skill in self._grammar.skills if skill.skill in skills))

    def _spotted(self, tool: str, slot: str, text: str) -> _Spotted | None:
        """The longest value of a list that stands anywhere in a question."""
        grammar = self._of({f"{tool}{_VALUES}{slot}"})
        words = text.split()
        if not grammar.skills or len(words) > _MOST_WORDS:
            return None
        for length in range(min(_LONGEST_VALUE_WORDS, len(words)), 0, -1):
            for first in range(len(words) - length + 1):
                found = match_text(grammar, " ".join(words[first : first + length]), limit=1)
                if found and found[0].is_as_expected:
                    return _Spotted(value=found[0].slots[slot].value, first=first, last=first + length)
        return None


def _sources(calls: Mapping[str, CallSection], language: str) -> Iterator[SentenceSource]:
    for name, rules in calls.items():
        if not rules.sentences and not rules.examples:
            continue
        slots = {slot or of for text in rules.sentences for of, slot in _SLOT.findall(text)}
        lists = {of: {"wildcard": True} for text in rules.sentences for of, _ in _SLOT.findall(text)}
        lists |= {of: _list(entry) for of, entry in rules.lists.items()}
        if rules.sentences:
            yield _source(name, language, name, list(rules.sentences), lists)
        for slot in sorted(slots | set(rules.lists)):
            if slot in lists:
                sentences = [f"[it is|it's|in|to|for|at|on|the] {{{slot}}}"]
                yield _source(f"{name}{_VALUES}{slot}", language, slot, sentences, lists)


def _source(
    skill: str, language: str, intent: str, sentences: list[str], lists: Mapping[str, Any]
) -> SentenceSource:
    templates = {
        "language": language,
        "intents": {intent: {"data": [{"sentences": sentences}]}},
        "lists": lists,
    }
    return SentenceSource(skill=skill, templates=templates)


def _list(entry: Any) -> Any:
    """A list as the configuration has it: plain values, or what a skill's file would say."""
    return {"values": list(entry)} if isinstance(entry, list | tuple) else entry
