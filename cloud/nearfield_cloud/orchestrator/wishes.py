"""What the operator's sentences recognise before anything is planned: who wants a person, what is refused.

The same automaton as for skills; a question must be such a sentence, fillers aside.
"""

from __future__ import annotations

from collections.abc import Sequence

from nearfield_cloud.errors import ConfigurationError
from nearfield_cloud.orchestrator.planning import Wish
from nearfield_models.errors import GrammarError
from nearfield_models.grammar.compiler import SentenceSource, compile_grammar
from nearfield_models.grammar.matching import match_text


class Wishes:
    """The compiled sentences."""

    def __init__(self, *, hand_over: Sequence[str], refuse: Sequence[str], language: str = "en") -> None:
        """Compile.

        Raises:
            ConfigurationError: A sentence cannot be read.
        """
        intents = {
            name: {"data": [{"sentences": list(sentences)}]}
            for name, sentences in (("hand_over", hand_over), ("refuse", refuse))
            if sentences
        }
        templates = {"language": language, "intents": intents, "lists": {"any": {"wildcard": True}}}
        try:
            sources = [SentenceSource(skill="orchestrator", templates=templates)] if intents else []
            self._grammar = compile_grammar(sources)
        except GrammarError as error:
            raise ConfigurationError(f"the sentences of [orchestrator] cannot be read: {error}") from error

    def of(self, text: str) -> Wish:
        """The wish in a question; computes, to be called off the event loop."""
        found = match_text(self._grammar, text, limit=1)
        if not found:
            return ""
        return "refuse" if found[0].intent == "refuse" else "hand_over"
