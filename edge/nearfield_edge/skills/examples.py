"""``examples.yaml``: what people may also say, in words of their own that no template has.

The classifier for paraphrases is taught them; as sentences they are never matched. So they need not be
complete, and a value in them stands for any other of its list.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from nearfield_edge.errors import SkillError
from nearfield_edge.skills.replies import read_yaml
from nearfield_models.grammar.matching import LONGEST_TEXT_WORDS
from nearfield_models.grammar.words import split_words
from nearfield_sync.validation import nearest

MOST_EXAMPLES: Final = 100
"""For an intent: as many as its templates give at most, so that neither drowns the other."""
_TEMPLATE: Final = re.compile(r"[\[\](){}<>|]")


def load_examples(path: Path, intents: Collection[str], language: str) -> dict[str, tuple[str, ...]]:
    """Read a skill's examples, by intent; a skill without the file gives none.

    Args:
        path: Of ``examples.yaml``.
        intents: Those of the skill.
        language: Of its sentences.

    Raises:
        SkillError: Not YAML, not lists of texts by intent, an intent that the skill has not, a text that is
            no plain sentence, or one that is to mean two intents.
    """
    examples: dict[str, tuple[str, ...]] = {}
    meant: dict[str, str] = {}
    for intent, texts in (read_yaml(path) if path.exists() else {}).items():
        if intent not in intents:
            raise SkillError(f"{path}: no intent '{intent}'{nearest(str(intent), list(intents))}")
        if not isinstance(texts, list) or not 0 < len(texts) <= MOST_EXAMPLES:
            raise SkillError(f"{path}: intent '{intent}' must have a list of 1 to {MOST_EXAMPLES} sentences")
        for text in texts:
            words = _words(text, language, f"{path}: intent '{intent}'")
            other = meant.setdefault(words, intent)
            if other != intent:
                raise SkillError(f"{path}: '{text}' cannot mean both '{other}' and '{intent}'")
        examples[intent] = tuple(texts)
    return examples


def _words(text: object, language: str, where: str) -> str:
    if not isinstance(text, str):
        raise SkillError(f"{where}: {text!r} is no text; put it in quotes")
    if _TEMPLATE.search(text):
        raise SkillError(
            f"{where}: '{text}' is a template; an example is a sentence as somebody would say it"
        )
    words = split_words(text, language)
    if not 0 < len(words) <= LONGEST_TEXT_WORDS:
        raise SkillError(f"{where}: '{text}' must have 1 to {LONGEST_TEXT_WORDS} words")
    return " ".join(word.text for word in words)
